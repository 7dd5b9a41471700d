"""The actions as Textual's bindings: each has its name as id, by which a keymap gives it other keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingType

from tfstep.faces.tui.state.action import Action

NO_KEY = "no-key"  # an empty entry of a keymap leaves a binding as it is; this is a key that nobody can press


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """The bindings of these actions. They have priority, so that each key is done before the next is looked at."""
    return [
        Binding(",".join(each.all_keys), f"press({each.name!r})", id=each.name, show=False, priority=True)
        for each in actions
        if each.all_keys
    ]


def keymap(actions: Iterable[Action], first: Iterable[Action]) -> Mapping[str, str]:
    """The keys of the actions that have others than at first, for `App.set_keymap`."""
    before = {each.name: each.all_keys for each in first}
    return {
        each.name: ",".join(each.all_keys) or NO_KEY
        for each in actions
        if each.name in before and each.all_keys != before[each.name]
    }
