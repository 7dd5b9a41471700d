"""Lines that are too long, folded in the way of `ruff format`: at an operator, or behind an opening bracket.

A line is asked for in parts: what it gives, how, and a remark, which goes above where it has no room beside.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from msgspec import Struct

WIDTH = 100  # columns
INDENT = "    "
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_NUMBER = re.compile(r"-?\d[\d.]*(e[-+]?\d+)?")
_OPERATORS = ((" == ", " != ", " <= ", " >= ", " < ", " > "), (" + ", " - "), (" * ", " / ", " @ "))


class Step(Struct, frozen=True):
    """One line of a program: ``gives = how  # remark``."""

    gives: str
    how: str
    remark: str = ""  # with its sign


def quoted(text: str) -> str:
    """A text as a formatter would have it: in double quotes where it has none inside."""
    return repr(text) if {'"', "\\"} & {*text} or not text.isprintable() else f'"{text}"'


def lines(step: Step, depth: int = 0, fold: bool = True) -> list[str]:
    """A step as one line, or as many as it takes, ``depth`` deep inside."""
    indent = INDENT * depth
    head = f"{indent}{step.gives}{' ' if step.gives == 'return' else ' = '}"
    if not fold or len(head) + len(step.how) + len(step.remark) <= WIDTH:
        return [f"{head}{step.how}{step.remark}"]
    above = [f"{indent}{step.remark.strip()}"] if step.remark else []
    return [*above, *folded(head, step.how, indent)]


def folded(head: str, code: str, indent: str, tail: str = "") -> list[str]:
    """An expression behind ``head``, in further lines where one does not hold it; ``tail`` follows its end."""
    if len(head) + len(code) + len(tail) <= WIDTH:
        return [f"{head}{code}{tail}"]
    pieces, inner = _at_operators(code), indent + INDENT
    if len(pieces) == 1:
        chained = sum(char in _BRACKETS for _, char in _outside(code)) > 1
        if chained and head.strip() and len(inner) + len(code) <= WIDTH:
            return [f"{head}(", f"{inner}{code}", f"{indent}){tail}"]
        return _behind_a_bracket(head, code, indent, tail)
    if not head.strip():  # an argument, which needs no parentheses of its own
        return [line for n, piece in enumerate(pieces) for line in _last(piece, indent, tail, n == len(pieces) - 1)]
    pieces = [code] if len(inner) + len(code) <= WIDTH else pieces
    return [f"{head}(", *(line for piece in pieces for line in folded(inner, piece, inner)), f"{indent}){tail}"]


def _last(piece: str, indent: str, tail: str, last: bool) -> list[str]:
    return folded(indent, piece, indent, tail if last else "")


def listed(head: str, items: Iterable[str], tail: str, depth: int = 0) -> list[str]:
    """A call or a collection of these items: in one line, else in one below, else an item a line."""
    items, indent = [*items], INDENT * depth
    whole = ", ".join(items)
    if len(indent) + len(head) + len(whole) + len(tail) <= WIDTH:
        return [f"{indent}{head}{whole}{tail}"]
    inner = indent + INDENT
    return [f"{indent}{head}", *(line for each in items for line in folded(inner, each, inner, ",")), f"{indent}{tail}"]


def filled(head: str, items: Iterable[str], tail: str, depth: int = 0) -> list[str]:
    """A collection of these items, as many in a line as it holds."""
    items, indent = [*items], INDENT * depth
    whole = ", ".join(items)
    if len(indent) + len(head) + len(whole) + len(tail) <= WIDTH:
        return [f"{indent}{head}{whole}{tail}"]
    inner = indent + INDENT
    found = [inner]
    for each in items:
        if len(found[-1]) + len(each) + 2 > WIDTH and found[-1] != inner:
            found.append(inner)
        found[-1] += f"{'' if found[-1] == inner else ' '}{each},"
    return [f"{indent}{head}", *found, f"{indent}{tail}"]


def _outside(code: str) -> Iterator[tuple[int, str]]:
    """The places of a text that stand in no bracket and in no quotes; of a bracket the opening one."""
    depth, quote = 0, ""
    for n, char in enumerate(code):
        if quote:
            quote = "" if char == quote and code[n - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char in _BRACKETS.values():
            depth -= 1
        else:
            if not depth:
                yield n, char
            depth += char in _BRACKETS


def _at_operators(code: str) -> list[str]:
    """The operands of an expression, each with the operator before it, of those that bind least."""
    outside = {n for n, _ in _outside(code)}
    for kin in _OPERATORS:
        places = [n for n in sorted(outside) if any(code.startswith(sign, n) for sign in kin)]
        if places:
            return [code[a:b].strip() for a, b in zip([0, *places], [*places, len(code)], strict=True)]
    return [code]


def _behind_a_bracket(head: str, code: str, indent: str, tail: str) -> list[str]:
    """An expression with what stands in one of its brackets in lines of its own: the last whose line before has room."""
    groups = [(n, _closing(code, n)) for n, char in _outside(code) if char in _BRACKETS]
    if not groups:
        return [f"{head}{code}{tail}"]
    room = [each for each in groups if len(head) + each[0] < WIDTH and each[1] - each[0] > 1 + len(INDENT)]
    start, end = (room or groups[:1])[-1]
    before, inside, after = f"{head}{code[: start + 1]}", code[start + 1 : end], f"{indent}{code[end:]}{tail}"
    inner = indent + INDENT
    items = _items(inside)
    if len(inner) + len(inside) <= WIDTH:
        return [before, f"{inner}{inside}", *_rest(after, indent)]
    if all(_NUMBER.fullmatch(each) for each in items):  # as many as a line holds
        text = textwrap.wrap(f"{inside},", WIDTH, initial_indent=inner, subsequent_indent=inner)
        return [before, *text, *_rest(after, indent)]
    comma = "," if len(items) > 1 or (_takes_a_comma(code, start) and not _generates(items[0])) else ""
    return [before, *(line for each in items for line in folded(inner, each, inner, comma)), *_rest(after, indent)]


def _takes_a_comma(code: str, start: int) -> bool:
    """Whether one thing in the bracket may have a comma behind it and be the same: an argument, the item of a list."""
    follows = start > 0 and (code[start - 1].isalnum() or code[start - 1] in "_)]")
    return follows == (code[start] == "(")


def _generates(item: str) -> bool:
    """Whether an argument is a generator, which has to be the only one, without a comma."""
    return any(item.startswith(" for ", n) for n, _ in _outside(item))


def _rest(after: str, indent: str) -> list[str]:
    """What follows a bracket; that may be too long as well."""
    return [after] if len(after) <= WIDTH else folded(indent, after[len(indent) :], indent)


def _closing(code: str, start: int) -> int:
    """Where the bracket that opens at ``start`` closes."""
    return next(n for n in range(start + 1, len(code)) if code[n] in _BRACKETS.values() and _even(code[start : n + 1]))


def _even(code: str) -> bool:
    return sum(code.count(a) - code.count(b) for a, b in _BRACKETS.items()) == 0


def _items(inside: str) -> list[str]:
    """What stands between the commas."""
    commas = [n for n, char in _outside(inside) if char == ","]
    found = [inside[a:b].strip() for a, b in zip([0, *(n + 1 for n in commas)], [*commas, len(inside)], strict=True)]
    return [each for each in found if each]


__all__ = ["INDENT", "WIDTH", "Step", "filled", "folded", "lines", "listed", "quoted"]
