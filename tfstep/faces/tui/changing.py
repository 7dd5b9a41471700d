"""Changing numbers by keys: editing in place, nudging, other words, another variant, breakpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.faces.tui.asking import ask, command
from tfstep.text import Text
from tfstep.view.spans import Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def edit(app: Debugger) -> None:
    """Ask for a new number for the cell under the cursor."""
    if app.frame is None:
        return
    account = app.frame.account
    ask(app, "edit", f"{account.cell} =", f"{account.value:.10g}")


def edit_row(app: Debugger) -> None:
    """Ask for the row under the cursor: numbers, or one expression for all of it."""
    if app.frame is None:
        return
    cell = app.frame.cell
    index = f"[{','.join(map(str, (*cell[:-1], ':')))}]" if cell else ""
    command(app, f"set {app.frame.focus}{index} = ")


def edit_all(app: Debugger) -> None:
    """Ask for a whole tensor: `zeros(3, 4)`, `eye(4)`, itself times two."""
    if app.frame is not None:
        command(app, f"set {app.frame.focus} = ")


def words(app: Debugger) -> None:
    """Ask for other words, from the present ones."""
    for side, path in (("source", "src.tokens"), ("target", "tgt.tokens")):
        if path in app.session.trace.plan.paths:
            sentences = app.session.trace[path].labels.get("position", [])
            text = " | ".join(" ".join(word for word in each if word != "<pad>") for each in sentences)
            command(app, f"tokens {side} {text}")
            return
    app.say(line(Span(str(Text("this scenario reads no words", "这个场景不读词")), "dim")))


def model_key(app: Debugger) -> None:
    """Ask for another value of a key of the model."""
    command(app, "model ")


def nudge(app: Debugger, direction: int) -> None:
    """Raise or lower the number under the cursor by one nudge."""
    if app.frame is None:
        return
    account = app.frame.account
    value = round(account.value + direction * app.nudge, 12)
    app.perform(f"set {account.cell} = {value!r}")


def nudge_size(app: Debugger, power: int) -> None:
    """Make the nudge ten times larger or smaller."""
    app.nudge = round(app.nudge * 10.0**power, 12)
    app.say(line(Span(str(Text("one nudge is now {size}", "每次微调 {size}", size=f"{app.nudge:g}")), "dim")))


def variant(app: Debugger, by: int = 1) -> None:
    """The next variant."""
    names = app.session.scenario.variants
    if len(names) < 2:
        app.say(line(Span(str(Text("this scenario has no variants", "这个场景没有变体")), "dim")))
        return
    app.perform(f"variant {names[(names.index(app.session.variant) + by) % len(names)]}")


def breakpoint_(app: Debugger) -> None:
    """Set or take away a breakpoint on this step."""
    session = app.session
    path = session.current.path
    here = [point for point in session.points.all.values() if point.pattern is not None and point.pattern.text == path]
    app.perform(f"delete {' '.join(str(point.number) for point in here)}" if here else f"break {path}")
