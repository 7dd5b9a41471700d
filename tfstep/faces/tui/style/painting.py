"""A Frame handed to the widgets: each gets its size and its lines."""

from __future__ import annotations

from tfstep.faces.tui.actions import jump, outcome
from tfstep.faces.tui.state.action import spelled
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.faces.tui.style.layout import BELOW, WIDE, Held, Layout, kept, layout, timeline_width
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Drawn, give, panel
from tfstep.faces.tui.widgets.footer import asking, footer
from tfstep.faces.tui.widgets.prompt import Prompt
from tfstep.faces.tui.widgets.tree import Timeline
from tfstep.text import Bilingual
from tfstep.view.board.arrange import arrange
from tfstep.view.frame.frame import Frame
from tfstep.view.frame.panels import top_line
from tfstep.view.text.spans import Line, Span, clipped, folded, line


class Parts:
    """The widgets of the screen, and how it is divided between them now."""

    def __init__(self) -> None:
        self.held: Held | None = None
        self.top, self.heading = panel("top", "bar"), panel("heading", "paper")
        self.tree, self.board = Timeline(id="tree"), Board(id="board")
        self.turned, self.below = panel("turned", "paper"), Board(id="below")
        self.why, self.since = panel("why", "panel"), panel("since", "paper")
        self.card, self.status = panel("card", "chosen"), panel("status", "bar")
        self.prompt, self.footer, self.menu = Prompt(id="prompt"), panel("footer", "paper"), panel("menu", "panel")


def paint(parts: Parts, state: ScreenState, columns: int, rows: int, timeline_from: int) -> None:
    """Divide the room there is, and show the state in it."""
    if state.look.wide != (wide := columns >= WIDE[0] and rows >= WIDE[1]):
        state.look_at(wide=wide)
    frame, cells = state.frame, state.size[0] - 2
    told = _card(state, cells, rows)
    rows -= len(told)
    status = [part for each in state.status or (outcome.hint(state, cells),) for part in folded(each, cells)]
    status = status[:4] or [()]
    said = state.remarks(max(10, columns - timeline_width(columns, timeline_from) - 2), max(2, rows // 4))
    found = _divided(parts, state, (columns, rows), len(status), timeline_from, said)
    if frame.since and not found.since and not state.status:
        status = frame.since.head(cells)
    parts.top.show([top_line(frame.header, cells)])
    give(parts.tree, "width", found.tree)
    parts.tree.display = found.tree > 0
    parts.tree.show(frame.rows)
    give(parts.heading, "height", len(found.heading) + 1 + found.apart)
    parts.heading.show([*([()] if found.apart else []), *found.heading])
    give(parts.board, "height", found.board)
    parts.board.show(frame.pieces, frame.drawing, frame.ascii)
    _counterpart(parts, frame, found.below, max(10, columns - found.tree - 2))
    _text(parts.why, found.why, found.gap, found.tall - found.lent)
    _text(parts.since, found.since, 0)
    give(parts.status, "height", len(status))
    parts.status.show(status if state.jump is None else [jump.hint()])
    parts.card.display = bool(told)
    give(parts.card, "height", len(told))
    parts.card.show(told)
    for place, name in ((parts.tree, "tree"), (parts.board, "board"), (parts.why, "why")):
        label(place, jump.badges(state.jump, name))


def _divided(
    parts: Parts, state: ScreenState, size: tuple[int, int], status: int, timeline_from: int, said: list[Line]
) -> Layout:
    """How the screen is divided: as it is, where only numbers changed or the cursor moved on in the same step."""
    frame, look, held = state.frame, state.look, parts.held
    columns = max(8, size[0] - timeline_width(size[0], timeline_from) - 2)
    turned = frame.counterpart is not None
    place = (frame.subject, look.mode, look.heads, look.drawing, size, timeline_from, turned)
    cell = (frame.focus, frame.cell)
    found: Layout | None = None
    if held is not None and held.place == place:
        still = held.cell == cell
        told_of = _page(state, columns, held.layout.board)
        lines = [*said, *([told_of] if told_of else [])]
        found = kept(frame, held.layout, *size, status, timeline_from, lines, still=still)
    if found is None:
        edge = held.layout.edge if held is not None and size in held.place else 0
        found = layout(frame, *size, status, timeline_from, said, edge)
        if told_of := _page(state, columns, found.board):
            found = layout(frame, *size, status, timeline_from, [*said, told_of], edge)
    lasting = status == 1 or held is None or held.place != place  # a message of several lines goes again
    parts.held = Held(place, cell, found if lasting or held is None else held.layout)
    return found


def _counterpart(parts: Parts, frame: Frame, lines: int, cells: int) -> None:
    """The step of the other direction, below that which is looked at."""
    counterpart = frame.counterpart
    shown = lines > 0 and counterpart is not None
    parts.turned.display = parts.below.display = shown
    if not shown or counterpart is None:
        return
    give(parts.turned, "height", BELOW)
    title = line(Span(counterpart.phase, "key"), Span(f"  {counterpart.formula}", "strong"))
    parts.turned.show([(), clipped(title, cells)])
    give(parts.below, "height", lines - BELOW)
    parts.below.show(counterpart.pieces, frame.drawing, frame.ascii)


def _page(state: ScreenState, cells: int, lines: int) -> Line:
    """Which panels are seen, where not all are."""
    pieces = state.frame.pieces
    if not (pieces and pieces[0].panel):
        return ()
    found = arrange(pieces, cells, lines, state.frame.drawing)
    keys = {each.grid.key for each in found.placed}
    seen = [k for k, piece in enumerate(pieces) if piece.grid.key in keys]
    if len(seen) == len(pieces):
        whole = all(each.rows >= each.grid.height and each.columns >= each.grid.breadth for each in found.placed)
        part = Bilingual(
            "of every head the part around the cursor; {key} shows all of them",
            "每个头只显示光标附近的部分；{key} 显示全部",
            key=spelled("[[overview-attention]]", state.actions),
        )
        return () if whole else line(Span(str(part), "accent"))
    text = Bilingual(
        "heads {a} to {b} of {n} are shown: {keys} turns to the others",
        "显示头 {a} 到头 {b}，共 {n} 个：{keys} 翻到其余的头",
        a=seen[0],
        b=seen[-1],
        n=len(pieces),
        keys=spelled("[[previous-head]] [[next-head]]", state.actions),
    )
    return line(Span(str(text), "accent"))


def label(place: Timeline | Board | Drawn, badges: dict[int, list[tuple[int, str]]]) -> None:
    """Put these labels on a part of the screen."""
    if badges != place.badges:
        place.badges = badges
        place.refresh()


def keys(parts: Parts, state: ScreenState, asked: Prompt | None) -> None:
    """The footer: the keys of the screen, or those of the prompt that is asked."""
    parts.footer.show([footer(state.size[0] - 2, state.actions, state) if asked is None else asking(asked.kind)])


def _card(state: ScreenState, cells: int, rows: int) -> list[Line]:
    """The card of the tour, if there is one."""
    if state.tour is None:
        return []
    from tfstep.faces.tui.actions.tour import card

    return card(state, cells, rows)


def _text(drawn: Drawn, found: tuple[Line, ...], above: int, tall: int = 0) -> None:
    shown: list[Line] = [()] * above + list(found) if found else []
    shown += [()] * (tall - len(shown)) if found else []
    drawn.display = bool(shown)
    give(drawn, "height", len(shown))
    drawn.show(shown)
