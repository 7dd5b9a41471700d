"""One action of the screen: its keys, what is told of it, what it does, and when that is possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from msgspec import Struct
from textual.keys import format_key

from tfstep.commands.language.registry import all_commands
from tfstep.text import Bilingual

NAMED = 8  # inner steps, readers, variants whose names are listed
_NAMED = re.compile(r"\[\[(.+?)\]\]")
_SHOWN = {
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "⇧Tab",
    "backspace": "⌫",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "left": "←",
    "down": "↓",
    "up": "↑",
    "right": "→",
}


def _always(state: Any) -> Bilingual | None:
    return None


class Action(Struct, frozen=True):
    """One action. It is declared once, beside the function that does it, or in the table where a command does.

    ``keys`` are those it comes with, as Textual calls them (``plus,equals_sign``), ``added`` those that the user gave
    it as well. ``does`` is a line of the debugger's language, or a function of the state and of the `Screen`, with
    ``given`` behind them. ``about`` is what the help says where there is no command that says it, with keys as
    `spelled` reads them; ``command`` names the command whose key it is, where the line does not. ``footer`` ranks it
    for a narrow footer; 0 keeps it out; there it stands together with the action called ``partner``. ``why_not`` is
    the reason why it can do nothing now, ``here`` what it does to what is looked at, for the help, ``called`` its label
    where that is another one here: all are functions of the state.
    """

    name: str
    keys: str
    label: Bilingual
    does: Callable[..., None] | str
    given: tuple[object, ...] = ()
    about: Bilingual | None = None
    command: str = ""
    footer: int = 0
    partner: str = ""
    why_not: Callable[[Any], Bilingual | None] = _always
    here: Callable[[Any], Bilingual | None] = _always
    called: Callable[[Any], Bilingual | None] = _always
    added: str = ""

    @property
    def line(self) -> str:
        """The line that it runs, if it does no more."""
        return self.does if isinstance(self.does, str) else ""

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Every key that it has."""
        return tuple(key for keys in (self.keys, self.added) if keys for key in keys.split(","))

    @property
    def shown(self) -> str:
        """Its first key, as it is written for a reader; nothing where it has none."""
        first = (self.keys or self.added).partition(",")[0]
        return shown_key(first) if first else ""

    @property
    def said(self) -> Bilingual:
        """What it does, in a sentence."""
        if self.about is not None:
            return self.about
        command = all_commands().get(self.line)
        return self.label if command is None else command.about

    def reason(self, state: Any) -> Bilingual | None:
        """Why it can do nothing now, if it cannot: a command says so itself."""
        if self.line:
            command = all_commands().get(self.line.split()[0])
            return None if command is None else command.reason(state.session)
        return self.why_not(state)


@cache
def shown_key(key: str) -> str:
    """How one key is written for a reader: ``←``, ``^P``, ``F2``."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+').upper()}"
    if key[:1] == "f" and key[1:].isdecimal():
        return key.upper()
    return _SHOWN.get(key) or format_key(key)


def listed(names: Sequence[str]) -> str:
    """Some of these names, and how many more there are."""
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return "  ".join(names[:NAMED]) + more


def spelled(text: str, actions: Iterable[Action]) -> str:
    """A text with the keys that are in force: ``[[follow]]`` is the one of the action of that name, ``?`` if none."""
    keys = {action.name: action.shown for action in actions if action.shown}
    return _NAMED.sub(lambda found: keys.get(found[1], "?"), text)


def every_key(actions: Sequence[Action], language: str) -> list[tuple[list[str], str]]:
    """What all the keys do in a sentence each, with the keys that do it."""
    found: dict[str, list[str]] = {}
    for action in actions:
        if action.shown:
            said = spelled(action.said.in_(language), actions)
            found.setdefault(said, []).extend(map(shown_key, action.all_keys))
    return [(keys, said) for said, keys in found.items()]


def key_of_command(actions: Iterable[Action], command: str) -> str | None:
    """The key that does now what this command does; None without one."""
    found = (action.shown for action in actions if command in (action.line, action.command))
    return next(filter(None, found), None)
