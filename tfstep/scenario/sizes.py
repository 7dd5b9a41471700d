"""Whether a scenario fits into memory, told before anything is allocated, with what would fit.

How much a scenario takes is counted from its plan, in which every tensor has its shape. A plan of an absurd size is not
even recorded: a rough count from the keys alone refuses it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from tfstep.engine.less import Kept, kept
from tfstep.engine.plan import Plan
from tfstep.models.config import Inputs, LossConfig, ModelConfig, TrainConfig
from tfstep.scenario.file.nodes import Keys, Node, Section, at, to_python
from tfstep.text import Bilingual

MOST = 8_000_000_000  # bytes; less where the machine has less
PLANNED = 4  # a rough count of so many times the limit is refused without a plan
_NODES = 100  # about, a layer
NODE_BYTES = 2000  # about


class Sizes(Struct, frozen=True):
    """The numbers that decide how much a model takes; ``source`` and ``target`` are how long the sentences are."""

    model: ModelConfig
    chain: tuple[int, ...]  # of an mlp
    layers: tuple[int, int]
    width: int
    heads: int
    keys: int  # the features of all keys of a token, and of all its values
    values: int
    hidden: int
    rows: int
    source: int
    target: int
    words: tuple[int, int]
    losses: bool
    memory: int  # numbers that the optimizer keeps and makes beside each parameter
    fixed: bool = False  # whether the weights are on disk, and no other sizes go with them

    def parameters(self) -> int:
        """How many numbers the parameters have, ties not subtracted and biases left out."""
        model, (encoders, decoders) = self.model, self.layers
        if model.has("mlp"):
            return sum(a * b for a, b in pairwise(self.chain))
        if not model.has("attention"):
            return 0
        query = self.keys * model.heads // model.kv_heads
        mixed = self.values * model.heads // model.kv_heads
        attention = self.width * ((query + self.keys + self.values) * model.projections + mixed * model.output)
        if not model.has("words"):
            return attention
        experts = 1 if model.experts is None else model.experts.count
        forward = self.width * self.hidden * (3 if model.gated else 2) * experts
        crossed = 2 if encoders else 1
        tables = self.words[0] * bool(encoders) + self.words[1] * (bool(decoders) + model.head)
        return encoders * (attention + forward) + decoders * (crossed * attention + forward) + tables * self.width

    def activations(self) -> int:
        """How many numbers the recorded tensors of the forward pass have."""
        model, (encoders, decoders) = self.model, self.layers
        if model.has("mlp"):
            return 2 * self.rows * sum(self.chain)
        if not model.has("attention"):
            return 0
        if not model.has("words"):
            return self._attention(self.target, max(self.source, self.target))
        experts = 1 if model.experts is None else model.experts.count
        hidden = self.hidden * (4 if model.gated else 2) * experts + 6 * self.width
        encoder = self._attention(self.source, self.source) + self.rows * self.source * hidden
        decoder = self._attention(self.target, self.target) + self.rows * self.target * hidden
        if encoders:
            decoder += self._attention(self.target, self.source)
        said = (
            self.rows * self.target * self.words[1] * model.head * (3 if self.losses else 4) // 2
        )  # probs: no gradient
        return encoders * encoder + decoders * decoder + said

    def _attention(self, queries: int, keys: int) -> int:
        """Of one attention: scores, scaled, masked, weights; the projections whole and in heads; what comes of them."""
        times = self.heads // max(1, self.model.kv_heads)
        own = 2 * self.keys * times + 2 * self.values * times + 3 * self.width
        return self.rows * (4 * self.heads * queries * keys + queries * own + keys * 2 * (self.keys + self.values))

    def bytes(self) -> int:
        """About how much a pass takes: with a loss as much again for gradients, and the parameters' new values."""
        each = (3 + self.memory) if self.losses else 1
        numbers = each * self.parameters() + (2 if self.losses else 1) * self.activations()
        nodes = (2 if self.losses else 1) * sum(self.layers) * _NODES // 2
        return numbers * (8 if self.model.dtype == "float64" else 4) + nodes * NODE_BYTES


def sizes(
    model: ModelConfig, inputs: Inputs, loss: LossConfig, train: TrainConfig, words: tuple[int, int], read: bool
) -> Sizes:
    """The sizes of a scenario; of one that is ``read`` from disk only the forward pass, for the rest is computed when
    somebody looks."""
    given = [each.ids.shape for each in (inputs.source, inputs.target) if each is not None]
    x = inputs.x if inputs.x is not None and inputs.x.ndim > 1 else None
    rows = max([shape[0] for shape in given] + ([x.shape[0]] if x is not None else []), default=1)
    source = 0 if inputs.source is None else inputs.source.ids.shape[1]
    target = 0 if inputs.target is None else inputs.target.ids.shape[1]
    if x is not None:
        target = x.shape[-2]
        source = 0 if inputs.memory is None else inputs.memory.shape[-2]
    return Sizes(
        model,
        tuple(model.sizes),
        (model.encoder_layers, model.decoder_layers),
        model.d_model,
        model.heads,
        model.kv_heads * model.d_k,
        model.kv_heads * model.d_v,
        model.d_ff,
        rows,
        source,
        target,
        words,
        loss.kind != "none" and not read,
        0 if train.optimizer == "sgd" else 6,
        read,
    )


