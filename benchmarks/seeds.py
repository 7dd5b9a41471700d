"""How often the trained scenarios end as their texts say: the same training from seeds 0 to 19.

    python benchmarks/seeds.py [--seeds 20] [steve-builds-a-house | milk …]

prints a line a seed, and the share of the seeds for which each claim holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

import tfstep
from tfstep.session.study.decoding import generate

Claims = dict[str, bool]


def trained(name: str, seed: int, variant: str = "base") -> tuple[tfstep.Scenario, tfstep.Trace]:
    """A scenario with another seed, and its trace after as many updates as it asks for."""
    scenario = tfstep.load(name, variant=variant).with_changes({"weights": {"seed": seed}})
    session = tfstep.Session(scenario)
    session.run(f"train {scenario.train.steps}")
    return scenario, session.trace


def parameters(trace: tfstep.Trace) -> dict[str, np.ndarray]:
    """Every parameter of a trace, by path."""
    return {node.path: trace.value(node.slot) for node in trace.plan.nodes if node.kind == "parameter"}


def steve(seed: int, variant: str = "base") -> tuple[str, Claims]:
    """Whether it says the sentence, and looks at the three words that its rows translate."""
    scenario, trace = trained("steve-builds-a-house", seed, variant)
    said = " ".join(word.said for word in generate(scenario, parameters(trace)))
    weights = trace["dec0.cross.weights"].value[0, 0]
    looks = [float(weights[row, key]) for row, key in ((0, 0), (1, 1), (3, 2))]
    line = f"{said}; {' '.join(f'{w:.2f}' for w in looks)}"
    return line, {"says the sentence": said == "Steve builds a house <eos>", "aligns, each > 0.6": min(looks) > 0.6}


def milk(seed: int) -> tuple[str, Claims]:
    """Where the row of milk looks: at drank, at cat, at nothing else."""
    _, trace = trained("milk", seed)
    row = trace["enc0.attn.weights"].value[0, 0, 5]
    black, cat, drank = row[1], row[2], row[3]
    fillers = max(row[0], row[1], row[4], row[5])
    return " ".join(f"{w:.3f}" for w in row), {
        "drank > cat": bool(drank > cat),
        "black < 0.05": bool(black < 0.05),
        "drank > 0.5, cat > 0.08 and above every filler": bool(drank > 0.5 and cat > max(0.08, fillers)),
    }


RUNS: dict[str, Callable[[int], tuple[str, Claims]]] = {
    "steve-builds-a-house": steve,
    "steve-builds-a-house output-from-zero": lambda seed: steve(seed, "output-from-zero"),
    "milk": milk,
}


def main() -> None:
    """Train, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    parser.add_argument("--seeds", type=int, default=20)
    chosen = parser.parse_args()
    for name, run in RUNS.items():
        if chosen.names and name.split()[0] not in chosen.names:
            continue
        print(name)
        held: dict[str, int] = {}
        for seed in range(chosen.seeds):
            line, claims = run(seed)
            print(f"  seed {seed:2d}: {line}", flush=True)
            for claim, holds in claims.items():
                held[claim] = held.get(claim, 0) + holds
        for claim, count in held.items():
            print(f"  {count} of {chosen.seeds}: {claim}")


if __name__ == "__main__":
    main()
