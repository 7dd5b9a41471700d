"""Fuzzing for as long as you like: ``python tests/fuzz/run.py SEED COUNT``.

So many files and lines each of scenarios, weights, lessons, diaries and command lines, made from whole ones by a seed
and broken. Whatever is neither answered nor refused in words is written, shortened, to ``fuzz-failures.txt``.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

import tfstep
from tfstep.commands.language.registry import all_commands
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.expr import functions
from tfstep.lessons.format import catalog as lessons
from tfstep.lessons.format.reader import read_lesson
from tfstep.scenario.file import catalog
from tfstep.scenario.scenario import load_text
from tfstep.scenario.weights.files import open_weights, write_weights
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.session.change.crash_log import Diary, leftovers
from tfstep.session.speaker import LESSON
from tfstep.view.result.lines import text as shown

PIECES = [
    "[",
    "]",
    "{",
    "}",
    ":",
    "- ",
    "\n",
    "'",
    '"',
    "nan",
    ".inf",
    "-1",
    "9" * 30,
    "我",
    "\x1b",
    "{{",
    "```",
    "|",
    "1e308",
]
SLOW = {"train", "check", "generate", "sweep", "landscape", "model", "quit", "plot", "why"}
Try = Callable[[str], None]


def broken(draw: random.Random, whole: str) -> str:
    """A text with a few places cut, doubled, or filled with something else."""
    for _ in range(draw.randint(1, 4)):
        at, cut = draw.randrange(len(whole) + 1), draw.choice((0, 0, 1, 3, 20))
        put = draw.choice((*PIECES, whole[at : at + 12], ""))
        whole = whole[:at] + put + whole[at + cut :]
    return whole


def shortened(case: str, fails: Callable[[str], bool]) -> str:
    """A shorter text that fails as well, found by cutting out ever smaller parts."""
    size = len(case) // 2
    while size:
        at = 0
        while at < len(case):
            less = case[:at] + case[at + size :]
            case, at = (less, at) if fails(less) else (case, at + size)
        size //= 2
    return case


def scenario(case: str) -> None:
    load_text(case)


def line(case: str) -> None:
    session = Session(tfstep.load("hill"))
    with session.spoken_by(LESSON):  # so that no file is touched
        shown(session.run(case), session.trace)


def lesson(case: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mine.en.md"
        file.write_text(case, "utf-8", "surrogatepass")
        read_lesson(file)


def weights(case: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".npz", ".safetensors", ".gguf"):
            file = Path(folder) / f"w{suffix}"
            file.write_bytes(case.encode("latin-1", "replace"))
            try:
                with open_weights(file) as found:
                    for name in found.shapes:
                        found.read(name)
            except BadWeightsError:
                continue


def diary(case: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "1-1.jsonl").write_text(case, "utf-8", "surrogatepass")
        leftovers(Path(folder), tfstep.load("hill"))


def sources() -> dict[str, tuple[Try, list[str]]]:
    """What is tried, by kind, with whole texts to begin from."""
    out = io.BytesIO()
    np.savez_compressed(out, a=np.arange(12.0).reshape(3, 4), b=np.ones(3, np.float32))
    with tempfile.TemporaryDirectory() as folder:
        write_weights(Path(folder) / "w.safetensors", {"a": np.ones((2, 2))})
        tensors = (Path(folder) / "w.safetensors").read_bytes()
        kept = Diary(Path(folder), tfstep.load("hill"))
        kept.write("set x = 1")
        diaries = [file.read_text("utf-8") for file in Path(folder).glob("*.jsonl")]
        kept.end()
    names = [name for name in all_commands() if name not in SLOW]
    cells = ["x", "f", "loss", "x.grad", "[1, nan]", "zeros([0, 2])", "1e308"]
    lines = [f"{name} {cell}" for name in names for cell in cells]
    lines += [f"print {name}({cell}, {cell})" for name in functions() for cell in cells]
    return {
        "scenario": (scenario, [catalog.find(name).read_text("utf-8") for name in catalog.shipped()]),
        "line": (line, lines),
        "lesson": (lesson, [lessons.files(name)[0].read_text("utf-8") for name in lessons.shipped()]),
        "weights": (weights, [out.getvalue().decode("latin-1"), tensors.decode("latin-1")]),
        "diary": (diary, diaries),
    }


def main(seed: int, count: int) -> int:
    """Try so many of each kind; tells what came of them, and returns how many failed."""
    warnings.simplefilter("error")
    outcomes: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    for kind, (tried, wholes) in sources().items():
        draw = random.Random(f"{seed} {kind}")

        def fails(case: str, tried: Try = tried, kind: str = kind) -> bool:
            try:
                tried(case)
            except (TfstepError, UnicodeEncodeError):
                outcomes[kind, "refused"] += 1
            except Exception:  # noqa: BLE001  # that is what is looked for
                return True
            else:
                outcomes[kind, "answered"] += 1
            return False

        for _ in range(count):
            case = draw.choice(wholes)
            if kind != "line" or draw.random() < 0.5:
                case = broken(draw, case)
            if fails(case):
                outcomes[kind, "FAILED"] += 1
                case = shortened(case, fails)
                try:
                    tried(case)
                except Exception:  # noqa: BLE001  # it is told, with where it came from
                    failures.append(f"== {kind}, seed {seed}\n{case!r}\n{traceback.format_exc(limit=-3)}")
    for (kind, outcome), n in sorted(outcomes.items()):
        sys.stdout.write(f"seed {seed}  {kind:9} {outcome:9} {n}\n")
    if failures:
        Path("fuzz-failures.txt").write_text("\n".join(failures), "utf-8", "backslashreplace")
    return len(failures)


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]), int(sys.argv[2])) else 0)
