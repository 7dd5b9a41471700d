"""Attention that reads something of another length than ours: its keys have another shape, and are no less wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hands import Hand

import tfstep
from tfstep.scenario.scenario import load_text

Array = np.ndarray
UNEQUAL = """
tfstep: 1
model: {kind: encoder-decoder, d_model: 8, heads: 2, d_ff: 12}
vocab: {source: [<pad>, a, b, c, d], target: [<pad>, <sos>, <eos>, p, q, r]}
input: {source: [b d, a b d], target: [<sos> q r, <sos> p q r p], labels: [q r <eos>, p q r p <eos>]}
weights: {seed: 8, init: {normal: .7}}
"""
TRACE = tfstep.trace(load_text(UNEQUAL, "unequal.yaml"))


class Own(Hand):
    """Cross-attention that reads what ``reads`` makes of the asking side, with this mask."""

    def __init__(self, reads: Callable[[Array], Array], mask: Array | None) -> None:
        numbers = {n.path: TRACE.value(n.slot) for n in TRACE.plan.nodes if n.op is None or n.kind == "view"}
        super().__init__(numbers, TRACE.plan.origin.model)  # type: ignore[union-attr]  # it is of a scenario
        self.reads, self.mask = reads, mask

    def reader(self, path: str, mask: Array | None, memory: Array | None = None) -> Callable[[Array], Array]:
        if memory is None:
            return super().reader(path, mask)
        return lambda t: self.attention(t, self.reads(t), path, self.mask)


OWN = np.asarray(TRACE["dec0.attn.mask"].value)


@pytest.mark.parametrize("from_memory", [False, True])
@pytest.mark.parametrize("mask", [OWN, OWN & 1, None])
def test_keys_and_values_of_the_asking_side(mask: Array | None, from_memory: bool) -> None:
    """Their encoder written down, or not."""
    hand = Own(lambda t: t, mask)
    hand.run(TRACE.plan.origin.inputs)  # type: ignore[union-attr]
    rows = {n: a for n, a in hand.rows.items() if not from_memory or n.startswith("dec") or "." not in n}
    found = tfstep.diagnose(TRACE, rows)
    assert [(cause.kind, cause.path) for cause in found.causes] == [("swapped", "dec0.cross.k_proj")]
    assert found.causes[0].explains == found.causes[0].of > 9


SAID = {
    "dec0.x_qh": "cross_Q", "dec0.x_kh": "cross_K", "dec0.x_vh": "cross_V", "dec0.x_p": "cross_weights",
    "dec0.r1": "add1", "dec0.n1": "norm1", "dec0.x_r2": "add2", "dec0.x_n2": "norm2", "dec0.r3": "add3", "dec0.n3": "norm3",
}  # fmt: skip


def test_keys_of_something_that_is_no_known_mistake() -> None:
    """Their names tell that keys of another shape are those of ours, once what comes of them is none of ours."""
    hand = Own(lambda t: np.sin(t[:, ::-1]), None)
    hand.run(TRACE.plan.origin.inputs)  # type: ignore[union-attr]
    rows = {name: hand.rows[old] for old, name in SAID.items()}
    found = tfstep.diagnose(TRACE, rows)
    assert not found.agrees
    assert found.first is not None
    assert (found.first.path, found.first.name, found.causes) == ("dec0.cross.K", "cross_K", ())
    assert [str(each) for each in found.shown] == ["its shape is 2×2×5×4, ours is 2×2×3×4"]


def test_arrays_of_another_shape_alone_accuse_nobody_and_are_said_to_be_unjudged() -> None:
    hand = Own(lambda t: np.sin(t[:, ::-1]), None)
    hand.run(TRACE.plan.origin.inputs)  # type: ignore[union-attr]
    few = ("dec0.n1", "dec0.x_qh", "dec0.x_kh", "dec0.x_p")
    found = tfstep.diagnose(TRACE, {SAID[old]: hand.rows[old] for old in few})
    assert found.agrees
    assert found.unjudged == ("cross_K", "cross_weights")
