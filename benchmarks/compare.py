"""Two files of figures side by side.

    python benchmarks/compare.py BEFORE.jsonl AFTER.jsonl

prints what was measured in both, the two values, and the second over the first; then what stands in one only, and how
the machines and versions differ, which may be why the figures do. `figures.py` says how such files are made.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from figures import PACKAGES, Row, key, name, read, said

ABOUT = ("machine", "commit", "load", "python", *PACKAGES)


def main(given: list[str] | None = None) -> int:
    """Print the comparison; 2 where a file is missing or holds nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs=2, type=Path, metavar="FILE.jsonl")
    first, second = parser.parse_args(given).files
    for file in (first, second):
        if not read(file):
            print(f"{file}: no figures there", file=sys.stderr)
            return 2
    print("\n".join(compared(read(first), read(second))))
    return 0


def compared(before: list[Row], after: list[Row]) -> Iterator[str]:
    """The lines of the comparison."""
    old, new = {key(row): row for row in before}, {key(row): row for row in after}
    for each, row in new.items():
        if each in old:
            ratio = row["value"] / old[each]["value"] if old[each]["value"] else float("nan")
            yield f"{row['benchmark']:9} {name(row):76} {said(old[each]):>28} {said(row):>28} {ratio:8.2f}"
    for rows, others, which in ((old, new, "first"), (new, old, "second")):
        for each in [row for there, row in rows.items() if there not in others]:
            yield f"{each['benchmark']:9} {name(each):76} only in the {which}: {said(each)}"
    for about in ABOUT:
        there = [_values(rows, about) for rows in (before, after)]
        if there[0] != there[1]:
            yield f"{about}: {there[0] or '-'} beside {there[1] or '-'}"


def _values(rows: list[Row], about: str) -> str:
    found = list(dict.fromkeys(row[about] for row in rows if about in row))
    if about == "load" and found:
        return f"{min(found)} … {max(found)}"
    return ", ".join(map(str, found))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os._exit(0)
