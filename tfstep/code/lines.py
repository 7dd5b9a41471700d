"""One step as a line: the lines of primitives filled in, those of composites put together out of what is inside them.

A composite of few parts becomes one expression, a longer one a function whose lines have the names that its body
gives. So a new op has its code as soon as its body is written.
"""

from __future__ import annotations

import inspect
import keyword
import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.address.roles import GRAD, NEW, path_parts
from tfstep.code.fold import Step, lines, listed, quoted
from tfstep.engine.node import Node, Operation
from tfstep.engine.op import CATALOGUE
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.text import Bilingual

INLINE = 4  # primitives that are written as one expression, at the most
LARGEST_ROOT = 1_000.0  # that is looked for: of larger numbers every one is near the root of a whole one
TAKEN = frozenset(
    {*keyword.kwlist, "np", "torch", "math", "T", "len", "list", "float", "max", "sum", "abs", "pow", "print"}
)
_SAFE_BEFORE, _SAFE_AFTER = ("(", "[", ", ", "= "), (")", "]", ",")


ATOM, POWER, UNARY, TIMES, PLUS, TEST = 5, 4, 3, 2, 1, 0  # how tightly an expression holds together
_INFIX = ((r" [<>=]=? | != ", TEST), (r" [-+] ", PLUS), (r" [*/@] ", TIMES), (r"^-", UNARY), (r"\*\*", POWER))


class Code(Struct, frozen=True):
    """An expression, and how tightly it holds together: whether it needs parentheses beside an operator."""

    text: str
    level: int = ATOM


class Functions:
    """The functions that a program needs before its first line, each once."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}  # the name by the source
        self._names: Counter[str] = Counter()

    def helper(self, source: str) -> None:
        """Enter a function of a primitive, whose name stands in its source."""
        self.sources.setdefault(source, "")

    def name(self, wanted: str, parameters: list[str], body: list[str]) -> str:
        """The name of a function with this body; a second body of one name gets a number."""
        key = "\n".join([", ".join(parameters), *body])
        for source, name in self.sources.items():
            if name and source.partition("\n")[2] == key and source.startswith(f"{wanted}\n"):
                return name
        self._names[wanted] += 1
        name = wanted if self._names[wanted] == 1 else f"{wanted}_{self._names[wanted]}"
        self.sources[f"{wanted}\n{key}"] = name
        return name

    def lines(self, fold: bool = True) -> list[str]:
        """All of them as source."""
        found: list[str] = []
        for source, name in self.sources.items():
            if not name:
                found += ["", "", *source.rstrip().split("\n")]
                continue
            _, parameters, *body = source.split("\n")
            first = listed(f"def {name}(", parameters.split(", "), "):") if fold else [f"def {name}({parameters}):"]
            found += ["", "", *first, *(line for each in body for line in lines(_parted(each), 1, fold))]
        return found


def _parted(line: str) -> Step:
    """A line of a function's body in its parts."""
    if line.startswith("return "):
        return Step("return", line.removeprefix("return "))
    gives, _, how = line.partition(" = ")
    return Step(gives, how)


def identifier(path: str) -> str:
    """A path as a name of Python: ``enc0_attn_scores``, ``d_enc0_attn_scores`` for its gradient."""
    parts = path_parts(path)
    found = {GRAD: "d_", NEW: "new_"}.get(parts.mark, "") + re.sub(r"\W", "_", parts.of)
    if parts.consumer:
        found += "_through_" + re.sub(r"\W", "_", parts.consumer)
    return found if found.isidentifier() and found not in TAKEN else f"{found}_" if found in TAKEN else f"_{found}"


def number(value: float) -> str:
    """A number as Python writes it, also where it is not finite; the root of a whole number as what it is, √d_k."""
    if not math.isfinite(value):
        return f'float("{value}")'
    square = round(value * value) if 1 < value < LARGEST_ROOT else 0
    if math.sqrt(square) == value and value != int(value):
        return f"math.sqrt({square})"
    rest = round(1 - value, 9)
    if 0 < value < 1 and 1 - rest == value and len(repr(rest)) < len(repr(value)) - len("(1 - )"):
        return f"(1 - {rest!r})"
    if abs(value) >= LARGEST_ROOT**2 and value == int(value):
        return _power_of_ten(value) or repr(value)
    return repr(value)


