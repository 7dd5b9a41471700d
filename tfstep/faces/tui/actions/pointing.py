"""Moving the cell cursor: by keys, by the mouse, from matrix to matrix, from head to head."""

from __future__ import annotations

from tfstep.address.grammar import cell_name
from tfstep.address.roles import path_parts
from tfstep.faces.tui.actions.following import go_to
from tfstep.faces.tui.state.action import Action
from tfstep.faces.tui.state.screen import Screen, look, say
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.text import Bilingual
from tfstep.view.matrix.extremes import order, rank_named
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.picker import Choice
from tfstep.view.text.number import COMING, plain
from tfstep.view.text.spans import Span, line

FAR = 1_000_000  # further than any matrix is wide


def focused(state: ScreenState) -> Grid | None:
    """The matrix that the cursor is in."""
    return next((grid for grid in state.grids if grid.focused), None)


def cursor(state: ScreenState, screen: Screen, rows: int, columns: int) -> None:
    """Move the cursor within its matrix; at the edge it stays."""
    grid = focused(state)
    if grid is None or grid.cursor is None:
        return
    row = max(0, min(grid.cursor[0] + rows, grid.height - 1))
    column = max(0, min(grid.cursor[1] + columns, grid.breadth - 1))
    _put(state, screen, state.frame.focus, grid.at(row, column))


def _put(state: ScreenState, screen: Screen, path: str, cell: tuple[int, ...]) -> None:
    state.status = ()
    state.session.cursor.move_to(state.session.trace[path], cell)
    look(state, screen, factor=0)


def point(state: ScreenState, screen: Screen, key: str, row: int, column: int) -> None:
    """Put the cursor where the mouse points, into whichever matrix."""
    grid = next((grid for grid in state.grids if grid.key == key), None)
    if grid is None:
        _across(state, screen, key, row, column)
        return
    subject, path = state.frame.subject, key.partition("@")[0]
    parts = path_parts(path)
    if state.look.mode != "value" or (parts.of == subject and not parts.consumer):
        path = subject
    elif not grid.focused:
        state.look_at(focus=None if path == subject else path)
    _put(state, screen, path, grid.at(row, column))


def _across(state: ScreenState, screen: Screen, key: str, row: int, column: int) -> None:
    """Go to a cell of the counterpart."""
    counterpart = state.frame.counterpart
    pieces = () if counterpart is None else counterpart.pieces
    for grid in (grid for piece in pieces for grid in piece.grids if grid.key == key):
        go_to(state, screen, cell_name(key.partition("@")[0], grid.at(row, column)))
        return


def matrix(state: ScreenState, screen: Screen, by: int) -> None:
    """Put the cursor into the next matrix of the step."""
    if state.look.mode != "value":
        return
    if state.look.heads and any("@" in grid.key for grid in state.grids):
        along(state, screen, "head", by)
        return
    keys = list(dict.fromkeys([grid.key for grid in state.grids]))
    here = state.look.focus if state.look.focus in keys else state.frame.subject
    to = keys[(keys.index(here) + by) % len(keys)] if here in keys else keys[0]
    look(state, screen, focus=None if to == state.frame.subject else to, factor=0)


def _plane(state: ScreenState, axis: str) -> Choice | None:
    """The axis that is turned: this one, or where there is none of it another that is not shown."""
    several = [each for each in state.frame.heading.planes if each.size > 1]
    others = [each for each in several if each.name not in ("head", "batch")]
    found = [each for each in several if each.name == axis] or (others[-1:] if axis == "head" else others[:1])
    return found[0] if found else None


def _one_head(state: ScreenState) -> Bilingual | None:
    return None if _plane(state, "head") else Bilingual("one head only", "这里只有一个头")


def _one_sentence(state: ScreenState) -> Bilingual | None:
    return None if _plane(state, "batch") else Bilingual("one sentence only", "这里只有一句")


def along(state: ScreenState, screen: Screen, axis: str, by: int) -> None:
    """The next head, or the next sentence of the batch."""
    found = _plane(state, axis)
    if found is not None:
        pick(state, screen, found.axis, (found.at + by) % found.size)


def extreme(state: ScreenState, screen: Screen, by: int) -> None:
    """The next largest number of the matrix by size, or back: from the largest to the smallest."""
    grid = focused(state)
    if grid is None:
        return
    if grid.coming and state.get_on():
        grid = focused(state) or grid
    ordered = order(grid)
    if not ordered.count:
        say(state, screen, Bilingual("there is no number to be found", "没有可找的数"))
        return
    key, place, rank = state.extreme
    begun = key == grid.key and place == grid.cursor
    rank = ordered.after(rank if begun and rank <= ordered.count else 0 if by > 0 else 1, by)
    place = ordered.place(rank)
    _put(state, screen, state.frame.focus, grid.at(*place))
    state.extreme = (grid.key, place, rank)
    account = state.frame.account
    told = Bilingual("{rank} by size: ", "按绝对值{rank}：", rank=rank_named(rank, ordered.count))
    value = Span(f" = {COMING if 'value' in account.coming else plain(account.value)}", "strong")
    state.status = (line(Span(str(told), "dim"), Span(account.name, "accent"), value),)
    screen.redraw()


