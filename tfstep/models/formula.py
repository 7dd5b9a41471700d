"""The author's own equations: each a step, recorded, differentiated and explained like any other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tfstep.engine.axis import Axis, Shape, Spec, axes
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
        named = _given_axes(inputs, name, value.shape) or named_axes(value.ndim, ("batch", "in"))
        root.constant(name, value.astype(c.stored), named)
    for name, shape in inputs.shapes.items():
        named = _given_axes(inputs, name, shape) or named_axes(len(shape), ("in", "out"))
        root.parameter(name, Spec(shape, np.dtype(c.stored), named), "given")
    last = None
    for name, text in inputs.steps.items():
        last = equation(root, name, text, ("model", "steps", name))
        if own := _given_axes(inputs, name, last.shape):
            last = last.with_axes(*own)
    assert last is not None
    return last


def _given_axes(inputs: Inputs, name: str, shape: Shape) -> tuple[Axis, ...] | None:
    """The axes that the author has named. Raises ModelBuildError where they are not those of the shape."""
    found = inputs.axes.get(name)
    if found is None:
        return None
    if len(found) != len(shape):
        message = Bilingual(
            "{n} names for the axes of {name}, whose shape is {shape}; one for each",
            "给 {name} 的轴写了 {n} 个名称，而它的形状是 {shape}；每个轴一个",
            n=len(found),
            name=name,
            shape=shape,
        )
        raise ModelBuildError(("model", "axes", name), message)
    for axis, size in zip(found, shape, strict=True):
        words = axis.words()
        if words is not None and len(words) != size:
            message = Bilingual(
                "{n} words along {axis} of {name}, which has {size} places",
                "{name} 的 {axis} 轴有 {size} 个位置，却写了 {n} 个词",
                n=len(words),
                axis=axis.name,
                name=name,
                size=size,
            )
            raise ModelBuildError(("model", "axes", name), message)
    return found


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
