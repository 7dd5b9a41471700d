"""A step of somebody's own run beside ours, and how far they are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from tfstep.engine.trace import Tensor
from tfstep.text import Bilingual, printable
from tfstep.view.board.board import At
from tfstep.view.board.places import Piece
from tfstep.view.board.ranges import one_range
from tfstep.view.matrix.likeliest import likeliest, ordered
from tfstep.view.matrix.plane import plane, with_numbers

if TYPE_CHECKING:
    from tfstep.compare.diagnosis import Diagnosis


def theirs_board(found: Diagnosis | None, tensor: Tensor, at: At) -> tuple[Piece, ...]:
    """Theirs, ours made of the same inputs, and theirs minus ours. Empty where theirs has no such step."""
    both = None if found is None or found.beside is None else found.beside.at(tensor.path)
    if both is None or both.ours.shape != tensor.shape:
        return ()
    now = plane(tensor.trace, tensor.node, at(tensor))
    now = ordered(now, likeliest(tensor.node, now))
    place = now.place(at(tensor))
    reckoned = Bilingual("theirs, by the cause", "对方（按原因推算）")
    named = Bilingual("theirs: {name}", "对方：{name}", name=printable(both.name))
    theirs = with_numbers(now, f"{now.key}@theirs", str(named if both.name else reckoned), now.note, both.theirs)
    made = Bilingual("ours, of their inputs", "我方（用对方的输入）")
    own = Bilingual("ours", "我方") if np.array_equal(both.ours, tensor.value, equal_nan=True) else made
    ours = with_numbers(now, now.key, str(own), now.note, both.ours)
    with np.errstate(all="ignore"):
        apart = both.theirs.astype(float) - both.ours
    change = with_numbers(now, f"{now.key}@apart", str(Bilingual("theirs − ours", "对方 − 我方")), now.note, apart)
    theirs, ours = (replace(each, scale=now.scale, cursor=place, group=now.key) for each in (theirs, ours))
    change = replace(change, hidden=None, cursor=place, group=now.key, bare=True)
    pair = one_range([Piece("", theirs, summary=True), Piece("−", replace(ours, focused=True), summary=True)])
    return (*pair, Piece("=", change, summary=True))
