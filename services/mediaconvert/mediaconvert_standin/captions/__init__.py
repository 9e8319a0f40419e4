"""Captions: read from files of strangers, kept as cues, written in other forms."""
