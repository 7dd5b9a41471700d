"""The author's own equations: each a step, recorded, differentiated and explained like any other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tfstep.engine.axis import Axis, Spec, axes
from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.errors import ExpressionError, PathError, did_you_mean
from tfstep.expr.expression import parse
from tfstep.expr.formula import formula
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import Inputs, ModelConfig
from tfstep.text import Bilingual


def forward(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """Record every equation in order; returns the last one's result. Values have the shapes that the file gives."""
    for name, value in inputs.given.items():
        root.constant(name, value.astype(c.stored), named_axes(value.ndim, ("batch", "in")))
    for name, value in inputs.parameters.items():
        spec = Spec(value.shape, np.dtype(c.stored), named_axes(value.ndim, ("in", "out")))
        root.parameter(name, spec, "given")
    last = None
    for name, text in inputs.steps.items():
        last = equation(root, name, text, ("model", "steps", name))
    assert last is not None
    return last


def named_axes(ndim: int, last: tuple[str, str]) -> tuple[Axis, ...]:
    """Names for the axes of an author's array: data are rows of features, parameters lead from in to out."""
    names = ("head", "position", *last)
    return axes(*("",) * (ndim - len(names)), *names[len(names) - min(ndim, len(names)) :])


def equation(root: Scope, name: str, text: str, keys: tuple[str, ...]) -> Traced:
    """Record one expression over the tensors that are there so far. Raises ModelBuildError, which says where it stands."""
    try:
        step = formula(parse(text, root.tape.paths), lambda path: tensor_at(root.tape, path))
    except ExpressionError as error:
        raise ModelBuildError(keys, error.message, error.column) from error
    setattr(root, name, step)
    return root.tape.find(root.path(name))


def tensor_at(tape: Tape, path: str) -> Traced:
    """The tensor with this path. Raises PathError."""
    if path in tape.paths and np.issubdtype(tape.paths[path].dtype, np.number):
        return tape.find(path)
    raise PathError(not_before(path, tape.paths))


def not_before(path: str, names: Iterable[str]) -> Bilingual:
    """What is said of a path that no step made so far."""
    return Bilingual(
        "there is no tensor {path!r} before this step{near}",
        "在这一步之前没有张量 {path!r}{near}",
        path=path,
        near=did_you_mean(path, names),
    )
