"""Linear layers: the wrong weight, its transpose, the bias; queries, keys and values exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from tfstep.compare.causes.table import Made, Step, cause, equation
from tfstep.compare.names import affinity
from tfstep.compare.plant import Patch, Site
from tfstep.engine.op import Array
from tfstep.ops.attention import PADDING
from tfstep.ops.linear import linear, linear_no_bias
from tfstep.text import Bilingual

LINEARS = ("linear", "linear_no_bias")
LETTERS = {"q_proj": "Q", "k_proj": "K", "v_proj": "V"}


def _without(at: Site) -> Array:
    return linear_no_bias(at.args[0], at.args[1])


def _twice(at: Site) -> Array:
    return at.usual() + at.args[2]


@cause("bias-missing", ops=("linear",))
def bias_missing(step: Step) -> Iterator[Made]:
    """X W: b is left out here, or in every linear layer of the attention or of the feed-forward network."""
    yield Bilingual("x W, without + b", "x W，少了 + b"), _without
    for group, text in (
        (
            ("q_proj", "k_proj", "v_proj"),
            Bilingual("q, k, v = x W, all three without + b", "q、k、v = x W，都少了 + b"),
        ),
        (("q_proj", "k_proj", "v_proj", "out"), Bilingual("no bias in the whole attention", "整个注意力都没有偏置")),
        (("hidden", "out"), Bilingual("no bias in the feed-forward network", "前馈网络没有偏置")),
    ):
        if group[0] in step.node.path and all(step.has(each) for each in group):
            yield text, {step.at(each): _without for each in group}
    every = {n.path: _without for n in step.plan.steps if n.op is not None and n.op.name == "linear"}
    if step.node.path == next(iter(every)):
        yield Bilingual("x W without + b in every linear layer", "每个线性层都是 x W，没有 + b"), every


@cause("bias-twice", ops=("linear",))
def bias_twice(step: Step) -> Iterator[Made]:
    """X W + 2b."""
    yield equation("x W + b + b"), _twice
    if step.node.path.endswith("q_proj"):
        group = [step.at(each) for each in LETTERS if step.has(each)]
        yield Bilingual("x W + b + b, in q, k and v", "q、k、v 都是 x W + b + b"), dict.fromkeys(group, _twice)


def _other(path: str, suffix: str) -> Patch:
    """The step with the weight, the bias or both of another one."""
    stem = path.rpartition(".")[0]

    def made(at: Site) -> Array:
        weight = at.earlier(f"{stem}.W_{suffix}")
        bias = None if len(at.args) < 3 else at.earlier(f"{stem}.b_{suffix}")
        return linear_no_bias(at.args[0], weight) if bias is None else linear(at.args[0], weight, bias)

    return made


@cause("swapped", "q_proj", "k_proj", "v_proj")
def swapped(step: Step) -> Iterator[Made]:
    """Queries, keys and values made with one another's weights."""
    names = [each for each in LETTERS if step.has(each)]
    own = step.node.path.rpartition(".")[2]
    if len(names) < 3 or own not in names:
        return
    for order in permutations("QKV"):
        changed = {n: o for n, o in zip(LETTERS, order, strict=True) if LETTERS[n] != o}
        if changed and own == next(iter(changed)):
            text = ", ".join(f"{n[0]} = x W_{o}" for n, o in changed.items())
            yield (
                equation(text),
                {step.at(n): _other(step.at(n), o) for n, o in changed.items()},
            )
    for letter in "QKV":
        if letter != LETTERS[own]:
            text = f"{own[0]} = x W_{letter}"
            yield equation(text), _other(step.node.path, letter)


def _said(step: Step, letters: dict[str, str]) -> float:
    """How well the names of theirs, or else their order, go with these projections being one another."""
    found, last = 0.0, -1
    for name, letter in letters.items():
        source = next(n for n, o in LETTERS.items() if o == letter)
        node = step.plan.paths[step.at(source)]
        hits = [hit.entry for hit in step.walk.found.get(node.slot, ()) if not hit.entry.trivial]
        if hits:
            entry = max(hits, key=lambda e: affinity(e.name, node.path))
            found += affinity(entry.name, step.at(name)) + (0.01 if entry.order > last else 0.0)
            last = entry.order
    return found


def exchanged_by_name(step: Step, one: str, other: str) -> bool:
    """Whether their names say that two projections are one another."""
    if not (step.has(one) and step.has(other)):
        return False
    straight = {one: LETTERS[one], other: LETTERS[other]}
    return _said(step, {one: LETTERS[other], other: LETTERS[one]}) > _said(step, straight)


