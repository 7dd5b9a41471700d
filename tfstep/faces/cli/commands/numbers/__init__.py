"""Commands that print the numbers of a run."""
