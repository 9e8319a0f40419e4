"""What ffmpeg wrote, into the files that the service would publish: segments, playlists, manifests."""
