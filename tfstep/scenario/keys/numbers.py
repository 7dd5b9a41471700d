"""Arrays of numbers as a file writes them: a number, lists of numbers in lists, or the file that keeps them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tfstep import reach
from tfstep.engine.arrays.npy import read_one
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Items, Node, Numbers, Scalar, excerpt, found_text
from tfstep.text import Bilingual

MAX_AXES = 8


def read_kept(node: Node, name: str, report: Report, axes: tuple[int, ...] | None) -> np.ndarray | None:
    """What `read_array` reads, or what a file keeps as its one array or under ``name``: ``input: {x: run.npz}``.

    The file is looked for from the folder of the scenario that names it.
    """
    if isinstance(node, Scalar) and isinstance(node.value, str):
        kept = _from_file(node, name, report)
        if kept is None:
            return None
        node = kept
    return read_array(node, report, axes) if axes else read_array(node, report)


def _from_file(node: Scalar, name: str, report: Report) -> Numbers | None:
    scenario = Path(node.place.file)
    file = scenario.parent / node.text
    if not reach.may_read(file, scenario):
        report.add(node.place, reach.too_far(Path(node.text)))
        return None
    try:
        array = read_one(file, name)
    except (OSError, ValueError):
        message = Bilingual(
            "{what}; numbers are needed, or an .npz or .npy file of one array, or an .npz with an array {name}",
            "{what}；须为数字、只有一个数组的 .npz 或 .npy 文件，或含有数组 {name} 的 .npz",
            what=Bilingual("{file} cannot be read", "无法读取 {file}", file=excerpt(node.text)),
            name=name,
        )
    else:
        if array.dtype.kind in "fiu" and np.isfinite(array).all():
            return Numbers(array, node.place)
        message = Bilingual(
            "{name} of {file} does not hold finite numbers alone; they are needed",
            "{file} 中的 {name} 不全是有限的数字；须全部为有限的数字",
            name=name,
            file=excerpt(node.text),
        )
    report.add(node.place, message)
    return None


def read_array(
    node: Node, report: Report, axes: tuple[int, ...] = tuple(range(MAX_AXES + 1)), finite: bool = True
) -> np.ndarray | None:
    """The float64 array that a value spells, or None where it is wrong; the mistakes go to ``report``.

    ``axes`` are the numbers of axes that are allowed here; 0 is a single number. Not ``finite``: NaN and infinities
    are allowed too.
    """
    if isinstance(node, Numbers):
        array = np.asarray(node.array, dtype=np.float64)
    else:
        before = len(report.mistakes)
        values = _values(node, report, 0, finite)
        if len(report.mistakes) > before or not _rectangular(node, report):
            return None
        array = np.array(values, dtype=np.float64)
    if array.ndim not in axes:
        message = Bilingual(
            "numbers with {n} axes; allowed: {axes}",
            "数字有 {n} 个轴；可用的轴数：{axes}",
            n=array.ndim,
            axes=" / ".join(map(str, axes)),
        )
        report.add(node.place, message)
        return None
    array.setflags(write=False)
    return array


def _values(node: Node, report: Report, depth: int, finite: bool) -> object:
    if isinstance(node, Items):
        if not node.items:
            report.add(node.place, Bilingual("an empty list; at least one number", "空列表；至少要有一个数字"))
        elif depth >= MAX_AXES:
            message = Bilingual("more than {n} axes; at most {n}", "超过 {n} 个轴；最多 {n} 个", n=MAX_AXES)
            report.add(node.place, message)
        else:
            return [_values(item, report, depth + 1, finite) for item in node.items]
        return None
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        if not finite or (abs(node.value) <= 1e308 and math.isfinite(node.value)):
            return float(node.value)
        message = Bilingual("{what}; a finite number is needed", "{what}；须为有限的数字", what=found_text(node))
    else:
        message = Bilingual("{what}; a number is needed", "{what}；此处须为数字", what=found_text(node))
    report.add(node.place, message)
    return None


def _rectangular(node: Node, report: Report) -> bool:
    """Whether all rows of a list have one shape; the first that differs is noted."""
    return _shape(node, report) is not None


def _shape(node: Node, report: Report) -> tuple[int, ...] | None:
    if not isinstance(node, Items):
        return ()
    shapes = [_shape(item, report) for item in node.items]
    if any(shape is None for shape in shapes):
        return None
    for item, shape in zip(node.items, shapes, strict=True):
        if shape != shapes[0]:
            message = Bilingual(
                "a row of shape {found} under one of shape {first}; all rows have one length",
                "这一行的形状是 {found}，而首行是 {first}；各行长度须相同",
                found=shape,
                first=shapes[0],
            )
            report.add(item.place, message)
            return None
    first = shapes[0]
    return None if first is None else (len(shapes), *first)
