"""Settings and media into exact work, and the one ffmpeg that does it."""
