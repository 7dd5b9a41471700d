"""Putting an expression together from ops: values without numbers, conversions between them, errors with a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tfstep.engine.axis import NO_AXIS, Spec
from tfstep.engine.op import Op
from tfstep.engine.tape import Tape, Traced
from tfstep.errors import ExpressionError
from tfstep.expr.functions.primitives import Cast, Constant, Question
from tfstep.expr.limits import Budget
from tfstep.text import Bilingual

Static = int | float | bool
Nested = tuple[Any, ...]  # numbers, or tuples of them: a list in the text, or a shape
Value = Traced | Static | Nested

BOOL, WHOLE = np.dtype(bool), np.dtype(np.int64)


class Builder:
    """One expression being lowered. ``column`` is where the part stands that is being lowered now.

    With ``record`` the result is to be a step of a model: what has no derivative is refused.
    """

    def __init__(self, specs: Iterable[Spec], record: bool) -> None:
        self.tape, self.record, self.column = Tape(), record, 0
        known = list(specs)
        self.leaves: list[Traced] = [self.tape.stand_in(spec) for spec in known]
        self.budget = Budget(known)
        floats = [s.dtype for s in known if s.dtype.kind == "f"]
        self.dtype = np.result_type(*floats) if floats else np.dtype(np.float64)

    def error(self, message: Bilingual) -> ExpressionError:
        """An error at the part that is being lowered."""
        return ExpressionError(message, self.column)

    def apply(self, op: Op, *args: Traced | Static, **attrs: Any) -> Traced:
        """Record one op, once it is paid for. At least one argument is a tensor."""
        if self.record and isinstance(op, Question):
            raise self.error(
                Bilingual(
                    "{name} has no derivative, so no step of a model can be made of it",
                    "{name} 没有导数，不能用作模型的一步",
                    name=op.name,
                )
            )
        result: Traced = self.tape.record(op, args, attrs)
        specs = [a.spec for a in args if isinstance(a, Traced)]
        self.budget.charge(op.name, specs, result.spec, self.column)
        return result

    # -- conversions -----------------------------------------------------------------------------

    def constant(self, shape: tuple[int, ...], dtype: np.dtype, make: Callable[[], Any], text: str) -> Traced:
        """Numbers that ``make`` makes when they are needed, once there is room for them."""
        self.budget.room(shape, dtype.itemsize, self.column)
        spec = Spec(shape, dtype, (NO_AXIS,) * len(shape))
        return self.tape.record(Constant(spec, make, text), (), {}, spec)

    def tensor(self, value: Value) -> Traced:
        """Any value as a tensor; fractions in the dtype of the tensors around."""
        if isinstance(value, Traced):
            return value
        shape = self.shape_of(value) if isinstance(value, tuple) else ()
        dtype = np.asarray(value).dtype
        text = f"{value:g}" if isinstance(value, int | float) else str(list(value))
        return self.constant(shape, self.dtype if dtype.kind == "f" else dtype, lambda: value, text)

    def shape_of(self, value: Nested) -> tuple[int, ...]:
        """The shape of a list of numbers. Raises ExpressionError where its rows differ in length."""
        inner = {self.shape_of(v) if isinstance(v, tuple) else () for v in value} or {()}
        if len(inner) > 1:
            raise self.error(Bilingual("the rows of the list differ in length", "列表各行长度不一"))
        return (len(value), *inner.pop())

    def number(self, value: Value) -> Traced | Static:
        """A value to compute with: booleans count as 0 and 1."""
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, int | float):
            return value
        value = self.tensor(value)
        return self.apply(Cast(WHOLE), value) if value.dtype == BOOL else value

    def floating(self, value: Value) -> Traced | Static:
        """A value to compute with that is not a tensor of whole numbers."""
        value = self.number(value)
        if isinstance(value, Traced) and value.dtype.kind != "f":
            return self.apply(Cast(self.dtype), value)
        return value

    def real(self, value: Value) -> Traced:
        """A tensor of floating-point numbers."""
        result = self.floating(value)
        return result if isinstance(result, Traced) else self.tensor(float(result))

    def whole(self, value: Value, name: str | Bilingual) -> int:
        """A whole number that is known before anything is computed. Raises ExpressionError."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self.error(
            Bilingual(
                "{name} is a whole number, known before anything is computed: 2, or x.shape[0]",
                "{name} 须为事先可知的整数：2，或 x.shape[0]",
                name=name,
            )
        )

    def axis(self, axis: int, ndim: int) -> int:
        """An axis counted from 0. Raises ExpressionError where there is none."""
        if not -ndim <= axis < ndim:
            raise self.error(
                Bilingual(
                    "there is no axis {axis}; the value has {ndim} (from 0, or from -1 backwards)",
                    "没有轴 {axis}；该值有 {ndim} 个轴（从 0 数起，或从 -1 倒数）",
                    axis=axis,
                    ndim=ndim,
                )
            )
        return axis % ndim

    def broadcast(self, sign: str, *args: Traced | Static) -> None:
        """Check that shapes go together. Raises ExpressionError where they do not."""
        shapes = [a.shape for a in args if isinstance(a, Traced)]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise self.error(
                Bilingual(
                    "{sign}: the shapes {shapes} do not go together; axes are lined up from the last",
                    "{sign}：形状 {shapes} 不匹配；各轴从最后一个起对齐",
                    sign=sign,
                    shapes=" , ".join(str(s) for s in shapes),
                )
            ) from None
