"""Moving over the timeline: step, next, finish, their reverses, goto, continue, until."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from tfstep.address.indices import whole
from tfstep.commands.language.motion import arrival, hop, run
from tfstep.commands.language.registry import command
from tfstep.commands.language.session import Session
from tfstep.commands.learn import to_update
from tfstep.engine.trace import locate
from tfstep.errors import CommandError
from tfstep.session import moves
from tfstep.session.address.names import full_path
from tfstep.session.address.target import of_variant
from tfstep.session.place import find_place, first_inside
from tfstep.session.results import Result
from tfstep.text import Bilingual


@command(
    "move",
    "step [n]",
    aliases=("s",),
    repeats=True,
    about=Bilingual(
        "Into the step: the first step inside it. In a matrix product or a sum, to the terms of the cell under the "
        "cursor, one after the other; past any other primitive, the next step.",
        "单步进入：到内部的第一步；矩阵乘法和求和则逐项走过光标处单元格的各项；其他基本运算到下一步。",
    ),
)
def _step(session: Session, n: int = 1) -> Result:
    return hop(session, moves.into, n, 1)


@command(
    "move",
    "next [n]",
    aliases=("n",),
    repeats=True,
    about=Bilingual("Over the step: the next one at the same depth.", "单步跳过：到同一层的下一步。"),
)
def _next(session: Session, n: int = 1) -> Result:
    return hop(session, moves.over, n, 1)


@command(
    "move",
    "finish [n]",
    lasts="model",
    aliases=("fin",),
    repeats=True,
    about=Bilingual(
        "Out: from inside a step, or from the terms of its cell, to the step itself; else to the first step behind the "
        "sublayer, layer or phase.",
        "跳出：从一步的内部或求和的某一项回到这一步；否则到本子层、本层或本阶段之后的第一步。",
    ),
)
def _finish(session: Session, n: int = 1) -> Result:
    return hop(session, moves.out, n, 1)


@command(
    "move",
    "reverse-step [n]",
    aliases=("rs",),
    repeats=True,
    about=Bilingual(
        "Back to where `step` came from, into the end of the step before.",
        "反向单步进入：回到 `step` 的来处，进入前一步的末尾。",
    ),
)
def _reverse_step(session: Session, n: int = 1) -> Result:
    return hop(session, moves.back_into, n, -1)


@command(
    "move",
    "reverse-next [n]",
    aliases=("rn",),
    repeats=True,
    about=Bilingual("Back over the step before, at the same depth.", "反向单步跳过：到同一层的前一步。"),
)
def _reverse_next(session: Session, n: int = 1) -> Result:
    return hop(session, moves.back_over, n, -1)


@command(
    "move",
    "reverse-finish [n]",
    lasts="model",
    aliases=("rf",),
    repeats=True,
    about=Bilingual(
        "Out backwards: to the step around; else to the last step before the sublayer, layer or phase.",
        "反向跳出：回到外面的那一步；否则到本子层、本层或本阶段之前的最后一步。",
    ),
)
def _reverse_finish(session: Session, n: int = 1) -> Result:
    return hop(session, moves.back_out, n, -1)


@command(
    "move",
    "goto PLACE",
    lasts="model",
    aliases=("g", "go"),
    completes=("place",),
    about=Bilingual(
        "Go to a tensor (a parameter: where it is first read), a part of the model (`enc0.ffn`: its first step), a step "
        "number, `start`, `loss`, `end` or `update 37`; "
        "`swapped:loss` goes over to a variant, `pass2:out.probs` to a pass of `generate`.",
        "跳到某个张量的那一步（参数则到首次读取它的一步）、模型的某一部分（`enc0.ffn`：其第一步）、某个步号、"
        "`start`、`loss`、`end`，或 `update 37`；"
        "`swapped:loss` 切换到变体，`pass2:out.probs` 切换到 `generate` 的某一遍前向。",
    ),
)
def _goto(session: Session, rest: str) -> Result:
    start = session.position
    if rest.startswith("update "):
        return to_update(session, rest.removeprefix("update ").strip())
    variant, rest = of_variant(rest)
    if variant is not None:
        session.switch(variant)
    position, cell = find_place(session.trace, rest, partial(full_path, session), session.inside)
    session.position = position
    if cell is not None:
        session.cell = cell
    if first_inside(session.trace.plan, rest) == position:
        return arrival(session, start)
    node = session.trace.plan.paths.get(full_path(session, rest.partition("[")[0]))
    if node is None or node.op is not None:
        return arrival(session, start)
    if "[" in rest:
        leaf, index = locate(session.trace, rest, partial(full_path, session))
        session.cursor.move_to(leaf, whole(leaf, index or ()))
    note = Bilingual(
        "{path} is made by no step; this one reads it first",
        "{path} 不由任何一步产生；这一步首次读取它",
        path=node.path,
    )
    return replace(arrival(session, start, note=note), leaf=node.path)


def _on(session: Session, n: int, direction: int) -> Result:
    """On to the next breakpoint, n times; the end of the timeline ends it."""
    for _ in range(n - 1):
        if not run(session, direction).stops:
            break
    return run(session, direction)


@command(
    "move",
    "continue [n]",
    lasts="model",
    aliases=("c",),
    repeats=True,
    about=Bilingual("On to the next breakpoint, else to the end.", "继续到下一个断点，没有则到末尾。"),
)
def _continue(session: Session, n: int = 1) -> Result:
    return _on(session, n, 1)


@command(
    "move",
    "reverse-continue [n]",
    lasts="model",
    aliases=("rc",),
    repeats=True,
    about=Bilingual("Back to the breakpoint before, else to the start.", "反向继续到前一个断点，没有则到开头。"),
)
def _reverse_continue(session: Session, n: int = 1) -> Result:
    return _on(session, n, -1)


@command(
    "move",
    "until PLACE",
    lasts="model",
    aliases=("u",),
    completes=("place",),
    about=Bilingual("On to a place ahead, or to a breakpoint before it.", "继续到前方某处，或之前的断点。"),
)
def _until(session: Session, rest: str) -> Result:
    return _towards(session, rest, 1)


@command(
    "move",
    "reverse-until PLACE",
    lasts="model",
    aliases=("ru",),
    completes=("place",),
    about=Bilingual("Back to a place behind, or to a breakpoint before it.", "反向继续到后方某处，或途中的断点。"),
)
def _reverse_until(session: Session, rest: str) -> Result:
    return _towards(session, rest, -1)


def _towards(session: Session, place: str, direction: int) -> Result:
    target, _ = find_place(session.trace, place, partial(full_path, session))
    if (target > session.position) is not (direction > 0) or target == session.position:
        raise CommandError(
            Bilingual(
                "{place} is not {where}; `goto {place}` goes there in any direction",
                "{place} 不在{where}；`goto {place}` 不论方向都能到达",
                place=place,
                where=Bilingual("ahead", "前方") if direction > 0 else Bilingual("behind", "后方"),
            )
        )
    return run(session, direction, target)
