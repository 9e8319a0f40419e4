"""The template judged by rules of security."""
