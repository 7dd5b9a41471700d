"""The palette of everything one can do or go to: keys, commands, steps, variants."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tfstep.commands.language.registry import all_commands
from tfstep.faces.tui.actions import asking
from tfstep.faces.tui.widgets.chooser import Choice, Chooser
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def command_palette(app: Debugger) -> None:
    """Offer all of it; a few letters find it."""
    first = [*_keys(app), *_variants(app), *_commands(app)]
    app.push_screen(Chooser(str(Bilingual("Anything", "命令面板")), first, list(_steps(app))))


def _keys(app: Debugger) -> Iterator[Choice]:
    for key in app.keys:
        if key.action != "intend('everything')":
            yield Choice(str(key.label), str(key.said), partial(app.press_key, key), key.shown)


def _variants(app: Debugger) -> Iterator[Choice]:
    for name in app.session.scenario.variants:
        if name != app.session.variant:
            about = Bilingual("the variant {name}", "变体 {name}", name=name)
            sign = str(Bilingual("variant", "变体"))
            yield Choice(name, str(about), partial(app.perform, f"variant {name}"), sign)


def _commands(app: Debugger) -> Iterator[Choice]:
    for name, command in all_commands().items():
        take = partial(asking.command, app, f"{name} ") if " " in command.usage else partial(app.perform, name)
        yield Choice(command.usage, str(command.about), take, ":")


def _steps(app: Debugger) -> Iterator[Choice]:
    trace = app.session.trace
    for node in trace.plan.steps:
        yield Choice(
            node.path, trace[node.path].formula or "", partial(app.perform, f"goto {node.path}"), str(node.number)
        )
