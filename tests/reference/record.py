"""Record the reference arrays: ``python tests/reference/record.py [GROUP…]`` (PyTorch comes with the extra ``parity``).

Every scenario of the grid runs twice, through PyTorch's own modules and written out by hand; where both give a tensor
or a gradient they must agree, and what the modules gave is what is kept. Writes ``GROUP.npz`` beside this file, and
``versions.json``.
"""

from __future__ import annotations

import json
import platform
import sys
from typing import Any

import numpy as np
import parity_hand
import parity_pack
import torch
from parity_build import watched
from parity_cases_more import grid
from parity_ops import operations
from parity_updates import Updates, frozen
from torch import Tensor

Numbers = dict[str, np.ndarray]
# PyTorch's fused attention returns 0 where all keys are hidden, and has no mask that fills with a number.
# Nor can a loss be taken of weights that it does not show.
HAND_ONLY = {"all-pad-sentence", "all-pad-sentence-inf", "mask-value-small"}


def array(value: Tensor) -> np.ndarray:
    """A copy as NumPy."""
    return np.array(value.detach().numpy())


def by_hand(scenario: dict[str, Any]) -> tuple[Numbers, list[str]]:
    """Every tensor, gradient and new parameter; and the paths without a gradient."""
    t = parity_hand.Tape(scenario)
    update = Updates([x for path, x in t.leaves.items() if path not in frozen(scenario)], scenario)
    update.backward(t)
    tensors = {**t.leaves, **t.values}
    numbers = {path: array(value) for path, value in {**t.constants, **t.values}.items()}
    numbers |= {f"{path}.grad": array(x.grad) for path, x in tensors.items() if x.grad is not None}
    null = [path for path, x in tensors.items() if x.grad is None]
    update.step()
    changed = [path for path, x in t.leaves.items() if x.grad is not None and path not in frozen(scenario)]
    numbers |= {f"{path}.new": array(t.leaves[path]) for path in changed}
    if "steps" in scenario["train"]:
        update.more(t, scenario["train"]["steps"] - 1)
        numbers |= {f"{path}.trained": array(t.leaves[path]) for path in changed}
    return numbers, null


def by_modules(scenario: dict[str, Any]) -> Numbers:
    """What PyTorch's own modules show of the same."""
    w = watched(scenario)
    update = Updates(list(w.modules.parameters()), scenario)
    update.backward(w)
    numbers = {path: array(value) for path, value in w.values.items()}
    numbers |= {f"{path}.grad": array(x.grad) for path, x in w.values.items() if x.requires_grad and x.grad is not None}
    owners = {path: bound for path, bound in w.parameters.items() if path in scenario["weights"]["set"]}
    changed = {path: bound for path, bound in owners.items() if bound[0].grad is not None}
    numbers |= {f"{path}.grad": array(view(p.grad)) for path, (p, view) in changed.items() if p.grad is not None}
    update.step()
    numbers |= {f"{path}.new": array(view(p)) for path, (p, view) in changed.items()}
    if "steps" in scenario["train"]:
        update.more(w, scenario["train"]["steps"] - 1)
        numbers |= {f"{path}.trained": array(view(p)) for path, (p, view) in changed.items()}
    return numbers


def agree(name: str, key: str, ours: np.ndarray, theirs: np.ndarray, single: bool) -> None:
    """Both ways must give the same, to rounding."""
    scale = float(np.abs(theirs).max(initial=0.0))
    bound = 2e-5 * scale + 1e-6 if single else 1e-11 * scale + 1e-14
    if ours.shape != theirs.shape or np.abs(ours - theirs).max(initial=0.0) > bound:
        sys.exit(f"{name}: {key}: by hand\n{ours}\nby PyTorch's modules\n{theirs}")


def recorded(name: str, scenario: dict[str, Any]) -> parity_pack.Case:
    """One case, the two ways."""
    numbers, null = by_hand(scenario)
    finite = all(np.isfinite(value).all() for key, value in numbers.items() if key.endswith(".grad"))
    if not finite:  # NaN spreads as each backward formula will have it: the values are the reference
        numbers, null = {key: x for key, x in numbers.items() if not key.endswith((".grad", ".new"))}, []
    source = dict.fromkeys(numbers, "hand")
    alone = name in HAND_ONLY or "pins" in scenario or frozen(scenario)
    if not alone and not scenario.get("loss", {}).get("of", "").endswith("weights"):
        for key, value in by_modules(scenario).items():
            path, _, kind = key.rpartition(".")
            if kind in ("grad", "new", "trained") and path in null:  # no way from it to the loss: at most a 0 there
                if kind == "grad" and value.any():
                    sys.exit(f"{name}: {key}: by hand it does not reach the loss, by PyTorch's modules it does")
                continue
            if key not in numbers:
                sys.exit(f"{name}: {key}: only PyTorch's modules have it")
            agree(name, key, numbers[key], value, scenario["model"].get("dtype") == "float32")
            numbers[key], source[key] = value, "modules"
    return parity_pack.Case(name, scenario, numbers, null, source)


def main() -> None:
    """Record all groups."""
    torch.set_num_threads(1)
    parity_hand.check_activations()
    asked = sys.argv[1:]
    table = {group: cases for group, cases in grid().items() if not asked or group in asked}
    groups = {group: [recorded(name, told) for name, told in cases.items()] for group, cases in table.items()}
    if not asked or "ops" in asked:
        groups["ops"] = operations()
    for group, cases in groups.items():
        size = parity_pack.save(group, cases)
        theirs = sum(value == "modules" for case in cases for value in case.source.values())
        total = sum(len(case.numbers) for case in cases)
        print(f"{group:16} {len(cases):3} cases {total:6} arrays, {theirs:5} from PyTorch's modules {size:9,} bytes")
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    (parity_pack.FOLDER / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
