"""Sums over many rows in float32: as good as PyTorch's, and the same bits with and without the kernels."""

from __future__ import annotations

import numpy as np
import pytest

import tfstep.ops  # noqa: F401  # enters the ops in the catalogue
from tfstep.engine.accel import linear as fast
from tfstep.engine.accel.norm import layer_norm_gamma
from tfstep.engine.arrays.sums import MANY, added
from tfstep.engine.op import CATALOGUE
from tfstep.ops.primitive.reduce import unbroadcast

OPS = CATALOGUE.ops
# What torch 2.13.0 is off by on a CPU in x.sum(0) of the very numbers of `positive`, over the largest of the sums; the
# gradient of nn.Linear's bias over 65,536 rows has the first of them.
TORCH = {(65536, 4): 5.644e-08, (65536, 64): 1.305e-07, (65536, 768): 1.813e-07}


def positive(shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from 0 to 1, whose sums round as badly as sums of numbers of both signs seldom do."""
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def off(found: np.ndarray, x: np.ndarray, axis: int | tuple[int, ...]) -> float:
    """The largest error of a sum, over the largest of the sums in float64."""
    exact = x.astype(np.float64).sum(axis=axis)
    assert found.dtype == np.float32
    return float(np.abs(found.reshape(exact.shape) - exact).max() / np.abs(exact).max())


@pytest.mark.slow
@pytest.mark.parametrize("shape", TORCH, ids=str)
def test_a_bias_gradient_over_many_rows_is_as_good_as_pytorchs(shape: tuple[int, int]) -> None:
    g = positive(shape)
    assert off(np.add.reduce(g, axis=0), g, 0) > 20 * TORCH[shape], "row after row it is not"
    bias = np.zeros(shape[1], np.float32)
    kernel = np.empty_like(bias)
    fast.sum_rows.run(kernel, g)
    for found in (unbroadcast(g, bias), OPS["linear"].vjp_b(g, g, g, np.eye(shape[1], dtype=np.float32), bias), kernel):
        assert off(found, g, 0) < 1.25 * TORCH[shape]


@pytest.mark.parametrize("number", [0.1, 1 / 3, 1 / 65536 / 7])
def test_equal_numbers_that_are_all_rounded_the_same_way(number: float) -> None:
    x = np.full((65536, 4), number, np.float32)
    assert off(np.add.reduce(x, axis=0), x, 0) > 1e-4  # torch 2.13.0: 1.5e-7 at most
    assert off(added(x, 0), x, 0) < 3e-7


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((3, 5000, 7), (0, 1)), ((3, 5000, 7), 1), ((5, 3, 7, 900), (0, 1, 3)), ((700, 2, 900), (0, 2)), ((4000, 1), 0)],
    ids=str,
)
def test_every_way_of_summing_is_as_good(shape: tuple[int, ...], axis: int | tuple[int, ...]) -> None:
    x = positive(shape)
    for given in (x, np.asfortranarray(x), np.broadcast_to(x[:1], shape)):
        assert off(added(given, axis, keepdims=False), given, axis) < 6e-7
        assert added(given, axis).shape == given.sum(axis=axis, keepdims=True).shape


def test_the_sum_over_a_transposed_axis_is_as_good() -> None:
    x = positive((65536, 4)).T
    assert off(OPS["sum"].forward(x, axis=-1, keepdims=False), x, -1) < 1.25 * TORCH[65536, 4]


@pytest.mark.parametrize("rows", [1, MANY - 1, MANY, 4 * MANY + 77, 9 * MANY])
@pytest.mark.parametrize("width", [1, 2, 67])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_give_the_same_bits(rows: int, width: int, dtype: type) -> None:
    draw = np.random.default_rng(1)
    g, x = draw.normal(size=(2, rows, width)).astype(dtype)
    bias = np.empty(width, dtype)
    fast.sum_rows.run(bias, g)
    assert bias.tobytes() == unbroadcast(g, bias).tobytes()
    norm = OPS["layer_norm"]
    layer_norm_gamma.run(bias, g, x, eps=1e-5)
    one, zero = np.ones(width, dtype), np.zeros(width, dtype)
    assert bias.tobytes() == norm.vjp_gamma(g, x, x, one, zero, eps=1e-5).tobytes()


def test_float64_is_what_numpy_adds() -> None:
    x = np.random.default_rng(2).normal(size=(3000, 5))
    for axis in (0, 1, (0, 1), None):
        assert added(x, axis).tobytes() == np.add.reduce(x, axis=axis, keepdims=True).tobytes()
