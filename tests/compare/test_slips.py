"""Slips that leave everything in its shape: an activation where none is due, dropout that does not scale, a norm of another
place; and that what one number shows is no proof."""

from __future__ import annotations

import pytest
from plants import Start

import tfstep

SLIPS = [
    ("relu q", "activation", "attn.q_proj"), ("exp alone", "softmax-axis", "attn.weights"),
    ("drop unscaled", "dropout", "attn.weights"), ("drop hidden unscaled", "dropout", "ffn.act"),
    ("one norm", "norm-affine", "norm2"), ("times positions", "position-missing", "x"),
    ("first norm again", "norm-place", "ffn.hidden ffn.gate"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "kind", "said"), SLIPS)
@pytest.mark.parametrize("name", ["small decoder", "llama", "small encoder"])
def test_a_slip_is_named(name: str, wrong: str, kind: str, said: str) -> None:
    start = Start(name)
    if (wrong, name) in (("times positions", "llama"), ("first norm again", "small encoder")):
        pytest.skip("there are no positions to add, or no norm before the sublayer")
    for dtype in ("float64", "float32"):
        found = tfstep.diagnose(start.trace, start.rows(wrong, dtype=dtype))
        ((cause, path),) = [(cause.kind, cause.path) for cause in found.causes]
        assert (cause, path in start.paths(said)) == (kind, True)
        assert found.causes[0].explains == found.causes[0].of


def test_one_coarse_number_behind_larger_arrays_proves_nothing() -> None:
    """The loss of this run is that of tanh behind the attention, in the digits of float32."""
    start = Start("turning encoder")
    rows = start.rows("drop unscaled", dtype="float32")
    rows["enc0.p"] = rows["enc0.p"] * 1.001 + 1e-4
    found = tfstep.diagnose(start.trace, rows)
    assert not found.agrees
    assert not found.causes
