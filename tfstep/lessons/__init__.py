"""Lessons: their file format and the player that asks, computes and compares."""
