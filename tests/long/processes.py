"""Sessions as processes of their own: every point of their writing failing, ends at any moment, two at once.

A session is a fork of this process, so that it begins at once. What it leaves behind is looked at afterwards: nothing
that was done is lost, no file is half written, and no traceback was shown.
"""

from __future__ import annotations

import ctypes
import errno
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct
from trying import Tally

import tfstep
import tfstep.faces.cli.commands.work.repl
from tfstep.__main__ import main as tfstep_main
from tfstep.commands.language.registry import all_commands
from tfstep.errors import TfstepError
from tfstep.session.change.crash_log import leftovers

SCENARIO = "wo-ai-ni"
FAULTS = {"disk full": errno.ENOSPC, "forbidden": errno.EACCES, "I/O error": errno.EIO, "killed": 0}
FIRST = 7000  # what each line of a session is answered with behind it, counted from here
PRELOADED = "TFSTEP_LONG_SHIM"


def preload(arguments: list[str]) -> None:
    """Begin this program again with the library that makes writes fail, which is built first."""
    if PRELOADED in os.environ:
        return
    library = Path(tempfile.mkdtemp()) / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    around = {**os.environ, "LD_PRELOAD": str(library), PRELOADED: str(library)}
    os.execve(sys.executable, [sys.executable, str(Path(__file__).with_name("run.py")), *arguments], around)


class Ended(Struct):
    """How a session ended, and what it said; a negative status is a signal's."""

    status: int
    out: str
    err: str
    writes: int


