"""Tensors, steps and explanations as JSON: full precision, and nothing that is not JSON.

Numbers that are not finite are the strings ``"nan"``, ``"inf"`` and ``"-inf"``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tfstep.engine.naming import notation
from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation, Factor, Term
from tfstep.text import Template, printable
from tfstep.view.report.timeline import Row
from tfstep.view.text.number import special

Nested = Any  # numbers, strings, and lists of them
PIECE = 10_000  # numbers that are made text at once


def number(x: float, digits: int | None = None) -> float | str:
    """A number as JSON has it, rounded to so many significant digits if given."""
    if not math.isfinite(x):
        return special(x)
    return x if digits is None or isinstance(x, int) else float(f"{x:.{digits}g}")


def nested(array: np.ndarray, digits: int | None = None) -> Nested:
    """An array as nested lists; a scalar as one number."""
    values: Nested = array.tolist()
    if array.dtype.kind != "f" or (digits is None and bool(np.isfinite(array).all())):
        return values
    return _each(values, digits)


def _each(values: Nested, digits: int | None) -> Nested:
    return [_each(v, digits) for v in values] if isinstance(values, list) else number(values, digits)


def dump(
    name: str, variant: str, trace: Trace, tensors: Iterable[Tensor], grad: bool, digits: int | None = None
) -> Iterator[str]:
    """The pieces of one JSON object with the tensors in it, one a line."""
    loss = nested(trace["loss"].value, digits) if "loss" in trace.plan.paths else None
    head = _dumps({"scenario": name, "variant": variant, "loss": loss})
    yield head[:-1] + ', "tensors": ['
    between = "\n"
    for tensor in tensors:
        yield between
        yield from _tensor(tensor, grad, digits)
        between = ",\n"
    yield "\n]}\n"


def _tensor(tensor: Tensor, grad: bool, digits: int | None = None) -> Iterator[str]:
    """The pieces of one tensor; ``grad`` is null where it was not asked for and where no path leads to the loss."""
    gradient = tensor.grad if grad else None
    said = {
        "path": tensor.path,
        "phase": tensor.phase,
        "step": tensor.step,
        "op": tensor.op,
        "formula": _english(notation(tensor.trace, tensor.node)),
        "inputs": list(tensor.inputs),
        "axes": list(tensor.axes),
        "labels": tensor.labels,
        "shape": list(tensor.shape),
    }
    yield _dumps(said)[:-1] + ', "value": '
    yield from _pieces(tensor.value, digits)
    yield ', "grad": '
    yield from ["null"] if gradient is None else _pieces(gradient, digits)
    yield f', "kind": {_dumps(tensor.node.kind)}}}'


def _pieces(array: np.ndarray, digits: int | None) -> Iterator[str]:
    """An array as nested lists, in pieces of so many numbers at most: as text it is many times as large as it was."""
    if array.ndim == 0 or array.size <= PIECE:
        yield _dumps(nested(array, digits))
        return
    between = "["
    for row in array if array.ndim > 1 else np.split(array, range(PIECE, array.size, PIECE)):
        yield between
        if array.ndim > 1:
            yield from _pieces(row, digits)
        else:
            yield _dumps(nested(row, digits))[1:-1]
        between = ", "
    yield "]"


def steps(rows: Iterable[Row]) -> str:
    """The timeline as a list, one step a line."""
    return _list(
        {
            "step": row.tensor.step,
            "path": row.tensor.path,
            "phase": row.phase,
            "op": row.tensor.op,
            "depth": row.depth,
            "inputs": list(row.tensor.inputs),
            "shape": list(row.tensor.shape),
        }
        for row in rows
    )


def _english(formula: Template | None) -> str | None:
    """A formula as programs read it: the same whatever the reader's language is."""
    return None if formula is None else formula.en


def explanation(found: Explanation) -> str:
    """An explanation, nested as deep as it goes."""
    return printable(json.dumps(_explanation(found), ensure_ascii=False, indent=2, allow_nan=False), json=True) + "\n"


def _explanation(found: Explanation) -> dict[str, Nested]:
    said: dict[str, Nested] = {
        "cell": found.cell,
        "value": number(found.value),
        "rule": found.rule,
        "formula": _english(found.notation),
        "terms": [_term(term) for term in found.terms],
        "total": number(found.total),
        "residual": number(found.residual),
    }
    if found.note is not None:
        said["note"] = str(found.note)
    return said


def _term(term: Term) -> dict[str, Nested]:
    said: dict[str, Nested] = {"value": number(term.value), "factors": [_factor(f) for f in term.factors]}
    if term.fn is not None:
        said["fn"] = term.fn
    return said


def _factor(factor: Factor) -> dict[str, Nested]:
    return {
        "cell": factor.cell,
        "name": factor.name,
        "value": number(factor.value),
        "power": factor.power,
        "why": None if factor.why is None else _explanation(factor.why),
    }


def listing(rows: Iterable[dict[str, Nested]]) -> str:
    """A list of objects, one a line."""
    return _list(rows)


def _list(rows: Iterable[dict[str, Nested]]) -> str:
    inner = ",\n".join(map(_dumps, rows))
    return f"[\n{inner}\n]\n" if inner else "[]\n"


def _dumps(value: Nested) -> str:
    return printable(json.dumps(value, ensure_ascii=False, allow_nan=False), json=True)
