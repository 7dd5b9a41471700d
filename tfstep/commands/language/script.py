"""Scripts: files of lines of the debugger's language."""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Iterable, Iterator

from tfstep.commands.language.line import without_comment
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, NoCommandError, TfstepError, refusal
from tfstep.files import typed_path
from tfstep.session.results import Nothing, Quit, Result
from tfstep.session.speaker import Speaker, script
from tfstep.text import Bilingual

STDIN = "-"  # the name of standard input
MOST_LINES = 100_000  # that one script runs, those that it runs included
LONGEST = 2_000_000  # bytes of one script
_BLOCK = re.compile(r"\s*com(?:m(?:a(?:n(?:d(?:s)?)?)?)?)?(?:\s+[0-9][0-9,-]*)?\s*")


class ScriptError(CommandError):
    """A line of a script failed; ``results`` are those of the lines before it, ``line`` counts from 1."""

    def __init__(self, message: Bilingual, results: tuple[Result, ...] = ()) -> None:
        super().__init__(message)
        self.results = results


class ExpectError(CommandError):
    """An `expect` did not hold."""


def read_script(path: str) -> list[tuple[int, str]]:
    """The lines of a script with their numbers. Raises CommandError where the file cannot be read."""
    try:
        if path == STDIN:
            return _numbered(path, sys.stdin.buffer.read(LONGEST + 1) if sys.stdin is not None else b"")
        file = typed_path(path)
        if not stat.S_ISREG(file.stat().st_mode):  # a device or a pipe may never end
            raise CommandError(Bilingual("{path} is no plain file", "{path} 不是普通文件", path=path))
        with file.open("rb") as opened:
            data = opened.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = refusal(error) if isinstance(error, OSError) else Bilingual("no name of a file", "不是文件名")
        raise CommandError(
            Bilingual("{path} cannot be read: {reason}", "无法读取 {path}：{reason}", path=path, reason=reason)
        ) from None
    return _numbered(path, data)


def _numbered(path: str, data: bytes) -> list[tuple[int, str]]:
    if len(data) > LONGEST:
        raise CommandError(
            Bilingual("{path} is larger than {most} bytes", "{path} 超过 {most} 字节", path=path, most=LONGEST)
        )
    try:
        return list(enumerate(data.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n"), 1))
    except UnicodeDecodeError:
        raise CommandError(Bilingual("{path} is not UTF-8 text", "{path} 不是 UTF-8 文本", path=path)) from None


def opens(line: str) -> bool:
    """Whether a line begins a list of commands, which goes on up to `end`."""
    return bool(_BLOCK.fullmatch(without_comment(line)))


def join_lines(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines, with what belongs together in one: what a backslash parts, and `commands 1` with all up to `end`.
    Its number is that of the first. Without an `end` they are lines like others."""
    held: list[tuple[int, str]] = []
    for number, line in _continued(lines):
        if not held and not opens(line):
            yield number, line
            continue
        held.append((number, line))
        if line.strip() == "end":
            (start, first), *inner, _ = [(n, without_comment(each).strip()) for n, each in held]
            yield start, f"{first} {'; '.join(each for _, each in inner if each)}".strip()
            held = []
    yield from held


def _continued(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    start, begun = 0, ""
    for number, line in lines:
        start = start or number
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        yield start, begun + line
        start, begun = 0, ""
    if begun:
        yield start, begun


def error_at(path: str, number: int, error: TfstepError, results: tuple[Result, ...] = ()) -> ScriptError:
    """An error of one line, with the file and the line it came from."""
    message = Bilingual("{path}:{number}: {error}", "{path}:{number}：{error}", path=path, number=number, error=error)
    return ScriptError(message, results)


def play(session: Session, path: str) -> Iterator[Result]:
    """Run a script line by line, up to its end or to `quit`. An empty line does nothing here.

    Raises CommandError where the file cannot be read, ScriptError where a line fails.
    """
    if path != STDIN:
        session.speaker.check_read(typed_path(path))
    who, outermost = script(path), session.played is None
    session.played = session.played or 0
    try:
        yield from _lines(session, path, who)
    finally:
        session.played = None if outermost else session.played


def _lines(session: Session, path: str, who: Speaker) -> Iterator[Result]:
    for number, line in join_lines(read_script(path)):
        if not line.strip():
            continue
        session.played = (session.played or 0) + 1
        if session.played > MOST_LINES:
            message = Bilingual(
                "scripts that run scripts: {n} lines, and no more", "脚本嵌套执行：最多 {n} 行", n=MOST_LINES
            )
            raise error_at(path, number, CommandError(message))
        try:
            with session.spoken_by(who):
                result = session.run(line)
        except NoCommandError as error:
            raise error_at(path, number, CommandError(error.unquoted)) from error
        except TfstepError as error:
            inner = error.results if isinstance(error, ScriptError) else ()
            raise error_at(path, number, error, inner) from error
        if isinstance(result, Quit):
            return
        if not isinstance(result, Nothing):
            yield result
