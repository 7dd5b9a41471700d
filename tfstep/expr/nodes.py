"""What an expression is made of: a small immutable tree. Chains of one precedence are one node, so it stays flat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """``column`` says where in the text it stands."""

    column: int


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number, True or False."""

    value: int | float | bool


@dataclass(frozen=True, slots=True)
class Listed(Node):
    """``[1, 2, 3]``: numbers, or lists of them."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A tensor by its path (``it``, ``$1`` and ``.grad``, ``.new`` included), of another variant where one is given."""

    path: str
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """``.T .shape .ndim .size`` of any value."""

    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """``start:stop:step`` in brackets."""

    start: Node | None
    stop: Node | None
    step: Node | None


@dataclass(frozen=True, slots=True)
class Label(Node):
    """A word in brackets; ``'他#2'`` is its second occurrence."""

    word: str


@dataclass(frozen=True, slots=True)
class Dots(Node):
    """``...`` in brackets: all axes that no other index speaks of."""


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``of[items]``."""

    of: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``function(args, name=value)``."""

    function: str
    args: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-a``, ``+a`` or ``not a``."""

    sign: str
    of: Node


@dataclass(frozen=True, slots=True)
class Operand:
    """One link of a chain: the operator before it, where that stands, and the value."""

    sign: str
    column: int
    node: Node


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """``first + a - b …``, ``first * a / b @ c …``, from left to right; ``first ** a``."""

    first: Node
    rest: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """``first < a <= b``: all comparisons hold."""

    first: Node
    rest: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``first and a and b``, or all with ``or``."""

    first: Node
    rest: tuple[Operand, ...]
