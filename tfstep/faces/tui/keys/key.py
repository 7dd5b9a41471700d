"""One key: what it is called, shown, said to do."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from textual.binding import Binding, BindingType

from tfstep.commands.language.registry import all_commands
from tfstep.text import Bilingual


class Key(Struct, frozen=True):
    """One key: how Textual calls it, how it is shown, what it does.

    ``line`` is the command that it runs; else ``action`` names what the App does. ``about`` is what the help says
    where there is no command that says it. ``footer`` ranks it for a narrow footer; 0 keeps it out.
    """

    names: str
    shown: str
    label: Bilingual
    action: str
    line: str = ""
    about: Bilingual | None = None
    footer: int = 0

    @property
    def said(self) -> Bilingual:
        """What it does, in a sentence."""
        if self.about is not None:
            return self.about
        command = all_commands().get(self.line)
        return self.label if command is None else command.about


def in_force(keys: Iterable[Key], first: Iterable[Key], shown: str) -> str | None:
    """How the key is shown now that was shown like this in the table they were made from; None without one."""
    meant = next(((key.action, key.line) for key in first if key.shown == shown), None)
    return next((key.shown for key in keys if (key.action, key.line) == meant), None)


def bindings(keys: Iterable[Key]) -> list[BindingType]:
    """The keys as Textual wants them, between those that end a prompt and Ctrl+C, if it is not one of them."""
    ends = [("enter", "answer"), ("escape", "leave")]
    stops = [("ctrl+c", "intend('interrupt')")]
    does = [(key.names, f"run({key.line!r})" if key.action == "run" else key.action) for key in keys]
    return [Binding(names, action, show=False, priority=True) for names, action in (*ends, *does, *stops)]
