"""What the owner does to a stage: deploy, invite, repair, move."""
