"""One matrix, line by line: title, column labels, numbers or shades, summary."""

from __future__ import annotations

from rich.segment import Segment

from tfstep.faces.tui.style.palette import Palette, mark_style, role, shade
from tfstep.text import Bilingual
from tfstep.view.board.places import Placed
from tfstep.view.matrix.grid import CHANGED, CURSOR, HATCHED, LIT, PINNED, SPOKEN
from tfstep.view.matrix.labels import shortened
from tfstep.view.matrix.summary import summary
from tfstep.view.text.symbols import plain
from tfstep.view.text.width import clip, right, width

_HEAT = {0: "  ", 1: " ·", 2: " ·"}
_BRACKETS = "▐▌[]"
_SHARES = ("  ", " ·", "··", "▒▒", "▒▒", "▓▓", "▓▓", "██", "██")


class Window:
    """The part of a matrix that is seen: its first row and column."""

    def __init__(self) -> None:
        self.row = self.column = 0
        self._seen: tuple[int | None, ...] = ()

    def follow(self, placed: Placed) -> None:
        """Scroll so that the cursor, or what it lights, is seen; a matrix scrolled by hand stays until that moves."""
        grid = placed.grid
        row, column = grid.cursor or grid.toward or (grid.lit_row, grid.lit_column)
        if grid.lit_cells and not (grid.cursor or grid.toward):
            row, column = min(grid.lit_cells)
        seen = (row, column, placed.rows, placed.columns)
        if seen != self._seen:
            self._seen = seen
            if row is not None:
                self.row = _near(self.row, row, placed.rows)
            if column is not None:
                self.column = _near(self.column, column, placed.columns)
        self.scroll(placed, 0, 0)

    def scroll(self, placed: Placed, rows: int, columns: int) -> None:
        """Scroll by so many rows and columns, within the matrix."""
        self.row = max(0, min(self.row + rows, placed.grid.height - placed.rows))
        self.column = max(0, min(self.column + columns, placed.grid.breadth - placed.columns))


def _near(first: int, wanted: int, room: int) -> int:
    if wanted < first:
        return wanted
    return max(first, wanted - max(room, 1) + 1)


def heading_line(placed: Placed, y: int, window: Window, palette: Palette) -> list[Segment]:
    """The title, or the column labels."""
    return _title(placed, window, palette) if y == 0 else _columns(placed, window, palette)


def _title(placed: Placed, window: Window, palette: Palette) -> list[Segment]:
    grid, paper = placed.grid, palette.paper
    name = plain(grid.title)
    segments = [Segment(clip(name, placed.width), role(palette, "accent" if grid.focused else "strong", paper=paper))]
    room = placed.width - width(name) - 1
    note = next((note for note in map(plain, _notes(placed, window)) if 0 < width(note) <= room), "")
    if note:
        segments.append(Segment(f" {note}", role(palette, "dim", paper=paper)))
    return segments


def _notes(placed: Placed, window: Window) -> list[str]:
    """What may stand behind the title, the longest first: which part is seen, or the axes where all of it is."""
    grid = placed.grid
    shape = f"{grid.height}×{grid.breadth}"
    if grid.order is not None:
        n = grid.breadth - window.column - placed.columns
        return [str(Bilingual("largest first, {n:,} more", "从大到小，后面还有 {n:,} 个", n=n)), f"… {n:,}"]
    rows, columns = placed.rows < grid.height, placed.columns < grid.breadth
    if not (rows or columns):
        return [grid.note, shape] if grid.note else []
    down = f"{window.row}-{window.row + placed.rows - 1}/{grid.height}" if rows else f"{grid.height}"
    right = f"{window.column}-{window.column + placed.columns - 1}/{grid.breadth}" if columns else f"{grid.breadth}"
    return [f"{down} × {right}", f"{down.partition('/')[0]} × {right.partition('/')[0]}", "…"]


def _columns(placed: Placed, window: Window, palette: Palette) -> list[Segment]:
    grid, paper = placed.grid, palette.paper
    here = grid.cursor[1] if grid.cursor else grid.lit_column
    stop = min(window.column + placed.columns, grid.breadth)
    dim, lit = role(palette, "dim", paper=paper), role(palette, "key", paper=paper)
    segments = [Segment(" " * placed.label, dim)]
    if placed.style is None:
        return segments + _sparse(placed, window.column, stop, here, palette)
    if grid.columns.width == 0:
        return segments
    for column in range(window.column, stop):
        room = placed.cell - (not placed.tight)
        label = shortened(grid.columns[column], room - placed.tight)
        text = right(label, room) + ("" if placed.tight else " ")
        segments.append(Segment(text, lit if column == here else dim))
    return segments


