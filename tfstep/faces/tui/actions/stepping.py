"""The keys that step: each runs a command of that name."""

from __future__ import annotations

from tfstep.faces.tui.state.action import Action, listed
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


STEPPING = (
    Action("next", "n", Bilingual("next", "下一步"), "next", footer=1),
    Action("reverse-next", "p", Bilingual("back", "后退"), "reverse-next", footer=1),
    Action("step", "s", Bilingual("into", "进入"), "step", footer=1, here=_into),
    Action("finish", "o", Bilingual("out", "跳出"), "finish", footer=1, here=_out),
    Action("continue", "c", Bilingual("continue", "继续"), "continue", footer=3),
)