def _power_of_ten(value: float) -> str:
    """A number that is a few digits and a power of ten as that: ``-1e9``."""
    digits, _, power = f"{value:e}".partition("e")
    found = f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    return found if float(found) == value else ""


def step(trace: Trace, node: Node, operands: list[Code], library: str, functions: Functions) -> Code:
    """One step over the names of what it reads. Raises CommandError where an op has no line for the library."""
    assert node.op is not None
    if node.op.primitive or library in node.op.code:
        return _declared(trace, node, operands, library, functions)
    inside = trace.substeps(node.slot)
    assert inside is not None
    operands = [each for each, s in zip(operands, node.inputs, strict=True) if isinstance(s, int)]  # numbers are inside
    count = _count(inside)
    if count <= INLINE and _once(inside):
        return _inlined(inside, operands, library, functions)
    parameters = _parameters(node.op, len(operands))
    body = _body(inside, parameters, library, functions)
    called = {each for line in body for each in re.findall(r"(?<![\w.])(\w+)\(", line)}
    if not called.isdisjoint(parameters):  # a tensor that is called like the function
        parameters = [f"{each}_" if each in called else each for each in parameters]
        body = _body(inside, parameters, library, functions)
    name = functions.name(re.sub(r"\W", "_", node.op.name), parameters, body)
    return Code(f"{name}({', '.join(each.text for each in operands)})")


def _parameters(op: Operation, n: int) -> list[str]:
    names = list(op.arguments) if len(op.arguments) == n else [f"x{k}" for k in range(n)]
    return [f"{name}_" if name in TAKEN else name for name in names]


def _count(inside: Trace) -> int:
    """How many primitives are in it, to the bottom."""
    total = 0
    for node in inside.plan.steps:
        inner = None if node.op is None or node.op.primitive else inside.substeps(node.slot)
        total += 1 if inner is None else _count(inner)
    return total


def _once(inside: Trace) -> bool:
    """Whether every part is read once, so that one expression says it all; inputs may be read more often."""
    reads = Counter(slot for node in inside.plan.steps for slot in node.slots)
    return all(reads[node.slot] <= 1 for node in inside.plan.steps) and all(
        inner is None or _once(inner)
        for node in inside.plan.steps
        if node.op is not None and not node.op.primitive
        for inner in [inside.substeps(node.slot)]
    )


def _inlined(inside: Trace, operands: list[Code], library: str, functions: Functions) -> Code:
    known: dict[int, Code] = {}
    inputs = iter(operands)
    for node in inside.plan.nodes:
        if node.op is None:
            known[node.slot] = next(inputs)
        else:
            known[node.slot] = step(inside, node, _operands(node, known), library, functions)
    return known[inside.plan.result]


def _operands(node: Node, known: Mapping[int, Code]) -> list[Code]:
    """What a step reads, literal numbers included, as code."""
    return [
        known[s] if isinstance(s, int) else Code(number(s.value), ATOM if s.value >= 0 else UNARY) for s in node.inputs
    ]


def _body(inside: Trace, parameters: list[str], library: str, functions: Functions) -> list[str]:
    """The lines of a function: what has a name, or is read more than once, is a line of its own."""
    reads = Counter(slot for node in inside.plan.steps for slot in node.slots)
    known: dict[int, Code] = {}
    names, body = iter(parameters), list[str]()
    taken = {*parameters}
    for node in inside.plan.nodes:
        if node.op is None:
            known[node.slot] = Code(next(names))
            continue
        code = step(inside, node, _operands(node, known), library, functions)
        if node.slot == inside.plan.result:
            return [*body, f"return {code.text}"]
        named = node.path.partition("#")[0] != node.op.name
        if named or (reads[node.slot] > 1 and not code.text.isidentifier()):
            name = identifier(node.path)
            while name in taken or name in functions_of_programs():
                name += "_"
            taken.add(name)
            body.append(f"{name} = {code.text}")
            code = Code(name)
        known[node.slot] = code
    return [*body, f"return {known[inside.plan.result].text}"]


