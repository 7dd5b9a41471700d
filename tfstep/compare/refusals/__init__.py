"""Recordings that cannot be held against a scenario, and what is said of them."""
