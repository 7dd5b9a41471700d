"""Training while everything is recorded: `train 100` beside a PyTorch loop that keeps nothing, in alternating processes.

    python benchmarks/train.py                  # milk and steve-builds-a-house, one and two threads
    python benchmarks/train.py --rounds 9       # processes of each side; default 5
    python benchmarks/train.py --figures FILE   # and keep the figures there

tfstep runs the command of the debugger: every tensor of each pass is recorded, and the parameters of every update are
kept for `rewind`. PyTorch runs the same model, written out by hand, with its own Adam, and keeps the losses alone. Both
start from the same numbers in float64 and the losses of all updates are compared. Where torch is not installed only
tfstep runs.
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
import numpy as np

SCENARIOS = ("milk", "steve-builds-a-house")
UPDATES = 100
AIM = 0.35


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="processes of each side")
    figures.option(parser)
    parser.add_argument("--work", help=argparse.SUPPRESS)  # one measured process: its task as JSON
    options = parser.parse_args()
    if options.work:
        task = json.loads(options.work)
        print(json.dumps(tfstep_side(task) if task["side"] == "tfstep" else torch_side(task)))
        return 0
    sides = ("tfstep", "torch") if importlib.util.find_spec("torch") else ("tfstep",)
    kept = figures.Figures("train", options.figures)
    print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for name in SCENARIOS:
            for threads in (1, 2):
                compare(kept, name, threads, options.rounds, sides, Path(folder) / f"{name}.npz")
    print(f"load average {os.getloadavg()[0]:.2f} at the end")
    return 0


def compare(kept: figures.Figures, name: str, threads: int, rounds: int, sides: tuple[str, ...], start: Path) -> None:
    """Run the sides in turn, so often, and tell how they compare."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            found[side].append(process({"side": side, "scenario": name, "threads": threads, "start": str(start)}))
    case = f"{name}, {UPDATES} updates"
    for side in sides:
        kept.add(case, side, [run["seconds"] * 1e3 for run in found[side]], "ms", threads=threads)
        kept.add(case, f"{side}, processor's time", [run["cpu"] * 1e3 for run in found[side]], "ms", threads=threads)
    if "torch" in sides:
        pairs = list(zip(found["tfstep"], found["torch"], strict=True))
        for ours, theirs in pairs:
            np.testing.assert_allclose(theirs["losses"], ours["losses"], rtol=1e-6)
        for unit, what in (("seconds", ""), ("cpu", ", processor's time")):
            ratios = [ours[unit] / theirs[unit] for ours, theirs in pairs]
            kept.add(case, f"tfstep, everything kept / PyTorch, nothing{what}", ratios, threads=threads, aim=AIM)


def process(task: dict[str, Any]) -> dict[str, Any]:
    """One side in a process of its own."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    command = [sys.executable, __file__, "--work", json.dumps(task)]
    environment = os.environ | dict.fromkeys(names, str(task["threads"]))
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def tfstep_side(task: dict[str, Any]) -> dict[str, Any]:
    """The debugger's own command."""
    import tfstep
    from tfstep.session.change.training import Training

    scenario = tfstep.load(task["scenario"])
    first = Training(scenario).trace()
    named = {n.path: first.value(n.slot) for n in first.plan.nodes if n.phase == "" and not n.path.startswith("update")}
    np.savez(task["start"], **named)
    session = tfstep.Session(scenario)
    session.run("print loss")  # the first command reads in all commands, as PyTorch is read in before its loop
    started, cpu = time.perf_counter(), time.process_time()
    result = session.run(f"train {UPDATES}")
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
        "losses": [float(loss) for loss in result.losses[:UPDATES]],
    }


def torch_side(task: dict[str, Any]) -> dict[str, Any]:
    """The same model, loss and optimizer by hand."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(task["threads"])
    with np.load(task["start"]) as archive:
        given = {path: torch.from_numpy(archive[path].copy()) for path in archive.files}
    p = {path: each for path, each in given.items() if each.dtype == torch.float64 and ".pos" not in path}
    p = {path: each.requires_grad_() for path, each in p.items() if not path.endswith("_before")}
    masks = {path: each != 0 for path, each in given.items() if path.endswith(".mask")}
    labels = given["loss.labels"].flatten().long()
    kept = labels != 0  # <pad> does not count

    def embedded(side: str) -> Any:
        return p[f"{side}.E"][given[f"{side}.tokens"].long()] + given[f"{side}.pos"]

    def dense(x: Any, at: str, name: str) -> Any:
        return x @ p[f"{at}.W_{name}"] + p[f"{at}.b_{name}"]

    def attended(x: Any, memory: Any, at: str) -> Any:
        Q, K, V = dense(x, at, "Q"), dense(memory, at, "K"), dense(memory, at, "V")
        scores = Q @ K.transpose(-1, -2) / Q.shape[-1] ** 0.5
        weights = torch.softmax(scores.masked_fill(masks[f"{at}.mask"][:, 0], -1e9), -1)
        return dense(weights @ V, at, "O")

    def norm(x: Any, at: str) -> Any:
        return functional.layer_norm(x, x.shape[-1:], p[f"{at}.gamma"], p[f"{at}.beta"], 1e-5)

    def fed(x: Any, at: str) -> Any:
        return dense(torch.relu(dense(x, at, "1")), at, "2")

    def loss() -> Any:
        x = embedded("src")
        x = norm(x + attended(x, x, "enc0.attn"), "enc0.norm1")
        x = memory = norm(x + fed(x, "enc0.ffn"), "enc0.norm2")
        if "tgt.E" in p:
            x = embedded("tgt")
            x = norm(x + attended(x, x, "dec0.attn"), "dec0.norm1")
            x = norm(x + attended(x, memory, "dec0.cross"), "dec0.norm2")
            x = norm(x + fed(x, "dec0.ffn"), "dec0.norm3")
        logits = x @ p["out.W"] + p["out.b"]
        return functional.cross_entropy(logits.flatten(0, 1)[kept], labels[kept])

    optimizer = torch.optim.Adam(p.values(), lr=0.01)
    losses = []
    started, cpu = time.perf_counter(), time.process_time()
    for _ in range(UPDATES):
        optimizer.zero_grad()
        now = loss()
        now.backward()
        optimizer.step()
        losses.append(float(now.detach()))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "cpu": time.process_time() - cpu, "losses": losses}


if __name__ == "__main__":
    sys.exit(main())
