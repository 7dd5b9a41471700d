"""A lesson on the screen: its text beside the live matrices."""
