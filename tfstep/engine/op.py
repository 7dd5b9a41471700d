"""What an op is: written once, run fast on arrays, unfolded on traced tensors.

An op states its forward as algebra over other ops, and one VJP (vector-Jacobian product) per input
as algebra over ``(g, y, *inputs)``: g is the gradient of the loss with respect to the output y.
Called on arrays it computes. Called on traced tensors it is recorded as one step; running the same
`forward` on traced tensors (`Trace.substeps`) records what goes on inside that step.
Only a `Primitive` computes by itself, and only a primitive says why a cell is what it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field

from tfstep.engine.axis import Spec
from tfstep.engine.node import Array as Array
from tfstep.engine.node import Literal, Operation
from tfstep.engine.tape import OPERATORS, ShapeOnly, Tape, Traced
from tfstep.text import Bilingual

Cell = tuple[int, ...]


class Ref(Struct, frozen=True):
    """One number that a cell was made from: a cell of input number ``arg``, to a power."""

    arg: int
    cell: Cell = ()
    power: float = 1


class Const(Struct, frozen=True):
    """A number that stands in the op itself, such as 1/n: its value, how it is written, its power."""

    value: float
    name: str
    power: float = 1


class TermSpec(Struct, frozen=True):
    """One term of a cell: ``fn(∏ factorᵖᵒʷᵉʳ)``; without ``fn`` the bare product."""

    factors: tuple[Ref | Const, ...]
    fn: str | None = None


class Why(Struct, frozen=True):
    """Why a cell is what it is: the rule, and the terms whose sum it is.

    ``view`` says that the cell is a cell of its input, moved but not changed (reshape, transpose).
    """

    rule: str
    parts: tuple[TermSpec, ...] = ()
    view: Ref | None = None
    note: Bilingual | None = None


def _by_body(self: Operation, *args: Spec | Literal, **attrs: Any) -> Spec:
    """The spec of the result, found by running the body on tensors without numbers."""
    tape = Tape()
    return tape.spec(self.forward(*(tape.stand_in(a) for a in args), **attrs))


class Op(Operation):
    """One function of tensors. Subclasses write `forward` and ``vjp_ARG`` for each differentiable argument.

    Positional parameters of `forward` are tensors, keyword-only ones are attributes of the step.

    ``code`` is its line in a program without tfstep, by library (numpy, torch): ``{arg}`` stands for an operand,
    ``{attribute}`` for the value of one, ``{dims}`` for the axes of a reduction as numbers. ``helper`` is the source
    of a function that the line calls. A composite needs none, its line is made from those of its primitives, but
    may say what the library itself calls it.
    """

    about_zh: str = ""  # what it does, in Chinese; the English is the first sentence of the docstring
    shapes_zh: str = ""  # its shapes, where the docstring says them in words

    infer: Callable[..., Spec] = _by_body

    def number(self, x: float) -> float:
        """What it makes of one number, on Python's own: for the terms of cells, which may apply it to a product."""
        raise NotImplementedError(self.name)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "forward" in cls.__dict__:
            parameters = list(inspect.signature(cls.forward).parameters.values())[1:]
            cls.arguments = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        if not cls.__dict__.get("name"):
            cls.name = "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).strip("_")

    def __call__(self, *args: Array, **attrs: Any) -> Array:
        for a in args:
            if isinstance(a, Traced):
                return a.tape.record(self, args, attrs)
        return self.forward(*args, **attrs)


class Primitive(Op):
    """An op that computes with NumPy and explains its own cells.

    ``leading`` computes many cases at once (`tfstep.engine.cases.leading`); None where only one after the other can be.
    """

    primitive = True
    leading: Callable[..., Array] | None = None

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        """The terms of one cell. ``args`` are arrays (or `Literal`), read where the terms depend on values."""
        raise NotImplementedError(self.name)


class Vjp(Op):
    """The step that carries a gradient through one use of a tensor: the VJP of one argument of an op.

    Its inputs are only those out of (g, y, *inputs) that the algebra reads, found by recording it once.
    """

    def __init__(self, op: Operation, index: int, specs: list[Spec | Literal], attrs: dict[str, Any]) -> None:
        vjp = op.vjp(index)
        if vjp is None:
            raise TypeError(f"{op.name} has no VJP for its argument {index}")
        self.op, self.body = op, vjp
        self.argument = op.arguments[index] if index < len(op.arguments) else f"x{index}"
        self.name = f"{op.name}_vjp_{self.argument}"
        self.kernel = getattr(op, f"kernel_{self.argument}", None)
        self.formula = op.vjp_notation(self.argument, attrs)
        tape = Tape()
        stand_ins = [tape.stand_in(s) for s in specs]
        reached = tape.reached_by(vjp(*stand_ins, **attrs))
        self.template: list[Any] = [ShapeOnly(s.shape, s.dtype) if isinstance(s, Spec) else s.value for s in specs]
        self.reads = [k for k, s in enumerate(stand_ins) if isinstance(s, Traced) and s.slot in reached]
        names = ("g", "y", *(op.arguments or (f"x{k}" for k in range(len(specs) - 2))))
        self.arguments = tuple(names[k] for k in self.reads)
        self.decisive = op.decisive

    def nothing(self, decisive: Any, attrs: Mapping[str, Any]) -> bool:
        """Where the op's result is 0 whatever its inputs, no gradient comes back through it either."""
        return self.op.nothing(decisive, attrs)

    def forward(self, *present: Array, **attrs: Any) -> Array:
        """The gradient for this use; ``present`` are the inputs that `reads` names."""
        args = self.template.copy()
        for k, value in zip(self.reads, present, strict=True):
            args[k] = value
        return self.body(*args, **attrs)


class Catalogue(Struct):
    """All ops by name; those that an operator of traced tensors means are entered there as well."""

    ops: dict[str, Op] = field(default_factory=dict)

    def add(self, op: Op) -> None:
        """Enter one op."""
        self.ops[op.name] = op
        if op.operator:
            OPERATORS[op.operator] = op

    @property
    def functions(self) -> dict[str, Callable[[float], float]]:
        """The functions that a term may apply to its product, on Python's own numbers."""
        return {name: op.number for name, op in self.ops.items() if type(op).number is not Op.number}


CATALOGUE = Catalogue()


OpType = TypeVar("OpType", bound=Op)


def op(cls: type[OpType]) -> OpType:
    """The single instance of an op, entered in the catalogue under its name."""
    instance = cls()
    CATALOGUE.add(instance)
    return instance
