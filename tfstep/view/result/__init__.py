"""What a command gave back, as lines."""
