"""Keys of the user's own, from ``keys.toml`` in the folder of the configuration.

A line is ``KEY = "WHAT"``: what another key does (``x = "n"``), a line of the debugger's language
(``"ctrl+g" = "goto loss"``), or nothing (``q = ""``). A mistake is told and its line passed over.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from textual.keys import Keys, _character_to_key  # Textual has no public way from a character to its key

from tfstep.commands.language.line import split
from tfstep.commands.language.registry import find
from tfstep.errors import CommandError, TfstepError
from tfstep.faces.tui.state.action import Action, shown_key
from tfstep.text import Bilingual

LARGEST = 100_000  # bytes of the file
_WHERE = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")
_SPELLED = {
    "esc": "escape",
    "return": "enter",
    "pgdn": "pagedown",
    "pgup": "pageup",
    "space": "space",
    "⌫": "backspace",
}
_PARTS = re.compile(r"(?:(?:ctrl|shift|alt)\+)*")


class Rebound(Struct, frozen=True):
    """The actions with the keys that the user wants, and what was wrong with the file."""

    actions: tuple[Action, ...]
    mistakes: tuple[str, ...] = ()


def rebound(actions: tuple[Action, ...], file: Path) -> Rebound:
    """These actions with the changes of the file; without a file, as they are."""
    try:
        if file.stat().st_size > LARGEST:
            return Rebound(actions, (f"{file}:1:1: {Bilingual('too large a file', '文件过大')}",))
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return Rebound(actions)
    except (OSError, UnicodeDecodeError) as error:
        return Rebound(actions, (f"{file}:1:1: {getattr(error, 'strerror', None) or error}",))
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Rebound(actions, (_misspelled(file, text, str(error)),))
    return _applied(actions, table, file, text)


def _misspelled(file: Path, text: str, error: str) -> str:
    """A fault of TOML itself, at its place."""
    found = _WHERE.search(error)
    line, column = (found[1], found[2]) if found and found[1] else (str(len(text.splitlines()) or 1), "1")
    said = Bilingual("this is not TOML: {error}", "不是合法的 TOML：{error}", error=_WHERE.sub("", error).strip())
    return f"{file}:{line}:{column}: {said}"


def _applied(actions: tuple[Action, ...], table: Mapping[str, Any], file: Path, text: str) -> Rebound:
    wanted: dict[str, Action | None] = {}
    mistakes = []
    for name, what in table.items():
        try:
            wanted[key_name(name)] = _meant(actions, name, what)
        except TfstepError as error:
            mistakes.append(f"{file}:{_place(text, name)}: {error}")
    return Rebound(tuple(_moved(actions, wanted)), tuple(mistakes))


def key_name(written: str) -> str:
    """The name by which Textual calls a key. Raises TfstepError for one that there is not."""
    written = written.strip()
    if len(written) == 1:
        return _character_to_key(written)
    lower = written.lower() if len(written) > 1 else written
    front = _PARTS.match(lower)
    modifiers, last = (front[0], lower[front.end() :]) if front else ("", lower)
    if modifiers == "shift+" and len(last) == 1 and last.isalpha():
        return last.upper()
    last = _character_to_key(last) if len(last) == 1 else _SPELLED.get(last, last)
    if last and (len(last) == 1 or last in {key.value for key in Keys} or last == "space" or "_" in last):
        return f"{modifiers}{last}"
    raise CommandError(
        Bilingual(
            "there is no key {key!r}; a key is a character, or such as `ctrl+g`, `f5`, `pagedown`",
            "没有按键 {key!r}；按键写作一个字符，或 `ctrl+g`、`f5`、`pagedown` 这样的名称",
            key=written[:40],
        )
    )


def _meant(actions: tuple[Action, ...], name: str, what: object) -> Action | None:
    """The action that a line of the file asks for, None where it asks for none. Raises TfstepError."""
    if not isinstance(what, str):
        raise CommandError(
            Bilingual(
                '{key} = {what!r}: in quotes, a key or a command is needed, such as "n" or "goto loss"',
                '{key} = {what!r}：应是引号里的按键或命令，例如 "n" 或 "goto loss"',
                key=name,
                what=what,
            )
        )
    if not what.strip():
        return None
    model = next((action for action in actions if what in map(shown_key, action.all_keys) or _is(action, what)), None)
    if model is not None:
        return model
    command = what.strip().removeprefix(":").strip()
    word, _ = split(command)
    found = find(word)
    label = Bilingual("{line}", "{line}", line=command)
    about = found.about if command == word else Bilingual("Run `{line}`.", "执行 `{line}`。", line=command)
    return Action(f": {command}", "", label, command, about=about)


def _is(action: Action, written: str) -> bool:
    try:
        return key_name(written) in action.all_keys
    except TfstepError:
        return False


def _moved(actions: tuple[Action, ...], wanted: Mapping[str, Action | None]) -> Iterator[Action]:
    """The actions without the keys that are wanted for something else, and with those that are wanted for them."""

    def added(name: str) -> str:
        return ",".join(key for key, action in wanted.items() if action is not None and action.name == name)

    for action in actions:
        kept = ",".join(key for key in action.keys.split(",") if key not in wanted)
        yield replace(action, keys=kept, added=added(action.name))
    own = {action.name: action for action in wanted.values() if action is not None and action not in actions}
    for name, action in own.items():
        yield replace(action, added=added(name))


def _place(text: str, name: str) -> str:
    """Where the line of a key stands: ``3:1``."""
    written = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
    for number, line in enumerate(text.splitlines(), 1):
        if found := written.match(line):
            return f"{number}:{len(found[0]) - len(found[0].lstrip()) + 1}"
    return "1:1"
