"""The lines around the matrices: the bar on top, the heading of a step; and how the height is shared out."""

from __future__ import annotations

from tfstep.text import Bilingual
from tfstep.view.cell.since import before_what
from tfstep.view.frame.course import WIDEST
from tfstep.view.frame.frame import Header, Heading
from tfstep.view.matrix.picker import ways
from tfstep.view.text.spans import Line, Span, clipped, ends, line, line_width, with_plain_symbols

TOLD = 5  # lines in which an edit is told: what it was, and the shares that moved most
ROOMY = 36  # lines from which the explanation keeps its empty ones
NEAR = 2  # lines that matrices forgo that the explanation stays where it was


WIDE = 96  # cells from which the bar on top says what its numbers are, and shows the course of a training
NARROW = 12  # cells of that on a screen that is not twice as wide
TRAIL = 36  # cells that the way to a step often needs: the bar does not change its look from step to step


def top_line(header: Header, cells: int) -> Line:
    """The bar on top: the scenario, where we are, how the loss stands."""
    left = line(
        Span("tfstep", "accent"),
        Span(f"  {header.title}", "strong"),
        Span(f"  {header.name}", "strong"),
        Span(f" · {header.variant}", "dim"),
    )
    named = str(Bilingual("step ", "步 ")) if cells >= WIDE else ""
    right = [Span(named, "dim"), Span(header.step, "strong")]
    if header.course is not None:
        right += [Span("  "), Span(header.course.numbered(), "strong")]
        if cells >= WIDE and (strip := header.course.strip(WIDEST if cells >= 2 * WIDE else NARROW)):
            right += [Span(" "), *strip]
    loss = "bad" if header.loss in ("nan", "inf", "-inf", "+inf") else "strong"
    right += [Span(f"  {Bilingual('loss', '损失')} ", "dim"), Span(header.loss or "—", loss)]
    if header.stops:
        right.append(Span(f"  ● {header.stops}", "bad"))
    if header.edits:
        right.append(Span(f"  ~ {header.edits}", "changed"))
    names = (header.phase, *header.trail)
    trail = _trail(names, cells)
    room = cells - line_width(left) - line_width(tuple(right)) - 6
    if room < max(TRAIL, line_width(trail)):
        left = line(Span(header.name, "accent"), Span(f" · {header.variant}", "dim"))
        room = cells - line_width(left) - line_width(tuple(right)) - 6
    if room > 8:
        left = (*left, Span("   "), *_trail(names, room))
    return ends(left, tuple(right), cells)


def _trail(names: tuple[str, ...], cells: int) -> Line:
    """From the phase down to the step; where there is no room for all, the names nearest to the step."""
    tried = [line(Span(" › ".join(("…", *names[k:]) if k else names), "key")) for k in range(len(names))]
    return next((each for each in tried if line_width(each) <= cells), clipped(tried[-1], cells))


def heading_lines(heading: Heading, cells: int) -> list[Line]:
    """The tensor with its formula, and what its step is for."""
    name, _, rest = heading.formula.partition(" = ")
    was = Span(f"{before_what(heading.since)}  ", "changed") if heading.earlier else None
    path = line(Span(heading.path, "accent"))
    left = line(*path, Span(f"  {name} = {rest}" if rest else "", "strong"))
    rights = [with_plain_symbols(each) for each in ways(heading.op, heading.planes)]
    right = _fitting(left, rights, cells)
    lines = [ends(left, right or (), cells)]
    if right is None:
        lines = [ends(path, _fitting(path, rights, cells) or rights[-1], cells), line(Span(heading.formula, "strong"))]
    return [*(clipped(each, cells) for each in lines), clipped(line(was, Span(heading.purpose, "dim")), cells)]


def _fitting(left: Line, rights: list[Line], cells: int) -> Line | None:
    """The first of the right ends for which there is room beside the left one."""
    room = cells - line_width(with_plain_symbols(left)) - 2
    return next((each for each in rights if line_width(each) <= room), None)


def shares(height: int, board: int, why: int, tight: int, since: int = 0, held: int = 0) -> tuple[int, int]:
    """The lines for the matrices and for the explanation, out of ``height``; each says what it would like, the
    explanation also with how few it can do (``tight``). What they leave is for the edit (``since``), which is told in
    the status line where that is nothing.

    The matrices come first, but the explanation keeps some lines. Small matrices leave their room empty up to two
    fifths, or to the ``held`` lines that they had before, so that the panels do not jump from step to step; an edit
    takes of that what it needs to be told.
    """
    least = max(4 if height >= 10 else 2, height // 3)
    why = max(min(why, height - board), min(why if height >= ROOMY else tight, least))
    most = height - why
    if board > most and most - NEAR <= held <= most:  # they are scrolled anyway
        return held, why
    return max(min(board, most), min(max(height * 2 // 5, held), most - min(since, TOLD))), why
