"""Tensors as tables for people: one matrix after another, with the words along its axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tfstep.engine.axis import MANY, Axis
from tfstep.engine.trace import Tensor
from tfstep.session.place import PHASE_NAMES
from tfstep.text import Bilingual
from tfstep.view.cell.no_gradient import no_gradient
from tfstep.view.export.indices import along, down, sentence_of
from tfstep.view.matrix.likeliest import many_words
from tfstep.view.matrix.noise import ROUNDED, without_noise
from tfstep.view.matrix.plane import masked_cells
from tfstep.view.text.axes import axis_name, axis_names
from tfstep.view.text.number import REPORTED, Notation
from tfstep.view.text.spans import Line, Span, beside, indented, line, line_width, span, table

MASKED = "▒"  # before a number that a mask has made what it is
LIKELIEST = 8  # of a tokenizer's words that a row shows
FIRST = 12  # rows of a table with a row a word
KINDS = {
    "parameter": Bilingual("parameter", "参数"),
    "constant": Bilingual("constant", "常量"),
    "input": Bilingual("input", "输入"),
    "view": Bilingual("tied: the numbers of another parameter", "权重共享：取自另一个参数"),
}


def tables(tensors: Iterable[Tensor], grad: bool, digits: int = REPORTED, cells: int | None = None) -> Iterator[Line]:
    """The tensors under each other, with their gradients if ``grad``; folded to ``cells`` columns if given."""
    for k, tensor in enumerate(tensors):
        if k:
            yield ()
        yield from heading(tensor)
        yield from indented(_slices(tensor, grad, digits, None if cells is None else cells - 2))


def heading(tensor: Tensor) -> list[Line]:
    """What a tensor is: its path, how it is made, and its axes."""
    name = span(tensor.path, "name")
    if tensor.step is None:
        what = [str(KINDS[tensor.node.kind])]
    else:
        what = [str(Bilingual("step {n}", "第 {n} 步", n=tensor.step)), str(PHASE_NAMES[tensor.phase or "forward"])]
    if tensor.shape:
        sizes = zip(tensor.axes, tensor.shape, strict=True)
        what.append(" × ".join(f"{axis_names(axis)} {n}".strip() for axis, n in sizes))
    formula = (span(f"   {tensor.formula}"),) if tensor.formula else ()
    return [(name, *formula), line(span(f"  {' · '.join(what)}", "dim"))]


def _slices(tensor: Tensor, grad: bool, digits: int, cells: int | None) -> Iterator[Line]:
    (value, rounded), axes = shown_numbers(tensor), tensor.node.spec.axes
    blocks = [(value, Notation(value, digits), masked_cells(tensor))]
    gradient, rounded_too = shown_gradient(tensor) if grad else (None, 0)
    if gradient is not None and (own := _gradient(tensor)) is not None:
        blocks.append((gradient, Notation(gradient, digits), masked_cells(own)))
    many = int(np.prod(value.shape[:-2])) > 1
    for index in np.ndindex(*value.shape[:-2]):
        if many:
            yield line(span(where(axes, index), "accent"))
        drawn = [
            matrix(array[index], axes, index, notation, cells, None if hidden is None else hidden[index])
            for array, notation, hidden in blocks
        ]
        if gradient is not None:
            captions = [Bilingual("value", "值"), Bilingual("gradient", "梯度")]
            drawn = [[line(span(c, "dim")), *d] for c, d in zip(captions, drawn, strict=True)]
        yield from _fitted(drawn, cells)
    yield from remarks(any(hidden is not None for _, _, hidden in blocks), rounded + rounded_too)
    if grad and (reason := no_gradient(tensor)) is not None:
        yield line(span(reason, "dim"))


def shown_numbers(tensor: Tensor) -> tuple[np.ndarray, int]:
    """The numbers of a tensor, with 0 where they are 0 but for rounding, and how many these are."""
    values, found = without_noise(tensor.trace, tensor.node)
    return values, 0 if found is None else int(found.sum())


def shown_gradient(tensor: Tensor) -> tuple[np.ndarray | None, int]:
    """The same of its gradient, where it has one."""
    found = _gradient(tensor)
    return (None, 0) if found is None else shown_numbers(found)


def _gradient(tensor: Tensor) -> Tensor | None:
    node = tensor.trace.plan.gradient(tensor.node)
    return None if node is None else tensor.trace[node.path]


def remarks(masked: bool, rounded: int) -> Iterator[Line]:
    """What the sign of a mask means, and how many numbers are shown as 0."""
    if masked:
        yield line(span(Bilingual("{sign}: masked", "{sign}：被掩码遮住", sign=MASKED), "dim"))
    if rounded:
        text = Bilingual("shown as 0: {n} ({what})", "显示为 0 的数：{n} 个（{what}）", n=rounded, what=ROUNDED)
        yield line(span(text, "dim"))


def where(axes: tuple[Axis, ...], index: tuple[int, ...]) -> str:
    """Which slice of a tensor: ``batch 0 · head 1``, in Chinese ``批次 0 · 头 1``."""
    return " · ".join(f"{axis_name(axis.name)} {i}".strip() for axis, i in zip(axes, index, strict=False))


def _fitted(drawn: list[list[Line]], cells: int | None) -> list[Line]:
    if len(drawn) == 1:
        return drawn[0]
    value, gradient = drawn
    joined = beside(value, gradient)
    if cells is None or max(map(line_width, joined)) <= cells:
        return joined
    return value + gradient


def matrix(
    array: np.ndarray,
    axes: tuple[Axis, ...],
    index: tuple[int, ...],
    notation: Notation,
    cells: int | None,
    hidden: np.ndarray | None = None,
) -> list[Line]:
    """One matrix, vector or number, with its labels; wide ones in several pieces. ``hidden`` says which cells are
    masked: they have a sign."""
    if array.ndim == 0:
        return [line(_number(array.item(), notation, hidden is not None and bool(hidden)))]
    sentence = sentence_of(axes, index)
    if many_words(axes[-1].name, array.shape[-1]):
        return _likeliest(array, axes, sentence, notation)
    if array.ndim == 2 and array.shape[0] > MANY:
        words = axes[-2].words(sentence)
        first = Axis(axes[-2].name, None if words is None else (tuple(words[:FIRST]),))
        under = None if hidden is None else hidden[:FIRST]
        few = matrix(array[:FIRST], (first, axes[-1]), index, notation, cells, under)
        return [*few, _more(array.shape[0] - FIRST)]
    many = array.ndim > 1 and axes[-2].name == "batch" and array.shape[0] > 1  # rows that are sentences share no words
    labels = along(axes[-1].bare() if many else axes[-1], array.shape[-1], sentence)
    columns = [span(label, "dim") for label in labels]
    if array.ndim == 1:
        corner, rows, array = "", [Span("")], array[None]
    else:
        corner = f"{axis_name(axes[-2].name)}\\{axis_name(axes[-1].name)}" if axes[-1].name else ""
        rows = [span(label, "dim") for label in down(axes[-2], array.shape[-2], sentence)]
    signs = np.zeros(array.shape, bool) if hidden is None else hidden.reshape(array.shape)
    numbers = [
        [_number(x, notation, sign) for x, sign in zip(row, under, strict=True)]
        for row, under in zip(array.tolist(), signs.tolist(), strict=True)
    ]
    lines: list[Line] = []
    for start, stop in _pieces(corner, rows, columns, numbers, cells):
        head = [span(corner, "dim"), *columns[start:stop]]
        body = [[label, *row[start:stop]] for label, row in zip(rows, numbers, strict=True)]
        lines += table([head, *body], "<" + ">" * (stop - start))
    return lines


def _likeliest(array: np.ndarray, axes: tuple[Axis, ...], sentence: int, notation: Notation) -> list[Line]:
    """Of a tokenizer's words the largest numbers of each row, the largest first."""
    rows = array.reshape(-1, array.shape[-1])
    labels = down(axes[-2], rows.shape[0], sentence) if array.ndim > 1 else [""]
    words = axes[-1].words(sentence)
    lines: list[list[Span]] = []
    for label, row in zip(labels, rows, strict=True):
        first = np.argsort(-row, kind="stable")[:LIKELIEST].tolist()
        pairs = [(str(i) if words is None else words[i], float(row[i])) for i in first]
        lines.append([span(label, "dim"), *(part for word, x in pairs for part in (span(word), _number(x, notation)))])
    return [*table(lines, "<" + "<>" * LIKELIEST), _more(array.shape[-1] - LIKELIEST)]


def _more(n: int) -> Line:
    text = Bilingual("… {n:,} more; with --format npz all of them", "…… 还有 {n:,} 个；用 --format npz 可得全部", n=n)
    return line(span(text, "dim"))


def _pieces(
    corner: str, rows: list[Span], columns: list[Span], numbers: list[list[Span]], cells: int | None
) -> Iterator[tuple[int, int]]:
    """From which column to which, so that each piece fits."""
    if cells is None:
        yield 0, len(columns)
        return
    first = max(line_width((row,)) for row in (span(corner), *rows))
    start, used = 0, first
    for k, column in enumerate(columns):
        wide = 2 + max(line_width((cell,)) for cell in (column, *(row[k] for row in numbers)))
        if used + wide > cells and k > start:
            yield start, k
            start, used = k, first
        used += wide
    yield start, len(columns)


def _number(x: float, notation: Notation, masked: bool = False) -> Span:
    text = span(f"{MASKED} {notation(x)}").text if masked else notation(x)
    return Span(text, "negative" if x < 0 else "dim" if x == 0 else "number")
