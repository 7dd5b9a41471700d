"""How long a diagnosis takes beside one trace of the same model: a run of GPT-2 small's shape over 32 tokens.

    python benchmarks/diagnose.py [--layers 12] [--bug LAYER] [--figures FILE]

tells the seconds of one trace (forward, backward and update), those of the diagnosis of a recorded run of about 40
arrays a layer, gradients included, and their ratio, by the clock and of the processor's time.
"""

from __future__ import annotations

import argparse
import time

import figures
import numpy as np

import tfstep
from tfstep.compare.plant import planted
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text

SHAPE = """
tfstep: 1
title: GPT-2 small's shape
model: {{kind: decoder, layers: {layers}, d_model: 768, heads: 12, d_ff: 3072, activation: gelu_tanh, norm_position: pre,
  positional: learned, dtype: float32}}
vocab: 512
input: {{target: [{words}], labels: [{words}]}}
weights: {{seed: 0, init: {{normal: 0.02}}}}
"""


def run(scenario: tfstep.Scenario, bug: int | None) -> Trace:
    """A run of the model, without the scale of the scores in one layer if asked."""
    trace = scenario.program.trace().run()
    if bug is None:
        return trace
    changed = {f"dec{bug}.attn.scaled": lambda at: at.args[0] * 1.0}
    plan = planted(scenario.program.plan, changed, scenario.model, scenario.train)
    return Trace.start(plan, {n.slot: trace.value(trace[n.path].node.slot) for n in plan.nodes if n.op is None}).run()


def main() -> None:
    """Measure once and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--layers", type=int, default=12)
    asked.add_argument("--bug", type=int, help="leave the scale out of this layer")
    figures.option(asked)
    options = asked.parse_args()
    kept = figures.Figures("diagnose", options.figures)
    words = ", ".join(f"'{n}'" for n in range(32))
    scenario = load_text(SHAPE.format(layers=options.layers, words=words))
    scenario.program.trace().run()  # draws the weights
    begin, used = time.perf_counter(), time.process_time()
    scenario.program.trace().run()
    one, one_used = time.perf_counter() - begin, time.process_time() - used
    trace = run(scenario, options.bug)
    steps = [n for n in trace.plan.nodes if n.phase == "forward" and n.dtype.kind == "f"]
    rows = {n.path: np.array(trace.value(n.slot)) for n in steps}
    grads = [g for n in steps if (g := trace.plan.gradient(n)) is not None]
    rows |= {g.path: np.array(trace.value(g.slot)) for g in grads}
    begin, used = time.perf_counter(), time.process_time()
    found = tfstep.diagnose(scenario, rows)
    took, took_used = time.perf_counter() - begin, time.process_time() - used
    wrong = "right" if options.bug is None else f"wrong in layer {options.bug}"
    case = f"{options.layers} layers, {len(rows)} arrays, {wrong}"
    kept.add(case, "one trace", one, "s")
    kept.add(case, "diagnosis", took, "s")
    kept.add(case, "diagnosis beside one trace", took / one)
    kept.add(case, "the same of the processor's time", took_used / one_used)
    print(f"agrees: {found.agrees}")
    for cause in found.causes:
        print(cause.kind, cause.path, cause.explains, cause.of)


if __name__ == "__main__":
    main()
