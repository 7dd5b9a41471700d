"""The line of somebody's own source that computed an array."""

from __future__ import annotations

import linecache
import re
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

OURS = str(Path(__file__).parents[2])
LONGEST = 160
_ASSIGNED = re.compile(r"\s*(?:self\.)?([A-Za-z_]\w*)\s*(?:=(?!=)|[-+*/@]=)")


def own_line(frame: FrameType | None, libraries: Sequence[str] = ()) -> tuple[str, str]:
    """The nearest line that is neither tfstep's nor of these folders, ``FILE:LINE: CODE``, and the variable that it sets.

    Both are empty where everything is theirs.
    """
    foreign = (OURS, *libraries)
    while frame is not None:
        file = frame.f_code.co_filename
        if not any(Path(file).is_relative_to(folder) for folder in foreign):
            return said(file, frame.f_lineno)
        frame = frame.f_back
    return "", ""


def said(file: str, number: int) -> tuple[str, str]:
    """A line of a file as it is quoted, and the variable that is set there."""
    code = linecache.getline(file, number).strip()
    match = _ASSIGNED.match(code)
    variable = match.group(1) if match and "lambda" not in code and "record(" not in code else ""
    return f"{Path(file).name}:{number}: {code}"[:LONGEST].rstrip(": "), variable
