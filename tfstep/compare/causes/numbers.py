"""Mistakes that show only in their numbers: a step that is rounded, dropout that is on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstep.compare.book import Entry
from tfstep.compare.causes.norms import NORMS
from tfstep.compare.layout import Layout, layouts
from tfstep.compare.plant import Patch, Site, Way
from tfstep.compare.tolerance import LEVELS, allowed, rounded, terms
from tfstep.engine.node import Node
from tfstep.engine.op import Array
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search, Tried

ENOUGH = 1e-6
MANY = 1024  # cells of a large array from which a few are looked at first
MOST = 20  # steps that are looked at
NEAR = 3  # of which what they read is looked at too


def _like(search: Search, node: Node, missing: list[Entry]) -> Iterator[tuple[Entry, Layout]]:
    for entry in missing:
        if entry.array.size == node.spec.size:
            for layout in layouts(node, search.scenario.model, entry.array.shape):
                yield entry, layout


def _fixed(change: np.ndarray, factor: bool) -> Patch:
    """The step times, or plus, numbers that are what they have."""

    def made(at: Site) -> Array:
        y = at.usual()
        return y * at.constant(change) if factor else y + at.constant(change)

    return made


def rounding(search: Search, suspects: list[Node], missing: list[Entry]) -> Tried | None:
    """A step that is rounded to a smaller type than the rest, or computed in one: of those under suspicion, or of those
    that they read, where the numbers before they were rounded are written down too."""
    near = suspects[:NEAR]
    best: Tried | None = None
    for node in (*near, *search.makers(near), *suspects[NEAR:MOST]):
        for way in () if search.late else _smaller(search, node, missing):
            tried = search.attempt(way)
            if tried is None or tried.lost:
                continue
            if search.settled(tried):
                return tried
            if best is None or len(tried.gained) > len(best.gained):
                best = tried
        if best is not None and node.path == best.way.path:
            break
    return best


def _smaller(search: Search, node: Node, missing: list[Entry]) -> Iterator[Way]:
    """A step in each type that is smaller than that of the run: its result rounded, or all that it reads as well."""
    y = search.walk.ours(node.slot)
    if node.op is None or y.dtype.kind != "f" or not np.isfinite(y).all() or node.path in search.patches:
        return
    args = search.walk.arguments(node)
    made: list[tuple[str, np.ndarray]] = []
    before: list[tuple[str, np.ndarray]] = []  # rounded before gamma
    for hit in search.walk.found.get(node.slot, ()):
        if hit.coarse:
            made.append((hit.coarse, hit.layout.back(hit.entry.array)))
    for level in LEVELS[1 + LEVELS.index(search.book.level) :]:
        small = [rounded(a, level) if _floats(a) else a for a in args]
        with np.errstate(all="ignore"):
            within = rounded(np.asarray(node.op.forward(*small, **node.attrs)), level)
        made += (level, rounded(y, level)), (level, within)
        if node.op.name in NORMS:
            before.append((level, _rounded_within(node, args, level)))
        most = allowed(level) * terms(node, args, y)
        alike = [layout.back(e.array) for e, layout in _like(search, node, missing) if e.level == level]
        made += [(level, theirs) for theirs in alike if (np.abs(theirs - y) <= most).all()]  # each term rounded
    for k, (level, value) in enumerate(made + before):
        if np.isfinite(value).all() and not np.array_equal(value, y):
            plain = np.array_equal(value, rounded(y, level))
            text = _in_type(level) if plain else _computed_in(level) if k < len(made) else _before_gamma(level)
            yield Way("dtype", node.path, text, {node.path: _fixed(value - y, False)}, f"dtype {text.in_('en')}")


def _rounded_within(node: Node, args: list[Any], level: str) -> np.ndarray:
    """A norm of which x̂ is rounded before it is multiplied by gamma. Shapes: as the step."""
    assert node.op is not None
    x, gamma, *beta = args
    with np.errstate(all="ignore"):
        bar = np.asarray(node.op.forward(x, np.ones_like(gamma), *map(np.zeros_like, beta), **node.attrs))
        y: np.ndarray = rounded(bar, level) * gamma
    return y + beta[0] if beta else y


def _floats(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _in_type(level: str) -> Bilingual:
    return Bilingual("rounded to {level}", "舍入到 {level}", level=level)


def _before_gamma(level: str) -> Bilingual:
    return Bilingual("x̂ rounded to {level} before · gamma", "x̂ 先舍入到 {level}，再 · gamma", level=level)


def _computed_in(level: str) -> Bilingual:
    return Bilingual("computed in {level}", "以 {level} 计算", level=level)


def dropout(search: Search, suspects: list[Node], missing: list[Entry], bare: bool = False) -> Tried | None:
    """Zeros here and there, and all else times 1/(1 − p); if ``bare`` all else as it is."""
    _kept = _left_alone if bare else _multiplied
    text = _bare_text if bare else _dropout_text
    holed = [e for n in sorted(search.open_names()) if (e := search.book.by_name[n]).zeros]
    for node in suspects[:MOST]:
        y = search.walk.ours(node.slot)
        if y.dtype.kind != "f" or y.size < 4:
            continue
        adds = node.op is not None and node.op.name == "add"
        for entry, layout in _like(search, node, [e for e in missing if e.zeros or adds]):
            theirs = layout.back(entry.array)
            for base, patch in _dropped(search, node, y, theirs, _kept):
                tried = search.attempt(Way("dropout", node.path, text(base), {node.path: patch}, "dropout"))
                if tried is not None:
                    return tried
        for k, slot in enumerate(node.slots):
            source = search.plan.nodes[slot]
            if source.op is None or source.dtype.kind != "f" or (k and slot in node.slots[:k]):
                continue
            for entry, layout in _like(search, source, holed):
                kept = _kept(search.walk.values[slot], layout.back(entry.array))
                if kept is not None:
                    way = Way(
                        "dropout",
                        source.path,
                        text(kept[0]),
                        {source.path: _fixed(kept[1], True)},
                        "dropout",
                    )
                    tried = search.attempt(way)
                    if tried is not None:
                        return tried
    return None


USUAL = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5)  # probabilities of dropout


def _dropout_text(factor: float) -> Bilingual:
    """What survives tells p by its factor, however few cells there are; twice with a usual p is said, too."""
    one = Bilingual(
        "dropout is on: zeros, and all else · {f:.6g} = 1/(1 − p), p = {p:.4g}",
        "dropout 还开着：有零，其余乘了 {f:.6g} = 1/(1 − p)，p = {p:.4g}",
        f=factor,
        p=1 - 1 / factor,
    )
    twice = next((p for p in USUAL if abs(factor * (1 - p) ** 2 - 1) < 1e-4), None)
    if twice is None:
        return one
    return Bilingual("{one} (twice with p = {p} does the same)", "{one}（p = {p} 用了两次也是如此）", one=one, p=twice)


def _bare_text(share: float) -> Bilingual:
    return Bilingual(
        "dropout is on, without · 1/(1 − p): {share:.3g} of the numbers are 0, the others as they are",
        "dropout 还开着，而且没有乘 1/(1 − p)：有 {share:.3g} 的数为 0，其余不变",
        share=share,
    )


Kept = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray] | None]


def _dropped(
    search: Search, node: Node, y: np.ndarray, theirs: np.ndarray, _kept: Kept
) -> Iterator[tuple[float, Patch]]:
    """Where theirs is ours with dropout, or for a sum of two with dropout on one of them: what tells it, and the patch."""
    found = _kept(y, theirs)
    if found is not None:
        yield found[0], _fixed(found[1], True)
    if node.op is not None and node.op.name == "add" and len(node.slots) == 2:
        a, b = (np.asarray(search.walk.values[s]) for s in node.slots)
        if a.shape == b.shape == theirs.shape:
            for k, (one, other) in enumerate(((a, b), (b, a))):
                found = _kept(other, theirs - one)
                if found is not None:
                    yield found[0], _part(1 - k, found[1])


def _part(which: int, mask: np.ndarray) -> Patch:
    def made(at: Site) -> Array:
        args = list(at.args)
        args[which] = args[which] * at.constant(mask)
        return at.usual(*args)

    return made


def _left_alone(y: np.ndarray, theirs: np.ndarray) -> tuple[float, np.ndarray] | None:
    """The share of zeros and the mask, if theirs is y with some cells 0 and all others as they are, these cells being no
    mask and no relu: some lie beside others along every axis, and of those below and above 0 some are kept."""
    size = np.abs(y).max(initial=0.0)
    real = np.abs(y) > 1e-6 * size
    gone = real & (theirs == 0)
    if gone.sum() < 2 or not (np.abs(theirs - y)[~gone] <= 1e-6 * (np.abs(y)[~gone] + size)).all():
        return None
    for side in (y > 0, y < 0):
        if (real & side).any() and ((real & side) <= gone).all():
            return None
    if any(not (gone.any(k) & (real & ~gone).any(k)).any() for k, n in enumerate(y.shape) if n > 1):
        return None
    return float(gone.sum() / real.sum()), np.where((theirs == 0) & (y != 0), 0.0, 1.0)


def _multiplied(y: np.ndarray, theirs: np.ndarray) -> tuple[float, np.ndarray] | None:
    """The factor and the mask, if theirs is y with some cells 0 and all others times one factor above 1."""
    if y.size > MANY:  # some of them tell
        step = y.size // MANY
        if _multiplied(y.reshape(-1)[::step][:MANY], theirs.reshape(-1)[::step][:MANY]) is None:
            return None
    size = np.abs(y).max(initial=0.0)
    real = np.abs(y) > 1e-6 * size
    if not real.any():
        return None
    with np.errstate(all="ignore"):
        ratio = theirs / y
    kept = real & np.isfinite(ratio) & (np.abs(theirs) > 1e-7 * size)
    if not kept.any() or kept.sum() == real.sum() or (theirs[real & ~kept] != 0).any():
        return None
    factor = float(np.median(ratio[kept]))
    near = 1e-4 * np.abs(y[kept]) + 1e-6 * size  # of a small cell less is known: the tail of a gelu
    if factor <= 1 + 1e-6 or not (np.abs(theirs[kept] - factor * y[kept]) <= factor * near).all():
        return None
    return factor, np.where((theirs == 0) & (y != 0), 0.0, factor)