def _sparse(placed: Placed, start: int, stop: int, here: int | None, palette: Palette) -> list[Segment]:
    """Labels above narrow columns: that of the cursor, and others where there is room."""
    grid = placed.grid
    taken = [""] * ((stop - start) * placed.cell)
    wanted = [] if here is None else [here]
    wanted += [c for c in range(start, stop) if c % 5 == 0 or grid.columns.words]
    marked = set()
    for column in wanted:
        if not start <= column < stop:
            continue
        label, x = grid.columns[column], (column - start) * placed.cell
        n = width(label)
        if x + n > len(taken) or any(taken[max(0, x - 1) : x + n + 1]):
            continue
        taken[x : x + n] = [label] + ["\0"] * (n - 1)
        if column == here:
            marked.add(x)
    dim, lit = role(palette, "dim", paper=palette.paper), role(palette, "key", paper=palette.paper)
    return [Segment(text or " ", lit if x in marked else dim) for x, text in enumerate(taken) if text != "\0"]


def number_line(
    placed: Placed, row: int, window: Window, palette: Palette, ascii_only: bool, typed: str | None = None
) -> list[Segment]:
    """One row of numbers or shades, with its label; ``typed`` stands in the cell under the cursor."""
    grid, style = placed.grid, placed.style
    scale = grid.scale if placed.shaded else "whole"
    start, stop = window.column, min(window.column + placed.columns, grid.breadth)
    here = row in ((grid.cursor or (None,))[0], grid.lit_row)
    segments = []
    if placed.label:
        label = grid.rows[row] if grid.rows.width else (plain(grid.title) if not placed.top else "")
        name = "key" if here else "dim"
        segments.append(Segment(right(label, placed.label - 1) + " ", role(palette, name, paper=palette.paper)))
    marks = grid.marks(row, start, stop)
    levels = grid.levels(row, start, stop) if placed.shaded or style is None else [0] * len(marks)
    if style is None:
        for level, mark in zip(levels, marks, strict=True):
            text = _heat(grid.scale, level, mark, ascii_only)
            segments.append(Segment(text, shade(palette, grid.scale, level, mark, grid.focused, True)))
        return segments
    numbers = grid.numbers(row, start, stop, style)
    arrows = grid.downhill(row, start, stop)
    for text, level, mark, arrow in zip(numbers, levels, marks, arrows, strict=True):
        if typed is not None and mark & CURSOR and grid.focused:
            text, mark = clip(typed, placed.cell - (1 if placed.tight else 2)), CURSOR
        before, after = _signs(mark, arrow, placed.tight, ascii_only)
        text = right(text, placed.cell - (1 if placed.tight else 2))
        if mark & HATCHED:
            gap = len(text) - len(text.lstrip())
            text = ("#" if ascii_only else "░") * max(gap - 1, 0) + " " * min(gap, 1) + text.lstrip()
            before = before if before != " " else "#" if ascii_only else "░"
        number = shade(palette, scale, level, mark, grid.focused, False)
        if mark or arrow:
            ends = [
                Segment(sign, mark_style(palette, scale, level, mark, grid.focused, sign in _BRACKETS))
                for sign in (before, after)
            ]
            segments += [ends[0], Segment(text, number), ends[1]]
        else:
            segments.append(Segment(before + text + after, number))
    return segments


def _signs(mark: int, arrow: int, tight: bool, ascii_only: bool) -> tuple[str, str]:
    """What stands before and after a number, so that its marks are seen without colour too."""
    arrows = " ^v" if ascii_only else " ↑↓"
    moved = "=" if mark & PINNED else "~" if mark & CHANGED else arrows[arrow]
    before, after = ("|" if ascii_only else "▌") if mark & LIT else " ", " "
    if mark & CURSOR:
        before, after = ("[", "]") if ascii_only else ("▐", "▌")
    elif mark & SPOKEN:
        before, after = (">", "<") if ascii_only else ("▸", "◂")
    if tight:  # one place: at the cursor the explanation says what it was
        return (before if mark & CURSOR or moved == " " else moved), ""
    return before, moved if moved != " " else after


def _heat(scale: str, level: int, mark: int, ascii_only: bool) -> str:
    if mark & HATCHED:
        return "##" if ascii_only else "░░"
    if mark & CURSOR:
        return "[]"
    if scale == "probability" and not ascii_only:
        return _SHARES[abs(level)]
    sign = "+" if level > 0 else "-"
    return _HEAT.get(abs(level)) or (sign * 2 if abs(level) > 5 else f" {sign}")


def rest_line(placed: Placed, palette: Palette) -> list[Segment]:
    """What stands under the numbers."""
    spans = summary(placed.grid, placed.width) if placed.summary else ()
    return [Segment(span.text, role(palette, span.role, paper=palette.paper)) for span in spans]
