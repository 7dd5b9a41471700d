"""Tensors as one picture: matrices as heatmaps, with words for labels and, where there is room, the numbers."""

from __future__ import annotations

from collections.abc import Iterable

from tfstep.engine.trace import Tensor
from tfstep.view.export.shade import LEGEND, ink, number, shade
from tfstep.view.export.slices import Slice, slices, title
from tfstep.view.export.window import Window
from tfstep.view.text.markup import escape
from tfstep.view.text.width import width, wrap

CHARACTER, ROW, GAP, MARGIN = 7.3, 20, 28, 16  # pixels of a 12-pixel monospace font
DENSE = 32  # from so many columns on, cells are squares without numbers
SQUARE = 9
GREY = "#555555"
WINDOW = Window(64, 64, 12)  # of each tensor


class _Picture:
    """Shapes, and how far they reach."""

    def __init__(self) -> None:
        self.shapes: list[str] = []
        self.right = self.bottom = 0.0

    def text(self, x: float, y: float, text: str, fill: str = "#1a1a1a", end: bool = False) -> None:
        anchor = ' text-anchor="end"' if end else ""
        self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}"{anchor}>{escape(text)}</text>')
        self._reach(x if end else x + CHARACTER * width(text), y)

    def cell(self, x: float, y: float, wide: float, high: float, fill: str) -> None:
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}" stroke="#ffffff"/>'
        )
        self._reach(x + wide, y + high)

    def _reach(self, x: float, y: float) -> None:
        self.right, self.bottom = max(self.right, x), max(self.bottom, y)


def picture(heading: str, tensors: Iterable[Tensor], grad: bool, digits: int, window: Window = WINDOW) -> str:
    """All tensors under each other, a gradient beside its tensor."""
    drawn = _Picture()
    drawn.text(MARGIN, MARGIN + 12, heading)
    y = MARGIN + 12.0 + GAP
    for tensor in tensors:
        formula, what = title(tensor)
        drawn.text(MARGIN, y, f"{tensor.path}   {formula}")
        drawn.text(MARGIN, y + ROW - 4, what, GREY)
        y += ROW + 10
        for parts in slices(tensor, grad, digits, window):
            x, bottom = float(MARGIN), y
            for part in parts:
                right, low = _matrix(drawn, part, x, y)
                x, bottom = right + GAP, max(bottom, low)
            y = bottom + GAP / 2
        if (more := window.beyond(tensor.shape)) is not None:
            drawn.text(MARGIN, y + 6, str(more), GREY)
            y += ROW
        y += GAP
    for words in wrap(str(LEGEND), 84):
        drawn.text(MARGIN, y, words, GREY)
        y += ROW - 4
    size = f'width="{drawn.right + MARGIN:.0f}" height="{drawn.bottom + MARGIN:.0f}"'
    body = "\n".join(drawn.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="monospace" font-size="12" xml:space="preserve">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _matrix(drawn: _Picture, part: Slice, x: float, y: float) -> tuple[float, float]:
    """One matrix with its labels; returns its right and lower edge."""
    if part.caption:
        drawn.text(x, y + 6, part.caption, GREY)
        y += ROW
    dense = len(part.columns) >= DENSE
    first = CHARACTER * (1 + max(width(label) for label in (part.corner, *part.rows)))
    numbers = [[number(part, r, c) for c in range(len(part.columns))] for r in range(len(part.rows))]
    texts = [*([] if dense else part.columns), *(text for row in numbers for text in row)]
    wide = SQUARE if dense else CHARACTER * (1.5 + max(map(width, texts)))
    high = SQUARE if dense else ROW
    drawn.text(x, y + 10, part.corner, GREY)
    if not dense:
        for c, label in enumerate(part.columns):
            drawn.text(x + first + wide * (c + 1) - 5, y + 10, label, GREY, end=True)
    y += ROW - 4
    for r, label in enumerate(part.rows):
        if not dense or len(part.rows) < DENSE:
            drawn.text(x, y + high * r + high * 0.7, label, GREY)
        for c in range(len(part.columns)):
            drawn.cell(x + first + wide * c, y + high * r, wide, high, shade(part, r, c))
            if not dense:
                right = x + first + wide * (c + 1) - 5
                drawn.text(right, y + high * r + 14, numbers[r][c], ink(part, r, c), end=True)
    if part.left_out is not None:
        drawn.text(x, y + high * len(part.rows) + 12, str(part.left_out), GREY)
    return x + first + wide * len(part.columns), y + high * len(part.rows) + (ROW if part.left_out is not None else 0)
