"""The site in a browser: people who visit it, pictures of its screens, live reload."""