@cause("swapped", "scores", "Q", "weights")
def exchanged(step: Step) -> Iterator[Made]:
    """The same, where all of theirs are found, but under one another's names."""
    names = [each for each in LETTERS if step.has(each)]
    if len(names) < 3:
        return
    for order in permutations("QKV"):
        changed = {n: o for n, o in zip(LETTERS, order, strict=True) if LETTERS[n] != o}
        if changed and _said(step, changed) >= _said(step, {n: LETTERS[n] for n in changed}):
            text = ", ".join(f"{n[0]} = x W_{o}" for n, o in changed.items())
            yield (
                equation(text),
                {step.at(n): _other(step.at(n), o) for n, o in changed.items()},
                step.at(next(iter(changed))),
            )


@cause("swapped", "q_proj", "k_proj", "v_proj")
def other_side(step: Step) -> Iterator[Made]:
    """In attention to a memory: keys or values of the asking side, queries of the memory."""
    if not all(step.has(each) for each in LETTERS):
        return
    x, memory = step.plan.paths[step.at("q_proj")].slots[0], step.plan.paths[step.at("k_proj")].slots[0]
    if x == memory:
        return
    mine, theirs = step.plan.nodes[x].path, step.plan.nodes[memory].path

    def reading(path: str) -> Patch:
        return lambda at: at.usual(at.earlier(path), *at.args[1:])

    own = step.node.path.rpartition(".")[2]
    if own == "q_proj":
        yield (
            Bilingual("queries of the memory, keys and values of the asking side", "查询取自记忆，键和值取自提问一方"),
            {step.at("q_proj"): reading(theirs), step.at("k_proj"): reading(mine), step.at("v_proj"): reading(mine)},
        )
    if own == "k_proj":
        said = Bilingual("keys and values of the asking side, not of the memory", "键和值取自提问一方，而不是记忆")
        for masked in _masked_alike(step, x, memory):
            yield said, {step.at("k_proj"): reading(mine), step.at("v_proj"): reading(mine), **masked}
    if own != "q_proj":
        yield (
            Bilingual("read from {path}", "读的是 {path}", path=mine),
            reading(mine),
        )


def _masked_alike(step: Step, x: int, memory: int) -> Iterator[dict[str, Patch]]:
    """How scores are masked whose keys are no longer those of the memory: as they were where there are as many of them,
    else by the mask of the layer's attention to itself, by its padding alone, or by none."""
    if step.plan.nodes[x].shape == step.plan.nodes[memory].shape or not step.has("masked"):
        yield {}
        return

    def hidden(mask: np.ndarray) -> Patch:
        return lambda at: at.usual(at.args[0], at.constant(mask))

    own = step.plan.paths.get(f"{step.block}attn.mask")
    if own is not None:
        mask = np.asarray(step.plan.leaves[own.slot])
        yield from ({step.at("masked"): hidden(each)} for each in (mask, mask & PADDING) if each.any())
    yield {step.at("masked"): lambda at: at.args[0]}


def _turned(at: Site) -> Array:
    weight = at.args[1]
    if weight.shape[0] != weight.shape[1]:
        raise ValueError("not square")
    from tfstep.ops.primitive.shape import transpose

    y = linear_no_bias(at.args[0], transpose(weight, order=(1, 0)))
    return y + at.args[2] if len(at.args) > 2 else y


@cause("transposed", ops=LINEARS)
def transposed(step: Step) -> Iterator[Made]:
    """X Wᵀ + b where W is square."""
    if step.arg(1).shape[0] != step.arg(1).shape[1]:
        return
    yield Bilingual("x Wᵀ + b in place of x W + b", "x Wᵀ + b，而不是 x W + b"), _turned
    square = [
        n.path
        for n in step.plan.steps
        if n.op is not None
        and n.op.name in LINEARS
        and n.path.startswith(step.scope)
        and len(set(step.plan.nodes[n.slots[1]].shape)) == 1
    ]
    three = [p for p in square if not p.endswith(".out")]
    for group in (three, square):
        if len(group) > 1 and group[0] == step.node.path:
            names = ", ".join(path.rpartition(".")[2] for path in group)
            yield Bilingual("x Wᵀ + b in {names}", "{names} 都是 x Wᵀ + b", names=names), dict.fromkeys(group, _turned)
