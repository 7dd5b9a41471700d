"""How cost grows with tokens, width, layers and batch, beside what the arithmetic says.

    python benchmarks/grow.py [--only tokens,width,layers,batch] [--rounds 7] [--figures FILE]

An encoder of 32 tokens, 64 wide, 2 layers, batch 1 is made larger along one axis at a time. Measured are planning it, a
trace, one edit (a weight of the last layer, then the loss), one frame (that of the scores after an edit), one
explanation, `save` and a comparison; and the memory of a trace. A time is the processor's, the shortest of several: what
other programs disturb least. The arithmetic of each is counted from the plan: how often something is begun (steps, or rows
of a list), how many numbers are read or written, how many products are summed, how many entries of lists are passed over. What
each of these costs on this machine is fitted over all rows of an action at once, so that a row stands for its growth and
not for the machine. Memory is counted in bytes, without any fit. A row that takes over 1.3 times its arithmetic says why, or
ends the program with status 1. Behind the rows the growth is drawn: ``o`` measured, ``·`` counted, ``@`` both.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

import figures
import numpy as np
from msgspec import Struct
from record_models import held

import tfstep
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.view.frame.frame import Camera
from tfstep.view.frame.view_state import ViewState

BASE = {"tokens": 32, "width": 64, "layers": 2, "batch": 1}
AXES = {
    "tokens": (8, 32, 128, 512, 1024),
    "width": (16, 64, 256, 1024),
    "layers": (1, 4, 16, 64, 256),
    "batch": (1, 4, 16, 64),
}
MOST = 1.3
CACHED = 1 << 20  # bytes that a core has near
Work = tuple[float, float, float, float]  # what is begun, numbers, products, entries of lists


class Row(Struct):
    """One action at one size: what it took, what its arithmetic is, and, in the end, what that comes to."""

    axis: str
    size: int
    action: str
    took: float
    work: Work
    bytes: float
    said: float = 0.0

    @property
    def ratio(self) -> float:
        """Measured over counted."""
        return self.took / self.said


def scenario(sizes: dict[str, int]) -> Scenario:
    """The encoder of these sizes."""
    words = [[str((7 * i + 3 * j) % 60) for i in range(sizes["tokens"])] for j in range(sizes["batch"])]
    model = {
        "kind": "encoder", "layers": sizes["layers"], "d_model": sizes["width"], "heads": 4, "d_ff": 4 * sizes["width"],
        "activation": "gelu_tanh", "norm_position": "pre", "dtype": "float32",
    }  # fmt: skip
    document = {
        "tfstep": 1, "title": "grow", "model": model, "vocab": 64, "input": {"source": words, "labels": words},
        "weights": {"init": {"normal": 0.02}},
    }  # fmt: skip
    return load_text(json.dumps(document))


def measure(axis: str, size: int, rounds: int) -> Iterable[Row]:
    """Every action at one size."""
    sizes = BASE | {axis: size}
    made = scenario(sizes)
    plan, program = made.plan, made.program
    last = f"enc{sizes['layers'] - 1}"
    [program.leaves[slot] for slot in program.leaves]
    trace = program.trace().run()
    total = sum(node.nbytes for node in plan.nodes)
    words = 2 * sizes["tokens"] * sizes["batch"]  # read and labels

    def row(action: str, run: Callable[[int], object], work: Work, many: int = rounds) -> Row:
        return Row(axis, size, action, _shortest(run, many), work, total)

    yield row("plan", lambda k: scenario(sizes).plan, (len(plan.nodes), 0, 0, words), 3)
    yield row("trace", lambda k: program.trace().run(), _work(plan, plan.computed))

    weight, loss = f"{last}.ffn.W_2", plan.paths["loss"]
    edited = trace.edit({f"{weight}[0,0]": 0.5})
    reached = plan.downstream({plan.paths[weight].slot})
    needed = set(plan.upstream(loss.slot)) & set(reached)
    work = _work(plan, [plan.nodes[slot] for slot in sorted(needed)])
    copied = (work[0], work[1] + plan.paths[weight].spec.size, work[2], len(plan.nodes) + len(reached))
    yield row("edit", lambda k: trace.edit({f"{weight}[0,0]": 0.1 * k})["loss"].value, copied)

    scores = plan.paths[f"{last}.attn.scores"]
    inputs = sum(plan.nodes[slot].spec.size for slot in scores.slots)
    cell = f"{scores.path}[{','.join('0' for _ in scores.shape)}]"
    yield row("explanation", lambda k: trace.explain(cell), (sizes["width"] // 4, 0, 0, 0))

    session = tfstep.Session(made)
    session.run(f"set {weight}[0,0] = 0.25")
    session.run(f"goto {scores.path}")
    Camera().frame(session, ViewState())  # computes what it shows
    terms = sizes["width"] // 4
    shown = (sizes["layers"], inputs + scores.spec.size, terms, words)
    yield row("frame", lambda k: Camera().frame(session, ViewState()), shown)

    learned = sum(node.spec.size for node in plan.nodes if node.kind == "parameter")
    with tempfile.TemporaryDirectory() as folder:
        yield row("save", lambda k: session.run(f"save {folder}/{k}.yaml"), (len(plan.nodes), learned, 0, words), 3)
    edited.run()
    numbers = sum(node.spec.size for node in plan.steps)
    yield row("diff", lambda k: trace.diff(edited), (len(plan.steps), numbers, 0, 0), 3)

    every, _ = held(trace)
    yield Row(axis, size, "memory", sum(every.values()) / 1e6, (0, 0, 0, 0), total, total / 1e6)


def _shortest(run: Callable[[int], object], rounds: int) -> float:
    """Milliseconds of the processor's time, at most a few seconds in all."""
    took = []
    for k in range(rounds):
        began = time.process_time()
        run(k)
        took.append((time.process_time() - began) * 1000)
        if sum(took) > 3000:
            break
    return min(took)


