"""A scenario proposed from a recording."""
