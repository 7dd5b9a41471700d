"""Mistakes that add something where nothing is due."""
