"""Results of commands as lines of text, for the line debugger, scripts and the message under the command bar; and in one
line, for the status line. Every kind of result is here once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import numpy as np

from tfstep.engine.naming import short
from tfstep.engine.trace import Trace
from tfstep.session.change.updates import DATA_LOSS, LOSS
from tfstep.session.place import PHASE_NAMES, step_text
from tfstep.session.results import (
    Changed,
    Checked,
    Compared,
    Diagnosed,
    Drawn,
    Edit,
    Explained,
    Generated,
    Help,
    Lines,
    Listing,
    Message,
    Moved,
    Pictured,
    Plotted,
    Ran,
    Reasoned,
    Result,
    Searched,
    Shown,
    Stack,
    Steps,
    Summed,
    Swept,
    Switched,
    Trained,
    Value,
)
from tfstep.session.stop.points import Stop
from tfstep.text import Bilingual
from tfstep.view.cell.reasons import at_this_step, reasons_lines
from tfstep.view.export.tables import heading
from tfstep.view.matrix.values import are_summed_up, array_lines, kept_axes, part_lines, summed_up, without_rounding
from tfstep.view.report import beams, decoding
from tfstep.view.report.checks import report
from tfstep.view.report.comparison import comparison
from tfstep.view.report.diagnosis import diagnosis
from tfstep.view.report.explanation import explanation
from tfstep.view.report.partial import term_lines, terms_around
from tfstep.view.result.help import help_lines
from tfstep.view.result.pictures import picture
from tfstep.view.text.chart import spark
from tfstep.view.text.number import became, brief, exact, loss_moved, plain
from tfstep.view.text.spans import Line, Span, indented, line, line_width, span, table
from tfstep.view.text.spans import plain as words

WIDTH = 100  # columns of a table where nobody says how wide the terminal is
DIFFERENCES = 24  # lines of a comparison that are shown
FEW = 16  # numbers of a named value that are written out


def text(result: Result, trace: Trace, cells: int = WIDTH) -> str:
    """A result in plain text, without control codes; empty where there is nothing to say."""
    return "\n".join(words(each).rstrip() for each in lines(result, trace, cells))


@singledispatch
def lines(result: Result, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    """The lines of a result, none where there is nothing to say; ``trace`` are the numbers that it speaks of."""
    yield from ()


@lines.register
def _message(result: Message, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    for each in result.texts:
        yield line(str(each))


@lines.register
def _lines(result: Lines, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    for each in result.lines:
        yield line(each)


@lines.register
def _ran(result: Ran, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    for each in result.results:
        yield from lines(each, trace, cells)


@lines.register
def _moved(result: Moved, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    for stop in result.stops:
        yield from _stop(stop)
    tensor = result.tensor
    at = f"{step_text(result.position)}/{result.total}"
    shape = "×".join(map(str, tensor.shape)) or str(Bilingual("scalar", "标量"))
    yield line(
        span(f"{at}  {PHASE_NAMES[result.phase]}  ", "dim"),
        span(tensor.path, "name"),
        span(f"   {tensor.formula or ''}   "),
        span(f"{tensor.op or ''}  {shape}", "dim"),
    )
    if result.partial is not None:
        yield from indented(term_lines(trace, result.partial))
    for note in (result.note, result.end):
        if note is not None:
            yield line(span(note, "accent"))
    for each in result.displays:
        yield from lines(each, trace, cells)


def _stop(stop: Stop) -> Iterator[Line]:
    yield line(span(stop.reason, "accent"))
    if stop.old is not None and stop.new is not None:
        yield from indented(_from_to(stop.old, stop.new))
    elif (value := stop.old if stop.new is None else stop.new) is not None:
        yield from indented([line(exact_or_whole(value))] if value.ndim == 0 else array_lines(value))


def _from_to(old: np.ndarray, new: np.ndarray) -> Iterator[Line]:
    if old.size == new.size == 1:
        yield line(f"{exact_or_whole(old.ravel()[0])} → {exact_or_whole(new.ravel()[0])}")
        return
    yield from array_lines(old)
    yield line("→")
    yield from array_lines(new)


@lines.register
def _shown(result: Shown, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from heading(result.tensor)
    yield from indented(part_lines(result.tensor, result.index, result.values, cells - 2))
    if result.values.size > 1 and not are_summed_up(result.values, kept_axes(result.tensor, result.index or ())):
        yield from indented([summed_up(without_rounding(result.tensor, result.index, result.values)[0])])


@lines.register
def _value(result: Value, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    name = f"${result.number} = " if result.number else f"{result.expression} = "
    if result.values.ndim == 0:
        yield line(span(name, "dim"), exact_or_whole(result.values))
        return
    if result.brief and result.values.size > FEW:
        yield (span(name, "dim"), *summed_up(result.values))
        return
    if (
        result.part is None
        and result.values.dtype.kind in "iu"
        and result.values.ndim == 1
        and result.values.size <= FEW
    ):
        yield line(span(name, "dim"), f"[{', '.join(map(str, result.values.tolist()))}]")
        return
    shape = "×".join(map(str, result.values.shape))
    yield line(span(name, "dim"), span(f"({shape})", "dim"))
    if result.part is not None:
        yield from indented(part_lines(*result.part, result.values, cells - 2))
    else:
        yield from indented(array_lines(result.values, cells - 2))


def exact_or_whole(value: np.ndarray | np.generic) -> str:
    """A single number in full; truth as true and false, whole numbers without a point."""
    if value.dtype.kind == "b":
        return str(Bilingual("true", "真") if value else Bilingual("false", "假"))
    return str(int(value)) if value.dtype.kind in "iu" else exact(float(value))


@lines.register
def _explained(result: Explained, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from explanation(trace, result.explanation)
    if result.gradient is not None:
        edited = span("" if result.edited is None else f"   {result.edited}", "accent")
        yield line(span("  ∂loss/∂ = ", "dim"), exact(result.gradient), edited)
    if result.purpose is not None and str(result.purpose):
        yield line(f"  {result.purpose}")


@lines.register
def _changed(result: Changed, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    for each in result.lines if not result.edits else ():
        yield line(each)
    for edit in result.edits:
        yield from _edit(edit)
    for note in result.notes:
        yield line(span(note, "accent"))
    if result.downstream:
        waits = (
            Bilingual("one step follows from it, computed when it is looked at", "有 1 步随之而变，查看时才计算")
            if result.downstream == 1
            else Bilingual(
                "{n} steps follow from it, computed when they are looked at",
                "有 {n} 步随之而变，查看时才计算",
                n=result.downstream,
            )
        )
        yield line(span(waits, "dim"))
    if result.loss is not None:
        yield _loss(*result.loss)
    for stop in result.stops:
        yield from _stop(stop)


def _edit(edit: Edit) -> Iterator[Line]:
    pinned = str(Bilingual("  (pinned)", "  （已固定）")) if edit.pinned else ""
    if edit.old.size == 1:
        yield line(span(edit.target, "name"), f": {brief(edit.old.item(), 6)} → {brief(edit.new.item(), 6)}{pinned}")
        return
    differs = edit.old != edit.new
    moved = Bilingual("{n} of {of} numbers changed", "{of} 个数中有 {n} 个变了", n=int(differs.sum()), of=edit.old.size)
    yield line(span(edit.target, "name"), f": {moved}{pinned}")


def _loss(old: float, new: float) -> Line:
    if old == new:
        return line(span(Bilingual("loss stays {old}", "损失仍为 {old}", old=brief(old, 6)), "dim"))
    return line(span(LOSS, "dim"), f" {brief(old, 6)} → {brief(new, 6)}")


@lines.register
def _trained(result: Trained, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    if result.start == result.update:
        yield line(span(Bilingual("at update {n}", "在第 {n} 次更新", n=result.update)))
    else:
        went = Bilingual("update {start} → {end}", "第 {start} → {end} 次更新", start=result.start, end=result.update)
        losses = [brief(float(x), 6) for x in result.losses[[0, -1][: min(2, result.losses.size)]]]
        of = DATA_LOSS if result.data else LOSS
        yield line(span(went, "accent"), f"   {of} {' → '.join(losses)}   ", span(spark(result.losses), "dim"))
    for note in result.notes:
        yield line(span(note, "accent"))
    for stop in result.stops:
        yield from _stop(stop)
    if result.moved is not None:
        yield from _moved(result.moved, trace, cells)


@lines.register
def _switched(result: Switched, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    said = Bilingual("variant {name}", "变体 {name}", name=result.variant)
    changes = Bilingual(" (changes: {n})", "（改动：{n}）", n=result.changes) if result.changes else ""
    yield line(span(f"{said}{changes}", "accent"))
    if result.left_changes and result.left != result.variant:
        stay = Bilingual(
            "changes that stay with {name}: {n}",
            "{name} 上还有 {n} 处改动，没有带过来",
            n=result.left_changes,
            name=result.left,
        )
        yield line(span(stay, "dim"))
    if not result.same_step:
        now = Bilingual(
            "our step is not there; we are at {path}", "那里没有这一步；现在在 {path}", path=result.tensor.path
        )
        yield line(span(now))


@lines.register
def _stack(result: Stack, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    for depth, frame in enumerate(result.frames):
        name = str(PHASE_NAMES[frame.name]) if frame.kind == "phase" else frame.name
        if frame.kind == "term":
            name = str(Bilingual("term {k}", "第 {k} 项", k=frame.name))
        step = ""
        if frame.position is not None:
            step = f"   {step_text(frame.position)}" + (f"/{result.total}" if len(frame.position) == 1 else "")
        yield line(span("  " * depth + name, "name"), span(step, "dim"))


@lines.register
def _steps(result: Steps, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    prefix = step_text(result.around) + "." if result.around else ""
    rows = [
        [
            span("→" if node.number == result.current else ""),
            span(f"{prefix}{node.number}", "dim"),
            span(result.marks.get(node.number, "")),
            span(node.path, "name"),
            span(node.op.name if node.op else "", "dim"),
            span("×".join(map(str, node.shape)), "dim"),
        ]
        for node in result.nodes
    ]
    yield from table(rows, "<><<<<")


@lines.register
def _summed(result: Summed, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from terms_around(trace, result.step, result.partial, result.nearby)


@lines.register
def _listing(result: Listing, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    if not result.rows and result.empty is not None:
        yield line(str(result.empty))
        return
    yield line(span(result.title, "accent"))
    head = [span(column, "dim") for column in result.columns]
    yield from table([head, *([span(cell) for cell in row] for row in result.rows)], "<" * len(head))


@lines.register
def _help(result: Help, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from help_lines(result, cells)


@lines.register
def _compared(result: Compared, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    told = list(comparison(result.comparison, result.names))
    yield from told[:DIFFERENCES]
    if len(told) > DIFFERENCES:
        more = Bilingual(
            "… and {n} more; `tfstep diff` lists all, of what was edited once it is saved",
            "…… 还有 {n} 行；`tfstep diff` 列出全部（改动过的先 `save`）",
            n=len(told) - DIFFERENCES,
        )
        yield line(span(more, "dim"))
    yield from at_this_step(result, cells)


@lines.register
def _reasoned(result: Reasoned, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from reasons_lines(result.reasons, trace)


@lines.register(Plotted)
@lines.register(Pictured)
@lines.register(Swept)
@lines.register(Drawn)
def _pictured(result: Result, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from picture(result, cells)


@lines.register
def _checked(result: Checked, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from report(result.report)


@lines.register
def _diagnosed(result: Diagnosed, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from diagnosis(result.diagnosis, cells)


@lines.register
def _generated(result: Generated, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from decoding.words(result.words)
    yield from decoding.sentence(result.words)
    if result.end is not None:
        yield line(span(str(result.end), "dim"))


BRIEF = 32  # cells of a loss before and after


@lines.register
def _searched(result: Searched, trace: Trace, cells: int = WIDTH) -> Iterator[Line]:
    yield from beams.tree(result.search)


def in_one_line(result: Result, cells: int = WIDTH) -> Line | None:
    """What a command gave back, for a status line of so many cells: empty where there is nothing to say; None where
    one line is not enough."""
    match result:
        case Moved(end=end, stops=stops, note=note):
            texts = [*(stop.reason for stop in stops), *(text for text in (end, note) if text)]
            return line(*(Span(f"{text}  ", "accent") for text in texts))
        case Trained():
            return None
        case Changed():
            whole = _changed_in_one(result)
            return whole if line_width(whole) <= cells else _changed_in_one(result, brief=True)
        case Switched():
            return line(
                Span(str(Bilingual("variant ", "变体 ")), "dim"),
                Span(result.variant, "accent"),
                Span(f"  {result.title}", "dim"),
            )
        case Message(texts=texts) if len(texts) == 1:
            return line(str(texts[0]))
        case Value(values=values, expression=expression) if values.ndim == 0:
            return line(Span(f"{expression} = ", "dim"), Span(plain(float(values)), "strong"))
        case _:
            return None


def _changed_in_one(result: Changed, brief: bool = False) -> Line:
    """A change; ``brief``: the cell alone and not the command, and how far the loss moved instead of many digits."""
    done = short(result.edits[0].target) if brief and result.edits else "  ".join(result.lines)
    spans = [Span(f"{done}  ", "strong")]
    for edit in result.edits[:1]:
        if edit.old.ndim == 0:
            spans.append(Span(f"{became(float(edit.old), float(edit.new), sign=not edit.share)}  "))
        if edit.pinned:
            spans.append(Span(str(Bilingual("pinned  ", "已固定  ")), "changed"))
    if result.loss is not None:
        was, now = result.loss
        moved = str(loss_moved(was, now))
        if brief and len(moved) > BRIEF:
            moved = f"{Bilingual('loss', '损失')} {plain(now, sign=False)} Δ {plain(now - was)}"
        spans.append(Span(f"{moved}  ", "strong"))
    spans += [Span(f"{note}  ", "dim") for note in result.notes]
    spans += [Span(f"{stop.reason}  ", "accent") for stop in result.stops]
    return tuple(spans)
