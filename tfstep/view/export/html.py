"""Tensors as a web page: tables as heatmaps, every number in full where the pointer rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from tfstep.engine.trace import Tensor
from tfstep.text import Bilingual, language
from tfstep.view.export.shade import LEGEND, ink, number, shade
from tfstep.view.export.slices import Slice, slices, title
from tfstep.view.export.window import Window
from tfstep.view.text.markup import escape
from tfstep.view.text.number import exact

WINDOW = Window(32, 32, 12)  # of each tensor: a page that a browser can hold
CONTENTS = Bilingual("Contents", "目录")
FEW = 6  # tensors of a page that needs no contents
_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.4em; } h2 { font-size: 1.05em; margin: 1.6em 0 0; font-family: monospace; }
p { margin: .2em 0 .6em; color: #555; }
.parts { display: flex; flex-wrap: wrap; gap: 1em 2em; }
table { border-collapse: collapse; font-family: monospace; }
caption { text-align: left; color: #555; }
th { font-weight: normal; color: #555; padding: .1em .5em; }
thead th { text-align: right; } tbody th, thead th:first-child { text-align: left; }
nav p { margin: 0; font-family: monospace; }
td.more { text-align: left; color: #555; }
td { text-align: right; padding: .1em .5em; border: 1px solid #fff; }
"""


def page(
    heading: str,
    tensors: Iterable[Tensor],
    grad: bool,
    digits: int,
    window: Window = WINDOW,
    paths: Sequence[str] = (),
) -> Iterator[str]:
    """A page of its own: it needs nothing else, and loads nothing. ``paths`` are those of its tensors, for the
    contents."""
    yield f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
    yield f"<title>{escape(heading)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(heading)}</h1>\n"
    yield f"<p>{escape(str(LEGEND))}</p>\n"
    yield from _contents(paths)
    for tensor in tensors:
        formula, what = title(tensor)
        yield f'<h2 id="{escape(tensor.path)}">{escape(tensor.path)}</h2>\n'
        yield f"<p>{escape(' — '.join(filter(None, (formula, what))))}</p>\n"
        for parts in slices(tensor, grad, digits, window):
            yield '<div class="parts">\n'
            for part in parts:
                yield from _table(part)
            yield "</div>\n"
        if (more := window.beyond(tensor.shape)) is not None:
            yield f"<p>{escape(str(more))}</p>\n"
    yield "</body>\n</html>\n"


def _contents(paths: Sequence[str]) -> Iterator[str]:
    """Links to the tensors, those of one part of the model in one paragraph; a few need none."""
    if len(paths) < FEW:
        return
    yield f"<nav>\n<h2>{escape(str(CONTENTS))}</h2>\n"
    for part, ones in groupby(paths, key=lambda path: path.partition(".")[0]):
        links = " ".join(
            f'<a href="#{escape(path)}">{escape(path.removeprefix(f"{part}."))}</a>' for path in ones if path != part
        )
        own = f'<a href="#{escape(part)}">{escape(part)}</a>' if part in paths else escape(part)
        yield f"<p>{own} {links}</p>\n"
    yield "</nav>\n"


def _table(part: Slice) -> Iterator[str]:
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in part.columns)
    yield f"<table><caption>{escape(part.caption)}</caption>\n"
    yield f"<thead><tr><th>{escape(part.corner)}</th>{head}</tr></thead>\n<tbody>\n"
    for r, label in enumerate(part.rows):
        cells = "".join(_cell(part, r, c) for c in range(len(part.columns)))
        yield f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>\n'
    if part.left_out is not None:
        yield f'<tr><td class="more" colspan="{len(part.columns) + 1}">{escape(str(part.left_out))}</td></tr>\n'
    yield "</tbody></table>\n"


def _cell(part: Slice, row: int, column: int) -> str:
    x = part.numbers[row][column]
    full = f"{part.cell(row, column)} = {x if isinstance(x, int) else exact(x)}"
    style = f"background:{shade(part, row, column)};color:{ink(part, row, column)}"
    return f'<td style="{style}" title="{escape(full)}">{escape(number(part, row, column))}</td>'
