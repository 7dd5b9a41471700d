"""The ops: each written once, over primitives that compute with NumPy and explain their cells."""

from tfstep.ops import activation, attention, embed, experts, linear, loss, norm, optim, residual, rotate
from tfstep.ops.primitive import choice, elementwise, functions, index, reduce, shape

__all__ = [
    "activation",
    "attention",
    "choice",
    "elementwise",
    "embed",
    "experts",
    "functions",
    "index",
    "linear",
    "loss",
    "norm",
    "optim",
    "reduce",
    "residual",
    "rotate",
    "shape",
]
