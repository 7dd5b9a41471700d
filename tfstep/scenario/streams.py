"""Random numbers that depend on nothing but a seed and a name.

Every parameter is drawn from a stream of its own, so that adding or removing another one changes nothing
here. A stream is PCG64 seeded by ``SeedSequence([seed, h])``, h being the first 8 bytes (big-endian) of the
SHA-256 of the name; its raw 64-bit outputs become numbers by the two formulas below and not by NumPy's
`Generator`, whose methods may change from version to version.
"""

from __future__ import annotations

import hashlib
from typing import cast

import numpy as np

_CHUNK = 1 << 15  # pairs at a time, so that what is in between stays in the cache


def stream(seed: int, name: str) -> np.random.PCG64:
    """The stream of a name under a seed (0 or more)."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest[:8], "big")]))


def uniforms(bits: np.random.PCG64, n: int) -> np.ndarray:
    """Numbers in [0, 1), n of them, each the upper 53 bits of an output, over 2⁵³."""
    raw = cast("np.ndarray", bits.random_raw(n))
    return (raw >> np.uint64(11)) * 2.0**-53


def normals(bits: np.random.PCG64, n: int) -> np.ndarray:
    """Numbers of the standard normal distribution, n of them.

    Two come from two uniforms u, v: √(−2 ln(1 − u)) · (cos 2πv, sin 2πv) (Box and Muller 1958).
    """
    drawn = np.empty((n + 1) // 2 * 2)
    pairs = drawn.reshape(-1, 2)
    for start in range(0, len(pairs), _CHUNK):
        part = pairs[start : start + _CHUNK]
        u, v = uniforms(bits, 2 * len(part)).reshape(-1, 2).T
        radius = np.sqrt(-2.0 * np.log1p(-u))
        angle = (2.0 * np.pi) * v
        np.multiply(radius, np.cos(angle), out=part[:, 0])
        np.multiply(radius, np.sin(angle), out=part[:, 1])
    return drawn[:n]
