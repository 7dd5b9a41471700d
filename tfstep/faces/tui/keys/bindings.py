"""The actions as Textual's bindings: each has its name as id, by which a keymap gives it other keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from textual.binding import Binding, BindingType
from textual.keys import key_to_character

from tfstep.faces.tui.state.action import Action

WIDER = 0xFEE0  # from an ASCII sign to its full-width one
NO_KEY = "no-key"  # an empty entry of a keymap leaves a binding as it is; this is a key that nobody can press


ENTER = "enter,ctrl+j"  # and the line feed that a terminal makes of it when it is typed before the screen is there


def typed(keys: Iterable[str]) -> Iterator[str]:
    """The keys, and behind each the one that a Chinese input method gives in its place: ``？`` for ``?``; behind Enter
    the line feed that stands for it."""
    for key in keys:
        yield ENTER if key == "enter" else key
        character = key_to_character(key)
        if character is not None and "!" <= character <= "~":
            wide = chr(ord(character) + WIDER)
            yield wide if wide.isalnum() else unicodedata.name(wide).lower().replace("-", "_").replace(" ", "_")


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """The bindings of these actions. They have priority, so that each key is done before the next is looked at."""
    return [
        Binding(",".join(typed(each.all_keys)), f"press({each.name!r})", id=each.name, show=False, priority=True)
        for each in actions
        if each.all_keys
    ]


def keymap(actions: Iterable[Action], first: Iterable[Action]) -> Mapping[str, str]:
    """The keys of the actions that have others than at first, for `App.set_keymap`."""
    before = {each.name: each.all_keys for each in first}
    return {
        each.name: ",".join(typed(each.all_keys)) or NO_KEY
        for each in actions
        if each.name in before and each.all_keys != before[each.name]
    }
