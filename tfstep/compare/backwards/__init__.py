"""Mistakes that are made in the backward pass alone."""
