"""What outlives the process: jobs, named resources, tags, events and notes, in one SQLite file."""
