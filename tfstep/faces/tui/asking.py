"""The prompt: what is asked with it, how the line may go on, and what is done with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.faces.tui.prompt import Complete, Prompt
from tfstep.text import Text
from tfstep.view.spans import Line, Span, line, line_width
from tfstep.view.width import clip, width

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def command(app: Debugger, text: str = "") -> None:
    """Ask for a command; ``text`` is how it begins."""
    from tfstep.commands.completion import complete

    def ways(before: str) -> list[tuple[str, int, str]]:
        return [(each.text, each.replaces, each.about) for each in complete(app.session, before)]

    ask(app, "command", "(tfstep)", text, app.session.history, ways)


def search(app: Debugger) -> None:
    """Ask for part of the name of a step."""

    def ways(before: str) -> list[tuple[str, int, str]]:
        return [(path, len(before), "") for path in _matching(app, before)]

    ask(app, "search", "/", app.look.search, [], ways)


def _matching(app: Debugger, part: str) -> list[str]:
    """The steps with this in their name, from the present one on, round the end."""
    steps, at = app.session.trace.plan.steps, app.session.position[0]
    ordered = [*steps[at:], *steps[:at]]
    return [node.path for node in ordered if part and part.lower() in node.path.lower()]


def ask(
    app: Debugger, kind: str, sign: str, text: str, history: list[str] | None = None, complete: Complete | None = None
) -> None:
    """Put the prompt where the status line is, with this sign before it and this text in it."""
    app.query_one("#prompt", Prompt).ask(kind, sign, text, history or [], complete)
    app.query_one("#status").display = False


def left_prompt(app: Debugger) -> None:
    """The prompt is gone; the status line is back."""
    app.query_one("#status").display = True
    app.set_focus(None)
    app.redraw()


def answered(app: Debugger, kind: str, text: str) -> None:
    """Do what the prompt was asked for."""
    left_prompt(app)
    if kind == "command":
        app.perform(text)
    elif kind == "edit" and app.frame is not None and text.strip():
        app.perform(f"set {app.frame.account.cell} = {text}")
    elif kind == "search":
        found = _matching(app, text.strip())
        if found:
            app.perform(f"goto {found[0]}")
            app.look_at(search=text.strip())
        elif text.strip():
            said = Text("no step has {part!r} in its name", "没有名字里含 {part!r} 的步骤", part=text.strip()[:40])
            app.say(line(Span(str(said), "bad")))


def candidates(found: list[tuple[str, int, str]], cells: int) -> Line:
    """How the line may go on, in one line: with one candidate also what it is."""
    if not found:
        return ()
    if len(found) == 1:
        text, _, about = found[0]
        return line(Span(text, "accent"), Span(clip(f"  {about}", max(0, cells - width(text))), "dim"))
    spans: list[Span] = []
    for text, _, _ in found:
        span = Span(f"{text}  ", "")
        if line_width((*spans, span)) > cells - 8:
            spans.append(Span(f"… {len(found)}", "dim"))
            break
        spans.append(span)
    return tuple(spans)
