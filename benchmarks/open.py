"""Opening a checkpoint of GPT-2-small's shape: time and memory beside a script that does the same with `transformers`.

    python benchmarks/open.py [--theirs PYTHON] [--layers N] [--pages]

writes a random checkpoint (float32, 497 MB), then runs each way in a process of its own, twice, and prints the better
run: `tfstep dump FOLDER --ids … out.logits --format npz`, the screen's first frame with numbers, `tfstep steps FOLDER`,
and `steps` on the same scenario with drawn weights. PYTHON is one that has torch and transformers. With
``--pages`` the figures are also written to benchmarks/open.jsonl, a line a way, and into the page docs/opening.md in both
languages, with the machine and the versions.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
STEPS, DRAWN, WHOLE = "tfstep steps FOLDER", "tfstep steps, drawn weights", "transformers"
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
    """Seconds, and megabytes at the peak, of the better of two runs in a process of its own."""
    runs = []
    for _ in range(2):
        began = time.perf_counter()
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()
        ) as child:
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = status
        if status:
            sys.exit(f"failed: {' '.join(command)[:200]}")
        runs.append((time.perf_counter() - began, used.ru_maxrss / 1000))
    return min(runs)


def _environment() -> dict[str, str]:
    """As a user has it: nothing fetched, and compiled modules kept, as an installation does."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def machine(theirs: str | None) -> dict[str, str]:
    """The processor, and the versions of all that was measured."""
    found = {"tfstep": version("tfstep"), "python": platform.python_version(), "numpy": np.__version__}
    if theirs is not None:
        asked = "import torch, transformers as t; print(torch.__version__.split('+')[0], t.__version__)"
        said = subprocess.run([theirs, "-c", asked], check=True, capture_output=True, text=True).stdout.split()
        found |= {"torch": said[-2], "transformers": said[-1]}
    try:
        name = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        name = None
    processor = name[1] if name else platform.processor() or platform.machine()
    return {"machine": f"{processor}, {os.cpu_count()} cores", **found}


def rows(found: dict[str, tuple[float, float]]) -> list[dict[str, object]]:
    """A way a row: seconds, megabytes, and their shares of what `transformers` takes; of steps the share of drawn."""
    made: list[dict[str, object]] = []
    for name, (seconds, megabytes) in found.items():
        row: dict[str, object] = {"way": name, "seconds": round(seconds, 3), "megabytes": round(megabytes)}
        if name != WHOLE and WHOLE in found and name not in (STEPS, DRAWN):
            row |= {"of_time": round(seconds / found[WHOLE][0], 3), "of_memory": round(megabytes / found[WHOLE][1], 3)}
        if name == STEPS:
            row["of_drawn"] = round(seconds / found[DRAWN][0], 3)
        made.append(row)
    return made


def table(made: list[dict[str, object]], about: dict[str, str]) -> str:
    """The rows as the pages have them."""
    lines = [", ".join(f"{key} {value}" if key != "machine" else value for key, value in about.items()), ""]
    for row in made:
        shares = [f"{row[key]:5.2f} {text}" for key, text in SHARES.items() if key in row]
        lines.append(f"{row['way']:28} {row['seconds']:7.2f} s {row['megabytes']:6} MB   {', '.join(shares)}".rstrip())
    return "\n".join(lines)


SHARES = {"of_time": "of its time", "of_memory": "of its memory", "of_drawn": "of drawn"}


def write_pages(made: list[dict[str, object]], about: dict[str, str]) -> None:
    """The figures as JSON lines, and in the pages, where they stand between the marks of a block."""
    lines = [json.dumps({**row, **about}, ensure_ascii=False) + "\n" for row in made]
    (ROOT / "benchmarks" / "open.jsonl").write_text("".join(lines))
    for page in (ROOT / "docs" / "opening.md", ROOT / "docs" / "opening.zh.md"):
        before, begin, rest = page.read_text().partition("```text\n")
        page.write_text(f"{before}{begin}{table(made, about)}\n```{rest.partition('```')[2]}")


def main() -> None:
    """Write, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theirs", default=None, help="a Python with torch and transformers")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--write", default=None, help="only write the checkpoint, into this folder")
    parser.add_argument("--pages", action="store_true", help="write the figures into benchmarks/ and docs/")
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
            "tfstep dump … out.logits": [
                *tfstep,
                "dump",
                str(folder),
                "--ids",
                IDS,
                "out.logits",
                "--format",
                "npz",
                "-o",
                out,
            ],
            "the screen's first frame": [sys.executable, "-c", SCREEN, str(folder), IDS],
            STEPS: [*tfstep, "steps", str(folder), "--ids", IDS],
            DRAWN: [*tfstep, "steps", str(drawn)],
        }
        if asked.theirs:
            ways = {WHOLE: [asked.theirs, "-c", THEIRS, str(folder), IDS, str(Path(made) / "t.npz")], **ways}
        found = {name: measured(command) for name, command in ways.items()}
        made_rows, about = rows(found), machine(asked.theirs)
        print(table(made_rows, about))
        if asked.pages:
            write_pages(made_rows, about)
        if asked.theirs:
            with np.load(out) as ours, np.load(Path(made) / "t.npz") as theirs:
                a, b = ours["out.logits"], theirs["logits"]
                print(f"largest difference of the logits: {np.abs(a - b).max():.2g} of {np.abs(b).max():.3g}")


if __name__ == "__main__":
    main()
