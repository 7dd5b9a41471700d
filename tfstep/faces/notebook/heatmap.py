"""A tensor as a heatmap: words along its axes, every number's sum where the pointer rests on it."""

from __future__ import annotations

import numpy as np

from tfstep.address.grammar import cell_name
from tfstep.engine.trace import Tensor
from tfstep.faces.notebook import style
from tfstep.text import Bilingual
from tfstep.view.export.indices import along, down, sentence_of
from tfstep.view.export.slices import title
from tfstep.view.export.tables import shown_numbers, where
from tfstep.view.matrix.noise import ROUNDED
from tfstep.view.matrix.plane import mask_reasons
from tfstep.view.python.line import summed_up
from tfstep.view.report.explanation import shortly
from tfstep.view.text.markup import escape
from tfstep.view.text.number import HUGE, REPORTED, Notation, exact
from tfstep.view.text.spans import plain

ROWS, COLUMNS = 24, 16  # of a matrix, beyond which its middle is folded away
OPEN, MOST = 2, 8  # matrices of a tensor that are shown at once, and at all
SUMS = 256  # cells whose sums are told; larger tensors tell their numbers
TERMS = 6  # lines of a sum


def tensor(shown: Tensor) -> str:
    """The whole output for one tensor."""
    formula, what = title(shown)
    parts = [style.heading(shown.path, formula), style.quiet(f"{what} · {summed_up(shown.value)}")]
    numbers, rounded = shown_numbers(shown)
    if rounded and rounded == numbers.size:
        parts.append(style.quiet(str(ROUNDED)))
    return style.output(*parts, matrices(shown, numbers))


def matrices(shown: Tensor, value: np.ndarray) -> str:
    """Its matrices: those of the first heads at once, others folded, as far as there is room for them.

    ``value`` are its numbers, 0 where they are 0 but for rounding.
    """
    if not value.size:
        return ""
    indices = [index for index, _ in zip(np.ndindex(*value.shape[:-2]), range(MOST), strict=False)]
    many = int(np.prod(value.shape[:-2]))
    drawn = [_matrix(shown, value, index, many > 1) for index in indices]
    html = f'<div class="parts">{"".join(drawn[:OPEN])}</div>'
    if drawn[OPEN:]:
        more = Bilingual("{n} more of {of}", "另外 {n} 个，共 {of} 个", n=len(drawn) - OPEN, of=many)
        html += style.details(escape(str(more)), f'<div class="parts">{"".join(drawn[OPEN:])}</div>')
    return html


def _kept(n: int, most: int) -> list[int | None]:
    """The places along an axis that are shown; None is where some are folded away."""
    if n <= most:
        return list(range(n))
    first = most - most // 3
    return [*range(first), None, *range(n - (most - first - 1), n)]


def _matrix(shown: Tensor, value: np.ndarray, index: tuple[int, ...], caption: bool) -> str:
    axes, array = shown.node.spec.axes, value[index]
    sentence = sentence_of(axes, index)
    matrix = array.reshape(-1, array.shape[-1] if array.ndim else 1)
    down_, along_ = _kept(matrix.shape[0], ROWS), _kept(matrix.shape[1], COLUMNS)
    rows = down(axes[-2], array.shape[-2], sentence) if array.ndim == 2 else [""]
    columns = along(axes[-1], array.shape[-1], sentence) if array.ndim else [""]
    corner = " \\ ".join(axis.name for axis in axes[-2:]) if array.ndim == 2 else ""
    notation, bound, hidden = (
        Notation(value, REPORTED),
        _bound(shown, value),
        mask_reasons(shown.trace, shown.node, index),
    )
    head = "".join(f"<th>{'…' if c is None else escape(columns[c])}</th>" for c in along_)
    body = []
    for r in down_:
        if r is None:
            body.append(f"<tr><th>⋮</th>{'<th>⋮</th>' * len(along_)}</tr>")
            continue
        cells = []
        for c in along_:
            if c is None:
                cells.append("<th>…</th>")
                continue
            place = ((), (c,), (r, c))[min(array.ndim, 2)]
            scale = bound if hidden is None or not hidden[r, c] else None
            cells.append(_cell(shown, matrix[r, c].item(), (*index, *place), notation, scale))
        body.append(f"<tr><th>{escape(rows[r])}</th>{''.join(cells)}</tr>")
    name = f"<figcaption>{escape(where(axes, index))}</figcaption>" if caption else ""
    table = f'<table class="heat"><thead><tr><th>{escape(corner)}</th>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    return f"<figure>{name}{table}</figure>"


def _bound(shown: Tensor, numbers: np.ndarray) -> float:
    """Where the scale of colours ends: at the largest number of the tensor, a mask's left out."""
    if shown.op == "softmax":
        return 1.0
    with np.errstate(invalid="ignore"):
        sizes = np.abs(numbers[np.isfinite(numbers) & (np.abs(numbers) < HUGE)].astype(float))
    return float(sizes.max(initial=0.0)) if numbers.dtype.kind == "f" else 0.0


def _cell(shown: Tensor, x: float, cell: tuple[int, ...], notation: Notation, bound: float | None) -> str:
    """One number on its shade; hatched where ``bound`` is None, because a mask made it what it is."""
    told = f' title="{escape(_told(shown, cell))}"'
    if bound is None:
        return f"<td class=hidden{told}>{escape(notation(x))}</td>"
    share = min(1.0, abs(x) / bound) if bound and abs(x) < HUGE else 0.0
    colour = style.PROBABLE if shown.op == "softmax" else style.POSITIVE if x > 0 else style.NEGATIVE
    shade = f' style="background:rgba({colour},{share * 0.7:.2f})"' if share > 0.005 else ""
    return f"<td{shade}{told}>{escape(notation(x))}</td>"


def _told(shown: Tensor, cell: tuple[int, ...]) -> str:
    """What is told of a cell: its sum, or its number in full."""
    name, x = cell_name(shown.path, cell), shown.value[cell].item()
    if isinstance(x, int) or shown.node.op is None or shown.size > SUMS:
        return f"{name} = {x if isinstance(x, int) else exact(x)}"
    run = shown.trace.outermost
    told = [plain(line).rstrip() for line in shortly(run, run.explain(name))]
    return "\n".join([*told[: TERMS + 1], *(["…"] if len(told) > TERMS + 1 else [])])
