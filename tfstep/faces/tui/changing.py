"""Changing numbers by keys: editing in place, nudging; and what else one key switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.faces.tui.asking import ask
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


def mode(app: Debugger, wanted: str) -> None:
    """Switch to a way of looking, or back to the step."""
    if wanted == "difference" and (app.frame is None or app.frame.since is None):
        text = Text("nothing was edited yet: `e` edits, `+` and `-` nudge", "还没有改动：`e` 编辑，`+` `-` 微调")
        app.say(line(Span(str(text), "dim")))
        return
    app.look_at(mode="value" if app.look.mode == wanted else wanted, focus=None, factor=0)


def heat(app: Debugger) -> None:
    """Numbers, or shades only."""
    app.look_at(heat=not app.look.heat)


def breakpoint_(app: Debugger) -> None:
    """Set or take away a breakpoint on this step."""
    session = app.session
    path = session.current.path
    here = [point for point in session.points.all.values() if point.pattern is not None and point.pattern.text == path]
    app.perform(f"delete {' '.join(str(point.number) for point in here)}" if here else f"break {path}")
