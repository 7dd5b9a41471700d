"""The screen in a pseudo-terminal, driven by random keys, sizes and signals, until one of its ends."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

from trying import Tally

KEYS = (
    *"npsocegdvbuf[]+-/?hjkltwxyzLTqG%*#:0123456789", "\r", "\t", "\x1b", "\x7f", " ", "\x10", "\x0c", "\x14", "\x03",
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", "\x1bOQ", "\x1b[Z", "\x1b[1;5C"),
    *("\x1b[<0;30;9M\x1b[<0;30;9m", "\x1b[<64;40;9M", "\x1b[<35;50;12M", "\x1b[200~set x = 1\n\x1b[201~", "我", "é", "\x00"),
    *(":set enc0.attn.W_Q[0,0] = 0.5\r", ":train 30\r", ":undo\r", ":check\r", ":why loss\r", ":nonsense (((\r", "/soft\r"),
    *(":variant swapped\r", ":goto loss\r", "e0.25\r", "enope\r", ":plot\r", ":break *.weights\r"),
    ":landscape out.b[0] out.b[1]\r",
)  # fmt: skip
SCENARIOS = ("wo-ai-ni", "hill", "the-ball-is-blue")
PATIENCE = 60.0  # seconds for an end, on a machine that is busy
EDIT = "set enc0.attn.W_Q[0,0] = 0.5"


class Terminal:
    """A pseudo-terminal with the screen in it; what it writes is read all the time."""

    def __init__(self, home: Path, words: list[str]) -> None:
        folders = {f"XDG_{name}_HOME": str(home / name) for name in ("STATE", "CONFIG", "DATA")}
        self.master, slave = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            for each in (
                signal.SIGINT,
                signal.SIGQUIT,
                signal.SIGHUP,
            ):  # what runs in the background ignores some of them
                signal.signal(each, signal.SIG_DFL)
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in (0, 1, 2):
                os.dup2(slave, number)
            around = {**os.environ, **folders, "TERM": "xterm-256color", "TFSTEP_SIGN": "1"}
            around.pop("LD_PRELOAD", None)
            os.execve(sys.executable, [sys.executable, "-m", "tfstep", *words], around)
        self.out = b""
        self.status: int | None = None

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float) -> bool:
        """Read for so long; says whether the program is still there."""
        end = time.monotonic() + seconds
        while True:
            ready = select.select([self.master], [], [], max(0.0, min(0.2, end - time.monotonic())))[0]
            if ready:
                try:
                    self.out += os.read(self.master, 1 << 16)
                except OSError:
                    ready = []
            if self.status is None:
                found, status = os.waitpid(self.pid, os.WNOHANG)
                if found:
                    self.status = os.waitstatus_to_exitcode(status)
            if (self.status is not None and not ready) or time.monotonic() > end:
                return self.status is None

    def until(self, mark: bytes, seconds: float = PATIENCE) -> bool:
        """Read until something was written; says whether it was."""
        end = time.monotonic() + seconds
        while mark not in self.out:
            if time.monotonic() > end or not self.read(0.1):
                return mark in self.out
        return True


def one(draw: random.Random, home: Path) -> tuple[str, list[str]]:
    """One screen from its beginning to one of its ends: what ended it, and what was wrong."""
    wrong: list[str] = []
    lesson = draw.random() < 0.2
    terminal = Terminal(home, ["learn", "attention"] if lesson else ["run", draw.choice(SCENARIOS)])
    if not terminal.until(b"\x1b]2;idle"):
        os.kill(terminal.pid, signal.SIGKILL)
        return "start", [f"it never began: {terminal.out[-500:]!r}"]
    typed: list[str] = []
    interrupted = False
    for _ in range(draw.randint(10, 60)):
        kind = draw.random()
        if kind < 0.85:
            key = draw.choice(KEYS)
            typed.append(key)
            interrupted = interrupted or key == "\x03"  # behind a q it reaches a terminal that is as it was
            os.write(terminal.master, key.encode())
        elif kind < 0.97:
            terminal.resize(draw.randint(1, 200), draw.randint(1, 70))
        elif terminal.status is None:
            sent = draw.choice((signal.SIGWINCH, signal.SIGINT, signal.SIGCONT))
            interrupted = interrupted or sent is signal.SIGINT
            os.kill(terminal.pid, sent)
        if not terminal.read(draw.choice((0.0, 0.01, 0.05))):
            break
    way = draw.choice(("SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL", "closed")) if terminal.status is None else "q"
    if way == "closed":
        os.close(terminal.master)
        os.close(terminal.slave)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and (found := os.waitpid(terminal.pid, os.WNOHANG))[0] == 0:
            time.sleep(0.05)
        if not found[0]:
            wrong.append("it did not end when its terminal was closed")
    else:
        if way != "q":
            os.kill(terminal.pid, getattr(signal, way))
        if terminal.read(PATIENCE):
            wrong.append(f"it did not end by {way}")
        elif way not in ("q", "SIGKILL") and terminal.status is not None:
            wrong += _left_as_found(terminal)
            leaving = interrupted or any(
                "q" in key for key in typed
            )  # its last moments are the system's own: -N is what a shell calls 128 + N
            number = int(getattr(signal, way))
            if terminal.status != 128 + number and not (leaving and terminal.status in (0, -number)):
                wrong.append(f"status {terminal.status} by {way}")
        elif way == "q":
            wrong += _left_as_found(terminal)
            if terminal.status != 0 and not (interrupted and terminal.status in (-signal.SIGINT, 128 + signal.SIGINT)):
                wrong.append(f"status {terminal.status} by itself")
        os.close(terminal.master)
        os.close(terminal.slave)
    if wrong:
        try:
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
    if b"Traceback" in terminal.out or b"broke down" in terminal.out:
        wrong.append(f"it broke down: {terminal.out[-3000:].decode(errors='replace')}")
    return way, [f"{each}\n  keys: {typed!r}" for each in wrong]


def _left_as_found(terminal: Terminal) -> list[str]:
    """What of the terminal is not as it was: its modes, the other screen, the mouse, the cursor."""
    wrong = [] if termios.tcgetattr(terminal.slave)[:4] == terminal.before[:4] else ["the terminal's modes are others"]
    for name, on, off in (
        ("the other screen", rb"\x1b\[\?1049h", rb"\x1b\[\?1049l"),
        ("the mouse", rb"\x1b\[\?1000h", rb"\x1b\[\?1000l"),
        ("the cursor", rb"\x1b\[\?25l", rb"\x1b\[\?25h"),
    ):
        begins = [match.start() for match in re.finditer(on, terminal.out)]
        ends = [match.start() for match in re.finditer(off, terminal.out)]
        if begins and (not ends or ends[-1] < begins[-1]):
            wrong.append(f"{name} is left as the program had it")
    return wrong


def run(seed: int, count: int | None, seconds: float | None, tally: Tally) -> None:
    """Screen after screen."""
    end, n = time.monotonic() + (seconds or 1e9), 0
    while (count is None or n < count) and time.monotonic() < end:
        draw, home = random.Random(f"{seed} screen {n}"), Path(tempfile.mkdtemp(prefix="tfstep-screen-"))
        way, wrong = one(draw, home)
        tally.outcomes["screen", f"{way}: FAILED" if wrong else way] += 1
        tally.failures += [f"== screen {n}, seed {seed}: {each}" for each in wrong]
        shutil.rmtree(home, ignore_errors=True)
        n += 1
