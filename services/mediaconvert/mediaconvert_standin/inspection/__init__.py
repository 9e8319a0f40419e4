"""What an input is, found out before ffmpeg may see it: container, tracks, whole or cut, upright or not."""
