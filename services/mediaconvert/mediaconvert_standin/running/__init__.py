"""Which job starts when, and a job's way from its queue to its end."""
