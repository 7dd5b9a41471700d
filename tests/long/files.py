"""Lines, expressions and files of every kind, in this process."""

from __future__ import annotations

import io
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import grammar
import numpy as np
import strangers
from trying import Kind

import tfstep
from tfstep import work
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.keys.rebinding import rebound
from tfstep.lessons.format import catalog as lessons
from tfstep.lessons.format.reader import read_lesson
from tfstep.lessons.player.progress import Progress
from tfstep.scenario.file import catalog
from tfstep.scenario.scenario import load_text
from tfstep.scenario.weights.files import open_weights, write_weights
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.session.change.crash_log import key_of, leftovers
from tfstep.session.speaker import LESSON
from tfstep.view.result.lines import text as shown

PAIR = (
    "tfstep: 1\nmodel: {kind: encoder-decoder, layers: 1, d_model: 4, heads: 2, d_ff: 4, norm_position: pre}\n"
    "vocab: {source: [<pad>, a, b], target: [<pad>, <sos>, x, y]}\n"
    "input: {source: [[a, b], [b]], target: [[<sos>, x], [<sos>]], labels: [[x, y], [y]]}\n"
    "train: {optimizer: adam, lr: 0.01}\n"
)
TOGETHER = 12  # lines of one session


class Impatient(work.Watcher):
    """Lets nothing begin that takes long, and stops what does."""

    def __init__(self) -> None:
        super().__init__()
        self.end = time.monotonic() + 8.0

    def agree(self, cost: work.Cost) -> None:
        if cost.seconds > 1:
            raise CommandError(cost.told())

    def at_step(self, done: int = 0, of: int = 0) -> None:
        self.up = time.monotonic() > self.end
        super().at_step(done, of)


class Lines:
    """Lines of sessions: a new one every now and then, so that what one line leaves behind meets the next."""

    def __init__(self) -> None:
        self.scenarios = [
            tfstep.load("wo-ai-ni"),
            tfstep.load("hill"),
            load_text(PAIR),
            tfstep.load("mlp" if "mlp" in catalog.shipped() else "neuron"),
        ]
        self.grammars = [grammar.Grammar(sorted(each.program.plan.paths)) for each in self.scenarios]
        self.session = Session(self.scenarios[0])
        self.number = self.lines = 0

    def make(self, draw: random.Random) -> str:
        self.lines += 1
        if self.lines % TOGETHER == 0:
            self.number = draw.randrange(len(self.scenarios))
            self.session = Session(self.scenarios[self.number])
        return self.grammars[self.number].line(draw)

    def expression(self, draw: random.Random) -> str:
        self.make(draw)
        return f"print {self.grammars[self.number].expression(draw)}"

    def attempt(self, case: str) -> None:
        try:
            with self.session.spoken_by(LESSON), work.watched(Impatient()):  # so that no file is touched
                shown(self.session.run(case), self.session.trace)
        except work.Cancelled:
            return


def scenario(case: str) -> None:
    try:
        with work.watched(Impatient()):
            tfstep.trace(load_text(case))
    except work.Cancelled:
        return


def in_folder(name: str, read: Callable[[Path], object], case: str) -> None:
    """Write a case to a file of this name, and read it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_text(case, "utf-8", "surrogatepass")
        read(file)


def weights(case: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".npz", ".safetensors", ".gguf"):
            file = Path(folder) / f"w{suffix}"
            file.write_bytes(case.encode("latin-1", "replace"))
            try:
                with open_weights(file) as found:
                    for name in list(found.shapes)[:50]:
                        found.read(name)
            except BadWeightsError:
                continue


def mutated(wholes: list[str], draw: random.Random) -> str:
    return grammar.broken(draw, draw.choice(wholes))


def weight_files() -> list[str]:
    """Whole weight files of each kind, a character a byte."""
    found = []
    for save in (np.savez, np.savez_compressed):
        out = io.BytesIO()
        save(out, a=np.arange(12.0).reshape(3, 4), b=np.ones(3, np.float32))
        found.append(out.getvalue().decode("latin-1"))
    with tempfile.TemporaryDirectory() as folder:
        write_weights(Path(folder) / "w.safetensors", {"a": np.ones((2, 2)), "b": np.zeros(3)})
        found.append((Path(folder) / "w.safetensors").read_bytes().decode("latin-1"))
    name, shape = b"a", (4).to_bytes(8, "little")
    head = b"GGUF" + (3).to_bytes(4, "little") + (1).to_bytes(8, "little") + (0).to_bytes(8, "little")
    tensor = len(name).to_bytes(8, "little") + name + (1).to_bytes(4, "little") + shape + bytes(4) + bytes(8)
    found.append(
        (head + tensor).ljust(64, b"\0").decode("latin-1") + np.ones(4, np.float32).tobytes().decode("latin-1")
    )
    return found


def kinds() -> list[Kind]:
    """Everything that is tried in this process."""
    lines, hill = Lines(), tfstep.load("hill")
    yamls = [catalog.find(name).read_text("utf-8") for name in catalog.shipped()]
    texts = [file.read_text("utf-8") for name in lessons.shipped() for file in lessons.files(name)]
    one_line = grammar.Grammar(sorted(hill.program.plan.paths)).line

    def diary(draw: random.Random) -> str:
        return grammar.journal(draw, one_line).replace("KEY", key_of(hill))

    return [
        Kind("line", lines.make, lines.attempt),
        Kind("expression", lines.expression, lines.attempt),
        Kind(
            "scenario", lambda draw: grammar.scenario(draw) if draw.random() < 0.7 else mutated(yamls, draw), scenario
        ),
        Kind("weights", partial(mutated, weight_files()), weights),
        Kind("lesson", partial(mutated, texts), partial(in_folder, "mine.en.md", read_lesson)),
        Kind("journal", diary, partial(in_folder, "1-1.jsonl", lambda file: leftovers(file.parent, hill))),
        Kind("keys", grammar.keys_file, partial(in_folder, "keys.toml", lambda file: rebound(ACTIONS, file))),
        Kind(
            "progress",
            grammar.progress_file,
            partial(in_folder, "progress.json", lambda file: Progress(file).of("attention")),
        ),
        *strangers.kinds(Impatient),
    ]
