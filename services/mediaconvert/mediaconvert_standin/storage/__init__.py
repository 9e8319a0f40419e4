"""S3 with the job's role: inputs read by ranges, outputs published and taken back."""
