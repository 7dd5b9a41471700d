"""The commands: each declared once, for the command bar, the line debugger, scripts, lessons, help and the reference.

@command("move", "next [n]", aliases=("n",), key="n", repeats=True, about=Bilingual("…", "…"))
def _next(session: Session, rest: str) -> Result: …
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any

from msgspec import Struct

from tfstep.errors import CommandError, did_you_mean
from tfstep.session.results import HelpEntry, Result
from tfstep.session.state import State
from tfstep.text import Bilingual

Run = Callable[[Any, str], Result]  # of the `Session` that runs the line, which looks its commands up here

GROUPS: dict[str, Bilingual] = {
    "move": Bilingual("Moving", "移动"),
    "stop": Bilingual("Stopping", "停下"),
    "look": Bilingual("Looking", "查看"),
    "change": Bilingual("Changing", "改动"),
    "compare": Bilingual("Comparing", "比较"),
    "learn": Bilingual("Training and checking", "训练与检查"),
    "keep": Bilingual("Keeping", "保存"),
}


class Command(Struct, frozen=True):
    """One command. ``key`` is that of the screen, before the user's own. ``completes`` names, argument by argument,
    what can stand there: path, cell, place, expr, variant, file, command …, or words in quotes
    (``'source|target'``); the last one goes for all that follow."""

    name: str
    group: str
    usage: str
    about: Bilingual
    run: Run
    aliases: tuple[str, ...] = ()
    key: str | None = None
    completes: tuple[str, ...] = ()
    repeats: bool = False
    refused: Callable[[State], Bilingual | None] = lambda state: None
    files: bool = False  # whether it reads or writes one

    def reason(self, state: State) -> Bilingual | None:
        """Why it cannot be used now, if it cannot: here and now, or in a session that is to touch no files."""
        return state.confined if state.confined is not None and self.files else self.refused(state)

    def entry(self, state: State | None = None) -> HelpEntry:
        """Its entry in the help, with the reason why it cannot be used now, if there is one."""
        reason = None if state is None else self.reason(state)
        key = self.key if state is None or self.key is None else state.key_of(self.key)
        return HelpEntry(self.name, self.group, self.usage, self.aliases, key, self.about, reason)


ROOMS = (
    *("move", "stop", "look", "code", "display", "info", "change", "inputs", "compare"),
    *("learn", "verify", "draw", "save", "history", "recover", "help"),
)
"""The modules in which commands are declared, in the order in which the help lists them."""

_COMMANDS: dict[str, Command] = {}
_ALIASES: dict[str, str] = {}


@cache
def declared() -> dict[str, Command]:
    """Every command by its name. Their rooms are loaded when the first is asked for, not when the program starts."""
    for room in ROOMS:
        import_module(f"tfstep.commands.{room}")
    return _COMMANDS


def command(
    group: str,
    usage: str,
    *,
    about: Bilingual,
    aliases: tuple[str, ...] = (),
    key: str | None = None,
    completes: tuple[str, ...] = (),
    repeats: bool = False,
    refused: Callable[[State], Bilingual | None] = lambda state: None,
    files: bool = False,
) -> Callable[[Run], Run]:
    """Declare a command; its name is the first word of ``usage``. Raises ValueError for a name used twice."""
    name = usage.split()[0]

    def enter(run: Run) -> Run:
        for word in (name, *aliases):
            if word in _COMMANDS or word in _ALIASES:
                raise ValueError(f"{word} is a command already")
        if group not in GROUPS:
            raise ValueError(f"{name}: no group {group}")
        _COMMANDS[name] = Command(name, group, usage, about, run, aliases, key, completes, repeats, refused, files)
        _ALIASES.update(dict.fromkeys(aliases, name))
        return run

    return enter


def find(word: str) -> Command:
    """The command of this name, short form or unique beginning. Raises CommandError."""
    commands = declared()
    name = _ALIASES.get(word, word)
    if name in commands:
        return commands[name]
    begins = [name for name in commands if name.startswith(word)] if word else []
    if len(begins) == 1:
        return commands[begins[0]]
    if begins:
        raise CommandError(
            Bilingual(
                "{word}: which one? {begins}",
                "{word}：是哪一个？{begins}",
                word=word,
                begins=", ".join(begins),
            )
        )
    raise CommandError(
        Bilingual(
            "no command {word!r}; `help` lists them{near}",
            "没有命令 {word!r}；`help` 列出全部命令{near}",
            word=word[:40],
            near=did_you_mean(word, [*commands, *_ALIASES]),
        )
    )


def in_groups() -> Iterable[tuple[str, list[Command]]]:
    """The commands by group, in the order of the groups and of their declaration."""
    for group in GROUPS:
        yield group, [each for each in declared().values() if each.group == group]
