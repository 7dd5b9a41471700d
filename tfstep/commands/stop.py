"""Stopping: breakpoints, watchpoints, what they run."""

from __future__ import annotations

import re
from collections.abc import Callable

from tfstep.commands.language.line import require_argument
from tfstep.commands.language.registry import command, topic
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, ExpressionError, PathError
from tfstep.expr import Expression
from tfstep.session.address.patterns import pattern
from tfstep.session.evaluate import may_be_known, parse_expression, with_caret, worked_out
from tfstep.session.results import Listing, Message, Result
from tfstep.session.state import State
from tfstep.session.stop.halts import senseless
from tfstep.session.stop.points import Point
from tfstep.text import Bilingual

_IF = re.compile(r"(?:^|\s)if(?:\s|$)")


def no_points(state: State) -> Bilingual | None:
    """Why a command on breakpoints cannot be used."""
    return None if state.points.all else Bilingual("there are no breakpoints", "没有断点")


@command(
    "stop",
    "break [PATTERN] [if EXPR]",
    aliases=("b", "br"),
    completes=("pattern", "expr"),
    about=Bilingual(
        "Stop where the pattern matches and EXPR holds (the tensor is `it`): `break *.weights if entropy(it) < 0.1`. "
        "PATTERN is a path with `*`, a step number, a phase (`backward`), `op softmax`, or nothing: this step.",
        "在匹配且 EXPR 成立处停下（张量记作 `it`）：`break *.weights if entropy(it) < 0.1`。"
        "PATTERN 可以是带 `*` 的路径、步号、阶段（`backward`）、`op softmax`，不写则为当前步。",
    ),
)
def _break(session: Session, rest: str) -> Result:
    return _set(session, rest, temporary=False)


@command(
    "stop",
    "tbreak [PATTERN] [if EXPR]",
    aliases=("tb",),
    completes=("pattern", "expr"),
    about=Bilingual("A breakpoint that is gone once it has stopped.", "临时断点：停一次后即消失。"),
)
def _tbreak(session: Session, rest: str) -> Result:
    return _set(session, rest, temporary=True)


def _set(session: Session, rest: str, temporary: bool) -> Result:
    where, condition = _split_condition(session, rest)
    found = pattern(session, where)
    why = None if condition is None else senseless(session, found, condition)
    if condition is not None and isinstance(why, ExpressionError) and not isinstance(why, PathError):
        raise with_caret(session, condition.text, why)
    return _point_message(session.points.add(Point(0, found, condition, temporary=temporary)))


def _split_condition(session: Session, rest: str) -> tuple[str, Expression | None]:
    """What stands before the ``if``, and the condition behind it. Raises CaretError for a name that nothing has."""
    match = _IF.search(rest)
    if match is None:
        return rest, None
    condition = rest[match.end() :].strip()
    if not condition:
        raise CommandError(Bilingual("there is no expression behind `if`", "`if` 后面缺少表达式"))
    expression = parse_expression(session, condition)
    for name in expression.names:
        if not may_be_known(session, name):
            missing = Bilingual("there is no tensor {path!r}", "没有张量 {path!r}", path=name.path)
            raise with_caret(session, condition, ExpressionError(missing, name.column))
    return rest[: match.start()], expression


def _point_message(point: Point) -> Message:
    return Message(
        (Bilingual("{number}: {written}", "{number}：{written}", number=point.number, written=point.written),)
    )


@command(
    "stop",
    "watch EXPR [if EXPR]",
    lasts="model",
    aliases=("wa",),
    completes=("expr",),
    about=Bilingual(
        "Stop at the step that makes or changes the value of EXPR, either way, showing old → new; an edit or training "
        "that moves it tells so too.",
        "在产生或改变 EXPR 之值的那一步停下（正反向皆可），显示旧值 → 新值；改动或训练使它变化时也会提示。",
    ),
)
def _watch(session: Session, rest: str) -> Result:
    watched, condition = _split_condition(session, rest)
    expression = parse_expression(session, require_argument(watched, "watch EXPR [if EXPR]"))
    value = worked_out(session, expression)
    return _point_message(session.points.add(Point(0, watched=expression, condition=condition, last=value)))


def _numbers(session: Session, text: str) -> list[Point]:
    """The points that ``1 3-5`` means; all of them where nothing is said. Raises CommandError."""
    found = []
    for word in text.replace(",", " ").split():
        first, dash, last = word.partition("-")
        if not all(each.isdecimal() and len(each) < 10 for each in (first, last if dash else first)):
            raise CommandError(
                Bilingual("{word!r} is not the number of a breakpoint", "{word!r} 不是断点编号", word=word[:40])
            )
        if dash:
            within = [point for n, point in session.points.all.items() if int(first) <= n <= int(last)]
            found += within or [session.points.get(int(first))]
        else:
            found.append(session.points.get(int(first)))
    return list(dict.fromkeys(found)) if text.strip() else list(session.points.all.values())


