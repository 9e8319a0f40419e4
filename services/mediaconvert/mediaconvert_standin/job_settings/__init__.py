"""A job's settings, as the customer wrote them, into the values that the conversion works with."""
