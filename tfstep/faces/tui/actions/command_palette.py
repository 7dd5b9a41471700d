"""The palette of everything one can do or go to: keys, commands, steps, variants."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tfstep.commands.language.registry import all_commands
from tfstep.faces.tui.actions import asking
from tfstep.faces.tui.state.action import spelled
from tfstep.faces.tui.state.screen import Screen
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.faces.tui.widgets.chooser import Choice, Chooser
from tfstep.text import Bilingual
from tfstep.view.frame.frame import LEAVES


def command_palette(state: ScreenState, screen: Screen) -> None:
    """Offer all of it; a few letters find it."""
    first = [*_actions(state, screen), *_variants(state, screen), *_commands(state, screen)]
    screen.open(Chooser(str(Bilingual("Anything", "命令面板")), first, list(_steps(state, screen))))


def _actions(state: ScreenState, screen: Screen) -> Iterator[Choice]:
    for action in state.actions:
        if action.name != "palette":
            about = spelled(str(action.said), state.actions)
            if reason := action.reason(state):
                about = str(
                    Bilingual("not now: {reason}; {about}", "现在不行：{reason}；{about}", reason=reason, about=about)
                )
            yield Choice(str(action.label), about, partial(screen.press, action), action.shown)


def _variants(state: ScreenState, screen: Screen) -> Iterator[Choice]:
    for name in state.session.scenario.variants:
        if name != state.session.variant:
            about = Bilingual("the variant {name}", "变体 {name}", name=name)
            sign = str(Bilingual("variant", "变体"))
            yield Choice(name, str(about), partial(screen.perform, f"variant {name}"), sign)


def _commands(state: ScreenState, screen: Screen) -> Iterator[Choice]:
    for name, command in all_commands().items():
        asked = partial(asking.command, state, screen, f"{name} ")
        take = asked if " " in command.usage else partial(screen.perform, name)
        yield Choice(command.usage, str(command.about), take, ":")


def _steps(state: ScreenState, screen: Screen) -> Iterator[Choice]:
    trace = state.session.trace
    for node in trace.plan.nodes:
        if node.kind == "parameter":
            goto = partial(screen.perform, f"goto {node.path}")
            yield Choice(node.path, str(LEAVES[node.kind]), goto, str(LEAVES[node.kind]))
    for node in trace.plan.steps:
        goto = partial(screen.perform, f"goto {node.path}")
        yield Choice(node.path, trace[node.path].formula or "", goto, str(node.number))
