"""A step as lines of code, in the room that there is beside its formula."""

from __future__ import annotations

from tfstep.code.program import with_gradient
from tfstep.engine.trace import Tensor, Trace
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, folded, line, line_width


def code_lines(trace: Trace, tensor: Tensor, cells: int, most: int) -> list[Line]:
    """The lines of a step and of its gradient, ``most`` of them: first those that compute them, then as much as there
    is room for of the functions that they call."""
    written = [each for each in with_gradient(trace, tensor, fold=False).split("\n") if each.strip()]
    computed = [part for each in written if not _inside(each) for part in _fitting(_coloured(each), cells)]
    functions = [part for each in written if _inside(each) for part in _fitting(_coloured(each), cells)]
    room = most - len(computed)
    if room < 0:
        return [*computed[: most - 1], _left(len(functions) + 1 - room)]
    if len(functions) <= room:
        return [*functions, *computed]
    kept = functions[: max(0, room - 1)]
    return [*kept, *([_left(len(functions) - len(kept))] if room else []), *computed]


def _inside(text: str) -> bool:
    """Whether a line is of a function that is called."""
    return text.startswith(("def ", " "))


def _left(n: int) -> Line:
    return line(Span(str(Bilingual("    … {n} lines more: `code`", "    …… 还有 {n} 行：`code`", n=n)), "dim"))


def _fitting(made: Line, cells: int) -> list[Line]:
    """A line without its remark where there is no room for that, and in several where there is none for the rest."""
    if line_width(made) > cells and len(made) > 1:
        made = made[:-1]
    return [made] if line_width(made) <= cells else folded(made, cells, 4)


def _coloured(text: str) -> Line:
    """One line: what it gives, how, and the axes as a remark."""
    made, sign, remark = text.partition("  # ")
    name, equals, how = made.partition(" = ")
    if not equals or _inside(text):
        return (Span(made), Span(f"{sign}{remark}", "dim"))
    return (Span(name, "accent"), Span(" = ", "dim"), Span(how), Span(f"{sign}{remark}", "dim"))
