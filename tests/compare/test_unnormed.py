"""A projection that reads the stream before its norm, though the norm is computed: that projection is named, no norm."""

from typing import Any

import numpy as np
import pytest
from hands import Hand
from plants import Start

import tfstep


class Past(Hand):
    """Norms before each sublayer; ``past`` are the projections that read what goes into them."""

    past: tuple[str, ...] = ()

    def layer(self, n: int, x: np.ndarray, path: str, f: Any) -> np.ndarray:
        y = self.put(f"n{n}", self.norm(x, f"{path}norm{n}"))
        self.stream = x
        return self.put(f"r{n}", self.add(x, f(y), n))

    def lin(self, x: np.ndarray, W: str, b: str) -> np.ndarray:
        return super().lin(self.stream if W.endswith(tuple("." + p for p in self.past)) and self.past else x, W, b)


@pytest.mark.parametrize(
    ("past", "step"),
    [
        ((), ""), (("W_Q",), "attn.q_proj"), (("W_K",), "attn.k_proj"), (("W_V",), "attn.v_proj"),
        (("W_Q", "W_K"), "attn.q_proj"), (("W_K", "W_V"), "attn.k_proj"), (("W_1",), "ffn.hidden"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["pre-norm", "small decoder"])
def test_what_reads_past_its_norm_is_named(name: str, past: tuple[str, ...], step: str) -> None:
    start = Start(name)
    hand = Past(start.w, start.scenario.model, ())
    hand.past = past
    hand.run(start.scenario.inputs)
    found = tfstep.diagnose(start.trace, dict(hand.rows))
    assert found.agrees == (not past)
    assert [(c.kind, c.path, c.explains == c.of) for c in found.causes] == (
        [("norm-place", start.first + step, True)] if past else []
    )
