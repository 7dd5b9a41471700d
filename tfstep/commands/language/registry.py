"""The commands: each declared once, for the command bar, the line debugger, scripts, lessons, help and the reference.

Every module of ``tfstep.commands`` may declare some; nothing else has to name it.

@command("move", "next [n]", aliases=("n",), repeats=True, about=Bilingual("…", "…"))
def _next(session: Session, n: int = 1) -> Result: …
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal

from msgspec import Struct

import tfstep.commands
from tfstep.commands.language.line import count, none, require_argument
from tfstep.errors import CommandError, NoCommandError, did_you_mean, meant
from tfstep.session.results import GROUPS, HelpEntry, Result
from tfstep.session.state import State
from tfstep.text import Bilingual

ELSEWHERE = {
    "run": "goto start",
    "start": "goto start",
    "restart": "goto start",
    "jump": "goto",
    "up": "finish",
    "return": "finish",
    "down": "step",
    "frame": "where",
    "back": "reverse-next",
    "clear": "delete",
    "ptype": "show",
    "whatis": "show",
    "pp": "print",
    "call": "print",
    "args": "info params",
    "ll": "list",
    "longlist": "list",
    "kill": "quit",
    "record": "history",
}
"""What gdb and pdb call it, where we have no such command."""

Run = Callable[..., Result]  # of a Session, which knows the registry, and the argument
Lasting = Literal["moment", "model", "several", "long"]


class Command(Struct, frozen=True, kw_only=True):
    """One command.

    ``completes`` names, argument by argument, what can stand there: path, cell, place, expr, variant, file, command …,
    or words in quotes (``'source|target'``); the last one goes for all that follow. ``repeats``: an empty line runs it
    again. ``lasts`` says how long it may take: a moment; as long as computing the ``model`` does; ``long``; or long if
    it is done ``several`` times. ``replayed``: `recover` runs it again, for it leaves something behind. ``logged``: a
    line in the diary, which that of a script is not: its own lines are. ``shows``: a lesson that runs it looks at
    something. ``refused`` gives the reason why it cannot be used now. ``bare``: it tells itself what is missing.
    ``files``: it reads or writes one. ``words``: it is of the scenario's own words, which a pass of `generate` has not.
    """

    name: str
    group: str
    usage: str
    about: Bilingual
    run: Callable[[Any, str], Result]
    aliases: tuple[str, ...] = ()
    completes: tuple[str, ...] = ()
    repeats: bool = False
    lasts: Lasting = "moment"
    replayed: bool = False
    logged: bool = True
    shows: bool = False
    bare: bool = False
    files: bool = False
    words: bool = False
    refused: Callable[[State], Bilingual | None] = lambda state: None

    def reason(self, state: State) -> Bilingual | None:
        """Why it cannot be used now, if it cannot: here, now, in a session that is to touch no files, in a pass."""
        if self.files and (why := state.confined or state.speaker.touches_no_files()) is not None:
            return why
        if self.words and state.variant in state.passes:
            return Bilingual(
                "{name} is a pass of `generate`, which has no file; go back with `variant base` first",
                "{name} 是 `generate` 的一遍前向，不对应任何文件；请先用 `variant base` 回去",
                name=state.variant,
            )
        return self.refused(state)

    @property
    def takes_text(self) -> bool:
        """Whether what follows are words of a text or names of files, so that a full-width comma is one."""
        return self.files or "word" in self.completes

    @property
    def changes(self) -> bool:
        """Whether what it leaves behind is more than a place: a change, or training."""
        return self.replayed and self.group in ("change", "learn")

    def takes_long(self, rest: str, large: bool) -> bool:
        """Whether it may take longer than a key press should; ``large`` is a model that takes long to compute."""
        return {
            "moment": False,
            "model": large,
            "several": large or rest.strip() != "1",
            "long": True,
        }[self.lasts]

    def entry(self, state: State | None = None) -> HelpEntry:
        """Its entry in the help, with the reason why it cannot be used now, if there is one."""
        reason = None if state is None else self.reason(state)
        key = None if state is None else state.key_of(self.name)
        return HelpEntry(self.name, self.group, self.usage, self.aliases, key, self.about, reason)


Topic = Callable[[Any], Result]
TOPICS: dict[str, tuple[Topic, Bilingual]] = {}
"""The topics of `info`: what each runs, and what it lists."""

_COMMANDS: dict[str, Command] = {}
_ALIASES: dict[str, str] = {}
_MODULES: dict[str, str] = {}  # in which each is declared


@cache
def all_commands() -> dict[str, Command]:
    """Every command by its name. Their modules are loaded when the first is asked for, not when the program starts:
    those that are called as a group is in its order, then the others, whichever was loaded before."""
    modules = [module.name for module in iter_modules(tfstep.commands.__path__) if not module.ispkg]
    loaded = [f"tfstep.commands.{name}" for name in sorted(modules, key=[*GROUPS, *modules].index)]
    for name in loaded:
        import_module(name)
    return dict(sorted(_COMMANDS.items(), key=lambda item: loaded.index(_MODULES[item[0]])))


def command(
    group: str, usage: str, *, about: Bilingual, aliases: tuple[str, ...] = (), **more: Any
) -> Callable[[Run], Run]:
    """Declare a command; its name is the first word of ``usage``, which also says what it is given: nothing, ``[n]`` as
    a whole number, or the rest of the line. ``more`` are fields of `Command`. Raises ValueError for a name used twice.
    """
    name, _, wants = usage.partition(" ")
    more = {"replayed": group in ("move", "stop", "change"), "shows": group == "move", **more}

    def enter(run: Run) -> Run:
        def given(session: Any, rest: str) -> Result:
            if not wants:
                none(rest, usage)
                return run(session)
            if wants == "[n]":
                return run(session, count(rest, usage)) if rest else run(session)
            return run(session, rest if wants.startswith("[") or more.get("bare") else require_argument(rest, usage))

        for word in (name, *aliases):
            if word in _COMMANDS or word in _ALIASES:
                raise ValueError(f"{word} is a command already")
        if group not in GROUPS:
            raise ValueError(f"{name}: no group {group}")
        _MODULES[name] = run.__module__
        _COMMANDS[name] = Command(name=name, group=group, usage=usage, about=about, run=given, aliases=aliases, **more)
        _ALIASES.update(dict.fromkeys(aliases, name))
        return run

    return enter


def topic(name: str, about: Bilingual) -> Callable[[Topic], Topic]:
    """Declare one topic of `info`."""

    def enter(run: Topic) -> Topic:
        TOPICS[name] = run, about
        return run

    return enter


def find(word: str) -> Command:
    """The command of this name, short form or unique beginning. Raises CommandError."""
    commands = all_commands()
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
    other = ELSEWHERE.get(word)
    near = (
        meant(f"`{other}`") if other else did_you_mean(word, [*commands, *(each for each in _ALIASES if len(each) > 2)])
    )
    raise NoCommandError(
        Bilingual(
            "no command {word!r}{near}; `help` lists them",
            "没有命令 {word!r}{near}；`help` 列出全部命令",
            word=word[:40],
            near=near,
        ),
        Bilingual("this line begins with no command{near}", "这一行不以命令开头{near}", near=near),
    )


def names_command(line: str) -> bool:
    """Whether a line begins with a command, written out or shortened."""
    words = line.split(maxsplit=1)
    try:
        return bool(words) and bool(find(words[0]))
    except CommandError:
        return False


def is_change(line: str) -> bool:
    """Whether a line that was typed is worth taking up again: a change, or training; walking about is not."""
    words = line.split(maxsplit=1)
    try:
        return bool(words) and find(words[0]).changes
    except CommandError:
        return False


def in_groups() -> Iterable[tuple[str, list[Command]]]:
    """The commands by group, in the order of the groups and of their declaration."""
    for group in GROUPS:
        yield group, [each for each in all_commands().values() if each.group == group]
