"""A real terminal for tests: a tmux server of its own, with a shell in it.

Nothing sleeps and nothing looks again and again: the programs say by the terminal's title when nothing is left to be
done (`tfstep.faces.sign`), the shell does at each of its prompts, and a pipe of tmux's brings all that is written.
"""

import os
import re
import select
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

PATIENCE = 100.0  # seconds after which something is broken, not slow
SIGN = re.compile(rb"\x1b\]2;(idle|busy|shell) ?([^\x07]*)\x07")
LONGEST = 60  # bytes of a sign
PROMPT = "\\033]2;shell $((n=n+1))\\007$ "
NAMED = re.compile(r"[CMS]-.|Enter|Escape|Tab|BTab|Up|Down|Left|Right|Space|BSpace|F\d+|PPage|NPage|Home|End")


class Terminal:
    """A tmux server of its own, with a shell in it that waits for a command."""

    def __init__(self, home: Path, width: int = 80, height: int = 24) -> None:
        self.socket = f"tfstep-{uuid.uuid4().hex[:8]}"
        self.home = home
        folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CONFIG", "DATA")}
        # a parallel run sets COLUMNS and LINES, and whoever believes them does not see that the terminal is resized
        around = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environment = {**around, **folders, "TFSTEP_SIGN": "1", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        size = ["-x", str(width), "-y", str(height)]
        command = ["tmux", "-L", self.socket, "-f", os.devnull, "new-session", "-d", *size, "sh"]
        pipe = home / f"{self.socket}.pipe"
        os.mkfifo(pipe)
        self._pipe = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # for writing as well: so it never ends
        self._read, self._signs = b"", list[tuple[str, str]]()
        self._typed, self._prompts = 0, 1000  # a number that no earlier prompt of the shell has
        subprocess.run(command, check=True, env=environment)
        self.tmux("pipe-pane", "-o", f"exec cat > {pipe}")
        self.shell(f"n={self._prompts}; PS1=$(printf '{PROMPT}'); clear")

    def tmux(self, *words: str) -> str:
        done = subprocess.run(["tmux", "-L", self.socket, *words], check=True, capture_output=True, text=True)
        return done.stdout

    def text(self) -> str:
        return self.tmux("capture-pane", "-p")

    def type(self, *keys: str) -> None:
        """Type, and wait for nothing."""
        self._typed += sum(1 if NAMED.fullmatch(key) else len(key) for key in keys)
        self.tmux("send-keys", *keys)

    def press(self, *keys: str) -> str:
        """Type into the program that runs, and wait until it has dealt with all of it: the text then."""
        self.type(*keys)
        return self._after(lambda kind, facts: kind == "idle" and int(facts.split()[0]) >= self._typed)

    def run(self, command: str) -> str:
        """Start a program from the shell, and wait until it waits for a key: the text then."""
        self.type(command, "Enter")
        self._typed = 0
        return self._after(lambda kind, facts: kind == "idle")

    def shell(self, *keys: str) -> str:
        """Type what ends with the shell's next prompt: a command (with a space in it) and Enter, or the key that leaves
        the program. The text then."""
        if keys:
            self.type(*keys, *(["Enter"] if " " in keys[0] and len(keys) == 1 else []))
        self._prompts += 1
        return self._after(lambda kind, facts: kind == "shell" and int(facts) == self._prompts)

    def resize(self, width: int, height: int) -> str:
        """Another size, and wait until the program has drawn itself in it."""
        self.tmux("resize-window", "-x", str(width), "-y", str(height))
        return self._after(lambda kind, facts: kind == "idle" and facts.endswith(f" {width}x{height}"))

    def until(self, holds: Callable[[str], bool]) -> str:
        """Wait for the sign behind which the text is as wanted."""
        while not holds(text := self.text()):
            self._after(lambda kind, facts: True)
        return text

    def meanwhile(self, holds: Callable[[str], bool]) -> str:
        """Wait until the text is as wanted between two signs: what runs long tells how far it is."""
        end = time.monotonic() + PATIENCE
        while not holds(text := self.text()):
            assert time.monotonic() < end, f"it never came:\n{text}"
            select.select([self._pipe], [], [], 0.1)
            self._take()
        return text

    def _after(self, wanted: Callable[[str, str], bool]) -> str:
        """The text behind the next sign that is wanted; those before it are passed over."""
        end = time.monotonic() + PATIENCE
        while True:
            while self._signs:
                if wanted(*self._signs.pop(0)):
                    return self.text()
            ready, _, _ = select.select([self._pipe], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no sign came:\n{self.text()}"
            self._take()

    def _take(self) -> None:
        """Read the signs that are there."""
        if not select.select([self._pipe], [], [], 0)[0]:
            return
        self._read += os.read(self._pipe, 1 << 16)
        done = 0
        for found in SIGN.finditer(self._read):
            self._signs.append((found[1].decode(), found[2].decode()))
            done = found.end()
        self._read = self._read[done:][-LONGEST:]  # the beginning of a sign, perhaps

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], check=False, capture_output=True)
        os.close(self._pipe)
