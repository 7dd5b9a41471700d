"""From the tree to a program: every part becomes ops on tensors without numbers, its cost counted on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from tfstep.engine.axis import NO_AXIS, Axis, Spec
from tfstep.engine.tape import Traced
from tfstep.expr.arithmetic import arithmetic, compare, logic, negation, negative
from tfstep.expr.builder import Builder, Value
from tfstep.expr.index import Item, indexed
from tfstep.expr.program import Program, compiled
from tfstep.expr.syntax.nodes import (
    Attribute,
    Call,
    Chain,
    Compare,
    Dots,
    Index,
    Label,
    Listed,
    Logic,
    Name,
    New,
    Node,
    Number,
    Slice,
    Unary,
)
from tfstep.ops.primitive.shape import reshape, transpose
from tfstep.text import Bilingual

MAX_AXES = 8  # of a value in which None stands among the indices


class Key(Struct, frozen=True):
    """What tells one name from another: the path, and the variant it is of."""

    path: str
    variant: str | None


def lower(tree: Node, names: Sequence[Key], specs: Sequence[Spec], record: bool = False) -> Program | Value:
    """The program of a tree over the tensors that it names, or its value where it needs no tensor at all.

    Raises ExpressionError where shapes do not go together, where it would cost too much, and, with ``record``,
    where something has no derivative.
    """
    at = Builder(specs, record)
    result = Lowering(at, dict(zip(names, at.leaves, strict=True))).value(tree)
    return compiled(at.leaves, result) if isinstance(result, Traced) else result


class Lowering:
    """The walk over one tree."""

    def __init__(self, at: Builder, leaves: dict[Key, Traced]) -> None:
        self.at, self.leaves = at, leaves

    def value(self, node: Node) -> Value:
        """The value of a node."""
        match node:
            case Number():
                return node.value
            case Name(path=path, variant=variant):
                return self.leaves[Key(path, variant)]
            case Chain():
                return self.chain(node, arithmetic)
            case Unary(sign=sign, of=of):
                value = self.value(of)
                self.at.column = node.column
                if sign == "not":
                    return negation(self.at, value)
                return negative(self.at, value) if sign == "-" else self.at.number(value)
            case Compare():
                return self.comparison(node)
            case Logic():
                return self.chain(node, logic)
            case Attribute(of=of, name=name):
                value = self.value(of)
                self.at.column = node.column
                return self.attribute(value, name)
            case Index():
                return self.index(node)
            case Listed(items=items):
                return self.listed(items)
            case Call():
                return self.call(node)
        raise TypeError(node)

    def chain(self, node: Chain | Logic, operator: Callable[[Builder, str, Value, Value], Value]) -> Value:
        """Operators of one precedence, from left to right."""
        result = self.value(node.first)
        for link in node.rest:
            other = self.value(link.node)
            self.at.column = link.column
            result = operator(self.at, link.sign, result, other)
        return result

    def comparison(self, node: Compare) -> Value:
        """``a < b <= c``: a < b and b <= c, with b worked out once.

        No gradient goes through a comparison, so that its sides may be made by what has no derivative.
        """
        record, self.at.record = self.at.record, False
        left, result = self.value(node.first), None
        for link in node.rest:
            right = self.value(link.node)
            self.at.column = link.column
            holds = compare(self.at, link.sign, left, right)
            result = holds if result is None else logic(self.at, "and", result, holds)
            left = right
        self.at.record = record
        assert result is not None
        return result

    def attribute(self, value: Value, name: str) -> Value:
        """``.T .shape .ndim .size``."""
        shape = (
            value.shape if isinstance(value, Traced) else self.at.shape_of(value) if isinstance(value, tuple) else ()
        )
        if name == "shape":
            return shape
        if name == "ndim":
            return len(shape)
        if name == "size":
            size = 1
            for n in shape:
                size *= n
            return size
        x = self.at.tensor(value)
        if x.ndim < 2:
            return x
        return self.at.apply(transpose, x, order=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))

    def listed(self, items: Sequence[Node]) -> Value:
        """A list of numbers that stand in the text, or of such lists."""
        values = []
        for item in items:
            value = self.value(item)
            if isinstance(value, Traced):
                self.at.column = item.column
                raise self.at.error(
                    Bilingual(
                        "a list holds numbers; to join tensors write concat(a, b)",
                        "列表里只能是数；要连接张量请写 concat(a, b)",
                    )
                )
            values.append(value)
        shape = self.at.shape_of(tuple(values))
        self.at.budget.room(shape, 8, self.at.column)
        return tuple(values)

    def index(self, node: Index) -> Value:
        """``x[…]``; of a shape or a list, one number of it."""
        value = self.value(node.of)
        items: list[Item] = []
        asked = [item for item in node.items if not isinstance(item, New)]
        dots = [k for k, item in enumerate(asked) if isinstance(item, Dots)]
        for item in asked:
            if not isinstance(item, Dots):
                items.append(self.item(item))
        self.at.column = node.column
        if len(dots) > 1:
            raise self.at.error(Bilingual("... stands once in brackets", "方括号里只能有一个 ..."))
        if isinstance(value, tuple) and len(items) == 1 and isinstance(items[0], int) and len(node.items) == 1:
            self.at.axis(items[0], len(value))
            found: Value = value[items[0]]
            return found
        x = self.at.tensor(value)
        if dots:
            items[dots[0] : dots[0]] = [slice(None)] * (x.ndim - len(items))
        return self.widened(indexed(self.at, x, items), node.items, x.ndim - len(asked) + len(dots))

    def widened(self, x: Traced, items: Sequence[Node], dotted: int) -> Traced:
        """x with an axis of one wherever ``None`` stands among the indices; ``dotted`` axes are behind ``...``."""
        shape, names, left = list[int](), list[Axis](), list(zip(x.shape, x.axes, strict=True))
        for item in items:
            if isinstance(item, New):
                shape.append(1)
                names.append(NO_AXIS)
                continue
            kept = dotted if isinstance(item, Dots) else int(len(left) > 0 and self.keeps(item))
            for size, name in left[:kept]:
                shape.append(size)
                names.append(name)
            left = left[kept:]
        if len(shape) + len(left) == x.ndim:
            return x
        if len(shape) + len(left) > MAX_AXES:
            raise self.at.error(Bilingual("more than {n} axes", "超过 {n} 个轴", n=MAX_AXES))
        shape += [size for size, _ in left]
        names += [name for _, name in left]
        return self.at.apply(reshape, x, shape=tuple(shape)).with_axes(*names)

    def keeps(self, item: Node) -> bool:
        """Whether an axis stays that is indexed so: by a slice, or by a list."""
        if isinstance(item, Slice):
            return True
        if isinstance(item, Label):
            return False
        value = self.value(item)
        return isinstance(value, tuple) or (isinstance(value, Traced) and value.ndim > 0)

    def item(self, node: Node) -> Item:
        """One index, its numbers worked out."""
        if isinstance(node, Label):
            return node
        if isinstance(node, Slice):
            bounds = []
            for part in (node.start, node.stop, node.step):
                value = None if part is None else self.value(part)
                self.at.column = node.column
                bounds.append(
                    None if value is None else self.at.whole(value, Bilingual("a bound of a slice", "切片的边界"))
                )
            return slice(*bounds)
        return self.value(node)

    def call(self, node: Call) -> Value:
        """A function of the table, called with the values of its arguments."""
        from tfstep.expr.functions.table import function

        self.at.column = node.column
        found = function(self.at, node.function)
        args = [self.value(arg) for arg in node.args]
        keywords = {name: self.value(arg) for name, arg in node.keywords}
        if len(keywords) < len(node.keywords):
            raise self.at.error(Bilingual("an argument is given twice", "同一个参数给了两次"))
        self.at.column = node.column
        return found.call(self.at, args, keywords)
