"""What an expression is made of: a small immutable tree. Chains of one precedence are one node, so it stays flat."""

from __future__ import annotations

from msgspec import Struct


class Node(Struct, frozen=True):
    """``column`` says where in the text it stands."""

    column: int


class Number(Node, frozen=True):
    """A number, True or False."""

    value: int | float | bool


class Listed(Node, frozen=True):
    """``[1, 2, 3]``: numbers, or lists of them."""

    items: tuple[Node, ...]


class Name(Node, frozen=True):
    """A tensor by its path (``it``, ``$1`` and ``.grad``, ``.new`` included), of another variant where one is given."""

    path: str
    variant: str | None = None


class Attribute(Node, frozen=True):
    """``.T .shape .ndim .size`` of any value."""

    of: Node
    name: str


class Slice(Node, frozen=True):
    """``start:stop:step`` in brackets."""

    start: Node | None
    stop: Node | None
    step: Node | None


class Label(Node, frozen=True):
    """A word in brackets; ``'他#2'`` is its second occurrence."""

    word: str


class Dots(Node, frozen=True):
    """``...`` in brackets: all axes that no other index speaks of."""


class New(Node, frozen=True):
    """``None`` in brackets: an axis of one."""


class Index(Node, frozen=True):
    """``of[items]``."""

    of: Node
    items: tuple[Node, ...]


class Call(Node, frozen=True):
    """``function(args, name=value)``."""

    function: str
    args: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...]


class Unary(Node, frozen=True):
    """``-a``, ``+a`` or ``not a``."""

    sign: str
    of: Node


class Operand(Struct, frozen=True):
    """One link of a chain: the operator before it, where that stands, and the value."""

    sign: str
    column: int
    node: Node


class Chain(Node, frozen=True):
    """``first + a - b …``, ``first * a / b @ c …``, from left to right; ``first ** a``."""

    first: Node
    rest: tuple[Operand, ...]


class Compare(Node, frozen=True):
    """``first < a <= b``: all comparisons hold."""

    first: Node
    rest: tuple[Operand, ...]


class Logic(Node, frozen=True):
    """``first and a and b``, or all with ``or``."""

    first: Node
    rest: tuple[Operand, ...]
