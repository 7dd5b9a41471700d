"""The actions of a lesson, and those of the debugger, of which some have other keys while one is read."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.lesson.going import LESSON, other_language, sign
from tfstep.faces.tui.state.action import Action

_OTHER_KEYS = {"follow": "F", "help": "f1"}
_SIGNS = {"finer": "<", "coarser": ">", "nudge-up": "="}  # answers to larger or smaller
_LEFT_OUT = ("tour",)


def _beside(lesson: tuple[Action, ...]) -> Iterator[Action]:
    """The debugger's actions without those whose keys the lesson takes."""
    taken = {key for action in lesson for key in action.all_keys}
    for action in ACTIONS:
        if action.name in _OTHER_KEYS:
            yield replace(action, keys=_OTHER_KEYS[action.name])
        elif action.name in _SIGNS:
            yield replace(action, does=sign, given=(_SIGNS[action.name], action.does, action.given))
        elif action.name == "language":
            yield replace(action, does=other_language)
        elif action.name not in _LEFT_OUT and not taken & set(action.all_keys):
            yield action


LESSON_ACTIONS = (*LESSON, *_beside(LESSON))
