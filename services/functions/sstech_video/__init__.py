"""SStech Video: what the Lambda functions decide and do."""
