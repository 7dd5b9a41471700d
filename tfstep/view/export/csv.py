"""Tensors as CSV: one number a line, so that every program can read every shape."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator

import numpy as np

from tfstep.engine.trace import Tensor
from tfstep.text import printable
from tfstep.view.export.indices import along, sentence_of
from tfstep.view.text.number import special


def lines(tensors: Iterable[Tensor], grad: bool, digits: int | None = None) -> Iterator[str]:
    """A header and the lines: path, indices, the words they stand for, value, and with ``grad`` the gradient."""
    yield _line(["path", "index", "words", "value", *(["grad"] if grad else [])])
    for tensor in tensors:
        axes, value, gradient = tensor.node.spec.axes, tensor.value, tensor.grad if grad else None
        said: list[list[str] | None] = []
        spoken = -1  # the sentence whose words these are
        for index in np.ndindex(*value.shape):
            if (sentence := sentence_of(axes, index)) != spoken:
                spoken = sentence
                named = zip(axes, value.shape, strict=True)
                said = [along(axis, n, sentence) if axis.labels is not None else None for axis, n in named]
            words = [str(i) if names is None else names[i] for names, i in zip(said, index, strict=True)]
            row = [tensor.path, " ".join(map(str, index)), " ".join(words), _number(value.item(index), digits)]
            if grad:
                row.append("" if gradient is None else _number(gradient.item(index), digits))
            yield _line(row)


def _number(x: float, digits: int | None) -> str:
    if isinstance(x, int):
        return str(x)
    if not math.isfinite(x):
        return special(x)
    return repr(x) if digits is None else f"{x:.{digits}g}"


def _line(row: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(map(printable, row))
    return text.getvalue()
