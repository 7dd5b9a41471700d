"""The keys that step: each runs a command of that name."""

from __future__ import annotations

from tfstep.faces.tui.state.action import Action, listed
from tfstep.faces.tui.state.screen import Screen
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.session.place import substeps_at
from tfstep.text import Bilingual


def _into(state: ScreenState) -> Bilingual | None:
    session = state.session
    inside = substeps_at(session.trace, session.position) if session.partial is None else None
    if inside is None:
        return None
    names = listed([node.path for node in inside.plan.steps])
    return Bilingual("into it: {names}", "进入内部：{names}", names=names)


def _out(state: ScreenState) -> Bilingual | None:
    if len(state.session.position) < 2:
        return None
    return Bilingual("out of it, back to the step around", "跳出，回到外面的一步")


def update(state: ScreenState, screen: Screen, by: int) -> None:
    """To the update before, or to the next that was made."""
    screen.perform(f"goto update {state.session.update + by}")


def _no_earlier(state: ScreenState) -> Bilingual | None:
    if state.session.update:
        return None
    return Bilingual("no update before this: `train` makes some", "前面没有更新：`train` 做一些")


def _no_later(state: ScreenState) -> Bilingual | None:
    found = state.frame.header.course
    if found is not None and found.at < len(found.made):
        return None
    return Bilingual("no later update was made: `train` makes more", "后面没有做过更新：`train` 继续做")


UPDATES = (
    Action(
        "earlier-update",
        "z",
        Bilingual("update before", "上次更新"),
        update,
        (-1,),
        why_not=_no_earlier,
        about=Bilingual(
            "To the numbers before the last update; the strip on top shows where you are in the training.",
            "回到上一次更新之前的数；顶栏的训练条显示现在位于训练的何处。",
        ),
    ),
    Action(
        "later-update",
        "Z",
        Bilingual("next update", "下次更新"),
        update,
        (1,),
        why_not=_no_later,
        about=Bilingual("To the next update that was made.", "到下一次做过的更新。"),
    ),
)
STEPPING = (
    Action("next", "n", Bilingual("next", "下一步"), "next", footer=1),
    Action("reverse-next", "p", Bilingual("back", "后退"), "reverse-next", footer=1),
    Action("step", "s", Bilingual("into", "进入"), "step", footer=1, here=_into),
    Action("finish", "o", Bilingual("out", "跳出"), "finish", footer=1, here=_out),
    Action("continue", "c", Bilingual("continue", "继续"), "continue", footer=3),
)