def _work(plan: Plan, nodes: Iterable[Node]) -> Work:
    """What steps have to do: be begun, read and write numbers, sum products."""
    begun = numbers = products = 0.0
    for node in nodes:
        sizes = [node.spec.size, *(plan.nodes[slot].spec.size for slot in node.slots)]
        begun, numbers = begun + 1, numbers + sum(sizes)
        if node.op is not None and ("matmul" in node.op.name or "linear" in node.op.name) and len(sizes) > 2:
            groups = math.prod(node.shape[:-2]) if len({len(plan.nodes[s].shape) for s in node.slots[:2]}) == 1 else 1
            products += math.sqrt(math.prod(sorted(sizes)[-3:]) / max(1, groups))
    return begun, numbers, products, 0.0


def fit(rows: list[Row]) -> None:
    """What the rows of one action should take: a fixed cost and one a unit of each kind of work, none below 0, so that
    the ratios are as near to 1 as can be."""
    took = np.array([row.took for row in rows])
    work = np.array([[1.0, *row.work] for row in rows])
    best, costs = math.inf, np.zeros(5)
    for count in range(1, 6):
        for chosen in itertools.combinations(range(5), count):
            columns = work[:, chosen] / took[:, None]
            if not columns.any(axis=0).all():
                continue
            found, *_ = np.linalg.lstsq(columns, np.ones(len(rows)), rcond=None)
            off = float(((columns @ found - 1) ** 2).sum())
            if (found >= 0).all() and off < best:
                best, costs = off, np.zeros(5)
                costs[list(chosen)] = found
    for row, said in zip(rows, work @ costs, strict=True):
        row.said = float(said)


def why(row: Row) -> str:
    """Why a row takes more than its arithmetic, as far as it is known."""
    if row.ratio <= MOST:
        return ""
    if row.action == "frame" and row.axis in ("tokens", "width"):
        return "a frame goes through the terms of its cell and the words of its axes, of which one price is fitted"
    if row.action in ("trace", "edit") and row.work[2] and row.work[2] < 64 * row.work[1] and row.bytes > 8 * CACHED:
        return "products of few rows wait for their weights: memory's speed counts"
    if row.bytes > 8 * CACHED:
        return "beyond the cache memory's speed counts"
    if row.took < 2:
        return "so short that the machine's own noise counts"
    return "?"


def again(rows: list[Row], rounds: int) -> None:
    """Measure once more what nobody knows the reason of: another program may have been at work just then."""
    for axis, size in dict.fromkeys((row.axis, row.size) for row in rows if why(row) == "?"):
        now = {row.action: row.took for row in measure(axis, size, rounds)}
        for row in rows:
            if (row.axis, row.size) == (axis, size):
                row.took = min(row.took, now[row.action])


def drawing(rows: list[Row], height: int = 8) -> Iterable[str]:
    """Measured and counted over the sizes, both scales logarithmic."""
    values = [v for row in rows for v in (row.took, row.said)]
    low, high = math.log(min(values)), math.log(max(values))
    step = (high - low) / (height - 1) or 1.0
    lines = [[" "] * (10 * len(rows)) for _ in range(height)]
    for k, row in enumerate(rows):
        counted, took = (height - 1 - round((math.log(v) - low) / step) for v in (row.said, row.took))
        lines[counted][10 * k + 4] = "·"
        lines[took][10 * k + 4] = "@" if took == counted else "o"
    for k, line in enumerate(lines):
        yield f"{math.exp(high - k * step):12,.3g} │{''.join(line).rstrip()}"
    yield " " * 13 + "└" + "".join(f"{row.size:─^10}" for row in rows)


def main() -> int:
    """Measure, fit, tell, draw; 1 where something takes more than it should and nobody knows why."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(AXES), help="which axes, with commas between them")
    parser.add_argument("--most", type=int, default=1 << 20, help="no sizes beyond this")
    parser.add_argument("--rounds", type=int, default=7)
    figures.option(parser)
    options = parser.parse_args()
    kept = figures.Figures("grow", options.figures)
    rows: list[Row] = []
    for axis in options.only.split(","):
        for size in AXES[axis]:
            if size <= options.most:
                rows += measure(axis, size, options.rounds)
    for action in dict.fromkeys(row.action for row in rows if row.action != "memory"):
        fit([row for row in rows if row.action == action])
    again(rows, options.rounds)
    unknown = 0
    for action in dict.fromkeys(row.action for row in rows):
        own = [row for row in rows if row.action == action]
        if action != "memory":
            fit(own)
        for axis in dict.fromkeys(row.axis for row in own):
            print(f"\n{action} over {axis}")
            for row in [each for each in own if each.axis == axis]:
                unit, reason = ("MB" if action == "memory" else "ms"), why(row)
                unknown += reason == "?"
                note: dict[str, Any] = {"note": reason} if reason else {}
                kept.add(f"{action}, {axis} {row.size}", "measured", row.took, unit)
                kept.add(f"{action}, {axis} {row.size}", "measured / counted", row.ratio, aim=MOST, **note)
                if reason:
                    print(f"    {reason}")
            print("\n".join(drawing([each for each in own if each.axis == axis])))
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