@cache
def functions_of_programs() -> frozenset[str]:
    """The names that functions of a program may have."""
    found = {op.name for op in CATALOGUE.ops.values() if not op.primitive}
    helpers = [source for op in CATALOGUE.ops.values() for source in op.helper.values()]
    return frozenset(found.union(*map(_called, helpers)))


def _declared(trace: Trace, node: Node, operands: list[Code], library: str, functions: Functions) -> Code:
    op = node.op
    assert op is not None
    attrs = {
        **{p.name: p.default for p in inspect.signature(op.forward).parameters.values() if p.kind is p.KEYWORD_ONLY},
        **node.attrs,
    }
    template = op.line(library, attrs)
    if not template:
        raise CommandError(
            Bilingual(
                "{path}: {op} has no line in {library}",
                "{path}：{op} 没有 {library} 的写法",
                path=node.path,
                op=op.name,
                library=library,
            )
        )
    if library in op.helper and any(helper in template for helper in _called(op.helper[library])):
        functions.helper(op.helper[library])
    fields: dict[str, Code] = {name: Code(_value(value)) for name, value in attrs.items()}
    if "dtype" in attrs:
        fields["torch_dtype"] = Code(f"torch.{np.dtype(attrs['dtype']).name}")
    if "axis" in attrs and node.slots:
        fields["dims"] = Code(repr(_dims(attrs["axis"], len(trace.plan.nodes[node.slots[0]].shape))))
    fields |= dict(zip(op.arguments, operands, strict=False))
    fields |= {
        f"{name}_tensor": each if isinstance(s, int) else Code(f"torch.tensor({each.text}, dtype=torch.float64)")
        for name, each, s in zip(op.arguments, operands, node.inputs, strict=False)
    }  # of a bare number PyTorch would make a float32
    fields["xs"] = Code(", ".join(each.text for each in operands))
    fields["sum"] = Code(" + ".join(_wrapped(each, PLUS) for each in operands), PLUS)
    return _filled(template, fields)


def _called(source: str) -> list[str]:
    return re.findall(r"^(?:def )?(\w+)", source)


def _value(value: Any) -> str:
    if isinstance(value, np.dtype):
        return quoted(value.name)
    if isinstance(value, str):
        return quoted(value)
    return number(value) if isinstance(value, float) else repr(value)


def _dims(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def _wrapped(code: Code, least: int) -> str:
    return code.text if code.level >= least else f"({code.text})"


def _filled(template: str, fields: Mapping[str, Code]) -> Code:
    """A template with its places filled in, with parentheses where the operators need them."""
    pieces = [(before, name) for before, name, _, _ in Formatter().parse(template)]
    if len(pieces) == 1 and not pieces[0][0] and pieces[0][1]:
        return fields[pieces[0][1]]
    level = next((each for pattern, each in _INFIX if re.search(pattern, _outside(template))), ATOM)
    out = ""
    for k, (before, name) in enumerate(pieces):
        out += before
        if not name:
            continue
        after = pieces[k + 1][0] if k + 1 < len(pieces) else ""
        if out.endswith(_SAFE_BEFORE) and after.startswith(_SAFE_AFTER):
            least = TEST  # an argument of a call
        elif after.startswith((".", "[", "**")) or level == ATOM:
            least = ATOM
        else:
            least = level if k == 0 else level + 1  # a - (b - c), but a - b - c
        out += _wrapped(fields[name], least)
    return Code(out, level)


def _outside(template: str) -> str:
    """A template without what stands in parentheses and brackets."""
    before = None
    while before != template:
        before, template = template, re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "_", template)
    return template


__all__ = ["ATOM", "UNARY", "Code", "Functions", "identifier", "number", "step"]
