"""`check` of every scenario that ships, in every variant, here and in another checkout, in alternating processes.

    python benchmarks/check.py --base FOLDER                # FOLDER holds the other checkout
    python benchmarks/check.py --base FOLDER gpt residual   # these scenarios only
    python benchmarks/check.py --base FOLDER --figures FILE

What is compared is the processor's time; that both compare the same cells is asserted. Scenarios and variants that only
one of them has are left out. Without --base only this one is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import figures

AIM = 0.25
CODE = """
import json, sys, time
from pathlib import Path
import tfstep
try:
    from tfstep.session.study.checks import check
except ModuleNotFoundError:  # an older checkout
    from tfstep.session.checks import check

found = {}
shipped = Path(tfstep.__file__).parents[1] / "scenarios"
for name in sys.argv[1:] or sorted(file.stem for file in shipped.glob("*.yaml")):
    for variant in tfstep.load(name).variants:
        started = time.process_time()
        report = check(tfstep.load(name, variant=variant))
        cells = None if report.gradient is None else (report.gradient.checked, report.gradient.skipped)
        found[f"{name} {variant}"] = {"seconds": time.process_time() - started, "cells": cells, "ok": report.ok}
print(json.dumps(found))
"""


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", help="default: all that ship")
    parser.add_argument("--base", type=Path, help="the folder of another checkout")
    parser.add_argument("--rounds", type=int, default=5, help="processes of each side")
    figures.option(parser)
    options = parser.parse_args()
    kept = figures.Figures("check", options.figures)
    print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    folders = [figures.ROOT, *([options.base] if options.base else [])]
    runs: list[list[dict[str, Any]]] = [[] for _ in folders]
    for _ in range(options.rounds):
        for folder, found in zip(folders, runs, strict=True):
            found.append(process(folder, options.scenarios))
    common = set(runs[0][0]).intersection(*(found[0] for found in runs))
    for sides in zip(*runs, strict=True):
        assert all(
            sides[0][each][what] == other[each][what] for other in sides for each in common for what in ("cells", "ok")
        )
    whole = [[sum(run[each]["seconds"] for each in common) for run in found] for found in runs]
    case = f"{len(common)} variants"
    kept.add(case, "tfstep check", whole[0], "s")
    if options.base:
        kept.add(case, "the other checkout", whole[1], "s")
        ratios = [here / there for here, there in zip(*whole, strict=True)]
        kept.add(case, "tfstep check / the other checkout", ratios, aim=AIM)
    return 0


def process(folder: Path, scenarios: list[str]) -> dict[str, Any]:
    """One side in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(folder.resolve())}
    command = [sys.executable, "-c", CODE, *scenarios]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
