"""The prompt: what is asked with it, how the line may go on, and what is done with the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfstep.engine.naming import short
from tfstep.faces.tui.style import painting
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Drawn
from tfstep.faces.tui.widgets.prompt import Candidate, Complete, Prompt
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, apart, clipped, folded, line
from tfstep.view.text.width import left, width

if TYPE_CHECKING:
    from tfstep.errors import TfstepError
    from tfstep.faces.tui.app import Debugger

SHOWN = 100  # matches of a search that are offered


def command(app: Debugger, text: str = "") -> None:
    """Ask for a command; ``text`` is how it begins."""
    from tfstep.commands.language.completion import complete

    def ways(before: str) -> list[tuple[str, int, str]]:
        return [(each.text, each.replaces, each.about) for each in complete(app.session, before)]

    ask(app, "command", "(tfstep)", text, app.session.history, ways)


def search(app: Debugger) -> None:
    """Ask for part of the name of a step."""

    def ways(before: str) -> list[tuple[str, int, str]]:
        trace = app.session.trace
        return [(path, len(before), trace[path].formula or "") for path in _matching(app, before)[:SHOWN]]

    ask(app, "search", "/", app.look.search, [], ways)


def _matching(app: Debugger, part: str) -> list[str]:
    """The steps with this in their name, from the present one on, round the end."""
    steps, at = app.session.trace.plan.steps, app.session.position[0]
    ordered = [*steps[at:], *steps[:at]]
    return [node.path for node in ordered if part and part.lower() in node.path.lower()]


def match(app: Debugger, by: int) -> None:
    """The next step, or the one before, that the last search fits; without one, with the name of this step."""
    part = app.look.search or short(app.session.current.path).strip("∂")
    plan = app.session.trace.plan
    found = sorted((plan.paths[path].number, path) for path in _matching(app, part))
    here = app.session.position[0]
    ahead = [k for k, (step, _) in enumerate(found) if (step > here if by > 0 else step < here)]
    to = (ahead[0] if by > 0 else ahead[-1]) if ahead else 0 if by > 0 else -1
    if not found or found[to][0] == here:
        said = Bilingual("no other step has {part!r} in its name", "没有别的步骤名字里含 {part!r}", part=part)
        app.say(line(Span(str(said), "dim")))
        return
    app.perform(f"goto {found[to][1]}")
    told = Bilingual(
        "{part}: {n} of {of}", "{part}：第 {n} 处，共 {of} 处", part=part, n=to % len(found) + 1, of=len(found)
    )
    app.say(line(Span(str(told), "dim")))


def ask(
    app: Debugger, kind: str, sign: str, text: str, history: list[str] | None = None, complete: Complete | None = None
) -> None:
    """Put the prompt where the status line is, with this sign before it and this text in it."""
    app.query_one("#prompt", Prompt).ask(kind, sign, text, history or [], complete)
    app.query_one("#status").display = False
    painting.keys(app)


def left_prompt(app: Debugger) -> None:
    """The prompt is gone; the status line is back."""
    app.refused = None
    app.query_one(Board).typed = None
    app.query_one("#status").display = True
    app.query_one("#menu").display = False
    app.set_focus(None)
    app.redraw()


def answered(app: Debugger, kind: str, text: str) -> None:
    """Do what the prompt was asked for."""
    left_prompt(app)
    if kind == "command":
        app.perform(text)
    elif kind == "edit" and text.strip():
        app.perform(f"set {app.editing} = {text}", lambda error: _again(app, text, error))
    elif kind == "search":
        found = _matching(app, text.strip())
        if found:
            app.perform(f"goto {found[0]}")
            app.look_at(search=text.strip())
        elif text.strip():
            said = Bilingual("no step has {part!r} in its name", "没有名字里含 {part!r} 的步骤", part=text.strip()[:40])
            app.say(line(Span(str(said), "bad")))


def _again(app: Debugger, text: str, error: TfstepError) -> None:
    """Ask for the same once more, with what was typed and why it was refused."""
    prompt = app.query_one("#prompt", Prompt)
    app.refused = (text, str(error))
    prompt.again(text)
    app.query_one("#status").display = False
    painting.keys(app)


def offer(app: Debugger, typed: Prompt.Typed) -> None:
    """Show how the line may go on, in a menu above it; of one that was refused the reason, until it is changed."""
    if not app.query_one("#prompt").display:
        return
    typing(app, typed)
    if app.refused is not None and typed.text == app.refused[0]:
        menu = app.query_one("#menu", Drawn)
        refused = [line(Span(each, "bad")) for each in app.refused[1].splitlines()]
        lines = [part for each in refused for part in folded(each, app.size.width - 2)]
        menu.display, menu.lit = True, None
        menu.styles.height = len(lines)
        menu.show(lines)
        return
    app.refused = None
    found, lit = _menu(typed.candidates, typed.at, app.size.width - 2, max(1, min(8, app.size.height - 6)))
    menu = app.query_one("#menu", Drawn)
    menu.display = bool(found)
    menu.styles.height = len(found)
    edge = app.query_one("#tree").size.width - menu.indent  # Textual cuts what lies above it there
    menu.show([apart(each, edge) for each in found])
    menu.lit = lit


def typing(app: Debugger, typed: Prompt.Typed) -> None:
    """Show what is typed for one cell in its place as well."""
    here = typed.kind == "edit" and app.frame is not None and app.editing == app.frame.account.cell
    app.query_one(Board).show_typed(typed.text if here else None)


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
