"""A Frame handed to the widgets: each gets its size and its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.faces.tui.actions import outcome
from tfstep.faces.tui.style.layout import layout
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Drawn, give
from tfstep.faces.tui.widgets.footer import asking, footer
from tfstep.faces.tui.widgets.tree import Timeline
from tfstep.view.frame.frame import Frame
from tfstep.view.frame.panels import top_line
from tfstep.view.text.spans import Line, folded

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def paint(app: Debugger, frame: Frame) -> None:
    """Divide the screen for this Frame, and show it."""
    width = app.size.width
    columns, rows = app.room()
    told = _card(app, width - 2, rows)
    rows -= len(told)
    status = [part for each in app.status or (outcome.hint(app, width - 2),) for part in folded(each, width - 2)]
    status = status[:4] or [()]
    kept = (frame.subject, app.look.mode, columns, rows, len(status))
    least = app.tall[1] if app.tall[0] == kept else 0
    edge = app.edge[1] if app.edge[0] == (columns, rows) else 0
    parts = layout(frame, columns, rows, len(status), least, edge, app.timeline_from)
    app.tall, app.edge = (kept, parts.tall), ((columns, rows), parts.edge)
    lines(app, "top", [top_line(frame.header, width - 2)])
    tree = app.query_one("#tree", Timeline)
    give(tree, "width", parts.tree)
    tree.display = parts.tree > 0
    tree.show(frame.rows)
    heading = app.query_one("#heading", Drawn)
    give(heading, "height", len(parts.heading) + 1 + parts.apart)
    lines(app, "heading", [*([()] if parts.apart else []), *parts.heading])
    board = app.query_one("#board", Board)
    give(board, "height", parts.board)
    board.show(frame.pieces, frame.drawing, frame.ascii)
    _text(app, "why", parts.why, parts.gap, parts.tall)
    _text(app, "since", parts.since, parts.gap if parts.since else 0)
    give(app.query_one("#status", Drawn), "height", len(status))
    lines(app, "status", status)
    card = app.query_one("#card", Drawn)
    card.display = bool(told)
    give(card, "height", len(told))
    card.show(told)
    app.busy.tell()
    keys(app)
    app.idle.after(frame)


def keys(app: Debugger) -> None:
    """The footer: the keys of the screen, or those of the prompt that is asked."""
    asked = app.asked
    lines(app, "footer", [footer(app.size.width - 2, app.keys) if asked is None else asking(asked.kind)])


def _card(app: Debugger, cells: int, rows: int) -> list[Line]:
    """The card of the tour, if there is one."""
    if app.tour is None:
        return []
    from tfstep.faces.tui.actions.tour import card

    return card(app, cells, rows)


def lines(app: Debugger, name: str, found: list[Line]) -> None:
    """Give a widget its lines."""
    app.query_one(f"#{name}", Drawn).show(found)


def _text(app: Debugger, name: str, found: tuple[Line, ...], above: int, tall: int = 0) -> None:
    drawn = app.query_one(f"#{name}", Drawn)
    shown: list[Line] = [()] * above + list(found) if found else []
    shown += [()] * (tall - len(shown)) if found else []
    drawn.display = bool(shown)
    give(drawn, "height", len(shown))
    drawn.show(shown)
