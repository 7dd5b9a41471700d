"""How long a diagnosis takes beside one trace of the same model: a run of GPT-2 small's shape over 32 tokens.

    python benchmarks/diagnose.py [--layers 12] [--bug]

prints the seconds of one trace, of the diagnosis of a recorded run of about 40 arrays a layer, and their ratio.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import tfstep
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


def main() -> None:
    """Measure once and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--layers", type=int, default=12)
    asked.add_argument("--bug", action="store_true", help="leave the scale out of the last layer")
    options = asked.parse_args()
    words = ", ".join(f"'{n}'" for n in range(32))
    scenario = load_text(SHAPE.format(layers=options.layers, words=words))
    scenario.program.trace()
    begin = time.perf_counter()
    trace = scenario.program.trace()
    one = time.perf_counter() - begin
    if options.bug:
        last = f"dec{options.layers - 1}.attn"
        trace = trace.edit({f"{last}.scaled": trace[f"{last}.scores"].value})
    rows = {
        n.path: np.array(trace.value(n.slot)) for n in trace.plan.nodes if n.phase == "forward" and n.dtype.kind == "f"
    }
    begin = time.perf_counter()
    found = tfstep.diagnose(scenario, rows)
    took = time.perf_counter() - begin
    print(
        f"{len(rows)} arrays: one trace {one:.2f} s, diagnosis {took:.2f} s, {took / one:.1f} times; agrees: {found.agrees}"
    )
    for cause in found.causes:
        print(cause.kind, cause.path, cause.explains, cause.of)


if __name__ == "__main__":
    main()
