"""Colours, the division of the screen, and how a Frame is painted on it."""