class Place:
    """A folder for the files of sessions, and one for their diaries."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="tfstep-long-"))
        self.work, self.state = self.root / "inside" / "work", self.root / "inside" / "state"
        self.clean()

    def clean(self) -> None:
        shutil.rmtree(self.root / "inside", ignore_errors=True)
        self.work.mkdir(parents=True)

    def start(self, lines: list[str], name: str = "a", arm: tuple[int, int] | None = None) -> int:
        """A session that is given these lines. Returns its process."""
        script = self.root / f"{name}.in"
        script.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        pid = os.fork()
        if pid:
            return pid
        status = 99
        try:
            for number, (file, how) in enumerate(
                (
                    (script, os.O_RDONLY),
                    *((self.root / f"{name}.{end}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for end in ("out", "err")),
                )
            ):
                os.dup2(os.open(file, how, 0o600), number)
            sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), "utf-8")
            sys.stdout, sys.stderr = (io.TextIOWrapper(io.BufferedWriter(io.FileIO(n, "w")), "utf-8") for n in (1, 2))
            os.chdir(self.work)
            os.environ.update({f"XDG_{each}_HOME": str(self.state) for each in ("STATE", "CONFIG", "DATA")})
            library = ctypes.CDLL(os.environ[PRELOADED])
            library.shim_arm(
                ctypes.c_long(arm[0] if arm else -1), arm[1] if arm else 0, str(self.root / "inside").encode()
            )
            sys.argv = ["tfstep", "repl", SCENARIO, "--trust", "--lang", "en"]
            try:
                status = tfstep_main() or 0
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 1
            sys.stdout.flush()
            (self.root / f"{name}.writes").write_text(str(library.shim_count()))
        finally:
            os._exit(status)

    def ended(self, pid: int, name: str = "a") -> Ended:
        """Wait for a session."""
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        writes = self.root / f"{name}.writes"
        said = [(self.root / f"{name}.{end}").read_text("utf-8", "replace") for end in ("out", "err")]
        return Ended(status, *said, int(writes.read_text()) if writes.exists() else 0)

    def diaries(self) -> list[tuple[str, ...]]:
        """The lines of every diary that can be taken up."""
        return [each.lines for each in leftovers(self.state / "tfstep" / "sessions", tfstep.load(SCENARIO))]

    def loss(self, name: str) -> float | None:
        """What a saved scenario gives; None where there is none."""
        file = self.work / name
        return float(tfstep.trace(tfstep.load(file))["loss"].value) if file.exists() else None


def session(draw: random.Random, save: str = "mine") -> list[str]:
    """Fifty lines: changes, movements, files; behind each a number that says that it is done."""
    changes: list[Callable[[], str]] = [
        lambda: f"set enc0.attn.W_Q[{draw.randrange(4)},{draw.randrange(4)}] = {draw.uniform(-1, 1):.3f}",
        lambda: f"set enc0.ffn.W_1[{draw.randrange(4)},{draw.randrange(4)}] = {draw.uniform(-1, 1):.3f}",
        lambda: f"set enc0.attn.weights[0,0,{draw.randrange(3)}] = [1,0,0]",
        lambda: f"train {draw.randint(1, 4)}",
        lambda: draw.choice(("undo", "redo", "next", "step", "goto loss", "tokens source 你 爱 我", "set src.E = 0.5")),
    ]
    lines: list[str] = []
    done, undone = 0, 0
    for k in range(25):
        line = draw.choice(changes)()
        if (line == "redo" and not undone) or (line == "undo" and not done):
            line = "next"  # what is refused is not kept
        if k in (6, 13, 20):
            line = f"save {save}.yaml overwrite"
        elif k == 24:
            line = "set enc0.attn.W_V[0,0] = 0.125"  # so that there is something that is not saved
        elif k in (9, 17):
            line = draw.choice((f"export loss {save}.json overwrite", f"export enc0.attn.weights {save}.npz overwrite"))
        undone = undone + 1 if line == "undo" else undone - 1 if line == "redo" else undone
        done += {"undo": -1, "redo": 1}.get(line, 0)
        if line.split()[0] in ("set", "train", "tokens"):
            done, undone = done + 1, 0
        lines += [line, f"print {FIRST + k}"]
    return lines


def changing(lines: tuple[str, ...] | list[str]) -> list[str]:
    """Without the numbers that say that a line is done."""
    return [line for line in lines if not line.startswith(f"print {FIRST // 100}")]


def judge(place: Place, ended: Ended, clean: Clean, killed: bool) -> list[str]:
    """What is wrong with what a session has left behind."""
    wrong = []
    if "Traceback" in ended.err + ended.out:
        wrong.append(f"a traceback:\n{ended.err[-2000:]}")
    if not killed and ended.status not in (0, 1, 2):
        wrong.append(f"status {ended.status}")
    answered = [k for k in range(25) if f"= {FIRST + k}\n" in ended.out]
    done = max(answered, default=-1) + 1
    kept = max((changing(each) for each in place.diaries()), key=len, default=[])
    told = "what you do is not kept at the moment" in ended.out + ended.err
    if kept != clean.kept[: len(kept)]:
        wrong.append(f"the diary has other lines: {kept}")
    least = done if killed else 25
    if len(kept) < least - told:
        wrong.append(f"lost: {len(kept)} of {least} lines in the diary, told: {told}")
    try:
        if (loss := place.loss("mine.yaml")) is not None and loss not in clean.saved:
            wrong.append(f"mine.yaml gives {loss}, never saved: {clean.saved}")
        for file in place.work.glob("*.json"):
            json.loads(file.read_text("utf-8"))
        for file in place.work.glob("mine.npz"):
            np.load(file)["enc0.attn.weights"]
    except (TfstepError, ValueError, OSError, KeyError) as error:
        wrong.append(f"a file that is not whole: {error}")
    if not killed and (parts := list(place.root.rglob("*.part"))):
        wrong.append(f"left behind: {parts}")
    return wrong


class Clean(Struct):
    """A session without a fault: its lines as the diary has them, what was saved, how often it wrote."""

    lines: list[str]
    kept: list[str]
    saved: set[float]
    writes: int


def clean(place: Place, lines: list[str]) -> Clean:
    """Run a session without a fault; what it saves is looked at after each time."""
    saved = set()
    for end, line in enumerate(lines):
        if line.startswith("save "):
            place.clean()
            place.ended(place.start(lines[: end + 1]))
            saved.add(place.loss("mine.yaml") or 0.0)
    place.clean()
    ended = place.ended(place.start(lines))
    (kept,) = place.diaries()
    assert len(changing(kept)) == 25, (kept, ended.err)
    return Clean(lines, changing(kept), saved, ended.writes)


def faults(seed: int, count: int | None, seconds: float | None, tally: Tally) -> None:
    """Every point at which three sessions write, with every fault."""
    place, end = Place(), time.monotonic() + (seconds or 1e9)
    for number in range(3):
        known = clean(place, session(random.Random(f"{seed} faults {number}")))
        for name, fault in FAULTS.items():
            for n in range(1, known.writes + 1):
                if time.monotonic() > end or (count is not None and n > count):
                    tally.outcomes["faults", "not tried for lack of time"] += 1
                    continue
                place.clean()
                ended = place.ended(place.start(known.lines, arm=(n, fault)))
                wrong = judge(place, ended, known, killed=name == "killed")
                tally.outcomes["faults", f"{name}: FAILED" if wrong else name] += 1
                tally.failures += [
                    f"== fault {name} at write {n} of session {number}, seed {seed}: {each}" for each in wrong
                ]
    shutil.rmtree(place.root)


def kills(seed: int, count: int | None, seconds: float | None, tally: Tally) -> None:
    """Ends at any moment."""
    place, draw = Place(), random.Random(f"{seed} kills")
    known = clean(place, session(draw))
    start = time.monotonic()
    place.clean()
    place.ended(place.start(known.lines))
    whole = time.monotonic() - start
    for k in range(count or 1000):
        if seconds is not None and time.monotonic() - start > seconds:
            break
        place.clean()
        pid = place.start(known.lines)
        time.sleep(draw.uniform(0, whole))
        os.kill(pid, signal.SIGKILL)
        wrong = judge(place, place.ended(pid), known, killed=True)
        tally.outcomes["kills", "FAILED" if wrong else "nothing lost"] += 1
        tally.failures += [f"== kill {k}, seed {seed}: {each}" for each in wrong]
    shutil.rmtree(place.root)


def two(seed: int, count: int | None, seconds: float | None, tally: Tally) -> None:
    """Two sessions at once, which save under the same names."""
    place, draw, start = Place(), random.Random(f"{seed} two"), time.monotonic()
    for k in range(count or 200):
        if seconds is not None and time.monotonic() - start > seconds:
            break
        both = [session(draw), session(draw)]
        saved, kept = set(), []
        for lines in both:
            known = clean(place, lines)
            saved |= known.saved
            kept.append(known.kept)
        place.clean()
        pids = [place.start(lines, name) for name, lines in zip("ab", both, strict=True)]
        ended = [place.ended(pid, name) for name, pid in zip("ab", pids, strict=True)]
        wrong = [f"a traceback:\n{each.err[-2000:]}" for each in ended if "Traceback" in each.err]
        found = [changing(each) for each in place.diaries()]
        if sorted(found) != sorted(kept):
            wrong.append(f"the diaries have other lines: {found}")
        if place.loss("mine.yaml") not in saved:
            wrong.append(f"mine.yaml gives {place.loss('mine.yaml')}, never saved")
        tally.outcomes["two", "FAILED" if wrong else "nothing lost"] += 1
        tally.failures += [f"== two sessions {k}, seed {seed}: {each}" for each in wrong]
    shutil.rmtree(place.root)


TRIED = {"faults": faults, "kills": kills, "two": two}
all_commands()  # so that a fork need not import them
