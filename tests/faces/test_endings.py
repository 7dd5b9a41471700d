"""Every way to end, in a real terminal: the terminal is as it was found, and the edits are kept."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

FLAGS = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"
FACES = {
    "screen": (f"{sys.executable} -m tfstep run wo-ai-ni --at enc0.attn.scores --lang en", "scores = Q K"),
    "repl": (f"{sys.executable} -m tfstep repl wo-ai-ni --lang en", "(tfstep)"),
    "lesson": (f"{sys.executable} -m tfstep learn attention --lang en", "Enter"),
}
EDIT = "set enc0.attn.W_Q[0,0] = 0.25"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path, 100, 30)
    yield found
    found.close()


def edited(terminal: Terminal, home: Path, face: str) -> None:
    """Begin, and make one edit where edits are made."""
    command, shown = FACES[face]
    terminal.type("-l", f"{command}; echo status $?")
    terminal.type("Enter")
    terminal.until(lambda text: shown in text and "echo status" not in text.splitlines()[-1])
    if face == "lesson":
        return
    terminal.type(*([":"] if face == "screen" else []))
    terminal.type("-l", EDIT)
    terminal.type("Enter")
    terminal.until(lambda text: EDIT in "".join(file.read_text("utf-8") for file in home.rglob("*.jsonl")))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("name", "status"), [("TERM", 143), ("HUP", 129), ("QUIT", 131)])
def test_a_signal(terminal: Terminal, tmp_path: Path, face: str, name: str, status: int) -> None:
    before = terminal.tmux("display-message", "-p", FLAGS)
    edited(terminal, tmp_path, face)
    pid = terminal.tmux("display-message", "-p", "#{pane_pid}").strip()
    terminal.tmux("run-shell", f"pkill -{name} -P {pid}")
    told = terminal.until(lambda text: re.search(r"status \d", text) is not None)
    assert f"status {status}" in told
    assert terminal.tmux("display-message", "-p", FLAGS) == before
    terminal.type("-l", "stty -a | grep -o -- '-*echo '")
    terminal.type("Enter")
    terminal.until(lambda text: "\necho" in text)
    if face != "lesson":
        assert "`recover` brings them back" in told.replace("\n", " ").replace("  ", " ")
        kept = "".join(file.read_text("utf-8") for file in tmp_path.rglob("*.jsonl"))
        assert EDIT in kept


def test_signals_that_end_nothing(terminal: Terminal, tmp_path: Path) -> None:
    """After SIGCONT it goes on as before, SIGINT is Ctrl-C, and at the end the terminal is as it was found."""
    before = terminal.tmux("display-message", "-p", FLAGS)
    edited(terminal, tmp_path, "screen")
    pid = terminal.tmux("display-message", "-p", "#{pane_pid}").strip()
    for name in ("CONT", "INT"):
        terminal.tmux("run-shell", f"pkill -{name} -P {pid}")
    terminal.meanwhile(lambda text: "q quits" in text)
    terminal.type("n")
    terminal.until(lambda text: "scaled = " in text)
    terminal.type("q")
    assert "status 0" in terminal.until(lambda text: re.search(r"status \d", text) is not None)
    assert terminal.tmux("display-message", "-p", FLAGS) == before
    terminal.type("-l", "stty -a | grep -o -- '-*echo '")
    terminal.type("Enter")
    terminal.until(lambda text: "\necho" in text)


def test_a_signal_does_not_wait_for_what_runs(terminal: Terminal, tmp_path: Path) -> None:
    edited(terminal, tmp_path, "screen")
    terminal.type(":", "train 1000000", "Enter")
    terminal.until(lambda text: "once more begins it" in text)
    terminal.type(":", "train 1000000", "Enter")
    terminal.meanwhile(lambda text: "/1000000" in text)
    pid = terminal.tmux("display-message", "-p", "#{pane_pid}").strip()
    terminal.tmux("run-shell", f"pkill -TERM -P {pid}")
    assert "status 143" in terminal.until(lambda text: re.search(r"status \d", text) is not None)
    assert EDIT in kept(tmp_path)


def kept(home: Path) -> str:
    """What the diaries hold."""
    return "".join(file.read_text("utf-8") for file in home.rglob("*.jsonl"))


@pytest.mark.parametrize(
    ("way", "face"),
    [("kill -9", "screen"), ("kill -9", "repl"), ("quit", "screen"), ("quit", "repl"), ("end of input", "repl")],
)
def test_what_is_kept_is_offered_and_had_back(terminal: Terminal, tmp_path: Path, face: str, way: str) -> None:
    edited(terminal, tmp_path, face)
    pid = terminal.tmux("display-message", "-p", "#{pane_pid}").strip()
    if way == "kill -9":
        terminal.tmux("run-shell", f"pkill -KILL -P {pid}")
    elif way == "quit":
        terminal.type(*("q" if face == "screen" else ("quit", "Enter")))
    else:
        terminal.type("C-d")
    terminal.until(lambda text: re.search(r"status \d", text) is not None)
    terminal.until(lambda text: EDIT in kept(tmp_path))
    terminal.type("-l", f"stty sane; tput rmcup; clear; {FACES['repl'][0]}")
    terminal.type("C-j")  # which ends a line also where a killed program has left the terminal raw
    terminal.until(lambda text: "`recover` takes up" in text)
    terminal.type("recover", "Enter")
    terminal.until(lambda text: "changes that hold: 1" in text)


@pytest.mark.parametrize(("face", "before"), [("repl", ""), ("screen", ":")])
def test_the_terminal_closes_while_sighup_is_ignored(tmp_path: Path, face: str, before: str) -> None:
    """As under nohup: the program ends by itself, and what was done is kept."""
    import pty

    pid, handle = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        folders = {f"XDG_{name}_HOME": str(tmp_path) for name in ("STATE", "CONFIG", "DATA")}
        words = FACES[face][0].split()
        os.execve(words[0], words, {**os.environ, **folders, "TERM": "xterm-256color", "TFSTEP_SIGN": "1"})
    came, typed = b"", False
    while EDIT not in kept(tmp_path):
        came += os.read(handle, 65536)
        if not typed and b"\x1b]2;idle" in came:
            typed = os.write(handle, f"{before}{EDIT}\r".encode()) > 0
    os.close(handle)
    assert os.waitpid(pid, 0)[0] == pid
    assert '"left": true' in kept(tmp_path)
