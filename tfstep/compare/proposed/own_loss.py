"""The loss of a recorded run, for a proposal: one of ours where its number tells which; else it is their own, not judged,
and the gradients are judged from theirs of the output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.address.roles import GRAD, NEW
from tfstep.compare.layout import Layout, layouts
from tfstep.compare.proposed.choice import scenario_of, walked
from tfstep.compare.recorded.recording import Recording
from tfstep.engine.node import Node
from tfstep.text import Bilingual

NEAR = 1e-5  # a number in float32 that is the sum of many
LAST = 4  # arrays before the loss that may be the output, where nothing says which
NO_LOSS = Bilingual("no loss is known: gradients are not judged", "不知道损失函数：不判断梯度")


class Loss(Struct, frozen=True, eq=False):
    """The loss of a scenario for a run. ``apart`` are the arrays of theirs that are not judged, since the loss is their
    own: then this one has another value, and the gradients that theirs start from."""

    keys: Mapping[str, Any]
    said: tuple[Bilingual, ...] = ()
    apart: frozenset[str] = frozenset()
    own: bool = False


Output = tuple[str, Layout]


def known(kept: Recording, keys: Mapping[str, Any]) -> Loss | None:
    """The loss of ours that their number is, of their output: of a target that they recorded, or that their gradient tells."""
    name = _number(kept)
    if not name:
        return None
    value = float(kept[name].reshape(()))
    for out, layout in _outputs(kept, keys):
        y = layout.back(kept[out]).astype(np.float64)
        for kind, number in (("sum", y.sum()), ("mse", (y**2).mean()), ("half_mse", 0.5 * (y**2).sum())):
            if abs(value - number) <= NEAR * (abs(number) if kind != "sum" else np.abs(y).sum()):
                return Loss({"kind": kind} if kind == "sum" else {"kind": kind, "target": 0})
        for off, said in _differences(kept, out, layout, y):
            for kind, number in (("mse", (off**2).mean()), ("half_mse", 0.5 * (off**2).sum())):
                if abs(value - number) <= NEAR * abs(number):
                    return Loss({"kind": kind, "target": (y - off).tolist()}, (said,))
        g = _gradient(kept, out, layout)
        if g is not None:
            for kind, off in (("mse", g * (g.size / 2)), ("half_mse", g)):
                if abs(value - ((off**2).mean() if kind == "mse" else 0.5 * (off**2).sum())) <= NEAR * abs(value):
                    said = Bilingual(
                        "loss {kind}, its target by the gradient of {out} (fits their numbers)",
                        "损失 {kind}，目标由 {out} 的梯度得出（与对方的数相符）",
                        kind=kind,
                        out=out,
                    )
                    return Loss({"kind": kind, "target": (y - off).tolist()}, (said,))
    return None


def own(kept: Recording, keys: Mapping[str, Any]) -> Loss:
    """A loss that is not judged. Where they recorded the gradient of their output it is one that has the same."""
    names = [n for n in _numbers(kept) if kept[n].size == 1]
    apart = frozenset(each for n in names for each in (n, n + GRAD))
    if not any(name.endswith(GRAD) for name in kept):
        return Loss({"kind": "none"}, (), apart, True)
    outputs = _outputs(kept, keys, sure=True)
    for out, layout in outputs:
        g = _gradient(kept, out, layout)
        if g is not None:
            said = Bilingual(
                "the loss is their own: not judged; the gradients are judged from theirs of {out}",
                "损失函数是对方自己的：不判断；梯度从对方的 {out}.grad 起判断",
                out=out,
            )
            target = layout.back(kept[out]).astype(np.float64) - g
            return Loss({"kind": "half_mse", "target": target.tolist()}, (said,), apart, True)
    if not outputs:
        return Loss({"kind": "none"}, (NO_LOSS,), apart, True)
    more = Bilingual(
        "; record that of the output ({out}.grad), and they are judged from there",
        "；请记录输出的梯度（{out}.grad），就可以从那里起判断",
        out=outputs[0][0],
    )
    return Loss({"kind": "none"}, (Bilingual("{a}{b}", "{a}{b}", a=NO_LOSS, b=more),), apart, True)


def _numbers(kept: Recording) -> list[str]:
    """The arrays of the forward pass, in the order of the run."""
    names = [n for n in kept if kept[n].dtype.kind == "f" and kept.note(n).kind == "tensor"]
    return [n for n in names if not n.endswith((GRAD, NEW))]


def _number(kept: Recording) -> str:
    """The last number that stands alone."""
    return next((n for n in reversed(_numbers(kept)) if kept[n].size == 1), "")


def _outputs(kept: Recording, keys: Mapping[str, Any], sure: bool = False) -> list[Output]:
    """What may be the output of theirs: what the module gave back, or what is found to be ours; else, where ``sure`` does
    not forbid it, the last arrays before the loss, the latest first: the gradient of a sum is that of its terms, too."""
    scenario = scenario_of({**keys, "loss": {"kind": "sum"}})
    there = walked(kept, scenario)
    node = there.plan.nodes[there.plan.paths["loss"].slots[0]]
    numbers = _numbers(kept)
    found = [
        (hit.entry.name, hit.layout)
        for hit in there.found.get(node.slot, ())
        if hit.entry.name in numbers and not hit.entry.trivial
    ]
    results = [n for n in numbers if kept.note(n).result]
    if found and (not results or any(name in results for name, _ in found)):  # else theirs goes on behind ours
        return sorted(found, key=lambda each: (not kept.note(each[0]).result, each[0] + GRAD not in kept))
    config = scenario.model

    def laid(names: list[str]) -> list[Output]:
        return [(n, fit[0]) for n in names if _wide(kept[n], node) and (fit := layouts(node, config, kept[n].shape))]

    given = laid(results)
    last = _number(kept)
    before = numbers[: numbers.index(last)] if last else numbers
    return given or ([] if sure or results else laid([n for n in reversed(before) if kept[n].ndim > 1][:LAST]))


def _wide(array: np.ndarray, node: Node) -> bool:
    return array.size == node.spec.size


def _differences(kept: Recording, out: str, layout: Layout, y: np.ndarray) -> Iterator[tuple[np.ndarray, Bilingual]]:
    """The output less each array that may be its target."""
    for name in kept:
        array, note = kept[name], kept.note(name)
        if name == out or array.shape != kept[out].shape or array.dtype.kind != "f" or note.kind == "weight":
            continue
        if not name.endswith((GRAD, NEW)):
            said = Bilingual(
                "loss target {name} (fits their numbers)", "损失的目标 {name}（与对方的数相符）", name=name
            )
            yield y - layout.back(array).astype(np.float64), said


def _gradient(kept: Recording, out: str, layout: Layout) -> np.ndarray | None:
    """Theirs of the output, laid out as ours."""
    name = out + GRAD
    if name not in kept or kept[name].shape != kept[out].shape or not np.isfinite(kept[name]).all():
        return None
    found: np.ndarray = layout.back(kept[name]).astype(np.float64)
    return found
