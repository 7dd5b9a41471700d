"""Two arrays hold the same bits, or not."""

from __future__ import annotations

import numpy as np
import pytest

from tfstep.engine.arrays.bits import same_bits


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i1", "?"])
def test_the_same_numbers_have_the_same_bits_wherever_they_lie(dtype: str) -> None:
    a = np.arange(12).reshape(3, 4).astype(dtype)
    assert same_bits(a, a.copy())
    assert same_bits(a, np.asfortranarray(a))
    assert same_bits(a.T, a.copy().T)
    other = a.copy()
    other[2, 3] = not other[2, 3] if dtype == "?" else 7
    assert not same_bits(a, other)


def test_a_nan_is_itself_and_zeros_have_signs() -> None:
    assert same_bits(np.array([np.nan]), np.array([np.nan]))
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert same_bits(np.array(1.5), np.array(1.5))


def test_shape_and_type_count() -> None:
    assert not same_bits(np.zeros(4), np.zeros((2, 2)))
    assert not same_bits(np.zeros(4), np.zeros(4, "f4"))
    assert same_bits(np.zeros((0, 3)), np.zeros((0, 3)))
