"""The page for people, its live streams and its links to outputs."""
