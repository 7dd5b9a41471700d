"""A weight's gradient that is wrong while the flow of gradients is right: a sum over other rows, a mean, another factor."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from plants import TEXTS

import tfstep
from tfstep.scenario.scenario import load_text

Rows = dict[str, np.ndarray]
LR = 0.1
MODELS = ("small encoder", "small decoder", "llama", "translator")
OF_MATRIX: tuple[tuple[str, str, Callable[[np.ndarray, np.ndarray], np.ndarray]], ...] = (
    ("last sentence alone", "grad-missing", lambda x, g: x[-1].T @ g[-1]),
    ("first sentence alone", "grad-missing", lambda x, g: x[0].T @ g[0]),
    ("last position alone", "grad-missing", lambda x, g: x[:, -1].T @ g[:, -1]),
    ("mean over", "loss-reduction", lambda x, g: flat(x).T @ flat(g) / len(flat(x))),
    ("sentences of the batch", "loss-reduction", lambda x, g: flat(x).T @ flat(g) / len(x)),
    ("positions", "loss-reduction", lambda x, g: flat(x).T @ flat(g) / x.shape[1]),
    ("half of ours", "loss-reduction", lambda x, g: 0.5 * flat(x).T @ flat(g)),
    ("twice", "grad-accumulated", lambda x, g: 2 * flat(x).T @ flat(g)),
    ("sign", "loss-reduction", lambda x, g: -flat(x).T @ flat(g)),
    ("gᵀ x", "transposed", lambda x, g: flat(g).T @ flat(x)),
)
OF_BIAS: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("mean over", "loss-reduction", lambda g: flat(g).mean(0)),
    ("last sentence alone", "grad-missing", lambda g: g[-1].sum(0)),
    ("sentences of the batch", "loss-reduction", lambda g: flat(g).sum(0) / len(g)),
    ("twice", "grad-accumulated", lambda g: 2 * flat(g).sum(0)),
)


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


class Run:
    """A run of somebody's own under plain names: everything of the forward pass, every gradient, the step of SGD."""

    def __init__(self, name: str) -> None:
        start = tfstep.trace(load_text(TEXTS[name]).with_changes({"train": {"optimizer": "sgd", "lr": LR}}))
        rng, nodes = np.random.default_rng(3), start.plan.nodes
        self.trace = start.edit(
            {n.path: start.value(n.slot) + rng.normal(0, 0.3, n.shape) for n in nodes if n.kind == "parameter"}
        )
        kept = [n for n in nodes if n.dtype.kind == "f" and n.kind in ("step", "parameter", "input")]
        self.forward = {n.path: np.array(self.trace.value(n.slot)) for n in kept if n.phase in ("", "forward")}
        grads = {n.path.removesuffix(".grad"): n for n in nodes if n.phase == "backward" and n.path.endswith(".grad")}
        self.grads = {path: np.array(self.trace.value(n.slot)) for path, n in grads.items() if path in self.forward}
        self.weights = [n.path for n in nodes if n.kind == "parameter"]
        self.linear = [[nodes[s] for s in (*n.slots, n.slot)] for n in nodes
                       if n.phase == "forward" and n.op is not None and n.op.name.startswith("linear")]  # fmt: skip

    def rows(self, change: Rows, what: str = "all", dtype: str = "float64") -> Rows:
        """What is written down: all gradients, those of the parameters, or these and the new weights."""
        grads = {**(self.grads if what == "all" else {p: self.grads[p] for p in self.weights}), **change}
        rows = {**self.forward, **{f"{p}.grad": g for p, g in grads.items()}}
        if what == "new":
            rows |= {f"{p}.new": self.forward[p] - LR * grads[p] for p in self.weights}
        return {
            n.replace(".", "_", n.count(".") - n.endswith((".grad", ".new"))): np.asarray(v, dtype)
            for n, v in rows.items()
        }

    def wrong(self) -> dict[tuple[str, str], Rows]:
        """Each mistake at every weight where it shows."""
        found: dict[tuple[str, str], Rows] = {}
        for x, W, *b, y in self.linear:
            at, g = self.forward[x.path], self.grads[y.path]
            rules = (
                OF_MATRIX if len(at) > 1 else [each for each in OF_MATRIX if each[0] != "positions"]
            )  # which are all rows
            made = [(said, kind, W.path, rule(at, g)) for said, kind, rule in rules]
            made += [(said, kind, each.path, rule(g)) for said, kind, rule in OF_BIAS for each in b]
            if x.op is not None and "norm" in x.op.name:
                before = self.trace.value(x.slots[0])
                made.append(("what the norm reads", "norm-place", W.path, flat(np.asarray(before)).T @ flat(g)))
            if y.path.endswith("q_proj") and at.shape == g.shape:
                other = self.grads[y.path.replace("q_proj", "v_proj")]
                if other.shape == g.shape:
                    made.append(("∂v_proj in place of ∂q_proj", "swapped", W.path, flat(at).T @ flat(other)))
            for said, kind, path, value in made:
                if value.shape == self.grads[path].shape and not np.allclose(
                    value, self.grads[path], rtol=1e-9, atol=1e-12
                ):
                    found.setdefault((said, kind), {})[path] = value
        return found


@cache
def run(name: str) -> Run:
    return Run(name)


@pytest.mark.parametrize("name", MODELS)
def test_right_gradients_and_their_step_agree(name: str) -> None:
    for what in ("all", "weights", "new"):
        for dtype in ("float64", "float32"):
            found = tfstep.diagnose(run(name).trace, run(name).rows({}, what, dtype))
            assert found.agrees, str(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_weight_gradient_that_is_wrong_is_one_cause_wherever_it_is(name: str) -> None:
    missed, tried = [], 0
    for (said, kind), change in run(name).wrong().items():
        paths = list(change)
        recordings = (("all", "float64"), ("weights", "float32"), ("new", "float64"))
        for some, (what, dtype) in zip((paths[:1], paths[len(paths) // 2 :][:1], paths), recordings, strict=True):
            if said == "last position alone" and len(some) > 1:
                continue  # of some weights that is 0, as the gradient of a branch that is detached
            tried += 1
            found = tfstep.diagnose(run(name).trace, run(name).rows({p: change[p] for p in some}, what, dtype))
            told = [(cause.kind, said in cause.detail.in_("en")) for cause in found.causes]
            if told != [(kind, True)] or {fault.path for fault in found.faults} != {f"{p}.grad" for p in some}:
                missed.append((said, some, what, dtype, [(c.kind, str(c.detail)) for c in found.causes], found.faults))
    assert tried >= 15
    assert not missed, "\n".join(map(str, missed))


def test_a_half_that_may_be_a_mean_of_two_sentences_says_both() -> None:
    path = "enc0.attn.W_V"
    (cause,) = tfstep.diagnose(
        run("small encoder").trace, run("small encoder").rows({path: run("small encoder").grads[path] / 2})
    ).causes
    assert (cause.kind, cause.path) == ("loss-reduction", f"{path}.grad")
    assert cause.detail.in_("en") == "divided by the 2 sentences of the batch, or half of ours, a factor of 2"


def test_a_step_that_is_not_recorded_is_not_blamed_against_gradients_that_agree() -> None:
    """Twice ∂W_Q would follow from scores that are not scaled back; then ∂W_K would be twice ours, too."""
    path = "enc0.attn.W_Q"
    (cause,) = tfstep.diagnose(
        run("small encoder").trace, run("small encoder").rows({path: 2 * run("small encoder").grads[path]}, "weights")
    ).causes
    assert (cause.kind, cause.path) == ("grad-accumulated", f"{path}.grad")
