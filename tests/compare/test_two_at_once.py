"""Two mistakes before the next recorded array, and residuals that leave behind the norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hands import Array, Hand, softmax
from plants import TEXTS, Start

import tfstep

TEXTS["post decoder"] = TEXTS["small decoder"].replace("norm_position: pre, ", "")

SCALES: dict[str, Callable[[int, int], float]] = {
    "1/d": lambda d, model: 1 / d,
    "none": lambda d, model: 1.0,
    "√d": lambda d, model: d**0.5,
}
MASKS: dict[str, tuple[str, Callable[[Array, Array], Array]]] = {
    "plus": ("mask-added", lambda s, hide: s + hide),
    "missing": ("mask-missing", lambda s, hide: s),
    "times": ("mask-multiplied", lambda s, hide: s * ~hide),
    "inverted": ("mask-inverted", lambda s, hide: np.where(hide, s, -1e9)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rows"), [("causal-mask", "q k v s p o"), ("gpt", "q k v p o")])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("scale", SCALES)
def test_a_wrong_scale_and_a_wrong_mask(name: str, scale: str, mask: str, rows: str) -> None:
    trace = tfstep.trace(tfstep.load(name))
    path = "dec0.attn."
    q, k, v, hide = (trace[path + each].value for each in ("Q", "K", "V", "mask"))
    kind, masked = MASKS[mask]
    s = masked((q @ k.swapaxes(-1, -2)) * SCALES[scale](q.shape[-1], 0), hide != 0)
    run = {"q": q, "k": k, "v": v, "s": s, "p": softmax(s), "o": softmax(s) @ v}
    found = tfstep.diagnose(trace, {each: run[each] for each in rows.split()})
    assert [(cause.kind, cause.path) for cause in found.causes] == [("scale", path + "scaled"), (kind, path + "masked")]
    assert [fault.path for fault in found.faults] == [path + "scaled", path + "masked"]
    assert found.causes[-1].explains == found.causes[-1].of


@pytest.mark.slow
def test_a_wrong_scale_and_a_wrong_axis() -> None:
    trace = tfstep.trace(tfstep.load("two-heads"))
    q, k, v = (trace[f"attn.{each}"].value for each in "QKV")
    p = softmax(q @ k.swapaxes(-1, -2) / q.shape[-1], -2)
    found = tfstep.diagnose(trace, {"q": q, "k": k, "v": v, "p": p, "o": p @ v})
    assert [cause.kind for cause in found.causes] == ["scale", "softmax-axis"]


def layer(how: str) -> Callable[..., Array]:
    """A block whose residual leaves behind the norm, in three ways of writing it."""

    def made(self: Hand, n: int, x: Array, path: str, f: Any) -> Array:
        y = self.put(f"n{n}", self.norm(x, f"{path}norm{n}"))
        if how == "h + f(h)":
            return self.put(f"r{n}", y + f(y))
        total = self.put(f"r{n}", y + f(x))
        return total if how == "LN(x) + f(x)" else self.put(f"m{n}", self.norm(total, f"{path}norm{n}"))

    return made


@pytest.mark.slow
@pytest.mark.parametrize("how", ["h + f(h)", "LN(x) + f(x)", "LN(LN(x) + f(x))"])
@pytest.mark.parametrize("name", ["small encoder", "post decoder", "translator"])
def test_a_residual_behind_the_norm_of_a_post_norm_block(name: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hand, "layer", layer(how))
    start = Start(name)
    found = tfstep.diagnose(start.trace, start.rows(few="some"))
    block = "dec0." if name == "post decoder" else "enc0."
    assert [(cause.kind, cause.path) for cause in found.causes] == [("residual-place", block + "add1")]
    assert found.causes[0].explains == found.causes[0].of


@pytest.mark.slow
def test_a_ratio_that_is_nearly_one_is_said_to_be() -> None:
    trace = tfstep.trace(tfstep.load("two-heads"))
    names = {"q": "attn.Q", "k": "attn.K", "v": "attn.V", "s": "attn.scores"}
    rows = {n: trace[p].value for n, p in names.items()}
    found = tfstep.diagnose(
        trace, {**rows, "s": rows["s"] * (1 + 3e-6), "scaled": trace["attn.scaled"].value * (1 + 3e-6)}
    )
    assert found.shown[0].in_("en") == "theirs / ours is 1 to 5 digits in every cell"
    holed = rows["s"] * 1.25
    holed[0, 0, 0, 0] = np.nan
    found = tfstep.diagnose(trace, {**rows, "s": holed})
    assert found.shown[1].in_("en") == "theirs / ours is 1.25 in the cells where both are numbers other than 0"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["llama", "turning encoder"])
@pytest.mark.parametrize(
    ("one", "other", "kind", "tensor"),
    [("rope pairs", "rope base", "rope-base", "Q_rot"), ("rope pairs", "rope q late", "position-shifted", "Q_rot"),
     ("rope pairs", "rope q alone", "rope-place", "K_rot"), ("rope pairs", "rope sign", "rope-pairs", "Q_rot")],
)  # fmt: skip
def test_a_rope_that_is_set_otherwise_in_two_ways(name: str, one: str, other: str, kind: str, tensor: str) -> None:
    start = Start(name)
    found = tfstep.diagnose(start.trace, start.rows(one, other))
    expected = [("rope-pairs", start.first + "attn.Q_rot"), (kind, f"{start.first}attn.{tensor}")]
    assert [(cause.kind, cause.path) for cause in found.causes] == expected
    assert [fault.path for fault in found.faults] == list(dict.fromkeys(path for _, path in expected))
    assert found.causes[-1].explains == found.causes[-1].of


@pytest.mark.slow
def test_a_rope_that_no_two_mistakes_explain_accuses_nobody_else() -> None:
    """Behind a mask of −∞ whatever is the size of a head was found to be it."""
    start = Start("turning encoder")
    found = tfstep.diagnose(start.trace, start.rows("rope pairs", "rope sign", "rope base"))
    assert not found.causes
    assert [fault.path for fault in found.faults] == ["enc0.attn.scores"]
