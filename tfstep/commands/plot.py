"""Drawing: plot, sweep, landscape."""

from __future__ import annotations

import numpy as np

from tfstep.address.indices import index_list
from tfstep.commands.language.line import count, leading_cell
from tfstep.commands.language.registry import command
from tfstep.commands.language.session import Session
from tfstep.commands.learn import untrainable
from tfstep.commands.look import part_named
from tfstep.errors import CommandError
from tfstep.session.address.arrows import arrow_to_cell
from tfstep.session.address.target import cell, part
from tfstep.session.change.updates import DATA_LOSS, LOSS, loss
from tfstep.session.evaluate import evaluate
from tfstep.session.results import Drawn, Pictured, Plotted, Result, Swept
from tfstep.session.state import State
from tfstep.session.study.curves import MOST_CURVES, landscape, over_updates, sweep
from tfstep.text import Bilingual

MOST = 2000  # points of a sweep
POINTS = 61  # of a sweep
FARTHEST = 1e300  # that a number is moved
GRID = (15, 41)  # of a landscape: rows, columns


def no_loss(state: State) -> Bilingual | None:
    """Why there is nothing to draw, if there is no loss."""
    return None if "loss" in state.trace.plan.paths else Bilingual("this scenario has no loss", "本场景没有损失")


@command(
    "look",
    "plot [EXPR] [now]",
    lasts="long",
    aliases=("pl",),
    completes=("expr",),
    about=Bilingual(
        "The course of EXPR (the loss, if left out) over the updates that `train` has made; `milk→drank` (or `->`) is "
        "how much one word attends to another. With `now`, before any update, or for more than 8 numbers: the numbers "
        "as they are, a row as bars, a matrix as shades.",
        "EXPR（不写则为损失）随 `train` 各次更新的变化曲线；`milk→drank`（或 `->`）是一个词对另一个词的注意力权重。"
        "写 `now`、尚无更新或多于 8 个数时，画出当前的数：一行画成条形，矩阵画成色阶。",
    ),
)
def _plot(session: Session, rest: str) -> Result:
    past = session.journal.now.past
    now = rest.split()[-1:] == ["now"] and part_named(session, rest) is None
    if now:
        rest = rest.removesuffix("now").rstrip() or "loss"
    if not rest:
        if (reason := untrainable(session)) is not None:
            raise CommandError(reason)
        if session.scenario.train.data:
            if not past:
                raise CommandError(
                    Bilingual("no update was made yet: `train 20` makes some", "还没有做过参数更新：`train 20` 做一些")
                )
            losses = np.array([*(moment.loss for moment in past), loss(session.scenario, session.trace)])[:, None]
            return Plotted(str(DATA_LOSS), np.arange(len(losses)), losses)
        return Plotted(str(LOSS), *over_updates(session, "loss"))
    text = arrow_to_cell(session, rest)
    values = evaluate(session, text)
    if not values.size:
        raise CommandError(
            Bilingual(
                "{text}: no numbers, shape {shape}", "{text} 没有数，形状为 {shape}", text=text[:80], shape=values.shape
            )
        )
    if now or (values.size > 1 and (not past or values.size > MOST_CURVES)):
        return _as_it_is(session, text, values)
    return Plotted(text, *over_updates(session, text))


def _as_it_is(session: Session, text: str, values: np.ndarray) -> Pictured:
    """The numbers; of more than two axes, the plane that the cursor is in."""
    found = part_named(session, text)
    if found is None:
        return Pictured(text, values[(0,) * max(0, values.ndim - 2)].astype(float))
    tensor, given = found[0], found[1] or ()
    index = [*given, *(slice(None),) * (len(tensor.shape) - len(given))]
    kept = [k for k, each in enumerate(index) if isinstance(each, slice)]
    for k in kept[:-2]:
        index[k] = session.cursor.on(tensor)[k]
    at = tuple(index)
    title = f"{tensor.path}{index_list(at)}" if kept[:-2] else text
    return Pictured(title, part(tensor, at).astype(float), (tensor, at))


@command(
    "learn",
    "sweep CELL FROM TO [n]",
    lasts="long",
    aliases=("sw",),
    completes=("cell", "expr"),
    about=Bilingual(
        "The loss with one number at n values from FROM to TO, and the gradient as the tangent where it is now.",
        "让一个数从 FROM 取到 TO（n 个值），画出损失，并以梯度作为当前点的切线。",
    ),
    refused=no_loss,
)
def _sweep(session: Session, rest: str) -> Result:
    usage = "sweep CELL FROM TO [n]"
    place, words = leading_cell(rest)
    if len(words) not in (2, 3):
        raise CommandError(Bilingual("usage: {usage}", "用法：{usage}", usage=usage))
    tensor, at = cell(session, place)
    start, stop = (_number(session, word) for word in words[:2])
    n = count(words[2], usage) if len(words) == 3 else POINTS
    if start == stop:
        both = Bilingual("FROM and TO are both {n:g}; two are needed", "FROM 和 TO 都是 {n:g}；两者须不同", n=start)
        raise CommandError(both)
    if not 2 <= n <= MOST:
        raise CommandError(
            Bilingual("{n} points; 2 to {most} are drawn", "{n} 个点；可画 2 到 {most} 个", n=n, most=MOST)
        )
    return Swept(sweep(session, tensor, at, start, stop, n))


@command(
    "learn",
    "landscape CELL CELL [SPAN]",
    lasts="long",
    aliases=("land",),
    completes=("cell", "cell", "expr"),
    about=Bilingual(
        "The loss over two numbers, SPAN to each side of where they are, with the path that training has taken.",
        "损失随两个数变化的地形图（各取当前值左右 SPAN），并画出训练走过的路径。",
    ),
    refused=no_loss,
)
def _landscape(session: Session, rest: str) -> Result:
    usage = "landscape CELL CELL [SPAN]"
    first, words = leading_cell(rest)
    second, more = leading_cell(" ".join(words)) if words else ("", [])
    if not second or len(more) > 1:
        raise CommandError(Bilingual("usage: {usage}", "用法：{usage}", usage=usage))
    one, other = cell(session, first), cell(session, second)
    if (one[0].path, one[1]) == (other[0].path, other[1]):
        raise CommandError(Bilingual("two different numbers are needed", "需要两个不同的数"))
    span = _number(session, more[0]) if more else None
    if span is not None and not 0 < span <= FARTHEST:
        raise CommandError(
            Bilingual(
                "SPAN is {span:g}; it is more than 0, and at most {most:g}",
                "SPAN 是 {span:g}；应大于 0，至多 {most:g}",
                span=span,
                most=FARTHEST,
            )
        )
    return Drawn(landscape(session, (one, other), span, GRID))


def _number(session: Session, text: str) -> float:
    value = evaluate(session, text)
    if value.size != 1 or not abs(float(value.item())) <= FARTHEST:
        raise CommandError(
            Bilingual(
                "{text} is not a number to go to: one number, from −{most:g} to {most:g}",
                "{text} 不是可取的数：须为一个数，在 −{most:g} 到 {most:g} 之间",
                text=text[:40],
                most=FARTHEST,
            )
        )
    return float(value.item())
