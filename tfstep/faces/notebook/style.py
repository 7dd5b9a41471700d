"""How everything looks in a notebook: one sheet that goes along with every output, and reaches nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from tfstep.text import language
from tfstep.view.text.spans import Line, Span

POSITIVE, NEGATIVE, PROBABLE = "217,95,14", "33,102,172", "35,139,69"  # red, green and blue of a shade

SHEET = """
.tfstep{--ink:inherit;--dim:#6b6b6b;--accent:#0b6e8a;--bad:#b3261e;--good:#1b7a3d;--rule:rgba(127,127,127,.3);
font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace;margin:.3em 0;overflow-x:auto}
@media(prefers-color-scheme:dark){.tfstep{--dim:#9a9a9a;--accent:#5cc8e6;--bad:#ff8a80;--good:#7ddc9a}}
[data-jp-theme-light=true] .tfstep,.vscode-light .tfstep{--dim:#6b6b6b;--accent:#0b6e8a;--bad:#b3261e;--good:#1b7a3d}
[data-jp-theme-light=false] .tfstep,.vscode-dark .tfstep{--dim:#9a9a9a;--accent:#5cc8e6;--bad:#ff8a80;--good:#7ddc9a}
.tfstep table{border-collapse:collapse;border:0;margin:.2em 0;font:inherit}
.tfstep th,.tfstep td{border:0;padding:.1em .55em;text-align:right;font-weight:400;white-space:nowrap;background:none;
color:inherit}
.tfstep th{color:var(--dim)}.tfstep tbody th,.tfstep .l{text-align:left}.tfstep tr{background:none!important}
.tfstep .heat td{border:1px solid var(--rule)}.tfstep .heat td:hover{outline:2px solid var(--accent)}
.tfstep .parts{display:flex;flex-wrap:wrap;gap:.4em 2em}.tfstep figure{margin:0}
.tfstep figcaption,.tfstep .dim,.tfstep .role-dim{color:var(--dim)}.tfstep b,.tfstep .role-name{font-weight:700}
.tfstep .role-accent{color:var(--accent)}.tfstep .role-bad,.tfstep .role-negative{color:var(--bad)}
.tfstep .role-good{color:var(--good)}.tfstep pre{margin:0;font:inherit;background:none;color:inherit;padding:0}
.tfstep summary{cursor:pointer}.tfstep details details{margin-left:1.2em}.tfstep details>table{margin-left:1.2em}
.tfstep .bar{display:inline-block;width:6em;text-align:left}.tfstep .bar i{display:inline-block;height:.7em}
.tfstep svg text{fill:currentColor;font:inherit}
""".replace("\n", "")


def output(*parts: str) -> str:
    """One output: the sheet and what it is about."""
    return f'<div class="tfstep" lang="{language()}"><style>{SHEET}</style>{"".join(parts)}</div>'


def heading(name: str, *rest: str) -> str:
    """The line at the top: a name, and what is said of it."""
    return f"<div><b>{escape(name)}</b> {' '.join(f'<span>{escape(each)}</span>' for each in rest if each)}</div>"


def quiet(text: str) -> str:
    """A line of small importance."""
    return f'<div class="dim">{escape(text)}</div>'


def folded(title: str, inner: str, is_open: bool = False) -> str:
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
