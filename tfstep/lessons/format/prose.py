"""The text of a lesson as lines: paragraphs and lists folded to a width, what is marked in its own role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from msgspec.structs import replace

from tfstep.view.text.spans import Line, Span, folded, indented, line, span
from tfstep.view.text.width import characters, pieces, width

_MARK = re.compile(r"\*\*(.+?)\*\*|(?<![0-9A-Za-z_*])\*(\S(?:[^*\n]*\S)?)\*(?![0-9A-Za-z_*])|`([^`\n]+)`", re.DOTALL)
_ITEM = re.compile(r"(?:[-*]|\d{1,2}\.)\s+")
_NEVER_FIRST = "，。；：、！？）”’》】…,.;:!?)"
_NEVER_LAST = "（“‘《【("
_CJK = "\u2e80-\u9fff\uff00-\uffef\u3000-\u303f“”‘’…—"


def prose_lines(text: str, cells: int) -> Iterator[Line]:
    """Markdown's paragraphs and lists, with ``**strong**``, ``*stress*`` and `` `code` ``."""
    first = True
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        if not first:
            yield ()
        first = False
        for item in _items(paragraph):
            mark = _ITEM.match(item)
            if mark is None:
                yield from fold(_spans(item), cells)
                continue
            head, body = item[: mark.end()], fold(_spans(item[mark.end() :]), cells - len(mark[0]))
            yield (span(head, "dim"), *body[0]) if body else line(head)
            yield from indented(body[1:], len(head))


def fold(spans: Line, cells: int) -> list[Line]:
    """A line in as many as it needs: none begins with a space or a mark that closes, or ends in one that opens."""
    lines: list[list[Span]] = [[]]
    used = 0
    for part in _unbroken(spans):
        wide = sum(width(each.text) for each in part)
        if used and used + wide - _trailing(part) > cells:
            lines.append([])
            used = 0
            part = [replace(part[0], text=part[0].text.lstrip()), *part[1:]]
            wide = sum(width(each.text) for each in part)
        lines[-1].extend(part)
        used += wide
    return [_ended(each) for each in lines if each]


def _ended(spans: list[Span]) -> Line:
    """A line without the space that it was broken at, which might be one cell too many."""
    return (*spans[:-1], replace(spans[-1], text=spans[-1].text.rstrip()))


def _trailing(part: list[Span]) -> int:
    return len(part[-1].text) - len(part[-1].text.rstrip())


def _unbroken(spans: Line) -> Iterator[list[Span]]:
    """The parts that a line may be broken between, each with the marks that cling to it."""
    part: list[Span] = []
    for each in spans:
        for piece in pieces(each.text):
            clings = piece.isspace() or piece[0] in _NEVER_FIRST
            if (
                part
                and not clings
                and part[-1].text[-1] not in _NEVER_LAST
                and (part[-1].text[-1].isspace() or _is_cjk(piece[0]) or _is_cjk(part[-1].text[-1]))
            ):
                yield part
                part = []
            part.append(replace(each, text=piece))
    if part:
        yield part


def _is_cjk(character: str) -> bool:
    return re.match(f"[{_CJK}]", character) is not None


def verbatim_lines(text: str, cells: int) -> Iterator[Line]:
    """Lines as they are, in so many cells: where they are too long the gaps between their columns become smaller; what
    is too long even so goes on in the next line."""
    rows = text.split("\n")
    margin = "  " if max(map(width, rows), default=0) + 2 <= cells else ""
    for each in _squeezed(rows, cells):
        if not each.strip():
            yield ()
            continue
        whole = line(span(margin + each))
        yield from [whole] if width(margin + each) <= cells else folded(whole, cells, indent=4)


def _squeezed(rows: list[str], cells: int) -> list[str]:
    """Rows with fewer spaces where all have some, as many fewer as it takes for the longest to fit."""
    spread = [[part for c in characters(row.rstrip()) for part in (c, *[""] * (width(c) - 1))] for row in rows]
    while (longest := max(map(len, spread), default=0)) > cells:
        free = [all(k >= len(row) or row[k] == " " for row in spread) for k in range(longest)]
        runs = [(len(list(run)), free_) for free_, run in groupby(free)]
        starts = [sum(n for n, _ in runs[:k]) for k in range(len(runs))]
        gaps = [(n, start) for (n, free_), start in zip(runs, starts, strict=True) if free_ and n > 1 and start > 0]
        if not gaps:
            break
        at = max(gaps)[1]
        for row in spread:
            del row[at : at + 1]
    return ["".join(row) for row in spread]


def _items(paragraph: str) -> Iterator[str]:
    """The items of a list, or the paragraph as one; broken lines joined, without a space between Chinese."""
    parts, is_list = list[str](), _ITEM.match(paragraph) is not None
    for each in paragraph.split("\n"):
        if is_list and _ITEM.match(each) and parts:
            yield "".join(parts)
            parts = [each]
        elif said := each.strip():
            gap = " " if parts and not _is_cjk(parts[-1][-1]) and not _is_cjk(said[0]) else ""
            parts += [gap + said]
    if parts:
        yield "".join(parts)


def _spans(text: str) -> Line:
    spans: list[Span] = []
    at = 0
    for found in _MARK.finditer(text):
        if found.start() > at:
            spans.append(span(text[at : found.start()]))
        said = found[1] or found[2]
        spans.append(span(said, "name") if said else span(found[3], "accent"))
        at = found.end()
    if at < len(text):
        spans.append(span(text[at:]))
    return tuple(spans)
