"""Opening a checkpoint of GPT-2-small's shape: time and memory beside a script that does the same with `transformers`.

    python benchmarks/open.py [--theirs PYTHON] [--layers N] [--figures FILE]

writes a random checkpoint (float32, 497 MB), then runs each way in a process of its own, five times
in turn: `tfstep dump FOLDER --ids … out.logits --format npz`, the screen's first frame with numbers, `tfstep steps FOLDER`,
and `steps` on the same scenario with drawn weights. PYTHON is one that has torch and transformers: a script of theirs
then reads the same checkpoint and writes the same logits.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import figures
import numpy as np

ROUNDS = 5
STEPS, DRAWN, WHOLE = "tfstep steps FOLDER", "tfstep steps, drawn weights", "transformers"
DUMP, FRAME = "tfstep dump … out.logits", "the screen's first frame"
AIMS = {
    (DUMP, "time / transformers"): 0.35,
    (DUMP, "memory / transformers"): 0.8,
    (FRAME, "time / transformers"): 0.35,
    (STEPS, "memory"): 150,
}
IDS = ",".join(map(str, range(100, 132)))
SHAPES = {
    "attn.c_attn": (768, 2304),
    "attn.c_proj": (768, 768),
    "mlp.c_fc": (768, 3072),
    "mlp.c_proj": (3072, 768),
}
THEIRS = """
import sys, numpy as np, torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
ids = torch.tensor([[int(i) for i in sys.argv[2].split(",")]])
with torch.no_grad():
    np.savez(sys.argv[3], logits=model(ids).logits.numpy())
"""
SCREEN = """
import asyncio, sys
import tfstep
from tfstep.commands.language.session import Session
from tfstep.faces.tui.app import Debugger
scenario = tfstep.load(sys.argv[1], ids=[int(i) for i in sys.argv[2].split(",")])
app = Debugger(Session(scenario))
async def main():
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
asyncio.run(main())
"""


def checkpoint(folder: Path, layers: int) -> None:
    """A random GPT-2 of small's shape."""
    from tfstep.scenario.weights.files import write_weights

    config = {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024,
        "n_embd": 768, "n_layer": layers, "n_head": 12, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True, "dtype": "float32",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    draw = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return draw.standard_normal(shape, np.float32) * np.float32(0.02)

    arrays = {"transformer.wte.weight": normal(50257, 768), "transformer.wpe.weight": normal(1024, 768)}
    for i in range(layers):
        at = f"transformer.h.{i}"
        for name, shape in SHAPES.items():
            arrays |= {f"{at}.{name}.weight": normal(*shape), f"{at}.{name}.bias": normal(shape[1])}
        for name in ("ln_1", "ln_2"):
            arrays |= {f"{at}.{name}.weight": np.ones(768, np.float32), f"{at}.{name}.bias": normal(768)}
    arrays |= {"transformer.ln_f.weight": np.ones(768, np.float32), "transformer.ln_f.bias": normal(768)}
    write_weights(folder / "model.safetensors", arrays)


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds, and megabytes at the peak, of a run in a process of its own."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
    if status:
        sys.exit(f"failed: {' '.join(command)[:200]}")
    return time.perf_counter() - began, used.ru_maxrss / 1000


def _environment() -> dict[str, str]:
    """As a user has it: nothing fetched, and compiled modules kept, as an installation does."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def tell(kept: figures.Figures, runs: dict[str, list[tuple[float, float]]]) -> None:
    """A way's seconds and megabytes, and their shares of what `transformers` takes; of `steps` the share of drawn."""
    for name, found in runs.items():
        beside = {STEPS: DRAWN, DRAWN: ""}.get(name, WHOLE)
        for what, unit, k in (("time", "s", 0), ("memory", "MB", 1)):
            aim = AIMS.get((name, what)) if unit == "MB" else None
            kept.add(name, what, [run[k] for run in found], unit, aim=aim)
            if beside in runs and name != WHOLE:
                shares = [ours[k] / theirs[k] for ours, theirs in zip(found, runs[beside], strict=True)]
                kept.add(name, f"{what} / {beside}", shares, aim=AIMS.get((name, f"{what} / {beside}")))


def main() -> None:
    """Write, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--theirs", default=None, help="a Python with torch and transformers")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--write", default=None, help="only write the checkpoint, into this folder")
    figures.option(parser)
    asked = parser.parse_args()
    if asked.write:
        checkpoint(Path(asked.write), asked.layers)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "gpt2"
        folder.mkdir()
        # in a process of its own: a child's peak counts what its parent held when it was forked
        subprocess.run([sys.executable, __file__, "--write", str(folder), "--layers", str(asked.layers)], check=True)
        drawn = Path(made) / "drawn.yaml"
        tfstep = [sys.executable, "-m", "tfstep"]
        subprocess.run(
            [*tfstep, "new", str(folder), "-o", str(drawn), "--ids", IDS], check=True, stderr=subprocess.DEVNULL
        )
        text = drawn.read_text().splitlines()
        drawn.write_text("\n".join(line for line in text if not line.startswith("weights:")) + "\n")
        out = str(Path(made) / "out.npz")
        ways = {
            DUMP: [*tfstep, "dump", str(folder), "--ids", IDS, "out.logits", "--format", "npz", "-o", out],
            FRAME: [sys.executable, "-c", SCREEN, str(folder), IDS],
            STEPS: [*tfstep, "steps", str(folder), "--ids", IDS],
            DRAWN: [*tfstep, "steps", str(drawn)],
        }
        if asked.theirs:
            ways = {WHOLE: [asked.theirs, "-c", THEIRS, str(folder), IDS, str(Path(made) / "t.npz")], **ways}
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, command in ways.items():
                runs[name].append(measured(command))
        tell(figures.Figures("open", asked.figures, asked.theirs), runs)
        if asked.theirs:
            with np.load(out) as ours, np.load(Path(made) / "t.npz") as theirs:
                a, b = ours["out.logits"], theirs["logits"]
                print(f"largest difference of the logits: {np.abs(a - b).max():.2g} of {np.abs(b).max():.3g}")


if __name__ == "__main__":
    main()