def pick(state: ScreenState, screen: Screen, axis: int, place: int) -> None:
    """Turn to another place on an axis: another head, another sentence."""
    tensor = state.session.trace[state.frame.subject]
    cell = list(state.session.cursor.on(tensor))
    cell[axis] = place
    _put(state, screen, tensor.path, tuple(cell))


# -- what they do here -----------------------------------------------------------------------------


def _size(state: ScreenState, axis: str) -> int:
    tensor = state.session.trace[state.frame.focus]
    return dict(zip(tensor.axes, tensor.shape, strict=True)).get(axis, 1)


def _heads_here(state: ScreenState) -> Bilingual | None:
    n = _size(state, "head")
    return Bilingual("the next of {n} heads", "{n} 个头中的下一个", n=n) if n > 1 else None


def _sentences_here(state: ScreenState) -> Bilingual | None:
    n = _size(state, "batch")
    return Bilingual("the next of {n} sentences", "{n} 句中的下一句", n=n) if n > 1 else None


_CURSOR = Bilingual("Move the cell cursor.", "移动单元格光标。")

CURSOR = (
    Action(
        "next-matrix",
        "tab",
        Bilingual("matrix", "矩阵"),
        matrix,
        (1,),
        footer=2,
        about=Bilingual(
            "Put the cursor into the next matrix: the operands, so that weights can be edited.",
            "把光标移到下一个矩阵：移到运算数上就能编辑权重。",
        ),
    ),
    Action(
        "previous-matrix",
        "shift+tab",
        Bilingual("matrix", "矩阵"),
        matrix,
        (-1,),
        about=Bilingual("Put the cursor into the matrix before.", "把光标移到上一个矩阵。"),
    ),
    Action(
        "previous-head",
        "left_square_bracket",
        Bilingual("head", "头"),
        along,
        ("head", -1),
        footer=4,
        partner="next-head",
        why_not=_one_head,
        about=Bilingual("The head before.", "上一个头。"),
    ),
    Action(
        "next-head",
        "right_square_bracket",
        Bilingual("head", "头"),
        along,
        ("head", 1),
        why_not=_one_head,
        here=_heads_here,
        about=Bilingual("The next head.", "下一个头。"),
    ),
    Action(
        "previous-sentence",
        "left_curly_bracket",
        Bilingual("sentence", "句子"),
        along,
        ("batch", -1),
        why_not=_one_sentence,
        about=Bilingual("The sentence of the batch before.", "批次中的上一句。"),
    ),
    Action(
        "next-sentence",
        "right_curly_bracket",
        Bilingual("sentence", "句子"),
        along,
        ("batch", 1),
        why_not=_one_sentence,
        here=_sentences_here,
        about=Bilingual("The next sentence of the batch.", "批次中的下一句。"),
    ),
    Action("left", "left,h", Bilingual("left", "左"), cursor, (0, -1), about=_CURSOR),
    Action("down", "down,j", Bilingual("down", "下"), cursor, (1, 0), about=_CURSOR),
    Action("up", "up,k", Bilingual("up", "上"), cursor, (-1, 0), about=_CURSOR),
    Action("right", "right,l", Bilingual("right", "右"), cursor, (0, 1), about=_CURSOR),
    Action(
        "page-down",
        "pagedown",
        Bilingual("page", "翻页"),
        cursor,
        (10, 0),
        about=Bilingual("Ten rows down.", "下移十行。"),
    ),
    Action(
        "page-up", "pageup", Bilingual("page", "翻页"), cursor, (-10, 0), about=Bilingual("Ten rows up.", "上移十行。")
    ),
    Action(
        "row-start",
        "home",
        Bilingual("row", "行首"),
        cursor,
        (0, -FAR),
        about=Bilingual("To the first column.", "到第一列。"),
    ),
    Action(
        "row-end",
        "end",
        Bilingual("row", "行尾"),
        cursor,
        (0, FAR),
        about=Bilingual("To the last column.", "到最后一列。"),
    ),
)
EXTREMES = (
    Action(
        "largest",
        "x",
        Bilingual("largest", "最大"),
        extreme,
        (1,),
        about=Bilingual(
            "To the largest number of the matrix by size, then the next largest.",
            "跳到矩阵中绝对值最大的数，再按跳到次大的。",
        ),
    ),
    Action(
        "smallest",
        "X",
        Bilingual("smallest", "最小"),
        extreme,
        (-1,),
        about=Bilingual(
            "To the smallest number of the matrix by size; behind `[[largest]]` one back.",
            "跳到矩阵中绝对值最小的数；在 `[[largest]]` 之后则退回一个。",
        ),
    ),
)
