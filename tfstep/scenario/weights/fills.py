"""What a parameter starts from: the values of ``weights.init`` and ``weights.set``."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from tfstep.errors import did_you_mean
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Items, Node, Numbers, Scalar, Section, found_text
from tfstep.scenario.keys.numbers import read_array
from tfstep.text import Bilingual

INITS = ("xavier", "normal", "uniform", "zeros")
NAMES = ("identity", "ones", *INITS)
SIZED = ("normal", "uniform", "constant")


class Fill(Struct, frozen=True, eq=False):
    """A way to fill a parameter: by name, with a size where it takes one, or with these numbers."""

    kind: str  # one of NAMES, constant, or numbers
    size: float | None = None
    numbers: np.ndarray | None = None


XAVIER = Fill("xavier")


def read_init(node: Node, report: Report) -> Fill | None:
    """The value of ``weights.init``."""
    return _read(node, report, INITS, ("normal", "uniform"), numbers=False)


def read_fill(node: Node, report: Report) -> Fill | None:
    """A value of ``weights.set``: also ``identity``, ``ones``, ``{constant: c}``, a number, or nested numbers."""
    return _read(node, report, NAMES, SIZED, numbers=True)


def _read(node: Node, report: Report, names: tuple[str, ...], sized: tuple[str, ...], numbers: bool) -> Fill | None:
    if isinstance(node, Scalar) and node.value in names and isinstance(node.value, str):
        return Fill(node.value)
    if isinstance(node, Section) and len(node.entries) == 1:
        ((kind, value),) = node.entries.items()
        if kind in sized:
            size = _size(kind, value, report)
            return None if size is None else Fill(kind, size)
    if numbers and (
        isinstance(node, Items | Numbers)
        or (isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool))
    ):
        array = read_array(node, report)
        return None if array is None else Fill("numbers", numbers=array)
    written = (
        node.text if isinstance(node, Scalar) else next(iter(node.entries), "") if isinstance(node, Section) else ""
    )
    message = Bilingual(
        "{what}{hint}; allowed: {names}, {sized}{numbers}",
        "{what}{hint}；可用：{names}、{sized}{numbers}",
        what=found_text(node) if not isinstance(node, Section) else "{" + ", ".join(node.entries) + "}",
        names=", ".join(names),
        sized=", ".join(f"{{{kind}: 0.5}}" for kind in sized),
        numbers=Bilingual(", a number, or lists of numbers", "、一个数字、数字的列表")
        if numbers
        else Bilingual("", ""),
        hint=did_you_mean(written, (*names, *sized)),
    )
    report.add(node.place, message)
    return None


def _size(kind: str, node: Node, report: Report) -> float | None:
    value = node.value if isinstance(node, Scalar) else None
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if abs(number) < 1e300 and (number >= 0 or kind == "constant"):
        return float(number)
    message = Bilingual(
        "{kind} is {what}; allowed: a finite number{sign}",
        "{kind} 为 {what}；可用：有限的数字{sign}",
        kind=kind,
        what=found_text(node),
        sign=Bilingual("", "") if kind == "constant" else Bilingual(", 0 or more", "，不小于 0"),
    )
    report.add(node.place, message)
    return None
