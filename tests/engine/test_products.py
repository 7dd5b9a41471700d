"""Products of matrices: right, and with the same bits however many threads compute them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfstep.engine.accel.blocks import each
from tfstep.engine.arrays import products
from tfstep.engine.arrays.products import on_one_thread, pieces, product

SHAPES = [  # (leading axes of a, of b, n, k, m): small, one large product, many small ones, broadcast, a tail of columns
    ((), (), 3, 4, 5),
    ((), (), 64, 300, 1003),
    ((), (), 200, 250, 1100),
    ((3,), (), 90, 300, 700),
    ((2, 12), (2, 12), 128, 64, 129),
    ((2, 1), (1, 3), 130, 200, 150),
    ((5, 1), (), 1, 400, 2100),
    ((27,), (), 5, 16, 32),
    ((12,), (12,), 64, 64, 64),
    ((2, 3), (3,), 1, 128, 200),
]


def operands(shape: tuple, dtype: type = float) -> tuple[np.ndarray, np.ndarray]:
    lead_a, lead_b, n, k, m = shape
    draw = np.random.default_rng(n * k + m)
    return draw.standard_normal((*lead_a, n, k)).astype(dtype), draw.standard_normal((*lead_b, k, m)).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_product_is_the_sum_over_the_inner_axis(shape: tuple) -> None:
    a, b = operands(shape)
    found = product(a, b)
    np.testing.assert_allclose(found, np.einsum("...nk,...km->...nm", a, b), rtol=0, atol=1e-11)
    out = np.empty_like(found)
    assert product(a, b, out, each) is out
    assert out.tobytes() == found.tobytes()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_pieces_are_every_cell_once(shape: tuple) -> None:
    lead_a, lead_b, n, k, m = shape
    seen = np.zeros((*np.broadcast_shapes(lead_a, lead_b), n, m), int)
    for where, columns in pieces(seen.shape[:-2], n, k, m):
        seen[where][..., columns] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize("shape", [((), (3,), 4, 5, 0), ((), (0,), 4, 5, 6), ((), (3,), 4, 0, 6)], ids=str)
def test_a_product_of_nothing_is_empty_or_nought(shape: tuple) -> None:
    a, b = operands(shape)
    found = product(a, b)
    assert found.shape == (a @ b).shape
    assert not found.any()


def test_what_is_done_with_a_finished_piece_is_done_with_all() -> None:
    a, b = operands(SHAPES[2])
    bias = np.arange(1100.0)
    found = product(a, b, then=lambda part, columns: np.add(part, bias[columns], part))
    assert found.tobytes() == (product(a, b) + bias).tobytes()


BITS = """
import hashlib, sys
sys.path.insert(0, {here!r})
import numpy as np
from test_products import SHAPES, operands
from tfstep.engine.arrays.products import product
found = hashlib.sha256()
for dtype in (np.float32, np.float64):
    for shape in SHAPES:
        a, b = operands(shape, dtype)
        found.update(product(a, b).tobytes())
        found.update(product(b.swapaxes(-1, -2), a.swapaxes(-1, -2)).tobytes())
print(found.hexdigest())
"""


@pytest.mark.slow
def test_the_bits_do_not_depend_on_how_many_threads_the_library_has() -> None:
    here = str(Path(__file__).parent)
    found = set()
    for threads, accel in itertools.product(("1", "2", "4"), ("", "off")):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "TFSTEP_ACCEL": accel}
        code = BITS.format(here=here)
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


def test_the_library_gets_its_threads_back() -> None:
    libraries = products._libraries()
    before = [library.num_threads for library in libraries]
    with on_one_thread():
        assert all(library.num_threads == 1 for library in libraries)
        with on_one_thread():
            pass
        assert all(library.num_threads == 1 for library in libraries)
    assert [library.num_threads for library in libraries] == before

    def fail(part: np.ndarray, columns: slice) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        product(*operands(SHAPES[2]), then=fail)
    assert [library.num_threads for library in libraries] == before


@pytest.mark.parametrize("shape", [((27,), (), 5, 16, 32), ((4, 3), (), 2, 8, 3)], ids=str)
def test_many_small_matrices_by_one_are_one_product_however_that_one_lies(shape: tuple) -> None:
    a, b = operands(shape)
    wanted = np.matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], -1).tobytes()
    turned = np.ascontiguousarray(b.T).T
    spread = np.empty((*a.shape[:-1], 2 * b.shape[1]))[..., ::2]
    for matrix in (b, turned):
        assert product(a, matrix).tobytes() == wanted
        assert product(a, matrix, spread) is spread
        assert spread.tobytes() == wanted
        assert product(np.asfortranarray(a), matrix).tobytes() == wanted
