"""Looking: print, show, explain, why, names, where, list, display."""

from __future__ import annotations

import re

import numpy as np

from tfstep.address.indices import Index
from tfstep.commands.language.line import count
from tfstep.commands.language.motion import display_results, with_number
from tfstep.commands.language.registry import command, topic
from tfstep.commands.language.session import Session
from tfstep.engine.trace import Tensor
from tfstep.engine.why import Explanation
from tfstep.engine.why import explain as explanation_of
from tfstep.errors import CommandError, PathError
from tfstep.families.masks import of_masks
from tfstep.families.names import aliases
from tfstep.session.address.names import tensor_of
from tfstep.session.address.target import looked_at, of_variant, part, resolve_cell
from tfstep.session.evaluate import evaluate
from tfstep.session.place import Position, substeps_at, tensor_at
from tfstep.session.results import (
    Explained,
    Listing,
    Message,
    Ran,
    Reasoned,
    Result,
    Shown,
    Stack,
    Steps,
    Summed,
    Value,
)
from tfstep.session.study.finite import not_of_the_loss
from tfstep.session.study.reasons import reasons
from tfstep.text import Bilingual
from tfstep.view.cell.purpose import purpose
from tfstep.view.report.nesting import with_reason

_TENSOR = re.compile(r"(`[^`]*`|[A-Za-z][\w.]*)(\[[^\[\]()]*\])?")
NEARBY = 5  # steps that `list` shows on each side
DEEPEST = 50  # levels of an explanation
MOST_CELLS = 5_000  # that an explanation speaks of; `why` goes all the way
ELSEWHERE = Bilingual("What other libraries' masks do: docs/masks.md.", "别的库的掩码怎么做，见 docs/masks.zh.md。")


@command(
    "look",
    "print EXPR",
    replayed=True,
    lasts="model",
    aliases=("p",),
    completes=("expr",),
    repeats=True,
    about=Bilingual(
        "What an expression comes to; the value is kept as $1, $2 …, the last one as $_.",
        "计算一个表达式；结果依次存为 $1、$2 …，最近一个是 $_。",
    ),
)
def _print(session: Session, text: str) -> Result:
    values = evaluate(session, text)
    return Value(text, values, session.values.add(values), part_named(session, text))


@command(
    "look",
    "output EXPR",
    completes=("expr",),
    about=Bilingual("Like `print`, but the value is not kept.", "同 `print`，但不保存结果。"),
)
def _output(session: Session, text: str) -> Result:
    return Value(text, evaluate(session, text), part=part_named(session, text))


def part_named(session: Session, text: str) -> tuple[Tensor, Index | None] | None:
    """The tensor, or the part of one, that an expression is, where it is nothing else."""
    if not _TENSOR.fullmatch(text.strip()):
        return None
    try:
        return looked_at(session, text)
    except PathError:  # a constant, x.T, a slice with a step
        return None


@command(
    "look",
    "show [PATH]",
    shows=True,
    completes=("path",),
    repeats=True,
    about=Bilingual(
        "A tensor with its axes and words, or a slice: `show enc0.attn.weights[0,1]`; without PATH the current one.",
        "显示张量及其轴和词，或其中一片：`show enc0.attn.weights[0,1]`；不写 PATH 则显示当前张量。",
    ),
)
def _show(session: Session, rest: str) -> Result:
    if not rest:
        return Shown(session.current, None, session.current.value)
    tensor, index = looked_at(session, rest)
    numbers = part(tensor, index)
    return Shown(tensor, index, numbers) if of_variant(rest)[0] is None else Value(rest, numbers, part=(tensor, index))


@command(
    "look",
    "explain [CELL] [DEPTH]",
    shows=True,
    aliases=("x",),
    completes=("cell",),
    repeats=True,
    about=Bilingual(
        "Why this number: its rule and its terms; without CELL the one under the cursor.",
        "这个数从何而来：规则与各项；不写 CELL 则解释光标处的数。",
    ),
)
def _explain(session: Session, rest: str) -> Result:
    text, _, depth = rest.rpartition(" ") if rest.rpartition(" ")[2].isdecimal() else (rest, "", "")
    trace, tensor, at = resolve_cell(session, text)
    levels = min(count(depth, "explain [CELL] [DEPTH]"), DEEPEST)
    deep = _deep(session, tensor, at, levels)
    found = with_reason(trace, deep)
    told = purpose(tensor)
    if deep.rule == "masked" or found is not deep:
        told = Bilingual("{told} {elsewhere}", "{told}{elsewhere}", told=told, elsewhere=ELSEWHERE)
    slope = None if tensor.trace.prefix else trace.plan.gradient(tensor.node)
    edited = None if slope is None else not_of_the_loss(trace, slope, at)
    return Explained(found, gradient_at(tensor, at), told, edited)


def _deep(session: Session, tensor: Tensor, at: tuple[int, ...], levels: int) -> Explanation:
    """An explanation of so many levels, or of as many as take no time: each has many times the cells of the last."""
    found, before = explanation_of(tensor.trace, tensor.node.slot, at), 1
    for level in range(2, levels + 1):
        cells = _cells(found)
        if level > 2 and cells == before:
            break  # every factor is an input or a parameter
        if cells * max(2, cells / before) > MOST_CELLS:
            session.asides.append(
                Bilingual(
                    "only {n} levels: the next has too many cells", "只展开 {n} 层：再下一层单元格过多", n=level - 1
                )
            )
            break
        before, found = cells, explanation_of(tensor.trace, tensor.node.slot, at, level)
    return found


def _cells(found: Explanation) -> int:
    """How many cells an explanation speaks of."""
    return sum(1 + (_cells(f.why) if f.why is not None else 0) for term in found.terms for f in term.factors)


