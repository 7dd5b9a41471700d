"""The primitives: they compute with NumPy, and say by themselves why a cell is what it is."""
