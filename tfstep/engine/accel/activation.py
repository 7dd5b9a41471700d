"""GELU, exact and by tanh, and their VJPs; the order of the operations is that of the bodies."""

from __future__ import annotations

import numpy as np

from tfstep.engine.accel.kernel import blockwise
from tfstep.engine.arrays.erf import erf

Array = np.ndarray
ROOT_HALF = 0.5**0.5
ROOT_2_PI = (2 / 3.141592653589793) ** 0.5


def _tanh(out: Array, x: Array) -> None:
    """tanh(√(2/π) (x + 0.044715 x³))."""
    np.multiply(x, x, out)
    np.multiply(out, x, out)
    np.multiply(out, 0.044715, out)
    np.add(x, out, out)
    np.multiply(out, ROOT_2_PI, out)
    np.tanh(out, out)


@blockwise
def gelu_tanh(out: Array, x: Array) -> None:
    """½ x (1 + t)."""
    _tanh(out, x)
    np.add(out, 1, out)
    np.multiply(out, 0.5, out)
    np.multiply(x, out, out)


@blockwise
def gelu_tanh_x(out: Array, g: Array, x: Array) -> None:
    """g · (½ (1 + t) + ½ x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²))."""
    t = np.empty_like(out)
    _tanh(t, x)
    np.multiply(t, t, out)
    np.subtract(1, out, out)
    inner = np.empty_like(out)
    np.multiply(x, 0.5, inner)
    np.multiply(inner, out, out)
    np.multiply(x, x, inner)
    np.multiply(inner, 0.134145, inner)
    np.add(inner, 1, inner)
    np.multiply(inner, ROOT_2_PI, inner)
    np.multiply(out, inner, out)
    np.add(t, 1, t)
    np.multiply(t, 0.5, t)
    np.add(t, out, out)
    np.multiply(g, out, out)


def _Phi(out: Array, x: Array) -> None:
    """½ (1 + erf(x / √2))."""
    np.multiply(x, ROOT_HALF, out)
    out[...] = erf(out)
    np.add(out, 1, out)
    np.multiply(out, 0.5, out)


@blockwise
def gelu(out: Array, x: Array) -> None:
    """x Φ(x)."""
    _Phi(out, x)
    np.multiply(x, out, out)


@blockwise
def gelu_x(out: Array, g: Array, x: Array) -> None:
    """g · (Φ + x φ)."""
    phi = np.empty_like(out)
    np.multiply(x, x, phi)
    np.multiply(phi, -0.5, phi)
    np.exp(phi, phi)
    np.multiply(phi, ROOT_2_PI / 2, phi)
    np.multiply(x, phi, phi)
    _Phi(out, x)
    np.add(out, phi, out)
    np.multiply(g, out, out)
