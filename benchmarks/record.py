"""Recording everything: tfstep.trace() beside PyTorch, in alternating processes of their own.

    python benchmarks/record.py                 # the toy encoder, and the large one at 32, 128 and 512 tokens
    python benchmarks/record.py --quick         # the toy, and the large one at 32 tokens, fewer runs
    python benchmarks/record.py --tokens 128    # the large one at this length only
    python benchmarks/record.py --figures FILE  # and keep the figures there

One pass is forward, loss, backward and an SGD update. "retained" is PyTorch with retain_grad on every tensor that
tfstep records, each kept, and the new parameters as tensors of their own; "plain" is the same model and update with
nothing kept. "less" is tfstep with ``keep="less"``, every gradient and new value read once and let go; "products" are the
matrix products of the model alone, forward and both gradients, into memory of their own. All but the products compute
the same numbers: the losses are compared. Where torch is not installed the sides of PyTorch are left out.
Load other programs than this one and the ratios mean little: a busy machine is refused, unless --force.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import figures
import record_models as models

OURS_TOO = ("tfstep", "products", "less")
SIDES = (*OURS_TOO, "retained", "plain")


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs, and only the smallest large model")
    parser.add_argument("--tokens", type=int, help="only the large model, at this length")
    parser.add_argument("--rounds", type=int, help="processes of each side; default 5 (2 with --quick)")
    parser.add_argument("--force", action="store_true", help="measure on a busy machine too")
    figures.option(parser)
    parser.add_argument("--work", help=argparse.SUPPRESS)  # one measured process: its task as JSON
    options = parser.parse_args()
    if options.work:
        print(json.dumps(models.measure(json.loads(options.work))))
        return 0
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    print(f"load average {load:.2f} on {cores} cores")
    if load > 0.7 * cores and not options.force:
        print("the machine is busy: the ratios would mean little (--force measures all the same)", file=sys.stderr)
        return 1
    sides = SIDES if importlib.util.find_spec("torch") else OURS_TOO
    if sides == OURS_TOO:
        print("torch is not installed: only tfstep and the products are measured")
    rounds = options.rounds or (2 if options.quick else 5)
    lengths = [options.tokens] if options.tokens else [32] if options.quick else [32, 128, 512]
    tasks = [] if options.tokens else [models.TOY]
    tasks += [models.LARGE | {"tokens": n} for n in lengths]
    kept = figures.Figures("record", options.figures)
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            for threads in (1, cores):
                compare(kept, task, threads, rounds, sides, Path(folder))
    print(f"load average {os.getloadavg()[0]:.2f} at the end")
    return 0


def compare(
    kept: figures.Figures, task: dict[str, Any], threads: int, rounds: int, sides: tuple[str, ...], folder: Path
) -> None:
    """Run the sides in turn, so often, and tell how they compare."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            found[side].append(process(task, side, threads, folder))
    case, large = f"{task['name']}, {task['tokens']} tokens", task["name"] != models.TOY["name"]

    def add(what: str, values: list[float], unit: str = "", aim: float | None = None) -> None:
        kept.add(case, what, values, unit, threads=threads, aim=aim)

    print()
    for side in sides:
        for when in ("warm", "cold"):
            add(f"{side}, {when}", [run[when] * 1e3 for run in found[side]], "ms")
    ours = found["tfstep"]
    for side in sides[1:]:
        loss, theirs = ours[0]["loss"], found[side][0].get("loss", ours[0]["loss"])
        assert abs(theirs - loss) <= 1e-4 * abs(loss), (loss, theirs)
        one, other = ("less", "tfstep") if side == "less" else ("tfstep", side)
        for when in ("warm", "cold"):
            aim = AIMS.get((side, when, large))
            add(
                f"{one} / {other}, {when}",
                [a[when] / b[when] for a, b in zip(found[one], found[other], strict=True)],
                aim=aim,
            )
    for key, (what, aim) in OURS.items():
        add(what, [run[key] for run in ours], aim=aim if large else None)
    for side in ("tfstep", "less"):
        add(f"{side}, bytes held", [run["held"] / 1e6 for run in found[side]], "MB")
        add(f"{side}, memory of the process at its peak", [run["peak"] for run in found[side]], "MB")
    for key, what in (("held", "bytes held"), ("peak", "memory of the process at its peak")):
        shares = [a[key] / b[key] for a, b in zip(found["less"], ours, strict=True)]
        add(f"less / tfstep, {what}", shares, aim=0.35 if large else None)


AIMS = {  # by side, and whether the model is large
    ("plain", "warm", False): 0.4,
    ("plain", "warm", True): 0.85,
    ("plain", "cold", True): 1.0,
    ("products", "warm", True): 1.2,
    ("less", "warm", True): 1.4,
}
OURS = {
    "bytes": ("bytes held / bytes of the distinct tensors", 1.01),
    "edit": ("one weight of the last layer, then the loss / a trace", None),
    "edit_grads": ("one weight of the last layer, then all gradients / a trace", 0.35),
}


def process(task: dict[str, Any], side: str, threads: int, folder: Path) -> dict[str, Any]:
    """One side in a process of its own."""
    work = json.dumps(task | {"side": side, "threads": threads, "weights": str(folder / f"{task['name']}.npz")})
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | ({name: str(threads) for name in names} if threads == 1 else {})
    command = [sys.executable, __file__, "--work", work]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    started = time.perf_counter()
    status = main()
    if status == 0 and "--work" not in sys.argv:
        print(f"{time.perf_counter() - started:.0f} s in all")
    sys.exit(status)
