"""Changing the numbers: edits and their undoing, training, other words, what survives a crash."""
