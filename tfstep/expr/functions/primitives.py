"""Ops that only expressions use: constants, tests, and questions that have no derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfstep.engine.axis import Spec, broadcast
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Primitive, Ref, TermSpec, Why
from tfstep.ops.primitive.elementwise import Elementwise, tensors

Compute = Callable[..., Any]
Shape = Callable[..., Spec]


class Constant(Primitive):
    """Numbers that stand in the expression itself; made when they are needed."""

    name = "constant"

    def __init__(self, spec: Spec, make: Callable[[], Any], text: str) -> None:
        self.spec, self.make, self.formula = spec, make, text

    def infer(self, *args: Spec | Literal) -> Spec:
        """The shape of the numbers; their axes have no names."""
        return self.spec

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """The numbers themselves."""
        numbers = repr(self.forward().tolist()).replace("inf", 'float("inf")').replace("nan", 'float("nan")')
        if library == "numpy":
            return f"np.array({numbers}, {self.spec.dtype.name!r})"
        return f"torch.tensor({numbers}, dtype=torch.{self.spec.dtype.name})"

    def forward(self) -> Array:
        return np.asarray(self.make(), self.spec.dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        value = float(self.forward()[cell])
        return Why("constant", (TermSpec((Const(value, f"{value:g}"),)),))


class Cast(Elementwise):
    """The same numbers in another dtype: booleans as 0 and 1, integers as float64."""

    formula = "{x}"

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype

    def infer(self, *args: Spec | Literal) -> Spec:
        """The shape of x."""
        (x,) = tensors(args)
        return Spec(x.shape, self.dtype, x.axes)

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """The other dtype by its name."""
        return "{x}." + (f"astype({self.dtype.name!r})" if library == "numpy" else f"to(torch.{self.dtype.name})")

    def forward(self, x: Array) -> Array:
        return np.asarray(x).astype(self.dtype)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("view", view=Ref(0, cell))


class Test(Elementwise):
    """A question with a yes or no for each cell; 1 where it holds, 0 where not."""

    def __init__(self, name: str, formula: str, compute: Compute) -> None:
        self.name, self.formula, self.compute = name, formula, compute
        self.arguments = ("a", "b") if "{b}" in formula else ("a",)

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """The comparison by the name that both libraries have for it."""
        name = self.compute.__name__
        call = f"np.{name}" if library == "numpy" else f"torch.{ {'equal': 'eq'}.get(name, name) }"
        return f"{call}({', '.join(f'{{{name}}}' for name in self.arguments)})"

    def infer(self, *args: Spec | Literal) -> Spec:
        """Shapes broadcast; booleans."""
        spec = broadcast(*tensors(args))
        return Spec(spec.shape, np.dtype(bool), spec.axes)

    def forward(self, a: Array, *b: Array) -> Array:
        return self.compute(a, *b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        values = [x.value if isinstance(x, Literal) else x for x in args]
        holds = float(self.compute(*values)[cell])
        return Why("test", (TermSpec((Const(holds, f"{holds:g}"),)),))


class Question(Primitive):
    """A function without a derivative: it can be printed and compared, not recorded as a step of a model."""

    def __init__(self, name: str, compute: Compute, shape: Shape) -> None:
        self.name, self.compute, self.shape = name, compute, shape

    def infer(self, *args: Spec | Literal, **attrs: Any) -> Spec:
        """What the question's own rule says."""
        return self.shape(*args, **attrs)

    def forward(self, *args: Array, **attrs: Any) -> Array:
        return np.asarray(self.compute(*args, **attrs))  # an array for whoever asks on


TESTS = {
    "==": Test("equal", "{a} = {b}", np.equal),
    "!=": Test("unequal", "{a} ≠ {b}", np.not_equal),
    "<": Test("less", "{a} < {b}", np.less),
    "<=": Test("at_most", "{a} ≤ {b}", np.less_equal),
    ">": Test("greater", "{a} > {b}", np.greater),
    ">=": Test("at_least", "{a} ≥ {b}", np.greater_equal),
    "and": Test("both", "{a} and {b}", np.logical_and),
    "or": Test("either", "{a} or {b}", np.logical_or),
    "not": Test("not", "not {a}", np.logical_not),
}


def same(x: Spec, **_attrs: Any) -> Spec:
    """The rule of a question that answers for each cell."""
    return x


def whole(x: Spec, *_others: Spec | Literal, **_attrs: Any) -> Spec:
    """The rule of a question about a whole tensor: one yes or no."""
    return Spec((), np.dtype(bool), ())


def share(x: Spec, **_attrs: Any) -> Spec:
    """The rule of a question about a whole tensor whose answer is a number."""
    return Spec((), np.dtype(np.float64), ())
