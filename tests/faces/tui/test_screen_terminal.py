"""The screen in a real terminal: it starts, is resized, quits, and leaves the terminal as it found it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path)
    found.until(lambda text: text.strip() != "")  # the shell is there: what is typed before it mixes with its prompt
    yield found
    found.close()


BROKEN = """\
import sys
from tfstep.__main__ import main
from tfstep.faces.tui.actions import opening

def broken(language):
    raise ZeroDivisionError("a bug")

opening.set_language = broken  # what `L` calls
sys.argv[1:] = ["run", "wo-ai-ni", "--at", "enc0.attn.q_proj", "--lang", "en"]
sys.exit(main())
"""
RUN = f"{sys.executable} -m tfstep run wo-ai-ni --at enc0.attn.scores --lang en"


def test_it_quits_and_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.type("stty -a > /dev/null; echo before", "Enter")
    terminal.until(lambda text: "\nbefore" in text)
    terminal.type(f"{RUN}; echo status $?", "Enter")
    terminal.until(lambda text: "scores = Q K" in text)
    terminal.type("n")
    terminal.until(lambda text: "scaled = scores" in text)
    terminal.type("q")
    text = terminal.until(lambda text: "status 0" in text)
    assert "before" in text
    assert "scaled" not in text
    flags = terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").split()
    assert flags == ["0", "0", "1"]
    terminal.type("echo still here", "Enter")
    assert "echo still here" in terminal.until(lambda text: "\nstill here" in text)


def test_q_in_the_middle_of_a_training_leaves_a_clean_terminal(terminal: Terminal) -> None:
    terminal.type(f"{RUN}; echo status $?", "Enter")
    terminal.until(lambda text: "scores = Q K" in text)
    terminal.type(":", "train 1000000", "Enter")
    terminal.until(lambda text: "/1000000" in text)
    terminal.type("q")
    terminal.until(lambda text: "status 0" in text)


def test_it_follows_the_size_of_the_terminal(terminal: Terminal) -> None:
    terminal.type(f"{RUN}; echo it ended", "Enter")
    terminal.until(lambda text: "scores = Q K" in text)
    terminal.tmux("resize-window", "-x", "120", "-y", "36")
    terminal.until(lambda text: max(map(len, text.splitlines())) > 100)
    terminal.tmux("resize-window", "-x", "44", "-y", "14")
    terminal.until(lambda text: "scores" in text and max(map(len, text.splitlines())) <= 44)
    terminal.type("q")
    terminal.until(lambda text: "it ended" in text.replace("echo it ended", ""))


def test_a_storm_of_sizes(terminal: Terminal) -> None:
    terminal.type(f"{RUN}; echo it ended", "Enter")
    terminal.until(lambda text: "scores = Q K" in text)
    for k in range(40):
        terminal.tmux("resize-window", "-x", str(20 + 37 * k % 150), "-y", str(3 + 11 * k % 60))
    terminal.tmux("resize-window", "-x", "100", "-y", "30")
    terminal.type("n")
    terminal.until(lambda text: "scaled = scores" in text)
    terminal.type("q")
    terminal.until(lambda text: "it ended" in text.replace("echo it ended", ""))


def test_when_it_breaks_down_the_terminal_is_whole_and_the_work_kept(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN, "utf-8")
    terminal.type(f"{sys.executable} {tmp_path / 'broken.py'}; echo status $?", "Enter")
    terminal.until(lambda text: "q_proj = " in text)
    terminal.type(":", "set enc0.attn.W_Q[0,0] = 5", "Enter")
    terminal.until(lambda text: "~ 1" in text.splitlines()[0])
    terminal.type("L")
    text = terminal.until(lambda text: "status 1" in text)
    assert "what you changed is kept" in text
    assert "recover" in text.replace("\n", "")
    terminal.type("clear; echo echoes $(stty -a | grep -c ' echo ')", "Enter")  # what is typed is seen again
    terminal.until(lambda text: "echoes 1" in text)
    flags = terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").split()
    assert flags == ["0", "0", "1"]
    terminal.type(f"clear; {RUN}", "Enter")
    terminal.until(lambda text: "`recover` takes up the session" in text)
    terminal.type(":", "recover", "Enter")
    terminal.until(lambda text: "~ 1" in text)
    terminal.type(":", "print enc0.attn.W_Q[0,0]", "Enter")
    terminal.until(lambda text: "= +5" in text)


def test_killed_in_the_middle_of_twenty_edits(terminal: Terminal) -> None:
    terminal.type(RUN, "Enter")
    terminal.until(lambda text: "scores = Q K" in text)
    terminal.type(*(key for k in range(20) for key in (":", f"set enc0.attn.W_Q[0,{k % 4}] = {k}", "Enter")))
    terminal.until(lambda text: "~ 20" in text)
    terminal.tmux("kill-session")
    again = Terminal(terminal.home)
    try:
        again.until(lambda text: text.strip() != "")
        again.type(RUN, "Enter")
        again.until(lambda text: "cut off with 20 changes" in text.replace("\n", ""))
        again.type(":", "recover", "Enter")
        again.until(lambda text: "~ 20" in text)
    finally:
        again.close()


def test_the_first_run_has_a_tour_and_keys_are_ones_own(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "tfstep").mkdir()
    (tmp_path / "tfstep" / "keys.toml").write_text('x = "n"\nq = 1\n', "utf-8")
    terminal.type(f"export XDG_STATE_HOME={tmp_path} XDG_CONFIG_HOME={tmp_path}", "Enter")

    def run(sign: str, shown: Callable[[str], bool], *keys: str) -> None:
        terminal.type(f"clear; {sys.executable} -m tfstep run wo-ai-ni --lang en; echo {sign}{sign}", "Enter")
        terminal.until(shown)
        terminal.type(*keys)
        terminal.until(lambda text: f"\n{sign}{sign}" in f"\n{text}")

    run("a", lambda text: "keys.toml:2:1" in text.replace("\n", "").replace(" ", ""), "x", "q")
    (tmp_path / "tfstep" / "keys.toml").unlink()
    run("b", lambda text: "tour  1/6" in text, "q")
    run("c", lambda text: "src.embed" in text and "tour" not in text, "q")


def test_it_is_suspended_and_comes_back(terminal: Terminal) -> None:
    terminal.type("set -m", "Enter")
    terminal.type(RUN, "Enter")
    terminal.until(lambda text: "scores = Q K" in text)
    terminal.type("n")
    terminal.until(lambda text: "scaled = scores" in text)
    terminal.type("C-z")
    terminal.until(lambda text: "Stopped" in text)
    terminal.type("echo in the shell", "Enter")
    terminal.until(lambda text: "\nin the shell" in text)
    terminal.type("fg", "Enter")
    terminal.until(lambda text: "scaled = scores" in text)
    terminal.type("n")
    terminal.until(lambda text: "masked" in text and "scaled = scores" not in text)
    terminal.type("q")
    terminal.until(lambda text: "in the shell" in text)


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    command = [sys.executable, "-m", "tfstep", "run", "wo-ai-ni", "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "tfstep dump" in done.stderr
    assert "\x1b" not in done.stderr


LEARN = f"{sys.executable} -m tfstep learn softmax --lang en"


def test_a_lesson_is_read_answered_left_and_gone_on_with(terminal: Terminal) -> None:
    terminal.type(f"{LEARN}; echo status $?", "Enter")
    terminal.until(lambda text: "step 1/" in text)
    while "Enter more" in terminal.until(lambda text: "Enter more" in text or "reveal" in text):
        before = terminal.text()
        terminal.type("Enter")
        terminal.until(lambda text, before=before: text != before)
    terminal.type("!")
    terminal.until(lambda text: "The answer:" in text)
    terminal.type("P")
    terminal.until(lambda text: "The answer:" not in text and "step 1/" in text)
    terminal.type("q")
    terminal.until(lambda text: "status 0" in text)
    terminal.type("clear", "Enter")
    terminal.type(f"{LEARN} --plain", "Enter")
    terminal.until(lambda text: "? hint, ! answer" in text)
    terminal.type("q", "Enter")
