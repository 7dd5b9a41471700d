"""The recorded models, and how far ours are from them: tensor by tensor, in float64.

What a word that only fills up a row says is nobody's concern and left out (RoBERTa gives it another position). So is
its own row of the embedding's gradient, from which the library drops the share of the words read (`padding_idx`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import tfstep
from tfstep.engine.trace import Trace
from tfstep.families.binding import bind
from tfstep.families.registry import family

MODELS = Path(__file__).parent / "models"


def names() -> list[str]:
    return sorted(path.parent.name for path in MODELS.glob("*/config.json"))


class Difference(NamedTuple):
    what: str
    worst: float
    size: float

    @property
    def ratio(self) -> float:
        """Worst difference over what is allowed: 1e-9 of the largest, plus 1e-12."""
        return self.worst / (1e-9 * self.size + 1e-12)


def opened(name: str, dtype: str = "float64") -> tfstep.Scenario:
    """The recorded model with what it was fed."""
    with np.load(MODELS / name / "expected.npz") as found:
        arrays = dict(found)
    config = json.loads((MODELS / name / "config.json").read_text())
    ids = arrays["ids"].tolist()
    fed: dict[str, object] = {"dtype": dtype}
    if "target" in arrays:
        scenario = tfstep.load(MODELS / name, ids=ids, target_ids=arrays["target"].tolist(), labels="none", dtype=dtype)
        return scenario.with_changes({"input": {"labels": {"ids": arrays["labels"].tolist()}}})
    if not is_decoder(config):  # filled up with the pad token, as it was recorded
        ids[1] = [i for i in ids[1] if i != config["pad_token_id"]]
        scenario = tfstep.load(MODELS / name, ids=ids, dtype=dtype)
        changes: dict[str, object] = {"types": arrays["types"].tolist()} if "types" in arrays else {}
        if "labels" in arrays:
            changes["labels"] = {"ids": arrays["labels"].tolist()}
            return scenario.with_changes({"input": changes})
        return scenario.with_changes(
            {
                "input": changes,
                "loss": {"kind": "half_mse", "of": f"enc{config['num_hidden_layers'] - 1}.norm2", "target": 0},
            }
        )
    return tfstep.load(MODELS / name, ids=ids, **fed)


def is_decoder(config: dict[str, object]) -> bool:
    return any(str(each).endswith(("ForCausalLM", "LMHeadModel")) for each in config["architectures"])


def block_ends(trace: Trace, stack: str) -> list[str]:
    """The last tensor of each block of a stack, and of the stack itself."""
    ends: dict[str, str] = {}
    for node in trace.plan.steps:
        scope, _, rest = node.path.partition(".")
        if scope.startswith(stack) and node.phase == "forward" and "." not in rest:
            ends[scope] = node.path
    return list(ends.values())


def compared(name: str) -> Iterator[Difference]:
    """Every recorded tensor beside ours."""
    with np.load(MODELS / name / "expected.npz") as found:
        theirs = dict(found)
    scenario = opened(name)
    trace = tfstep.trace(scenario)
    paths = trace.plan.paths
    config = json.loads((MODELS / name / "config.json").read_text())
    real = np.ones(theirs["ids"].shape, bool)
    if not is_decoder(config) and "target" not in theirs:
        real = theirs["ids"] != config["pad_token_id"]
    for key, expected in theirs.items():
        head, _, number = key.rpartition(".")
        match head:
            case "attn":
                path = f"{'dec' if 'dec0.attn.weights' in paths else 'enc'}{number}.attn.weights"
            case "enc.attn" | "dec.attn" | "dec.cross":
                stack, _, part = head.partition(".")
                path = f"{stack}{number}.{part}.weights"
            case "hidden" | "enc.hidden" | "dec.hidden":
                stack = head[:3] if head != "hidden" else "dec" if "dec0.attn.weights" in paths else "enc"
                ends = block_ends(trace, stack)
                layers, i = sum(end != f"{stack}.norm" for end in ends), int(number)
                if i == 0:
                    continue  # what the blocks begin with has many names
                path = ends[-1] if i == layers else ends[i - 1]
                if i == layers and "word_embed_proj_dim" in config and "out.hidden" in paths:
                    path = "out.hidden"  # OPT's is projected once more
            case "":
                path = {"logits": "out.logits", "loss": "loss", "pooled": "pooled"}.get(key, "")
            case _:
                continue
        if path:
            kept = real if expected.shape[:2] == real.shape else np.ones(expected.shape[:2], bool)
            ours = trace[path].value
            if key.startswith("attn"):
                ours, expected, kept = ours.swapaxes(1, 2), expected.swapaxes(1, 2), real
            yield difference(
                key, ours[kept] if expected.ndim > 2 else ours, expected[kept] if expected.ndim > 2 else expected
            )
    yield from gradients(trace, scenario, theirs, config["pad_token_id"])


def gradients(trace: Trace, scenario: tfstep.Scenario, theirs: dict[str, np.ndarray], pad: int) -> Iterator[Difference]:
    grads = {key.removeprefix("grad."): value for key, value in theirs.items() if key.startswith("grad.")}
    known = {node.path: node.shape for node in trace.plan.nodes if node.kind == "parameter"}
    assert scenario.program.taken is not None
    found = bind(family(scenario.program.taken.family), {k: v.shape for k, v in grads.items()}, known, scenario.model)
    for path, source in found.sources.items():
        expected = source.how.relation.take(grads[source.name], known[path], scenario.model)
        ours = trace[path].grad
        ours = np.zeros(known[path]) if ours is None else ours
        if path in ("src.E", "tgt.E"):
            ours, expected = np.delete(ours, pad, 0), np.delete(expected, pad, 0)
        yield difference(f"{path}.grad", ours, expected)


def difference(what: str, ours: np.ndarray, theirs: np.ndarray) -> Difference:
    if ours.shape != theirs.shape:
        return Difference(f"{what} {ours.shape} {theirs.shape}", np.inf, 0.0)
    return Difference(what, float(np.abs(ours - theirs).max()), float(np.abs(theirs).max()))


if __name__ == "__main__":
    import sys

    for each in sys.argv[1:] or names():
        try:
            every = list(compared(each))
            worst = max(every, key=lambda d: d.ratio)
            bad = [d for d in every if d.ratio > 1]
            print(
                f"{each:16} {len(every):4} worst {worst.what} {worst.worst:.3g} of {worst.size:.3g} ({worst.ratio:.3g})",
                *[f"\n      {d}" for d in bad[:4]],
            )
        except tfstep.TfstepError as error:
            print(f"{each:16}", str(error)[:150].replace("\n", " | "))
