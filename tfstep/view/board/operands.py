"""What stands beside a result: its operands, in the order and with the signs of the formula."""

from __future__ import annotations

import re

from msgspec import Struct

from tfstep.engine.node import Literal, Node
from tfstep.engine.op import Vjp
from tfstep.engine.trace import Trace

_PRODUCT = re.compile(r"\{(\w+)\}(ᵀ|\{at\})? \{(\w+)\}(ᵀ|\{bt\})?(?: \+ \{(\w+)\})?$")
_PLACE = re.compile(r"\{(\w+)\}")
_SIGNS = re.compile(r"[\s+−·/×√\d.e^²³½-]*$")


class Operand(Struct, frozen=True):
    """One tensor that a step reads: where it is, the sign before it, and whether it is drawn transposed."""

    trace: Trace
    slot: int
    sign: str
    turned: bool = False

    @property
    def node(self) -> Node:
        """Its place in the plan."""
        return self.trace.plan.nodes[self.slot]

    @property
    def path(self) -> str:
        """Its full path."""
        return self.trace.prefix + self.node.path


class Reading(Struct, frozen=True):
    """How a step is read: ``kind`` is ``product`` (rows meet columns), ``cells`` (cell by cell) or ``other``;
    ``equals`` stands before the result."""

    kind: str
    operands: tuple[Operand, ...]
    equals: str


def read_operands(trace: Trace, node: Node) -> Reading:
    """The operands of a step, as its formula has them."""
    op = node.op
    if op is None:
        return Reading("other", (), "")
    if not op.arguments:
        return Reading("cells", tuple(_operand(trace, s, "" if k == 0 else "+") for k, s in enumerate(node.slots)), "=")
    named = {a: s for a, s in zip(op.arguments, node.inputs, strict=False) if isinstance(s, int)}
    form = str(op.formula)
    if (m := _PRODUCT.match(form)) and m[1] in named and m[3] in named:
        attrs = node.attrs if not isinstance(op, Vjp) else {}
        first = _operand(trace, named[m[1]], "", _turned(m[2], attrs.get("at")))
        second = _operand(trace, named[m[3]], "·", _turned(m[4], attrs.get("bt")))
        bias = (_operand(trace, named[m[5]], "+"),) if m[5] in named else ()
        return Reading("product", (first, second, *bias), "=")
    return _infix(trace, node, named, form) or _arrow(trace, node, named)


def _turned(mark: str | None, attribute: object) -> bool:
    return mark == "ᵀ" or (mark is not None and bool(attribute))


def _infix(trace: Trace, node: Node, named: dict[str, int], form: str) -> Reading | None:
    """A formula that is only operands and signs: ``p − 0.1 · g``."""
    found, sign = [], ""
    rest = 0
    for m in _PLACE.finditer(form):
        sign += form[rest : m.start()]
        rest = m.end()
        if m[1] in named:
            if not _SIGNS.match(sign):
                return None
            found.append(_operand(trace, named[m[1]], sign.strip()))
            sign = ""
        else:
            sign += _written(_literal(node, m[1]))
    sign += form[rest:]
    if not found or not _SIGNS.match(sign):
        return None
    equals = f"{sign.strip()} =".strip()
    if any(operand.node.shape != node.shape and operand.node.spec.ndim > 1 for operand in found):
        return Reading("other", tuple(found), equals)
    return Reading("cells", tuple(found), equals)


def _literal(node: Node, name: str) -> object:
    if node.op and name in node.op.arguments:
        given = node.inputs[node.op.arguments.index(name)]
        if isinstance(given, Literal):
            return given.name or given.value
    return node.attrs.get(name, "?")


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _arrow(trace: Trace, node: Node, named: dict[str, int]) -> Reading:
    """Any other formula: what it reads, and an arrow; numbers only where there is no matrix among it."""
    slots = list(dict.fromkeys(named.values()))
    matrices = [s for s in slots if trace.plan.nodes[s].spec.ndim]
    found = tuple(_operand(trace, s, "") for s in matrices or slots)
    same = bool(found) and found[0].node.shape == node.shape
    return Reading("cells" if same and node.op and _by_cell(node.op.name) else "other", found, "→")


def _by_cell(name: str) -> bool:
    """Whether an op makes each cell from the cell in the same place alone."""
    return not any(part in name for part in ("softmax", "norm", "cross_entropy", "concat", "split", "rotate"))


def _operand(trace: Trace, slot: int, sign: str, turned: bool = False) -> Operand:
    """The operand; for an input of an inside the tensor that it stands for."""
    while slot < len(trace.sources):
        source = trace.sources[slot]
        trace, slot = source.trace, source.slot
    return Operand(trace, slot, sign, turned)
