"""How everything looks in a notebook: one sheet that goes along with every output, and reaches nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tfstep.text import language
from tfstep.view.text.markup import escape
from tfstep.view.text.spans import Line, Span

POSITIVE, NEGATIVE, PROBABLE = "217,95,14", "33,102,172", "35,139,69"  # red, green and blue of a shade

SHEET = Path(__file__).with_name("notebook.css").read_text("utf-8").replace("\n", "")


def output(*parts: str) -> str:
    """One output: the sheet and what it is about."""
    return f'<div class="tfstep" lang="{language()}"><style>{SHEET}</style>{"".join(parts)}</div>'


def heading(name: str, *rest: str) -> str:
    """The line at the top: a name, and what is said of it."""
    return f"<div><b>{escape(name)}</b> {' '.join(f'<span>{escape(each)}</span>' for each in rest if each)}</div>"


def quiet(text: str) -> str:
    """A line of small importance."""
    return f'<div class="dim">{escape(text)}</div>'


def details(title: str, inner: str, is_open: bool = False) -> str:
    """What opens at a click; ``title`` is HTML."""
    return f"<details{' open' if is_open else ''}><summary>{title}</summary>{inner}</details>"


def rows(rows: Iterable[Iterable[str]], left: int = 1) -> str:
    """A table of cells that are HTML; the first ``left`` columns begin at the left."""
    marks = ("<td class=l>", "<td>")
    body = (f"<tr>{''.join(f'{marks[k >= left]}{cell}</td>' for k, cell in enumerate(row))}</tr>" for row in rows)
    return f"<table>{''.join(body)}</table>"


def bar(share: float, colour: str) -> str:
    """A bar of some share of the longest one."""
    return f'<span class=bar><i style="width:{6 * share:.2f}em;background:rgba({colour},.7)"></i></span>'


def lines(lines: Iterable[Line]) -> str:
    """Lines of text as they stand in a terminal."""
    return f"<pre>{chr(10).join(''.join(_span(part) for part in line) for line in lines)}</pre>"


def _span(part: Span) -> str:
    text = escape(part.text)
    return f'<span class="role-{part.role}">{text}</span>' if part.role else text
