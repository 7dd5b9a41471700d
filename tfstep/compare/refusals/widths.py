"""Runs of another size: a model that is wider than the scenario, has more heads or reads more words.

Nothing of these can be held against each other, and what fits by chance would only accuse right steps.
"""

from __future__ import annotations

import numpy as np

from tfstep.compare.book import Book, Entry
from tfstep.compare.layout import fits, role
from tfstep.compare.names import affinity
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.refusals.sizes import WAY_ON
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import ModelConfig
from tfstep.text import Bilingual

NAMED = 2.0  # an affinity from which a name alone says what an array is
WIDE = ("q_proj", "k_proj", "v_proj", "x", "memory", "embed")  # tensors whose last axis is a width, and known by name
FUSED = (2, 3)  # keys and values, or queries too, side by side


def same_sizes(book: Book, plan: Plan, config: ModelConfig, scenario: str) -> None:
    """Raises RecordingError where their run has other widths or another number of heads than the scenario."""
    _same_widths(book, plan, config, scenario)
    _same_heads(book, plan, config, scenario)


def _real(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n != 1]


def _written(name: str, shape: tuple[int, ...]) -> str:
    return f"{name} {'×'.join(map(str, shape))}"


def _same_widths(book: Book, plan: Plan, config: ModelConfig, scenario: str) -> None:
    leaves = [n for n in plan.nodes if n.op is None and n.kind in ("parameter", "input") and n.dtype.kind == "f"]
    steps = [n for n in plan.steps if n.phase == "forward" and role(n.path) in WIDE]
    matrices = [n for n in leaves if n.kind == "parameter" and len(n.shape) == 2]
    every = [*leaves, *steps]
    near = {False: every, True: [n for n in every if n in matrices]}
    other: list[tuple[bool, Entry, Node]] = []
    for entry in book.entries:
        if not entry.number or entry.of is not None or entry.is_new or len(_real(entry.array.shape)) < 2:
            continue
        module = entry.note.kind == "weight"
        named = [n for n in near[module] if affinity(entry.name, n.path) >= NAMED]
        if not named and module and entry.array.ndim == 2:
            named = matrices
        elif not named and entry.note.kind == "input":
            named = [n for n in leaves if n.kind == "input"]
        flat = len(_real(entry.array.shape)) <= 2  # w1 is no W_1 where it has heads
        named = [n for n in named if len(n.shape) > 1 and (flat or n.kind != "parameter")]
        if not named:
            continue
        if any(fits(n, config, entry.array.shape) or _part(n, entry) or _group(n, entry) for n in named):
            return
        if not any(_has_width(n, entry) for n in named):
            inputs = entry.note.kind == "input" or named[0].kind == "input"
            other.append((inputs, entry, named[0]))
    if len(other) < 2 and not any(inputs for inputs, _, _ in other):
        return
    _, entry, node = max(other, key=lambda each: (each[0], each[2].kind != "parameter"))
    theirs, ours = (
        (entry.array.shape[-1], node.shape[-1]) if node not in matrices else (min(entry.array.shape), config.d_model)
    )
    raise RecordingError(
        Bilingual(
            "theirs is {theirs} wide, the scenario {ours}: nothing to compare at these widths "
            "({found} beside {own} of {scenario}); {way}",
            "对方宽 {theirs}，场景宽 {ours}：宽度不同，没有可比较的内容（对方是 {found}，{scenario} 是 {own}）；{way}",
            way=WAY_ON,
            theirs=theirs,
            ours=ours,
            found=", ".join(_written(e.name, e.array.shape) for _, e, _ in other[:3]),
            own=_written(node.path, node.shape),
            scenario=scenario,
        )
    )


def _part(node: Node, entry: Entry) -> bool:
    """Whether an array may be a part of a tensor: one sentence of it, or one head."""
    size = node.spec.size
    return entry.array.size < size and size % entry.array.size == 0 and node.shape[-1] in entry.array.shape


def _group(node: Node, entry: Entry) -> bool:
    """Whether a matrix may be several of these side by side, or a table with more rows."""
    if node.kind != "parameter" or len(node.shape) != 2:
        return False
    one, two = _real(entry.array.shape)[:2]
    a, b = node.shape
    beside = {(a, k * b) for k in FUSED} | {(k * b, a) for k in FUSED}
    return (one, two) in beside or (one > a and two == b and role(node.path) in ("E", "pos"))


def _has_width(node: Node, entry: Entry) -> bool:
    """Whether the width of a tensor is anywhere among the axes of an array, in one or in two."""
    width, real = node.shape[-1], entry.array.shape
    if node.kind == "parameter" and len(node.shape) == 2:
        return any(n in real for n in node.shape) and 1 not in node.shape
    pairs = {a * b for k, a in enumerate(real) for b in real[k + 1 :]}
    return width in real or width in pairs


def _same_heads(book: Book, plan: Plan, config: ModelConfig, scenario: str) -> None:
    """The first weights of attention, rows of which sum to 1, tell how many heads there are; without them the arrays
    that are split into heads."""
    own = next((n for n in plan.steps if n.phase == "forward" and n.path.endswith("attn.weights")), None)
    if own is None or len(own.shape) != 4:
        return
    batch, heads, n, m = own.shape
    width = next((x.shape[-1] for x in plan.steps if x.path.endswith("attn.q_proj")), config.d_model)
    shaped = [e for e in book.entries if e.number and e.of is None and not e.trivial]
    split = [
        e
        for e in shaped
        if e.array.size == batch * n * width and n in e.array.shape[:-1] and width % e.array.shape[-1] == 0
        and len(_real(e.array.shape)) > 2
    ]  # fmt: skip
    weights = [e for e in shaped if e.array.shape[-2:] == (n, m) and of_one(e.array)]
    told = [e.array.size // (n * m) for e in weights]
    alike = [e for e in shaped if e.array.ndim > 1 and e.array.size == own.spec.size]
    if batch * heads in told or any(fits(own, config, e.array.shape) for e in alike):
        return
    if not told and any(width // heads in e.array.shape for e in split):
        return
    counts = [(e, t // batch) for e, t in zip(weights, told, strict=True) if t % batch == 0] or [
        (e, width // e.array.shape[-1]) for e in split
    ]
    first, theirs = counts[0] if counts else (None, heads)
    if first is None or theirs in (1, heads) or not any(e.array.shape[-1] * theirs == width for e in split):
        return  # one may be the mean over the heads
    raise RecordingError(
        Bilingual(
            "theirs has {theirs} heads, the scenario {ours}: nothing to compare at these heads "
            "({found} beside {own} of {scenario}); {way}",
            "对方有 {theirs} 个头，场景有 {ours} 个：头数不同，没有可比较的内容（对方是 {found}，{scenario} 是 {own}）；"
            "{way}",
            way=WAY_ON,
            theirs=theirs,
            ours=heads,
            found=_written(first.name, first.array.shape),
            own=_written(own.path, own.shape),
            scenario=scenario,
        )
    )


def of_one(x: np.ndarray) -> bool:
    """Whether these are probabilities: every row sums to 1."""
    return bool((x >= 0).all() and (np.abs(x.sum(-1) - 1) < 1e-3).all())
