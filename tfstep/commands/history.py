"""Keeping: history, scripts, expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.commands.language.line import count, needed
from tfstep.commands.language.registry import command
from tfstep.commands.language.script import ExpectError, ScriptError, play
from tfstep.errors import CommandError
from tfstep.session.evaluate import evaluate, sides
from tfstep.session.results import Lines, Message, Ran, Result
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session

DEEPEST = 10  # scripts that run scripts


@command(
    "keep",
    "history [n]",
    about=Bilingual(
        "The last lines that were run (all of them without n): a script of this session.",
        "最近执行过的行（不写 n 则全部）：即本次会话的脚本。",
    ),
)
def _history(session: Session, rest: str) -> Result:
    done = session.history[:-1]
    return Lines(tuple(done[-count(rest, "history [n]") :] if rest else done))


@command(
    "keep",
    "source FILE",
    completes=("file",),
    files=True,
    about=Bilingual("Run the lines of a file; the first that fails stops it.", "执行文件中的各行；遇到失败即停。"),
)
def _source(session: Session, rest: str) -> Result:
    path = needed(rest, "source FILE")
    if session.depth >= DEEPEST:
        raise CommandError(Bilingual("scripts that run scripts, {n} deep", "脚本嵌套了 {n} 层", n=DEEPEST))
    results: list[Result] = []
    session.depth += 1
    try:
        results.extend(play(session, path))
    except ScriptError as error:
        raise ScriptError(error.message, (*results, *error.results)) from error
    finally:
        session.depth -= 1
    return Ran(tuple(results))


@command(
    "keep",
    "expect EXPR",
    completes=("expr",),
    about=Bilingual(
        "Nothing if the expression holds; else an error that shows both sides.",
        "表达式成立则无事；否则报错并显示两边的值。",
    ),
)
def _expect(session: Session, rest: str) -> Result:
    text = needed(rest, "expect EXPR")
    if bool(evaluate(session, text).all()):
        return Message((Bilingual("holds: {text}", "成立：{text}", text=text),))
    found = {side: str(value) for side, value in sides(session, text)}  # each side once
    shown = "".join(f"\n  {side} = {value}" for side, value in found.items())
    raise ExpectError(Bilingual("does not hold: {text}{shown}", "不成立：{text}{shown}", text=text, shown=shown))
