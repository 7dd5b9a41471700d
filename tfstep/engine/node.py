"""What a plan is made of: nodes, literals, the roles that tensors have to each other, and what a step needs of its op."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from msgspec import Struct

from tfstep.address.roles import GRAD, NEW
from tfstep.engine.accel.kernel import Kernel
from tfstep.engine.axis import Spec
from tfstep.text import Bilingual, Template

Array = Any  # np.ndarray or Traced: an op's body is written once for both


class Literal(Struct, frozen=True, gc=False):
    """A Python number inside a body, with the way it is written (``√d_k``) where that says more."""

    value: float
    name: str = ""


class Operation:
    """What a step needs to know of the op that makes it; how ops are written is `tfstep.engine.op`.

    ``formula`` is in the paper's notation, with ``{arg}`` for each operand; ``vjp_formula[arg]`` likewise,
    with ``{g}`` for the gradient of the result and ``{y}`` for the result. ``operator`` is what of the arithmetic of
    traced tensors it is: ``+``, ``-``, ``*``, ``/``, ``**``, ``@``, ``negative``; or what holding cells needs: to
    ``choose`` between two tensors, and to ``hand on`` one as a step of its own.
    ``probabilities`` says that each row of the result is shares of 1. ``decisive`` names the argument that may say
    alone that the result is 0 throughout, so that the others need not be computed. ``exact`` says that each cell is
    made from the same cells of the operands and rounded correctly (IEEE 754), so it has the same bits wherever it stands.
    """

    name: str = ""
    purpose: Bilingual = Bilingual("", "")  # what a step of it is for, where its place in a model does not say
    formula: str | Template = ""
    code: Mapping[str, str] = {}
    helper: Mapping[str, str] = {}
    vjp_formula: ClassVar[Mapping[str, str | Template]] = {}
    primitive: ClassVar[bool] = False
    operator: ClassVar[str] = ""
    probabilities: ClassVar[bool] = False
    exact: ClassVar[bool] = False
    decisive: str = ""
    arguments: tuple[str, ...] = ()

    forward: Callable[..., Array]
    infer: Callable[..., Spec]
    kernel: Kernel | None = None  # and kernel_ARG beside vjp_ARG

    def remark(self, cell: tuple[int, ...], args: list[Any], attrs: dict[str, Any]) -> Bilingual | None:
        """What must be said of a cell beyond its terms, where there is something: a row that is masked whole."""
        return None

    def nothing(self, decisive: np.ndarray, attrs: Mapping[str, Any]) -> bool:
        """Whether the result is 0 throughout, by the argument `decisive` alone."""
        return not decisive.any()

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """Its line in a program, to fill in; an op whose line depends on its attributes says so here."""
        return self.code.get(library, "")

    def vjp_notation(self, argument: str, attrs: dict[str, Any]) -> str | Template:
        """The formula of the VJP of one argument."""
        return self.vjp_formula.get(argument, "")

    def vjp(self, index: int) -> Callable[..., Array] | None:
        """The VJP for input number ``index``, or None where there is none (integers, masks)."""
        return getattr(self, "vjp_" + self.arguments[index], None) if index < len(self.arguments) else None

    def __call__(self, *args: Array, **attrs: Any) -> Array:
        return self.forward(*args, **attrs)

    def __repr__(self) -> str:
        return self.name


class Role(Struct, frozen=True, gc=False):
    """What a tensor is: a ``value``, or a parameter's ``weight``, ``embedding``, ``bias``, ``one``, ``zero`` (its start);
    or something of the tensor in slot ``of``: its ``gradient``, the ``share`` of it that comes back through the step
    in slot ``consumer``, its ``new`` value after the update, or the optimizer's ``memory`` of it.
    """

    name: str = "value"
    of: int | None = None
    consumer: int | None = None

    @property
    def mark(self) -> str:
        """How the end of its path says it, which a pattern has to spell: ``.grad``, ``.new``, or nothing."""
        return {"gradient": GRAD, "share": GRAD, "new": NEW}.get(self.name, "")


VALUE = Role()


class Node(Struct, eq=False, gc=False):
    """One tensor of a plan: a leaf (parameter, constant, input), a view of a tied parameter, or a step and its result.

    ``inputs`` are slots of earlier nodes, or literals. ``vjp_of`` is, for a step that carries a gradient
    through an op, the slot of the step whose VJP it is. ``number`` counts the steps from 1. ``rounds`` is the half type
    to which its numbers are rounded, kept as float32; empty for those of its own type.
    """

    slot: int
    path: str
    kind: str
    spec: Spec
    op: Operation | None
    inputs: tuple[int | Literal, ...]
    attrs: dict[str, Any]
    phase: str
    vjp_of: int | None = None
    role: Role = VALUE
    number: int = 0
    rounds: str = ""
    slots: tuple[int, ...] = ()  # the slots it reads, found from the inputs

    def __post_init__(self) -> None:
        self.slots = tuple(s for s in self.inputs if isinstance(s, int))

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its axes."""
        return self.spec.shape

    @property
    def shares(self) -> bool:
        """Whether its rows are shares of 1, whose numbers have no sign."""
        return self.op is not None and self.op.probabilities and self.dtype.kind == "f"

    @property
    def nbytes(self) -> int:
        """The bytes that the tensor takes."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def dtype(self) -> np.dtype:
        """The type of its numbers."""
        return self.spec.dtype
