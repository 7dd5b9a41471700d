"""A pass that is made often, as a list of NumPy calls: which they are, and how they are made again."""
