"""The line debugger in a real terminal: as one uses gdb; completion, history, Ctrl-C, kill -9 and taking up again."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
PROMPT = "(tfstep)"


class Debugger(Terminal):
    """A terminal in which the line debugger runs."""

    def start(self, scenario: str = "wo-ai-ni") -> None:
        self.run(f"clear; {sys.executable} -m tfstep repl {scenario} --lang en")

    def kill(self) -> None:
        """``kill -9`` of the debugger itself."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        found = subprocess.run(["ps", "--ppid", shell, "-o", "pid="], check=True, capture_output=True, text=True)
        os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
        self.shell()
        self.shell("stty sane", "C-j")  # the terminal is left as it was while a line was edited

    def quit(self) -> None:
        """Leave the debugger, up to the shell's prompt."""
        self.shell("quit", "Enter")

    def told(self, line: str) -> str:
        """What a line is answered with."""
        before = self.text().count(PROMPT)
        self.type("-l", line)
        self.type("Enter")
        text = self.until(lambda text: text.count(PROMPT) > before and text.rstrip().endswith(PROMPT))
        return text.rstrip().removesuffix(PROMPT).rpartition(PROMPT)[2].partition("\n")[2].strip()


@pytest.fixture
def debugger(tmp_path: Path) -> Iterator[Debugger]:
    found = Debugger(tmp_path, width=100, height=300)
    yield found
    found.close()


def test_breakpoints_watchpoints_and_reverse_as_in_gdb(debugger: Debugger, tmp_path: Path) -> None:
    debugger.start()
    assert debugger.told("break *.weights if entropy(it) < 0.1") == "1: break *.weights if entropy(it) < 0.1"
    assert debugger.told("watch loss") == "2: watch loss"
    first = debugger.told("continue")
    assert "watchpoint 2: loss changed, by loss (there was none before)" in first
    assert "25/93  forward  loss" in first
    told = debugger.told("set enc0.attn.W_Q = 40 * enc0.attn.W_Q")
    assert "watchpoint 2: loss changed\n  1.438512529768771 → " in told
    back = debugger.told("reverse-continue")
    assert "breakpoint 1: *.weights (entropy(it) < 0.1)" in back
    assert "12/93  forward  enc0.attn.weights" in back
    assert "enc0.attn.weights   12/93" in debugger.told("where")
    assert "watchpoint 2: loss changed" in debugger.told("train 5")
    assert "the timeline starts here; `rewind` goes back" in debugger.told("rc")
    assert debugger.told("").endswith("`rewind` goes back to the update before"), "Enter repeats"
    debugger.quit()
    assert len(list(tmp_path.rglob("*.jsonl"))) == 1, "what was trained was not saved: it can be had back"


def test_ctrl_c_stops_a_training_and_keeps_the_session(debugger: Debugger, tmp_path: Path) -> None:
    debugger.start()
    debugger.type("train 9000000", "Enter")
    debugger.meanwhile(lambda text: "begin? [y/N]" in text)
    debugger.type("n", "Enter")
    assert "not begun; nothing has changed" in debugger.until(lambda text: text.rstrip().endswith(PROMPT))
    debugger.type("train 9000000", "Enter")
    debugger.meanwhile(lambda text: text.count("begin? [y/N]") == 2)
    debugger.type("C-c")
    debugger.until(lambda text: "stopped; nothing has changed" in text and text.rstrip().endswith(PROMPT))
    debugger.type("train 900000", "Enter")
    debugger.meanwhile(lambda text: text.count("begin? [y/N]") == 3)
    debugger.type("y", "Enter")
    debugger.meanwhile(lambda text: "/900000" in text)
    debugger.type("C-c")
    assert "stopped; what is done is kept" in debugger.until(lambda text: text.rstrip().endswith(PROMPT))
    assert debugger.told("print 1 + 1") == "$1 = 2"
    debugger.type("print 2", "C-c")
    debugger.until(lambda text: text.rstrip().endswith(f"{PROMPT} print 2\n{PROMPT}"))
    assert debugger.told("print $1 + 1") == "$2 = 3"


def test_completion_several_lines_and_history(debugger: Debugger, tmp_path: Path) -> None:
    debugger.start()
    debugger.type("pri", "Tab")
    debugger.until(lambda text: f"{PROMPT} print" in text)
    debugger.type("sof", "Tab")
    debugger.until(lambda text: f"{PROMPT} print softmax(" in text)
    debugger.type("enc0.attn.wei", "Tab")
    debugger.until(lambda text: "softmax(enc0.attn.weights" in text)
    debugger.type("C-c")
    debugger.type("goto enc0.attn.W", "Tab")
    debugger.until(lambda text: f"{PROMPT} goto enc0.attn.W_" in text)
    debugger.type("Tab")  # nothing more is common to all: now they are listed, as a shell does
    debugger.until(lambda text: "enc0.attn.W_Q" in text and "parameter 4×4" in text)
    debugger.type("C-c")
    debugger.type("print sum([1,2,", "Enter")
    debugger.type("3])", "Enter")
    debugger.until(lambda text: "$1 = 6" in text)
    debugger.quit()
    debugger.start()
    debugger.type("Up", "Up")
    debugger.until(lambda text: "print sum([1,2," in text)


def test_after_kill_9_in_the_middle_of_twenty_edits_all_are_there(debugger: Debugger, tmp_path: Path) -> None:
    debugger.start()
    edits = [f"set enc0.attn.W_Q[{k // 4 % 4},{k % 4}] = {k} + 0.5" for k in range(20)]
    for edit in edits[:19]:
        debugger.told(edit)
    debugger.type("-l", edits[19])
    debugger.type("Enter")
    debugger.until(lambda text: edits[19] in "".join(file.read_text("utf-8") for file in tmp_path.rglob("*.jsonl")))
    debugger.kill()
    debugger.start()
    assert "`recover` takes up the session on wo-ai-ni cut off with 20 changes" in debugger.text().replace("\n", "")
    assert debugger.told("recover") == "taken up again; lines that were run: 20; changes that hold: 20"
    journal = debugger.told("info journal")
    assert all(edit in journal for edit in edits)
    assert debugger.told("print enc0.attn.W_Q[0,3]") == "$1 = 19.5"