def _wide(known: Sizes, part: float) -> Sizes:
    widths = {name: int(getattr(known, name) * part) for name in ("width", "keys", "values", "hidden")}
    return replace(known, **widths, chain=tuple(int(n * part) for n in known.chain))


Way = tuple[Callable[[int], Bilingual], Callable[[Sizes, float], Sizes], Callable[[Sizes], int]]
_SHORTER: Way = (
    lambda n: Bilingual("words in a sentence: {n}", "每句词数 {n}", n=n),
    lambda known, part: replace(known, source=int(known.source * part), target=int(known.target * part)),
    lambda known: max(known.source, known.target),
)
_WAYS: tuple[Way, ...] = (
    (
        lambda n: Bilingual("sizes up to {n}", "sizes 不超过 {n}", n=n),
        _wide,
        lambda known: max(known.chain, default=0),
    ),
    (
        lambda n: Bilingual("d_model {n} (d_ff in proportion)", "d_model {n}（d_ff 按比例）", n=n),
        _wide,
        lambda known: 0 if known.chain else known.width,
    ),
    (
        lambda n: Bilingual("layers: {n}", "层数 {n}", n=n),
        lambda known, part: replace(known, layers=tuple(int(n * part) for n in known.layers)),
        lambda known: sum(known.layers),
    ),
    _SHORTER,
    (
        lambda n: Bilingual("words in the vocabulary: {n}", "词汇量 {n}", n=n),
        lambda known, part: replace(known, words=tuple(int(n * part) for n in known.words)),
        lambda known: max(known.words),
    ),
)
"""What could be smaller: its name, the sizes with so much of it, and how much of it there is."""


def _refused(known: Sizes, needed: int, less: bool = False) -> Bilingual:
    """How much a scenario takes, and what would fit; ``less``: whether it would if less is kept."""
    return Bilingual(
        "about {needed:,.0f} MB for parameters, activations and gradients; at most {limit:,.0f} MB{fit}",
        "参数、激活与梯度约需 {needed:,.0f} MB；最多 {limit:,.0f} MB{fit}",
        needed=needed // 1_000_000,
        limit=limit() // 1_000_000,
        fit=_fitting(known, limit() * known.bytes() / max(1, needed), less),
    )


def _fitting(known: Sizes, most: float, less: bool) -> Bilingual:
    """What would fit: less kept, or one size made smaller, the others as they are."""
    found = (
        [Bilingual('`--keep less` (Python: keep="less")', '加上 `--keep less`（Python：keep="less"）')] if less else []
    )
    found += [
        text for way in ((_SHORTER,) if known.fixed else _WAYS) if (text := _largest(known, way, most)) is not None
    ]
    if known.model.dtype == "float64" and known.bytes() / 2 <= most:
        found.append(Bilingual("dtype float32", "dtype 取 float32"))
    if not found:
        return Bilingual("", "")
    listed = Bilingual("{first}", "{first}", first=found[0])
    for text in found[1:]:
        listed = Bilingual("{before}, or {text}", "{before}，或 {text}", before=listed, text=text)
    return Bilingual("; this would fit: {listed}", "；这样放得下：{listed}", listed=listed)


def _largest(known: Sizes, way: Way, most: float) -> Bilingual | None:
    """The largest size of one kind that fits, with two digits."""
    (name, shrunk, of), low, high = way, 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if shrunk(known, middle).bytes() <= most else (low, middle)
    n = int(of(known) * low)
    n -= n % 10 ** max(0, len(str(n)) - 2)
    return None if n < 1 or of(known) < 2 else name(n)


def limit() -> int:
    """The most that a scenario may take, in bytes: less where the machine has less."""
    try:
        return min(MOST, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return MOST


def planned(plan: Plan, read: bool) -> int:
    """How many bytes the numbers of a plan take; of one that is read from disk, its leaves and the forward pass."""
    if plan.kept is not None:
        return _kept(plan, plan.kept)
    nodes = [node for node in plan.nodes if not read or node.phase in ("", "forward")]
    return sum(node.nbytes for node in nodes) + NODE_BYTES * len(plan.nodes)


def check_plan(plan: Plan, known: Sizes, read: bool) -> Bilingual | None:
    """What is said of a plan that takes too much, if it does."""
    needed = planned(plan, read)
    if needed <= limit():
        return None
    return _refused(known, needed, plan.kept is None and _kept(plan, kept(plan)) <= limit())


def _kept(plan: Plan, kept: Kept) -> int:
    """How many bytes are there at the same time where less is kept: beside that what was computed last, and one tensor."""
    largest = max((node.nbytes for node in plan.nodes), default=0)
    held = sum(plan.nodes[slot].nbytes for slot in kept.slots)
    return held + kept.room + largest + NODE_BYTES * len(plan.nodes)


def check_keys(known: Sizes) -> Bilingual | None:
    """The same of sizes so large that no plan is to be made of them."""
    needed = known.bytes()
    return _refused(known, needed) if needed > PLANNED * limit() else None


def place(tree: Section) -> Keys:
    """Where it stands: at the largest of the sizes that the file gives."""
    found = {key: _number(at(tree, ("model", key))) for key in ("d_model", "d_ff", "d_k", "d_v", "heads", "sizes")}
    key = max(found, key=found.__getitem__)
    return ("model", key) if found[key] else ("model",)


def _number(node: Node | None) -> int:
    """The largest whole number that stands there."""
    value = None if node is None else to_python(node)
    return max((x for x in (value if isinstance(value, list) else [value]) if isinstance(x, int)), default=0)