def _each(session: Session, rest: str, do: Callable[[Point], object], en: Bilingual) -> Result:
    points = _numbers(session, rest)
    for point in points:
        do(point)
    return Message(
        (
            Bilingual(
                "{done}: {numbers}", "{done}：{numbers}", done=en, numbers=", ".join(str(p.number) for p in points)
            ),
        )
    )


@command(
    "stop",
    "delete [NUMBER…]",
    aliases=("d", "del"),
    completes=("breakpoint",),
    about=Bilingual(
        "Delete breakpoints and watchpoints; without NUMBER all.", "删除断点和监视点；不写编号则全部删除。"
    ),
    refused=no_points,
)
def _delete(session: Session, rest: str) -> Result:
    return _each(session, rest, lambda point: session.points.all.pop(point.number), Bilingual("deleted", "已删除"))


@command(
    "stop",
    "disable [NUMBER…]",
    aliases=("dis",),
    completes=("breakpoint",),
    about=Bilingual("Keep breakpoints, but do not stop at them.", "保留断点，但不在那里停下。"),
    refused=no_points,
)
def _disable(session: Session, rest: str) -> Result:
    return _each(session, rest, lambda point: setattr(point, "enabled", False), Bilingual("disabled", "已停用"))


@command(
    "stop",
    "enable [NUMBER…]",
    aliases=("en",),
    completes=("breakpoint",),
    about=Bilingual("Stop at them again.", "重新启用断点。"),
    refused=no_points,
)
def _enable(session: Session, rest: str) -> Result:
    return _each(session, rest, lambda point: setattr(point, "enabled", True), Bilingual("enabled", "已启用"))


@command(
    "stop",
    "ignore NUMBER COUNT",
    bare=True,
    completes=("breakpoint",),
    about=Bilingual("Pass a breakpoint COUNT times before it stops again.", "经过断点 COUNT 次之后才再停下。"),
    refused=no_points,
)
def _ignore(session: Session, rest: str) -> Result:
    words = rest.split()
    if len(words) != 2 or not all(word.isdecimal() and len(word) < 10 for word in words):
        raise CommandError(Bilingual("usage: ignore NUMBER COUNT", "用法：ignore 编号 次数"))
    point = session.points.get(int(words[0]))
    point.ignore = int(words[1])
    return Message(
        (
            Bilingual(
                "breakpoint {number} will be passed {n} times",
                "断点 {number} 将被略过 {n} 次",
                number=point.number,
                n=point.ignore,
            ),
        )
    )


@command(
    "stop",
    "commands [NUMBER] LINE [; LINE]…",
    completes=("breakpoint", "command"),
    about=Bilingual(
        "Run these commands whenever the breakpoint (the last one set, without NUMBER) stops: `commands 1 print loss; "
        "explain`, or a line each after `commands 1`, up to `end`. Without a LINE: none.",
        "每次停在该断点（不写编号则为最近设的）时执行这些命令：`commands 1 print loss; explain`，"
        "或在 `commands 1` 之后逐行写，以 `end` 结束。不写命令则清除。",
    ),
    refused=no_points,
)
def _commands(session: Session, rest: str) -> Result:
    number, _, lines = rest.partition(" ")
    if not number or not set(number) <= set("0123456789,-"):
        number, lines = str(max(session.points.all)), rest
    run = [line.strip() for line in lines.split(";") if line.strip()]
    for point in _numbers(session, number):
        point.commands, point.speaker = run, session.speaker
    return Message(
        (
            Bilingual(
                "breakpoint {number} runs: {lines}",
                "断点 {number} 将执行：{lines}",
                number=number,
                lines="; ".join(run) or "-",
            ),
        )
    )


@topic("watchpoints", Bilingual("the same as `info breakpoints`", "同 `info breakpoints`"))
@topic("breakpoints", Bilingual("breakpoints and watchpoints, how often they were hit", "断点和监视点，各命中几次"))
def breakpoints(session: Session) -> Result:
    """Breakpoints and watchpoints, how often they were hit."""
    rows = tuple(
        (
            str(point.number),
            "" if point.enabled else "off",
            point.written,
            str(point.hits),
            str(point.ignore or ""),
            "; ".join(point.commands),
        )
        for point in session.points.all.values()
    )
    return Listing(
        Bilingual("breakpoints", "断点"),
        (
            Bilingual("", ""),
            Bilingual("", ""),
            Bilingual("what", "内容"),
            Bilingual("hits", "命中"),
            Bilingual("ignore", "略过"),
            Bilingual("commands", "命令"),
        ),
        rows,
        Bilingual("there are no breakpoints", "没有断点"),
    )
