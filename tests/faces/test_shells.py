"""Tab in a real bash, zsh and fish: scenarios, lessons, kinds, tensors, files. Shells that are not there are not asked."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 60.0  # seconds after which something is broken, not slow
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(_TFSTEP_COMPLETE=bash_source tfstep)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -u -D; eval "$(_TFSTEP_COMPLETE=zsh_source tfstep)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "_TFSTEP_COMPLETE=fish_source tfstep | source"),
}
TYPED = {
    "tfstep ru": ["run"],
    "tfstep run s6": ["run", "s6.yaml"],
    "tfstep learn neu": ["learn", "neuron"],
    "tfstep new enc": ["new", "encoder"],
    "tfstep explain wo-ai-ni enc0.attn.w": ["explain", "wo-ai-ni", "enc0.attn.weights"],
    "tfstep run wo-ai-ni --at enc0.attn.w": ["run", "wo-ai-ni", "--at", "enc0.attn.weights"],
    "tfstep validate s": ["validate", "s6.yaml"],
}


class Shell:
    """An interactive shell on a terminal of its own, in a folder with a scenario."""

    def __init__(self, name: str, folder: Path) -> None:
        argv, setup = SHELLS[name]
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.chdir(folder)
            os.environ |= {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "TERM": "xterm", "HOME": str(folder)}
            os.execvp(argv[0], argv)
        self.read = b""
        self.type(f"{setup}; echo rea''dy\r", b"ready\r\n")

    def type(self, keys: str, until: bytes) -> None:
        """Type, and wait until the shell has written something; questions about the terminal are answered."""
        os.write(self.terminal, keys.encode())
        end = time.monotonic() + PATIENCE
        while until not in self.read:
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, self.read[-500:]
            self.read += os.read(self.terminal, 65536)
            for question, answer in ((b"\x1b[c", b"\x1b[?62c"), (b"\x1b[0c", b"\x1b[?62c"), (b"\x1b[6n", b"\x1b[1;1R")):
                if question in self.read:
                    self.read = self.read.replace(question, b"")
                    os.write(self.terminal, answer)
        self.read = self.read.partition(until)[2]

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("name", [name for name in SHELLS if shutil.which(name)])
def test_tab_completes_in_a_real_shell(tmp_path: Path, name: str, typed: str) -> None:
    program = tmp_path / "bin" / "tfstep"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tfstep "$@"\n')
    program.chmod(0o755)
    (tmp_path / "s6.yaml").touch()
    (tmp_path / "neuron-of-mine.yaml").touch()
    shell = Shell(name, tmp_path)
    try:
        shell.type(f"{typed}\t\x01printf '%s\\n' \x05 > got.txt; echo do''ne\r", b"done\r\n")
    finally:
        shell.end()
    assert (tmp_path / "got.txt").read_text().split() == ["tfstep", *TYPED[typed]]
