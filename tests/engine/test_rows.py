"""What is done along many short rows at once has the bits of what NumPy does row by row."""

from __future__ import annotations

import numpy as np
import pytest

from tfstep.engine.accel import elementwise, norm, reduce
from tfstep.engine.accel.reduce import largest_of_rows, total_of_rows

ODD = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-300, 1e300, 0.1)


def rows(n: int, dtype: str, count: int = 3 * reduce.ROWS) -> np.ndarray:
    x = np.random.default_rng(n).standard_normal((count, n)) * 10.0 ** np.arange(-4, n - 4)
    x[0] = -0.0
    x[1, : len(ODD)] = ODD[:n]
    x[2, ::2] = 0.1
    with np.errstate(over="ignore"):
        return x.astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 8, 9, 32, 33])
def test_rows_are_added_as_numpy_adds_them(n: int, dtype: str) -> None:
    x = rows(n, dtype)
    with np.errstate(all="ignore"):
        for given in (x, x.reshape(3, -1, n), x[:5], np.asfortranarray(x)):
            found, wanted = total_of_rows(given), np.add.reduce(given, -1, keepdims=True)
            assert found.shape == wanted.shape
            np.testing.assert_array_equal(found, wanted)
            number = ~np.isnan(wanted)
            assert found[number].tobytes() == wanted[number].tobytes()


@pytest.mark.parametrize("n", [2, 5, 8])
def test_where_numpy_adds_otherwise_it_is_asked_itself(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = rows(n, "float64")[3:]
    monkeypatch.setattr(reduce, "_added", lambda x: x[:, 0] * 0)
    reduce._adds_so.cache_clear()
    assert total_of_rows(x).tobytes() == np.add.reduce(x, -1, keepdims=True).tobytes()
    reduce._adds_so.cache_clear()


@pytest.mark.parametrize("n", [1, 2, 8, 32, 33])
def test_the_largest_of_each_row(n: int) -> None:
    x = rows(n, "float64")
    np.testing.assert_array_equal(largest_of_rows(x), np.maximum.reduce(x, -1, keepdims=True))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_the_gradient_of_relu_is_a_choice(dtype: str) -> None:
    with np.errstate(over="ignore"):
        g, x = np.meshgrid(*[np.array(ODD).astype(dtype)] * 2)
    out = np.full_like(g, 7)
    elementwise.relu_x.run(out, g, x)
    assert out.tobytes() == np.where(x > 0, g, np.zeros_like(g)).tobytes()


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 8), (5, 2, 3)])
def test_gradients_are_added_into_the_rows_of_their_ids_in_order(shape: tuple[int, ...]) -> None:
    ids = np.array([[3, 0, 3], [3, 1, 0]])
    g = np.random.default_rng(0).standard_normal((2, 3, *shape[1:])) * 1e8 ** np.arange(6).reshape(
        2, 3, *(1,) * (len(shape) - 1)
    )
    out, wanted = np.zeros(shape), np.zeros(shape)
    elementwise.gather_table.run(out, g, ids)
    for number, row in zip(ids.ravel(), g.reshape(6, *shape[1:]), strict=True):
        wanted[number] += row
    assert out.tobytes() == wanted.tobytes()


def test_this_numpy_adds_eight_numbers_in_pairs_and_fewer_in_turn() -> None:
    assert all(reduce._adds_so(n, np.dtype(dtype)) for n in range(2, 9) for dtype in ("float64", "float32"))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("shape", [(1, 1, 7), (1, 256), (1, 1)])
def test_one_row_is_normalised_as_it_is_among_others(shape: tuple[int, ...], dtype: str) -> None:
    n = shape[-1]
    x = np.random.default_rng(n).standard_normal((2, n)).astype(dtype)
    gamma, beta = (np.random.default_rng(seed).standard_normal(n).astype(dtype) for seed in (1, 2))
    many, one = np.empty_like(x), np.empty(shape, dtype)
    norm.layer_norm.run(many, x, gamma, beta, eps=1e-5)
    norm.layer_norm.run(one, x[:1].reshape(shape), gamma, beta, eps=1e-5)
    assert one.tobytes() == many[:1].tobytes()
