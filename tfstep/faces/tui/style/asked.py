"""The prompt in the place of the status line, and the menu above it of how the line may go on."""

from __future__ import annotations

from collections.abc import Sequence

from tfstep.faces.tui.state.screen import Candidate, Question
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.faces.tui.style.painting import Parts
from tfstep.faces.tui.widgets.prompt import Prompt
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, apart, clipped, folded, line
from tfstep.view.text.width import left, width


def ask(parts: Parts, question: Question) -> None:
    """Put the prompt where the status line is."""
    parts.prompt.ask(question)
    parts.status.display = False


def ask_again(parts: Parts, text: str) -> None:
    """The same question once more, with what was typed."""
    parts.prompt.again(text)
    parts.status.display = False


def leave(parts: Parts, state: ScreenState) -> None:
    """The prompt is gone; the status line is back."""
    state.refused = None
    parts.board.typed = None
    parts.status.display = True
    parts.menu.display = False


def offer(parts: Parts, state: ScreenState, typed: Prompt.Typed) -> None:
    """Show how the line may go on, in a menu above it; of one that was refused the reason, until it is changed. What
    is typed for one cell stands in its place as well."""
    if not parts.prompt.display:
        return
    here = typed.kind == "edit" and state.editing == state.frame.account.cell
    parts.board.show_typed(typed.text if here else None)
    (columns, rows), menu = state.size, parts.menu
    if state.refused is not None and typed.text == state.refused.text:
        refused = [line(Span(each, "bad")) for each in state.refused.reason.splitlines()]
        lines = [part for each in refused for part in folded(each, columns - 2)]
        menu.display, menu.lit = True, None
        menu.styles.height = len(lines)
        menu.show(lines)
        return
    state.refused = None
    found, lit = _menu(typed.candidates, typed.at, columns - 2, max(1, min(8, rows - 6)))
    menu.display = bool(found)
    menu.styles.height = len(found)
    edge = parts.tree.size.width - menu.indent  # Textual cuts what lies above it there
    menu.show([apart(each, edge) for each in found])
    menu.lit = lit


def _menu(found: Sequence[Candidate], at: int, cells: int, most: int) -> tuple[list[Line], int | None]:
    """The lines of the menu of candidates, ``most`` at most, and which of them is the one taken."""
    first = max(0, min(at - most // 2, len(found) - most))
    part = found[first : first + most]
    names = min(max((width(text) for text, _, _ in part), default=0), cells // 2) + 2
    lines = [clipped(line(Span(left(text, names), ""), Span(about, "dim")), cells) for text, _, about in part]
    if len(found) > len(part):
        count = Bilingual("{n} of {of}", "{n} / {of}", n=max(at, 0) + 1, of=len(found))
        lines.append(line(Span(str(count), "dim")))
    return lines, at - first if at >= 0 else None
