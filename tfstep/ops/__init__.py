"""The ops: each written once, over primitives that compute with NumPy and explain their cells."""

from tfstep.ops import activation, attention, elementwise, embed, index, linear, loss, norm, reduce, shape

__all__ = ["activation", "attention", "elementwise", "embed", "index", "linear", "loss", "norm", "reduce", "shape"]
