"""Step through the math of a Transformer, forward and backward, and ask any number why."""

__version__ = "0.1.0"
