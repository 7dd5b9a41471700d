"""A diagnosis as lines in colour, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tfstep.compare.diagnosis import Diagnosis, First, lines
from tfstep.compare.tolerance import apart
from tfstep.text import Bilingual, printable
from tfstep.view.export.json import number
from tfstep.view.text.spans import Line, clipped, folded, line, line_width, span


def diagnosis(found: Diagnosis, cells: int | None = None) -> Iterator[Line]:
    """The verdict, the causes, and what was found where; no wider than so many cells, where that is given."""
    for each in lines(found):
        whole = line(*(span(part, role) for part, role in each))
        margin = len(whole[0].text) - len(whole[0].text.lstrip())
        yield from [whole] if cells is None or line_width(whole) <= cells else folded(whole, cells, margin + 2)


def diagnosis_json(found: Diagnosis) -> str:
    """What a program reads: names of theirs, paths of ours."""
    said = {
        "agrees": found.agrees,
        "matched": [
            {"name": m.name, "path": m.path, "relation": m.relation, "max_abs": number(m.max_abs)} for m in found.matched
        ],
        "unmatched": list(found.unmatched),
        "first": None if found.first is None else _first(found.first),
        "causes": [
            {"kind": c.kind, "path": c.path, "detail": str(c.detail), "explains": c.explains, "of": c.of,
             "name": c.name, "line": c.line, "also": list(c.also)}
            for c in found.causes
        ],
        "faults": [_first(each) for each in found.faults],
        "shown": [str(each) for each in found.shown],
        "remarks": [str(each) for each in found.remarks],
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _first(first: First) -> dict[str, object]:
    return {
        "path": first.path,
        "name": first.name,
        "inputs": list(first.inputs),
        "max_abs": number(first.max_abs),
        "line": first.line,
    }


def step_lines(found: Diagnosis, path: str, cells: int) -> list[Line]:
    """What is to be said of one step: its cause as an equation with the numbers, or that it agrees; and their own line
    of code, quoted where its file is there."""
    both = None if found.beside is None else found.beside.at(path)
    causes = [cause for cause in found.causes if path in (cause.path, *cause.also)]
    fault = next((each for each in found.faults if each.path == path), None)
    shown: list[Line] = []
    for cause in causes:
        shown += folded(line(span(cause.kind, "bad"), span("  "), span(cause.detail, "strong")), cells, 2)
    if fault is not None and not causes:
        for each in found.shown or (Bilingual("no known mistake gives these numbers", "没有已知错误能得到这些数"),):
            shown += folded(line(span(each, "bad")), cells, 2)
    if fault is None and not causes:
        if both is None:
            shown.append(line(span(Bilingual("theirs has no array for this step", "对方没有这一步的数组"), "dim")))
        elif both.name and apart(both.ours, both.theirs).max(initial=0.0) <= 1e-6 * abs(both.ours).max(initial=0.0):
            shown.append(line(span(Bilingual("agrees", "一致"), "good")))
        else:
            text = Bilingual("differs for what came before", "因前面的步骤而不同")
            shown.append(line(span(text, "accent")))
    places = [each.line for each in (*causes, fault, both) if each is not None and each.line]
    if places:
        shown.append(_quoted(places[0], cells))
    return shown


def _quoted(place: str, cells: int) -> Line:
    """A line of theirs: where it stands, and what it says, from ``FILE:LINE: CODE``."""
    where, _, said = printable(place).partition(": ")
    return clipped(line(span(where, "accent"), span(f"  {said}", "strong")), cells)
