"""Tensors as tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfstep.engine.trace import Tensor
from tfstep.text import Bilingual
from tfstep.view.export.shade import number
from tfstep.view.export.slices import Slice, slices, title
from tfstep.view.export.tables import MASKED
from tfstep.view.matrix.plane import masked_cells


def document(tensors: Iterable[Tensor], grad: bool, digits: int) -> Iterator[str]:
    """A heading and tables for each tensor."""
    for tensor in tensors:
        formula, what = title(tensor)
        yield f"### `{tensor.path}`\n\n{escaped(' — '.join(filter(None, (formula, what))))}\n\n"
        for parts in slices(tensor, grad, digits):
            for part in parts:
                yield f"{escaped(part.caption)}\n\n" if part.caption else ""
                yield from _table(part)
        if masked_cells(tensor) is not None:
            yield f"{Bilingual('{sign}: masked', '{sign}：被掩码遮住', sign=MASKED)}\n\n"


def _table(part: Slice) -> Iterator[str]:
    yield _row([part.corner, *part.columns])
    yield "|---|" + "--:|" * len(part.columns) + "\n"
    for r, label in enumerate(part.rows):
        texts = [number(part, r, c) for c in range(len(part.columns))]
        yield _row([f"**{escaped(label)}**" if label else "", *texts], raw=True)
    yield "\n"


def _row(cells: list[str], raw: bool = False) -> str:
    return "| " + " | ".join(cell if raw else escaped(cell) for cell in cells) + " |\n"


def escaped(text: str) -> str:
    """Text in which nothing is taken for Markdown."""
    for mark in "\\`*_|<>#":
        text = text.replace(mark, f"\\{mark}")
    return text
