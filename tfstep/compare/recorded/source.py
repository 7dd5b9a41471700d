"""The line of somebody's own source that computed an array."""

from __future__ import annotations

import linecache
import re
import tokenize
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType

from tfstep.compare.recorded.assigned import computed

OURS = str(Path(__file__).parents[2])
LONGEST = 160
_ASSIGNED = re.compile(r"\s*(?:self\.)?([A-Za-z_]\w*)\s*(?:=(?!=)|[-+*/@]=)")


def own_line(frame: FrameType | None, name: str) -> str:
    """The line of the nearest frame that is not tfstep's, ``FILE:LINE: CODE``, that computed what is recorded there as
    ``name``; the recording line where the source does not tell. Empty where there is no such frame."""
    while frame is not None and Path(frame.f_code.co_filename).is_relative_to(OURS):
        frame = frame.f_back
    if frame is None:
        return ""
    code = frame.f_code
    source = "".join(linecache.getlines(code.co_filename, frame.f_globals))
    found = computed(source, code.co_name, code.co_firstlineno, frame.f_lineno, name)
    return _quoted(frame, found or ((frame.f_lineno, frame.f_lineno),))


def said(frame: FrameType) -> tuple[str, str]:
    """The expression that a frame computes, as it is quoted by its lines, and the variable that is set there."""
    code = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals).strip()
    match = _ASSIGNED.match(code)
    variable = match.group(1) if match and "lambda" not in code and "record(" not in code else ""
    first, last = _lines(frame.f_code, frame.f_lasti)
    return _quoted(frame, ((first or frame.f_lineno, last or frame.f_lineno),)), variable


@lru_cache(maxsize=4096)
def _lines(code: CodeType, at: int) -> tuple[int | None, int | None]:
    """The first and last line of the expression that an instruction is of."""
    return next(islice(code.co_positions(), at // 2, None), (None, None))[:2]


def _quoted(frame: FrameType, places: Sequence[tuple[int, int]]) -> str:
    """Statements of a frame's source as they are quoted, one behind the other, by their first and last lines."""
    file, said = frame.f_code.co_filename, list[str]()
    for first, last in places:
        lines = [linecache.getline(file, n, frame.f_globals) for n in range(first, last + 1)]
        bare = _bare(lines) if last > first or len(places) > 1 else lines
        said.append(" ".join(line.strip() for line in bare).strip())
    numbers = ",".join(str(first) for first, _ in places)
    return f"{_place(frame, file)}:{numbers}: {'; '.join(said)}"[:LONGEST].rstrip(": ")


def _place(frame: FrameType, file: str) -> str:
    """What a file is called: a cell of a notebook by its number, ``In[3]``."""
    shell = frame.f_globals.get("get_ipython")
    called = getattr(getattr(shell() if callable(shell) else None, "compile", None), "format_code_name", None)
    cell = called(file) if callable(called) else None
    return str(cell[1]) if cell else Path(file).name


def _bare(lines: list[str]) -> list[str]:
    """Lines without their comments, each of which would hide what comes behind it."""
    bare = list(lines)
    with suppress(tokenize.TokenError):  # of what begins behind them in the last line
        for token in tokenize.generate_tokens(iter(lines).__next__):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                bare[row - 1] = bare[row - 1][:column]
    return bare
