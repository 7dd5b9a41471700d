"""One matrix, ready to draw."""
