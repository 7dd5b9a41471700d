"""A diagnosis as lines in colour, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tfstep.compare.diagnosis import Diagnosis, First, lines
from tfstep.view.export.json import number
from tfstep.view.text.spans import Line, line, span


def diagnosis(found: Diagnosis) -> Iterator[Line]:
    """The verdict, the causes, and what was found where."""
    for each in lines(found):
        yield line(*(span(part, role) for part, role in each))


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
