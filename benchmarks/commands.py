"""Commands beside those of another checkout, and `generate` with a cache beside without one.

    python benchmarks/commands.py [--base FOLDER] [--rounds 5] [--figures FILE]

`steps`, `validate` and `names` are run on a scenario of GPT-2-small's shape with drawn weights (12 layers, 768 wide, 50,257
words, 32 tokens), each in a process of its own, in turn with the same of the checkout in FOLDER where one is given: wall
time, the processor's time, and memory at the peak. `generate` says 64 words, 6 layers × 256, on one thread, with and
without its cache, and without one in the other checkout. A stack of 256 + 256 layers is built: from its file to the last
of its steps, ready to compute.
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

WORDS = [str(7 * i % 50257) for i in range(33)]
GPT2 = {
    "tfstep": 1,
    "title": "GPT-2-small's shape",
    "model": {
        "kind": "decoder", "layers": 12, "d_model": 768, "heads": 12, "d_ff": 3072, "activation": "gelu_tanh",
        "norm_position": "pre", "positional": "learned", "dtype": "float32",
    },
    "vocab": 50257,
    "input": {"target": WORDS[:-1], "labels": WORDS[1:]},
    "weights": {"init": {"normal": 0.02}},
}  # fmt: skip
SMALL = {
    "tfstep": 1,
    "title": "6 layers × 256",
    "model": {
        "kind": "decoder", "layers": 6, "d_model": 256, "heads": 8, "d_ff": 1024, "activation": "gelu_tanh",
        "norm_position": "pre", "dtype": "float32",
    },
    "vocab": 1000,
    "input": {"target": ["1", "2", "3", "4"], "labels": ["2", "3", "4", "5"]},
    "weights": {"init": {"normal": 0.2}},
}  # fmt: skip
GENERATE = """
import importlib, json, sys, time
from tfstep.scenario.scenario import load_text
try:
    from tfstep.session.study.decoding import generate
except ModuleNotFoundError:  # an older checkout
    from tfstep.session.decoding import generate
scenario = load_text(open(sys.argv[1]).read())
program, cached = scenario.program, sys.argv[2] == "cache"
parameters = {n.path: program.leaves[n.slot] for n in program.plan.nodes if n.kind == "parameter"}
options = {"cache": True} if cached else {}
said = [word.said for word in generate(scenario, parameters, 4, **options)]
began = time.perf_counter()
said = [word.said for word in generate(scenario, parameters, 64, **options)]
print(json.dumps({"took": time.perf_counter() - began, "said": said}))
"""
BUILD = """
import json, sys, time
from tfstep.scenario.scenario import load_text
text = open(sys.argv[1]).read()
began = time.perf_counter()
plan = load_text(text).program.plan
plan.program
print(json.dumps({"took": time.perf_counter() - began, "said": [len(plan.nodes)]}))
"""
STACK = {
    "tfstep": 1,
    "title": "256 + 256 layers",
    "model": {"kind": "encoder-decoder", "layers": 256, "d_model": 4, "heads": 2, "d_ff": 8},
    "vocab": ["<pad>", "<sos>", "a", "b", "c"],
    "input": {"source": ["a", "b", "c"], "target": ["<sos>", "a"], "labels": ["a", "b"]},
}
ROOT = figures.ROOT


def environment(folder: Path, threads: int | None = None) -> dict[str, str]:
    """What a process of a checkout starts with: its modules compiled and kept, as an installation does."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    held = {} if threads is None else {f"{name}_NUM_THREADS": str(threads) for name in ("OPENBLAS", "OMP", "MKL")}
    return {**kept, **held, "PYTHONPATH": str(folder)}


def measured(words: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds, the processor's seconds, and megabytes at the peak."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "tfstep", *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, env=environment(folder), **quiet) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def told(script: str, folder: Path, *words: str) -> tuple[float, list[str]]:
    """What a script says in a checkout: seconds, and words."""
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, cwd=folder, env=environment(folder, 1), check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return found["took"], found["said"]


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, default=os.environ.get("BASE"), help="another checkout; default: $BASE")
    parser.add_argument("--rounds", type=int, default=5)
    figures.option(parser)
    options = parser.parse_args()
    kept = figures.Figures("commands", options.figures)
    folders = {"here": ROOT} | ({"there": options.base.resolve()} if options.base else {})
    more = {"base": figures.commit(folders["there"])} if options.base else {}
    with tempfile.TemporaryDirectory() as made:
        large, small, stack = (Path(made) / f"{name}.yaml" for name in ("gpt2", "small", "stack"))
        for file, document in ((large, GPT2), (small, SMALL), (stack, STACK)):
            file.write_text(json.dumps(document))
        ways = {
            "tfstep steps": ["steps", str(large)],
            "tfstep validate": ["validate", str(large)],
            "tfstep names": ["repl", str(large), "--batch", "-c", "names dec0.attn.Q"],
        }
        for name, words in ways.items():
            runs: dict[str, list[tuple[float, float, float]]] = {where: [] for where in folders}
            for _ in range(options.rounds):
                for where, folder in folders.items():
                    runs[where].append(measured(words, folder))
            for what, unit, k in (("time", "s", 0), ("processor's time", "s", 1), ("memory", "MB", 2)):
                kept.add(name, what, [run[k] for run in runs["here"]], unit, aim=120 if unit == "MB" else None, **more)
                if "there" in runs:
                    shares = [a[k] / b[k] for a, b in zip(runs["here"], runs["there"], strict=True)]
                    kept.add(name, f"{what} / the other checkout", shares, aim=None if k == 2 else 0.12, **more)
        speak(kept, folders, small, options.rounds, more)
        build(kept, folders, stack, options.rounds, more)


def speak(kept: figures.Figures, folders: dict[str, Path], file: Path, rounds: int, more: dict[str, str]) -> None:
    """`generate`, in turn with and without its cache, and without one in the other checkout."""
    case = "tfstep generate, 64 words, 6 layers × 256"
    sides = {"with its cache": (ROOT, True), "without": (ROOT, False)}
    if "there" in folders:
        sides["the other checkout, without"] = (folders["there"], False)
    took: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        words = set()
        for name, (folder, cached) in sides.items():
            seconds, spoken = told(GENERATE, folder, str(file), "cache" if cached else "none")
            took[name].append(seconds)
            words.add(tuple(spoken))
        assert len(words) == 1, words
    for name, found in took.items():
        kept.add(case, name, [each * 1000 for each in found], "ms", threads=1, **more)
    for name in list(sides)[1:]:
        shares = [a / b for a, b in zip(took["with its cache"], took[name], strict=True)]
        kept.add(case, f"with its cache / {name}", shares, threads=1, aim=0.15, **more)


def build(kept: figures.Figures, folders: dict[str, Path], file: Path, rounds: int, more: dict[str, str]) -> None:
    """A deep stack, in turn in both checkouts."""
    case, took = "256 + 256 layers", {where: list[float]() for where in folders}
    for _ in range(rounds):
        for where, folder in folders.items():
            took[where].append(told(BUILD, folder, str(file))[0])
    kept.add(case, "built", took["here"], "s", threads=1, aim=1.5, **more)
    if "there" in took:
        shares = [a / b for a, b in zip(took["here"], took["there"], strict=True)]
        kept.add(case, "built / the other checkout", shares, threads=1, **more)


if __name__ == "__main__":
    main()