@command(
    "look",
    "why [CELL]",
    lasts="model",
    completes=("cell",),
    repeats=True,
    about=Bilingual(
        "Why this number, all the way down: along its largest shares, and which inputs and parameters it comes from.",
        "这个数归根结底从何而来：沿最大份额的链条，以及它所来自的输入与参数，按份额排序。",
    ),
)
def _why(session: Session, rest: str) -> Result:
    run, tensor, index = resolve_cell(session, rest)
    return Reasoned(reasons(run, tensor, index), run)


@command(
    "look",
    "names [PATH]",
    completes=("path",),
    about=Bilingual(
        "What the paper, PyTorch, GPT-2 and TransformerLens call this tensor; any of their names finds it.",
        "论文、PyTorch、GPT-2、TransformerLens 如何称呼这个张量；用其中任何名字都能找到它。",
    ),
)
def _names(session: Session, rest: str) -> Result:
    path = tensor_of(session, rest).path if rest else session.current.path
    rows = tuple((_called_by(each.system), each.name, str(each.relation)) for each in aliases(session.trace.plan, path))
    rows += tuple((system, name, str(relation)) for system, name, relation in of_masks(session.trace.plan, path))
    return Listing(
        Bilingual("other names of {path}", "{path} 的其他名称", path=path),
        (Bilingual("who", "来源"), Bilingual("name", "名称"), Bilingual("how it relates", "关系")),
        rows,
        Bilingual("{path} has no other name that we know of", "没有收录 {path} 的其他名称", path=path),
    )


def _called_by(system: str) -> str:
    return str(Bilingual("paper", "论文")) if system == "paper" else system


def gradient_at(tensor: Tensor, cell: tuple[int, ...]) -> float | None:
    """∂loss/∂(the cell), where a path leads from it to the loss."""
    grad = None if tensor.trace.prefix else tensor.grad
    return None if grad is None else float(np.asarray(grad)[cell])


@command(
    "look",
    "where",
    aliases=("bt", "backtrace"),
    repeats=True,
    about=Bilingual(
        "Where we are: phase, layer, sublayer, step, and the steps inside it.",
        "我们在哪里：阶段、层、子层、步骤及其内部的步骤。",
    ),
)
def _where(session: Session) -> Result:
    return Stack(session.frames(), session.steps_total)


@command(
    "look",
    "list [n]",
    aliases=("l",),
    repeats=True,
    about=Bilingual(
        "The steps (or terms) around this one, n on each side (5): ● a breakpoint, ■ pinned, ~ moved by the last "
        "change.",
        "当前步（或当前项）前后各 n 个（默认 5）：● 断点，■ 已固定，~ 上次改动使其变化。",
    ),
)
def _list(session: Session, n: int = NEARBY) -> Result:
    if session.partial is not None:
        return Summed(session.step, session.partial, n)
    around = session.position[:-1]
    inside = substeps_at(session.trace, around)
    assert inside is not None
    at = session.position[-1]
    nodes = inside.plan.steps[max(0, at - 1 - n) : at + n]
    marks = {node.number: mark for node in nodes if (mark := _marks(session, (*around, node.number)))}
    return Steps(around, tuple(nodes), at, marks)


def _marks(session: Session, position: Position) -> str:
    """``●`` where a breakpoint is, ``■`` what is pinned, ``~`` what the last change has moved."""
    patterns = [point.pattern for point in session.points.enabled if point.pattern is not None]
    stops = any(each.matches(session.trace, position) for each in patterns)
    path = tensor_at(session.trace, position).path
    moved = len(position) == 1 and session.changed(path)
    return ("●" if stops else "") + ("■" if path in session.pinned else "") + ("~" if moved else "")


@command(
    "look",
    "display [EXPR]",
    replayed=True,
    aliases=("disp",),
    completes=("expr",),
    about=Bilingual(
        "Show EXPR now and after every move; without EXPR: show what is displayed. `undisplay` ends it.",
        "现在以及每次移动后显示 EXPR；不写则显示现有各项。`undisplay` 取消。",
    ),
)
def _display(session: Session, rest: str) -> Result:
    if not rest:
        return Ran(tuple(display_results(session)))
    line = f"output {rest}"
    result = session.run_within(line)
    number = max(session.displays, default=0) + 1
    session.displays[number] = line
    return with_number(number, result)


@command(
    "look",
    "undisplay [NUMBER]",
    replayed=True,
    aliases=("undisp",),
    about=Bilingual("End a display; without NUMBER all of them.", "取消一项显示；不写编号则全部取消。"),
)
def _undisplay(session: Session, rest: str) -> Result:
    if not rest:
        session.displays.clear()
    elif rest.isdecimal() and len(rest) < 16 and int(rest) in session.displays:
        del session.displays[int(rest)]
    else:
        known = ", ".join(map(str, session.displays)) or "-"
        raise CommandError(
            Bilingual(
                "no display {rest}; there are {known}", "没有显示项 {rest}；现有：{known}", rest=rest[:40], known=known
            )
        )
    rows = ", ".join(line.partition(" ")[2] for line in session.displays.values()) or "-"
    return Message((Bilingual("displayed: {rows}", "显示中：{rows}", rows=rows),))


@topic("display", Bilingual("what is displayed after every move", "每次移动后显示的各项"))
def displays(session: Session) -> Result:
    """What is displayed after every move, by the number that `undisplay` takes."""
    rows = tuple((str(number), line.partition(" ")[2]) for number, line in session.displays.items())
    return Listing(
        Bilingual("displayed after every move", "每次移动后显示"),
        (Bilingual("", ""), Bilingual("what", "内容")),
        rows,
        Bilingual("nothing is displayed", "没有显示项"),
    )
