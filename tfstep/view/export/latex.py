"""Tensors as LaTeX arrays, for a document with amsmath; Chinese words need a font (xeCJK)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfstep.engine.trace import Tensor
from tfstep.text import Bilingual
from tfstep.view.export.slices import Slice, slices

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{c: f"\\{c}" for c in "_#$%&"},
}
MASKED = r"\dagger"  # the sign of a masked number
_TABLE = str.maketrans(_ESCAPES)
_SPECIAL = {"nan": r"\mathrm{nan}", "inf": r"\infty", "-inf": r"-\infty"}


def document(tensors: Iterable[Tensor], grad: bool, digits: int) -> Iterator[str]:
    """One displayed equation a matrix: its path, and its numbers with their labels."""
    for tensor in tensors:
        for parts in slices(tensor, grad, digits):
            for part in parts:
                yield from _equation(part)


def _equation(part: Slice) -> Iterator[str]:
    caption = [escaped(part.caption)] if part.caption else []
    if part.hidden is not None:
        caption.append(f"${MASKED}$ {Bilingual('masked', '被掩码遮住')}")
    over = f"\\;(\\text{{{' · '.join(caption)}}})" if caption else ""
    yield f"\\[\n\\texttt{{{escaped(part.name)}}}{over} =\n"
    if part.rank == 0:
        yield f"{_number(part.texts[0][0])}\n\\]\n\n"
        return
    yield f"\\begin{{array}}{{r|{'r' * len(part.columns)}}}\n"
    yield _row([f"\\text{{{escaped(label)}}}" for label in ("", *part.columns)]) + "\\hline\n"
    for r, (label, texts) in enumerate(zip(part.rows, part.texts, strict=True)):
        numbers = [
            f"{{{_number(text)}}}^{{{MASKED}}}" if part.masked(r, c) else _number(text) for c, text in enumerate(texts)
        ]
        yield _row([f"\\text{{{escaped(label)}}}", *numbers])
    yield "\\end{array}\n\\]\n\n"


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + " \\\\\n"


def _number(text: str) -> str:
    if text in _SPECIAL:
        return _SPECIAL[text]
    digits, exponent, power = text.partition("e")
    return f"{digits} \\times 10^{{{int(power)}}}" if exponent else text


def escaped(text: str) -> str:
    """Text in which nothing is taken for a command."""
    return text.translate(_TABLE)
