"""Takes models along to `transformers`: what is written here is opened there, and computes the same logits.

    python exported.py [NAME…]

needs torch and transformers. Every recorded model is written anew, and so is every toy of test_export.py; the library
opens the folder in float32, and its logits (or last hidden states) are compared with ours.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
import transformers
from record_models import attention
from recorded import MODELS, block_ends, names
from test_export import HEAD, MORE, TOYS, ZERO, ZEROS

import tfstep
from tfstep.scenario.opening.writing import write
from tfstep.scenario.scenario import load_text

ALLOWED = 1e-5  # of the largest logit: float32 twice
PAIR = HEAD.replace("target: 5 17 9 3, labels: next", "source: 5 17 9 3, target: 0 4 5")


def scenarios() -> dict[str, tfstep.Scenario]:
    """What is taken along, by name."""
    found = {name: recorded(name) for name in names()}
    for family, keys in TOYS.items():
        found[f"toy of {family}"] = load_text(f"{HEAD}model: {{kind: decoder, {keys}, head: true, dtype: float32}}\n")
    for k, (family, keys) in enumerate(MORE):
        head = PAIR if "encoder-decoder" in keys else HEAD
        head = head.replace("target: 5 17 9 3, labels: next", "source: 5 17 9 3") if "kind: encoder," in keys else head
        found[f"toy {k} of {family}"] = load_text(f"{head}model: {{{keys}, dtype: float32}}\n")
    for k, (family, keys) in enumerate(ZEROS):
        found[f"zeros {k} of {family}"] = load_text(f"{ZERO}model: {{{keys}, dtype: float32}}\n")
    return found


def recorded(name: str) -> tfstep.Scenario:
    """A recorded model reading a few ids; what has no such side ignores it."""
    config = json.loads((MODELS / name / "config.json").read_text())
    target = {"target_ids": [0, 4, 5]} if config.get("is_encoder_decoder") else {}
    return tfstep.load(MODELS / name, ids=[5, 17, 9, 3], **target)


def apart(scenario: tfstep.Scenario, folder: Path) -> tuple[str, float, float]:
    """As which family it was written, how far the library's numbers are off, and the largest of them."""
    family = write(scenario, folder)
    config = json.loads((folder / "config.json").read_text())
    model = getattr(transformers, config["architectures"][0]).from_pretrained(
        folder, attn_implementation=attention(config), experts_implementation="eager"
    )
    model = model.float().eval()
    sides = [each for each in (scenario.inputs.source, scenario.inputs.target) if each is not None]
    first, *second = [torch.from_numpy(np.asarray(each.ids)) for each in sides]
    with torch.no_grad():
        found = model(first, **({"decoder_input_ids": second[0]} if second else {}))
    trace = tfstep.trace(scenario)
    path = "out.logits" if "out.logits" in trace else block_ends(trace, "enc")[-1]
    theirs = (found.logits if "out.logits" in trace else found.last_hidden_state).numpy()
    return family, float(np.abs(theirs - trace[path].value).max()), float(np.abs(theirs).max())


def main() -> None:
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    wanted, bad, worst = sys.argv[1:], 0, 0.0
    for name, scenario in scenarios().items():
        if wanted and name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as home:
            family, off, size = apart(scenario, Path(home) / "m")
        bad += not off <= ALLOWED * size
        worst = max(worst, off / size)
        print(
            f"{name:22} {family:12} {off:8.1e} of {size:7.3g}{'' if off <= ALLOWED * size else '  WRONG'}", flush=True
        )
    print(f"{bad} wrong; worst {worst:.1e} of the largest")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
