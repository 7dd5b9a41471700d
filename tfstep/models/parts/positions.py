"""The tables of positions: sinusoids, the angles of rotary positions and how they are stretched, ALiBi, T5's buckets."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from tfstep.engine.arrays.half import rounded
from tfstep.models.keys.sections import RopePart, ScalingPart


def sinusoidal(places: np.ndarray, d: int, halved: bool = False) -> np.ndarray:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos of the same, for every place: (…) → (…, d).

    ``halved``: all sines, then all cosines. Source: Vaswani et al. 2017, section 3.5.
    """
    angle = places[..., None] / 10000.0 ** (np.arange(0, d, 2) / d)
    table = np.empty((*places.shape, d))
    first, second = (slice(0, (d + 1) // 2), slice((d + 1) // 2, d)) if halved else (slice(0, d, 2), slice(1, d, 2))
    table[..., first] = np.sin(angle)
    table[..., second] = np.cos(angle[..., : d // 2])
    return table


def rope_tables(places: np.ndarray, d_k: int, rope: RopePart) -> tuple[np.ndarray, np.ndarray]:
    """The cos and sin of position · frequency, for both features of each pair that is turned: (…) → (…, d) each."""
    d = int(d_k * rope.part)
    frequency, times = rope_frequencies(d, rope, int(places.max()) + 1)
    each = np.tile(frequency, 2) if rope.pairs == "half" else np.repeat(frequency, 2)
    angle = places[..., None] * each
    return np.cos(angle) * times, np.sin(angle) * times


def rope_frequencies(d: int, rope: RopePart, length: int) -> tuple[np.ndarray, float]:
    """Base^(−2i/d), stretched as ``rope.scaling`` says for texts of this length, and what cos and sin are times."""
    s, exponents = rope.scaling, np.arange(0, d, 2) / d
    plain = rope.base**-exponents
    if s is None:
        return plain, 1.0
    if s.kind == "linear":  # Chen et al. 2023, position interpolation
        return plain / s.factor, 1.0
    if s.kind == "dynamic":  # NTK-aware: the base grows with the text
        stretch = s.factor * max(length, s.original) / s.original - (s.factor - 1)
        return (rope.base * stretch ** (d / (d - 2))) ** -exponents, 1.0
    if s.kind == "llama3":
        wavelength = 2 * math.pi / plain
        smooth = (s.original / wavelength - s.low) / (s.high - s.low)
        between = (1 - smooth) * plain / s.factor + smooth * plain
        slow, fast = wavelength > s.original / s.low, wavelength < s.original / s.high
        return np.where(slow, plain / s.factor, np.where(fast, plain, between)), 1.0
    if s.kind == "yarn":
        keep = 1 - _ramp(d, rope.base, s)
        return plain / s.factor * (1 - keep) + plain * keep, s.attention or _stretched(s.factor)
    factors = np.array(s.long if length > s.original else s.short)  # longrope, Ding et al. 2024
    grown = 1.0 if s.factor <= 1 else math.sqrt(1 + math.log(s.factor) / math.log(s.original))
    return plain / factors, s.attention or grown


def _stretched(factor: float) -> float:
    """Peng et al. 2023, YaRN, eq. 22: √(1/t) = 0.1 ln s + 1."""
    return 0.1 * math.log(factor) + 1 if factor > 1 else 1.0


def _ramp(d: int, base: float, s: ScalingPart) -> np.ndarray:
    """From 0, where pairs turn often and stay, to 1, where they are stretched (Peng et al. 2023, YaRN, eq. 18)."""
    low, high = (
        d * math.log(s.original / (n * 2 * math.pi)) / (2 * math.log(base)) for n in (s.beta_fast, s.beta_slow)
    )
    if s.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, d - 1)
    ramp: np.ndarray = np.clip((np.arange(d // 2) - low) / ((high - low) or 0.001), 0, 1)
    return ramp


def alibi(heads: int, queries: int, keys: int, causal: bool) -> np.ndarray:
    """m_h · (key − query), m_h = 2^(−8h/H): (1, head, query, key). Both ways, where not causal, m_h · −|key − query|.

    Source: Press et al. 2022, section 3.
    """
    distance = np.arange(keys)[None, :] - np.arange(queries)[:, None]
    table: np.ndarray = alibi_slopes(heads)[:, None, None] * (distance if causal else -abs(distance))
    return table[None]


def alibi_rounded(heads: int, keys: int) -> np.ndarray:
    """m_h · key, each factor and the product a bfloat16: (1, head, 1, key). Source: transformers' Falcon."""
    bfloat16 = partial(rounded, precision="bfloat16")
    table: np.ndarray = bfloat16(bfloat16(alibi_slopes(heads))[:, None] * bfloat16(np.arange(keys)))
    return table[None, :, None, :]


def alibi_slopes(heads: int) -> np.ndarray:
    """2^(−8h/H) for h = 1 … H; where H is no power of 2, those of the power below, then every other of the next."""
    power = 2 ** int(math.log2(heads))
    slopes = 2.0 ** (-8 * np.arange(1, power + 1) / power)
    more = 2.0 ** (-8 * np.arange(1, 2 * (heads - power) + 1, 2) / (2 * power))
    return np.concatenate([slopes, more])


def relative_buckets(queries: int, keys: int, buckets: int, distance: int, causal: bool) -> np.ndarray:
    """The bucket of key − query, exact while near, then in steps that grow with the logarithm: (query, key).

    Both ways have half of the buckets each, where not causal. Source: Raffel et al. 2020, section 2.1.
    """
    apart = np.arange(keys)[None, :] - np.arange(queries)[:, None]
    start = np.zeros_like(apart)
    if not causal:
        buckets //= 2
        start = np.where(apart > 0, buckets, 0)
    n = np.maximum(-apart, 0) if causal else abs(apart)
    exact = buckets // 2
    ratio = np.log(np.maximum(n, 1).astype(np.float32) / exact) / np.float32(math.log(distance / exact))
    far = np.minimum(exact + (ratio * (buckets - exact)).astype(np.int64), buckets - 1)
    return start + np.where(n < exact, n, far)
