"""A program written out in the paper's notation, with no more parentheses than it needs."""

from __future__ import annotations

from collections.abc import Sequence

from tfstep.engine.plan import Literal
from tfstep.expr.program import Program, Step

_LONGEST = 160  # characters of one part; beyond, it stands as its op with dots
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5
_BINDS = {"add": _SUM, "sub": _SUM, "mul": _PRODUCT, "div": _PRODUCT, "matmul": _PRODUCT, "neg": _SIGN, "pow": _POWER}
_SIGNS = {"add": " + ", "sub": " − ", "mul": " · ", "div": " / ", "matmul": " ", "pow": "^"}
_SEEN_THROUGH = ("reshape", "broadcast_to", "identity", "cast")

Part = tuple[str, int]  # a text, and how tight it binds


def notation(program: Program, names: Sequence[str]) -> str:
    """The result of a program in terms of its arguments' ``names``."""
    parts: list[Part] = [(name, _ATOM) for name in names]
    for step in program.steps:
        text, binds = _written(step, [_literal(s) if isinstance(s, Literal) else parts[s] for s in step.inputs])
        parts.append((text, binds) if len(text) <= _LONGEST else (f"{step.op.name}(…)", _ATOM))
    return parts[program.result][0]


def _literal(lit: Literal) -> Part:
    text = lit.name or f"{lit.value:g}"
    return text.replace("-", "−"), _ATOM if lit.value >= 0 else _SIGN


def _written(step: Step, inputs: list[Part]) -> Part:
    name = step.op.name
    if name in _SEEN_THROUGH:
        return inputs[0]
    if name == "transpose":
        return f"{_inside(inputs[0], _ATOM)}ᵀ", _ATOM
    if name == "constant":
        return str(step.op.formula), _ATOM
    if name not in _BINDS:
        return f"{name}({', '.join(text for text, _ in inputs)})", _ATOM
    binds = _BINDS[name]
    if name == "neg":
        return "−" + _inside(inputs[0], binds + 1), binds
    left, right = inputs
    turned = [step.attrs.get(key, False) for key in ("at", "bt")]
    first = _inside(left, _ATOM if turned[0] or name == "pow" else binds) + "ᵀ" * turned[0]
    second = _inside(right, _ATOM if turned[1] else binds + (name in ("sub", "div", "matmul"))) + "ᵀ" * turned[1]
    return first + _SIGNS[name] + second, binds


def _inside(part: Part, least: int) -> str:
    """A part, in parentheses where it binds less tight than ``least``."""
    text, binds = part
    return text if binds >= least else f"({text})"
