"""What CloudFront does for this system: one origin for the site, the API and the private videos."""
