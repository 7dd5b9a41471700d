"""A real terminal for tests: a tmux server of its own, with a shell in it."""

import os
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

PATIENCE = 30.0


class Terminal:
    """A tmux server of its own, with a shell in it."""

    def __init__(self, home: Path, width: int = 80, height: int = 24) -> None:
        self.socket = f"tfstep-{uuid.uuid4().hex[:8]}"
        self.home = home
        folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CONFIG", "DATA")}
        # a parallel run sets COLUMNS and LINES, and whoever believes them does not see that the terminal is resized
        around = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environment = {**around, **folders, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "PS1": "$ "}
        size = ["-x", str(width), "-y", str(height)]
        command = ["tmux", "-L", self.socket, "-f", os.devnull, "new-session", "-d", *size, "sh"]
        subprocess.run(command, check=True, env=environment)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(["tmux", "-L", self.socket, *words], check=True, capture_output=True, text=True)
        return done.stdout

    def type(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def text(self) -> str:
        return self.tmux("capture-pane", "-p")

    def until(self, holds: Callable[[str], bool]) -> str:
        end = time.monotonic() + PATIENCE
        while not holds(text := self.text()):
            assert time.monotonic() < end, text
            time.sleep(0.1)
        return text

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], check=False, capture_output=True)
