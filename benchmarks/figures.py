"""The figures of a benchmark, one mechanism for all: a line printed and, where asked, a JSON line kept.

A benchmark makes `Figures(name, options.figures)` and adds what it measured. Each line kept says what was measured, and
where: machine, versions, commit, load at that moment, threads. A figure measured again takes the place of the earlier
one, so a file may be filled in pieces. `compare.py` prints two such files side by side; `release.jsonl` is the one that
the page on speed in docs/ shows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("tfstep", "numpy", "textual", "torch", "transformers")
Row = dict[str, Any]


def option(parser: argparse.ArgumentParser) -> None:
    """The option that all benchmarks have."""
    parser.add_argument("--figures", type=Path, metavar="FILE", help="keep the figures there, as JSON lines")


@cache
def machine() -> str:
    """The processor and its cores."""
    try:
        name = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        name = None
    processor = name[1] if name else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores"


@cache
def commit(folder: Path = ROOT) -> str:
    """The commit of a checkout, with a + where files differ from it; empty where git knows none."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    return git("rev-parse", "--short=10", "HEAD") + "+" * bool(git("status", "--porcelain", "-uno"))


@cache
def versions(theirs: str | None = None) -> dict[str, str]:
    """Of Python, of tfstep, and of what is compared with, here or in another Python."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if theirs is not None:
        asked = f"from importlib.metadata import version as v\nfor n in {PACKAGES[-2:]}: print(n, v(n))"
        said = subprocess.run([theirs, "-c", asked], check=True, capture_output=True, text=True).stdout
        found |= dict(line.split() for line in said.splitlines())
    return {name: each.split("+")[0] for name, each in found.items()}


class Figures:
    """What one benchmark found. ``theirs`` is the Python of the other side, where that is another one."""

    def __init__(self, benchmark: str, file: Path | None = None, theirs: str | None = None) -> None:
        self.benchmark, self.file, self.theirs = benchmark, file, theirs

    def add(
        self,
        case: str,
        what: str,
        values: float | Sequence[float],
        unit: str = "",
        *,
        threads: int | None = None,
        aim: float | None = None,
        **more: Any,
    ) -> Row:
        """Print, and keep, the median of what was found in several runs, with the smallest and the largest.

        ``unit`` is ``ms``, ``s``, ``MB``, or nothing for a ratio; ``aim`` is what it should not exceed.
        """
        found = [float(values)] if isinstance(values, int | float) else [float(each) for each in values]
        row: Row = {"benchmark": self.benchmark, "case": case, "what": what, "value": _short(statistics.median(found))}
        if len(found) > 1:
            row |= {"low": _short(min(found)), "high": _short(max(found)), "runs": len(found)}
        about = {"unit": unit or None, "aim": aim, "threads": threads, **more}
        row |= {key: each for key, each in about.items() if each is not None}
        print(line(row), flush=True)
        if self.file is not None:
            load = round(os.getloadavg()[0], 2)
            keep(self.file, row | {"load": load, "machine": machine(), "commit": commit(), **versions(self.theirs)})
        return row


def key(row: Row) -> tuple[Any, ...]:
    """What a row is a figure of."""
    return tuple(row.get(name) for name in ("benchmark", "case", "what", "unit", "threads"))


def read(file: Path) -> list[Row]:
    """The rows of a file, none where there is none yet."""
    return [json.loads(each) for each in file.read_text("utf-8").splitlines() if each] if file.is_file() else []


def keep(file: Path, row: Row) -> None:
    """Add a row to a file, in the place of an earlier figure of the same."""
    rows = {key(each): each for each in read(file)} | {key(row): row}
    file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows.values()), "utf-8")


def said(row: Row) -> str:
    """The value with its unit, and its range."""
    between = f" ({_said(row['low'])} … {_said(row['high'])})" if "low" in row else ""
    return f"{_said(row['value'])}{' ' * ('unit' in row)}{row.get('unit', '')}{between}"


def line(row: Row) -> str:
    """A row as it is printed."""
    aim = f"   aimed at {_said(row['aim'])}" if "aim" in row else ""
    return f"{name(row):76} {said(row)}{aim}"


def name(row: Row) -> str:
    """What a row is a figure of, in words."""
    threads = row.get("threads")
    return f"{row['case']}: {row['what']}" + (f", {threads} thread{'s' * (threads > 1)}" if threads else "")


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _said(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
