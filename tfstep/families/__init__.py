"""Families of checkpoints: a short table each of what others call our keys and tensors."""
