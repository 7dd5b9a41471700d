"""What is taken over from theirs that names do not tell: weights side by side in one, weights of any name."""
