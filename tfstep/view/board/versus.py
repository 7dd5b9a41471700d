"""Two variants beside each other: the same tensor in both, paired by position or by word, and their difference."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from tfstep.engine.trace import Tensor
from tfstep.session.state import State
from tfstep.text import Bilingual
from tfstep.view.board.board import At
from tfstep.view.board.places import Piece
from tfstep.view.board.ranges import one_range
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.labels import Labels
from tfstep.view.matrix.likeliest import likeliest, ordered
from tfstep.view.matrix.plane import seen, with_numbers, without_numbers


def other_variant(state: State) -> str | None:
    """What the shown variant is compared with: base, or from base the one after it; None where there is one only."""
    names = state.scenario.variants
    return next((name for name in names if name != state.variant), None)


def versus_board(state: State, tensor: Tensor, at: At, by_word: bool) -> tuple[Piece, ...]:
    """The tensor in the other variant, here, and here minus there. Empty where the two cannot be paired."""
    name = other_variant(state)
    if name is None or tensor.trace.prefix:
        return ()
    there = state.trace_of(name)
    node = there.plan.paths.get(tensor.node.path)
    if node is None or len(node.shape) != len(tensor.shape) or node.shape[:-2] != tensor.shape[:-2]:
        return ()
    now = seen(tensor.trace, tensor.node, at(tensor))
    was = seen(there, node, at(tensor) if node.shape == tensor.shape else (*at(tensor)[:-2], 0, 0)[-node.spec.ndim :])
    if by_word or was.values.shape != now.values.shape:
        was = _paired(was, now, by_word)
    order = likeliest(tensor.node, now)
    now, was = ordered(now, order), ordered(was, order)
    place = now.place(at(tensor))
    was = replace(was, key=f"{was.key}@{name}", title=name, cursor=place, lead=now.lead, group=now.key)
    here = replace(now, title=state.variant, cursor=place, focused=True, group=now.key)
    title = Bilingual("difference, by word", "差（按词）") if by_word else Bilingual("difference", "差")
    if now.coming or was.coming:
        change = without_numbers(now, now.key + "@versus", str(title))
    else:
        with np.errstate(all="ignore"):
            moved = now.values.astype(float) - was.values
        change = replace(with_numbers(now, now.key + "@versus", str(title), now.note, tensor.value), values=moved)
    change = replace(change, cursor=place, hidden=None, group=now.key)
    both = one_range([Piece("", was, summary=True), Piece("→", here, summary=True)])
    return (*both, Piece("", replace(change, bare=True), summary=True))


def _paired(was: Grid, now: Grid, by_word: bool) -> Grid:
    """The rows and columns of ``was`` in the order of the words or places of ``now``; where one is missing, no
    number."""
    rows = _places(was.rows, now.rows, was.height, now.height, by_word)
    columns = _places(was.columns, now.columns, was.breadth, now.breadth, by_word)
    values = was.values.astype(float)[np.ix_(np.maximum(rows, 0), np.maximum(columns, 0))]
    values[rows < 0, :] = np.nan
    values[:, columns < 0] = np.nan
    hidden = None if was.hidden is None else was.hidden[np.ix_(np.maximum(rows, 0), np.maximum(columns, 0))]
    if hidden is not None:
        hidden[rows < 0, :] = 0
        hidden[:, columns < 0] = 0
    if by_word:
        was = replace(was, rows=now.rows, columns=now.columns)
    return replace(was, values=values, hidden=hidden, bare=True, _styles={})


def _places(was: Labels, now: Labels, before: int, after: int, by_word: bool) -> np.ndarray:
    """For each place now the one before with the same word, or of the same number; −1 where there is none."""
    if not (by_word and was.words and now.words):
        return np.array([k if k < before else -1 for k in range(after)])
    where = {word: k for k, word in enumerate((was.read or was.words)[:before])}
    return np.array([where.get(word, -1) for word in (now.read or now.words)[:after]])
