"""`dev.py upload`: files from this machine into somebody's library, and what becomes of them."""
