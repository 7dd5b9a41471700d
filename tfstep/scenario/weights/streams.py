"""Random numbers that depend on nothing but a seed and a name.

Every parameter is drawn from a stream of its own, so that adding or removing another one changes nothing
here. A stream is PCG64 seeded by ``SeedSequence([seed, h])``, h being the first 8 bytes (big-endian) of the
SHA-256 of the name; its raw 64-bit outputs become numbers by the two formulas below and not by NumPy's
`Generator`, whose methods may change from version to version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import cast

import numpy as np

_PART = 1 << 16  # numbers at a time: small enough for the cache; part of the definition of `normals`


def stream(seed: int, name: str) -> np.random.PCG64:
    """The stream of a name under a seed (0 or more)."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest[:8], "big")]))


def uniforms(bits: np.random.PCG64, n: int) -> np.ndarray:
    """Numbers in [0, 1), n of them, each the upper 53 bits of an output, over 2⁵³."""
    drawn = np.empty(n)
    for _ in uniforms_into(drawn, bits):
        pass
    return drawn


def uniforms_into(drawn: np.ndarray, bits: np.random.PCG64) -> Iterator[None]:
    """The same put into an array, part by part."""
    for start in range(0, len(drawn), _PART):
        part = drawn[start : start + _PART]
        raw = cast("np.ndarray", bits.random_raw(len(part)))
        raw >>= np.uint64(11)
        np.multiply(raw, 2.0**-53, out=part)
        yield


def normals(bits: np.random.PCG64, n: int) -> np.ndarray:
    """Numbers of the standard normal distribution, n of them.

    Two come from two uniforms u, v: √(−2 ln(1 − u)) · (cos 2πv, sin 2πv) (Box and Muller 1958). Of every
    65,536 numbers the first half takes the cosines, the second the sines.
    """
    drawn = np.empty(n)
    for _ in normals_into(drawn, bits):
        pass
    return drawn


def normals_into(drawn: np.ndarray, bits: np.random.PCG64) -> Iterator[None]:
    """The same put into an array, part by part."""
    for start in range(0, len(drawn), _PART):
        part = drawn[start : start + _PART]
        half = (len(part) + 1) // 2
        u, angle = np.split(uniforms(bits, 2 * half), 2)
        radius = np.sqrt(-2.0 * np.log(1.0 - u))
        angle *= 2.0 * np.pi
        np.multiply(radius, np.cos(angle), out=part[:half])
        rest = len(part) - half
        np.multiply(radius[:rest], np.sin(angle[:rest]), out=part[half:])
        yield
