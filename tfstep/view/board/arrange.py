"""Where the matrices of a board stand: all in numbers where there is room, else what is most worth seeing.

The numbers of the result are worth most, and those of the matrix that the cursor is in; then come the operands. A
shade is worth less than a number, and what is scrolled out of sight nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from tfstep.view.board.gallery import gallery
from tfstep.view.board.places import Arrangement, Piece, Placed
from tfstep.view.board.sizes import GAP, TOP, Size, gap, size, stack
from tfstep.view.board.squeeze import share_width
from tfstep.view.frame.view_state import AUTO, Drawing
from tfstep.view.matrix.grid import WORD, Grid
from tfstep.view.text.width import width

LEAST_SHARE = 16  # cells below which a matrix is better left out
RESULT = 6  # how much more the result is worth than an operand
SHADE = 0.3  # what a shade is worth beside a number
ENOUGH = 80, 400  # numbers of the result, and of another matrix; what more are seen says little more
FEWEST = 2  # rows of numbers for which a matrix may stand below another
APART = 12  # lines from which operands may stand below each other above the result
KEPT = 256  # arrangements that are remembered: from cell to cell only the numbers in them change
PARTS = (4, 3, 2)  # the operands get one of these parts of the lines where the result stands below them

_known: dict[tuple[object, ...], tuple[Arrangement, tuple[int, ...]]] = {}


def arrange(pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing = AUTO) -> Arrangement:
    """The best arrangement of the pieces in so many cells and lines."""
    grids = [grid for piece in pieces for grid in piece.grids]
    key = (cells, lines, drawing, *(_measures(piece, drawing) for piece in pieces))
    if (kept := _known.get(key)) is None:
        if len(_known) >= KEPT:
            _known.clear()
        found = _arranged(pieces, cells, lines, drawing)
        kept = _known[key] = found, _numbers(found, grids)
    found, numbers = kept
    placed = tuple(_with(each, grids[k]) for each, k in zip(found.placed, numbers, strict=True))
    return Arrangement(placed, found.signs, found.height)


def again(found: Arrangement, before: Sequence[Grid], now: Sequence[Grid], drawing: Drawing) -> Arrangement | None:
    """The same arrangement with the numbers that stand there now, for a screen on which nothing moves while numbers
    change; None where other matrices stand there, or the numbers have become too wide for their places."""
    if [_shape(grid) for grid in before] != [_shape(grid) for grid in now]:
        return None
    numbers = _numbers(found, before)
    placed: list[Placed] = []
    for each, k in zip(found.placed, numbers, strict=True):
        style = each.style
        if style is not None:
            room = each.cell - (1 if each.tight else 2) - (0 if now[k].order is None else WORD + 1)
            styles = [now[k].style(digits) for digits in (*_digits(drawing), 1)]
            style = next((style for style in styles if style.cells <= room), None)
            if style is None:
                return None
            above = placed[-1].style if placed and not each.top else None
            style = above if above is not None and above.cells >= style.cells else style
        placed.append(replace(_with(each, now[k]), style=style))
    return Arrangement(tuple(placed), found.signs, found.height)


def _shape(grid: Grid) -> tuple[object, ...]:
    """What of a matrix has to stay that it keeps its place."""
    labels = grid.rows.width, grid.columns.width
    return grid.key, grid.height, grid.breadth, *labels, grid.focused, grid.scale, grid.order is None


def _measures(piece: Piece, drawing: Drawing) -> tuple[object, ...]:
    """All of a piece that its place depends on."""
    found: list[object] = [piece.sign, piece.summary, piece.panel]
    for grid in piece.grids:
        styles = [grid.style(digits) for digits in _digits(drawing)]
        labels = grid.rows.width, grid.columns.width
        found += [grid.height, grid.breadth, *labels, width(grid.title), grid.focused, grid.scale, *styles]
    return tuple(found)


def _numbers(found: Arrangement, grids: Sequence[Grid]) -> tuple[int, ...]:
    """Which of the matrices stand there, by their numbers; one may be there twice."""
    left = list(enumerate(grids))
    numbers = []
    for each in found.placed:
        at = next(at for at, (_, grid) in enumerate(left) if grid.key == each.grid.key)
        numbers.append(left.pop(at)[0])
    return tuple(numbers)


def _with(placed: Placed, grid: Grid) -> Placed:
    """The same place with other numbers in it."""
    if placed.tight and not placed.top:
        grid = replace(grid, title=grid.title.lstrip("+ "))
    return replace(placed, grid=grid)


def _arranged(pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing) -> Arrangement:
    if not pieces:
        return Arrangement((), (), 0)
    if pieces[0].panel:
        return gallery(pieces, cells, lines, drawing)
    rows = _whole(pieces, cells, lines, drawing)
    if rows is not None:
        return _under_each_other(_at_places(rows, lines, drawing), cells)
    last = pieces[-1].grid.key
    best = max(_candidates(pieces, cells, lines, drawing), key=lambda found: _worth(found, last))
    return _under_each_other(best, cells)


def _under_each_other(found: Arrangement, cells: int) -> Arrangement:
    """Matrices that are compared, and stand below each other, with their columns below each other too: those without
    a sign before them begin where the others do."""
    placed = found.placed
    if len({each.grid.group for each in placed}) != 1 or not placed[0].grid.group or len({p.y for p in placed}) < 2:
        return found
    begins = {y: min(each.x for each in placed if each.y == y) for y in {each.y for each in placed}}
    lead = max(begins.values())
    if any(each.x + each.width + lead - begins[each.y] > cells for each in placed):
        return found
    moved = tuple(replace(each, x=each.x + lead - begins[each.y]) for each in placed)
    return Arrangement(moved, found.signs, found.height)


def _whole(pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing) -> list[list[Size]] | None:
    """The pieces in rows with all of them to be seen in numbers (in shades where only these are asked for), as large
    as there is room for; None where there is not."""
    if drawing.drawn == "heat":
        rows = _rows([size(piece, 0, heat=True) for piece in pieces], cells, False)
        return rows if rows is not None and _height(rows) <= lines else None
    for tight in (False, True):
        for wrapped in (False, True):
            for digits in _digits(drawing):
                rows = _rows([size(piece, digits, False, tight) for piece in pieces], cells, wrapped)
                if rows is not None and _height(rows) <= lines:
                    return rows
    return None


def _candidates(
    pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing, stacked: bool = True
) -> Iterator[Arrangement]:
    """Ways in which not all numbers are seen: scrolled, the operands as shades, the result below them (``stacked``)."""
    shades = {"auto": (_none, _bystander), "numbers": (_none,), "heat": (_all,)}[drawing.drawn]
    for shaded in shades:
        for tight in (False, True):
            for digits in _digits(drawing):
                sizes = [size(piece, digits, shaded(piece), tight) for piece in pieces]
                rows = _rows(sizes, cells, False)
                if rows is not None:
                    yield _at_places(rows, lines, drawing)
                elif shaded is _none and (rows := _rows(sizes, cells, True)) and (tall := _lowered(rows, lines)):
                    yield _at_places(rows, lines, drawing, tall)
    if len(pieces) > 3 or (len(pieces) > 1 and cells < LEAST_SHARE * len(pieces)):
        yield from _candidates([*pieces[:-2], pieces[-1]], cells, lines, drawing, stacked)  # without the last operand
        return
    yield share_width(pieces, cells, lines, drawing)
    if drawing.drawn == "auto":
        yield share_width(pieces, cells, lines, drawing, shades=False)
        yield share_width(pieces, cells, lines, drawing, shades=False, tight=True)
    if stacked and len(pieces) > 1 and drawing.drawn != "heat":
        yield from _stacked(pieces, cells, lines, drawing)


def _stacked(pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing) -> Iterator[Arrangement]:
    """The result alone below the operands, over the whole width."""
    *operands, result = pieces
    sign = result.sign
    x = width(sign) + GAP if sign else 0
    last = operands[-1].grid.key
    for room in sorted({lines - size(result, 2, False, True).height - 1, *(lines // part for part in PARTS)}):
        if room < TOP + 2:
            continue
        nested = room >= APART and len(operands) > 1
        above = max(_candidates(operands, cells, room, drawing, nested), key=lambda found: _worth(found, last))
        y = above.height + 1
        rest = lines - y
        if rest < TOP + 1:
            break
        for tight in (False, True):
            for digits in _digits(drawing):
                each = size(result, digits, False, tight)
                seen = min(result.grid.breadth, (cells - x - each.label) // each.cell)
                if seen < 1:
                    continue
                wide = min(cells - x, max(each.label + each.cell * seen, min(each.title, 24)))
                tall = min(each.height, rest)
                placed = tuple(stack(each, x, y, wide, tall, drawing.drawn != "numbers"))
                at = (0, y + TOP + max(0, (tall - TOP - 1) // 2), sign)
                yield Arrangement((*above.placed, *placed), (*above.signs, *([at] if sign else [])), y + tall)


def _worth(found: Arrangement, last: str) -> float:
    """How much of what is worth seeing is seen; ``last`` is the result."""
    total = 0.0
    for each in found.placed:
        grid = each.grid
        first = grid.key == last or grid.focused
        count = min(ENOUGH[not first], grid.height * grid.breadth)
        seen = min(each.rows, grid.height) * min(each.columns, grid.breadth)
        share = min(1.0, seen / count) if count else 1.0
        weight = RESULT if first else 1
        total += weight * (SHADE if each.style is None else 1) * share**0.5
    return total


def _digits(drawing: Drawing) -> tuple[int, ...]:
    return (drawing.digits,) if drawing.digits else (3, 2)


def _height(rows: list[list[Size]]) -> int:
    return sum(max(each.height for each in row) for row in rows) + (0 if rows[0][0].tight else len(rows) - 1)


def _none(piece: Piece) -> bool:
    return False


def _all(piece: Piece) -> bool:
    return True


def _bystander(piece: Piece) -> bool:
    """Whether a matrix can do with shades: it is neither the result nor the one that the cursor is in."""
    return not (piece.summary or piece.grid.focused or any(under.focused for under in piece.under))


def _rows(sizes: list[Size], cells: int, wrapped: bool) -> list[list[Size]] | None:
    """The pieces in rows, or None where they do not fit."""
    rows: list[list[Size]] = [[]]
    used = 0
    for each in sizes:
        need = each.width + (gap(each) if used or each.piece.sign not in ("", "→") else 0)
        if used and used + need > cells:
            if not wrapped:
                return None
            rows.append([])
            used, need = 0, each.width + gap(each)
        rows[-1].append(each)
        used += need
        if used > cells:
            return None
    return rows


def _lowered(rows: list[list[Size]], lines: int) -> list[int] | None:
    """How tall each row of matrices is where they do not stand there whole: those of the operands are scrolled first,
    down to a few rows of numbers, those that are compared all alike; None where not even these fit."""
    compared = bool(rows[0][0].piece.grid.group)
    tall = [max(each.height for each in row) for row in rows]
    apart = 0 if rows[0][0].tight else len(rows) - 1
    while sum(tall) + apart > lines:
        above = [k for k in range(len(rows) - (not compared)) if tall[k] > TOP + FEWEST]
        k = max(above, key=lambda k: tall[k], default=len(rows) - 1)
        if tall[k] <= TOP + FEWEST:
            return None
        tall[k] -= 1
    return tall


def _at_places(
    rows: list[list[Size]], lines: int, drawing: Drawing, lowered: Sequence[int] | None = None
) -> Arrangement:
    placed: list[Placed] = []
    signs: list[tuple[int, int, str]] = []
    y = 0
    shaded = drawing.drawn != "numbers"
    apart = not rows[0][0].tight or (lowered is None and _height(rows) + len(rows) - 1 <= lines)
    for k, row in enumerate(rows):
        tall = min(max(each.height for each in row), max(lines - y, TOP + 1)) if lowered is None else lowered[k]
        x = 0
        for each in row:
            sign, around = each.piece.sign, 1 if each.tight else GAP
            if sign and (x or y):
                signs.append(
                    (x + (around if x else 0), y + TOP + max(0, (min(each.height, tall) - TOP - 1) // 2), sign)
                )
            x += (gap(each) if x else width(sign) + around) if (x or (sign and y)) else 0
            placed.extend(stack(each, x, y, each.width, min(each.height, tall), shaded))
            x += each.width
        y += tall + apart
    return Arrangement(tuple(placed), tuple(signs), y - apart)
