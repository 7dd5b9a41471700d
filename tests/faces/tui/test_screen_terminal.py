"""The screen in a real terminal: it starts, is resized, quits, and leaves the terminal as it found it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path)
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
FLAGS = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"


def test_it_quits_and_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.shell("stty -a > /dev/null; echo before")
    assert "scores = Q K" in terminal.run(f"{RUN}; echo status $?")
    assert "scaled = scores" in terminal.press("n")
    text = terminal.shell("q")
    assert "status 0" in text
    assert "before" in text
    assert "scaled" not in text
    assert terminal.tmux("display-message", "-p", FLAGS).split() == ["0", "0", "1"]
    assert "\nstill here" in terminal.shell("echo still here")


def test_q_in_the_middle_of_a_training_leaves_a_clean_terminal(terminal: Terminal) -> None:
    terminal.run(f"{RUN}; echo status $?")
    assert "once more begins it" in terminal.press(":", "train 1000000", "Enter").replace("\n", " ")
    terminal.type(":", "train 1000000", "Enter")
    terminal.until(lambda text: "/1000000" in text)
    assert "status 0" in terminal.shell("q")


def test_it_follows_the_size_of_the_terminal(terminal: Terminal) -> None:
    terminal.run(f"{RUN}; echo it ended")
    assert max(map(len, terminal.resize(120, 36).splitlines())) > 100
    text = terminal.resize(44, 14)
    assert "scores" in text
    assert max(map(len, text.splitlines())) <= 44
    terminal.shell("q")


def test_a_storm_of_sizes(terminal: Terminal) -> None:
    terminal.run(f"{RUN}; echo status $?")
    for k in range(40):
        terminal.tmux("resize-window", "-x", str(20 + 37 * k % 150), "-y", str(3 + 11 * k % 60))
    terminal.resize(100, 30)
    assert "scaled = scores" in terminal.press("n")
    assert "status 0" in terminal.shell("q")


def test_when_it_breaks_down_the_terminal_is_whole_and_the_work_kept(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN, "utf-8")
    assert "q_proj = " in terminal.run(f"{sys.executable} {tmp_path / 'broken.py'}; echo status $?")
    assert "~ 1" in terminal.press(":", "set enc0.attn.W_Q[0,0] = 5", "Enter").splitlines()[0]
    text = terminal.shell("L")
    assert "status 1" in text
    assert "what you changed is kept" in text
    assert "recover" in text.replace("\n", "")
    assert "echoes 1" in terminal.shell("clear; echo echoes $(stty -a | grep -c ' echo ')")  # what is typed is seen
    assert terminal.tmux("display-message", "-p", FLAGS).split() == ["0", "0", "1"]
    assert "`recover` takes up the session" in terminal.run(f"clear; {RUN}")
    assert "~ 1" in terminal.press(":", "recover", "Enter")
    assert "= +5" in terminal.press(":", "print enc0.attn.W_Q[0,0]", "Enter")


def test_killed_in_the_middle_of_twenty_edits(terminal: Terminal) -> None:
    terminal.run(RUN)
    edits = (key for k in range(20) for key in (":", f"set enc0.attn.W_Q[0,{k % 4}] = {k}", "Enter"))
    assert "~ 20" in terminal.press(*edits)
    terminal.tmux("kill-session")
    again = Terminal(terminal.home)
    try:
        assert "20 changes" in again.run(RUN).replace("\n", "")
        assert "~ 20" in again.press(":", "recover", "Enter")
    finally:
        again.close()


def test_the_first_run_has_a_tour_and_keys_are_ones_own(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "tfstep").mkdir()
    (tmp_path / "tfstep" / "keys.toml").write_text('x = "n"\nq = 1\n', "utf-8")
    terminal.shell(f"export XDG_STATE_HOME={tmp_path} XDG_CONFIG_HOME={tmp_path}")
    run = f"{sys.executable} -m tfstep run wo-ai-ni --lang en"
    text = terminal.run(run)
    assert "keys.toml:2:1" in text.replace("\n", "").replace(" ", "")
    assert "src.x" in terminal.press("x").splitlines()[0].replace(" › ", ".")
    terminal.shell("q")
    (tmp_path / "tfstep" / "keys.toml").unlink()
    assert "tour  1/6" in terminal.run(run)
    terminal.shell("q")
    text = terminal.run(run)
    assert "src.embed" in text
    assert "tour" not in text
    terminal.shell("q")


def test_it_is_suspended_and_comes_back(terminal: Terminal) -> None:
    terminal.shell("set -m")
    terminal.run(RUN)
    assert "scaled = scores" in terminal.press("n")
    assert "Stopped" in terminal.shell("C-z")
    assert "\nin the shell" in terminal.shell("echo in the shell")
    terminal.type("fg", "Enter")
    terminal.until(lambda text: "scaled = scores" in text)
    terminal.type("n")
    terminal.until(lambda text: "masked" in text and "scaled = scores" not in text)
    assert "in the shell" in terminal.shell("q")


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    command = [sys.executable, "-m", "tfstep", "run", "wo-ai-ni", "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "tfstep dump" in done.stderr
    assert "\x1b" not in done.stderr


LEARN = f"{sys.executable} -m tfstep learn softmax --lang en"


def test_a_lesson_is_read_answered_left_and_gone_on_with(terminal: Terminal) -> None:
    text = terminal.run(f"{LEARN}; echo status $?")
    assert "step 1/" in text
    while "reveal" not in text:
        assert "Enter more" in text or "Enter go on" in text
        text = terminal.press("Enter")
    assert "The answer:" in terminal.press("!")
    text = terminal.press("P")
    assert "The answer:" not in text
    assert "step 1/" in text
    assert "status 0" in terminal.shell("q")
    terminal.type(f"clear; {LEARN} --plain", "Enter")
    terminal.type("q", "Enter")
    assert "? hint, ! answer" in terminal.until(lambda text: text.rstrip().endswith("$"))


SLOW = """\
import sys
from tfstep.__main__ import main
from tfstep.faces.tui import start

first = start.with_own_keys

def slow(actions):
    input()  # until the test has looked
    return first(actions)

start.with_own_keys = slow
sys.argv[1:] = ["run", "wo-ai-ni", "--at", "enc0.attn.scores", "--lang", "en"]
sys.exit(main())
"""


def test_a_frame_stands_there_at_once_and_what_is_wrong_takes_it_away(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, "utf-8")
    terminal.type(f"{sys.executable} {tmp_path}/slow.py; echo status $?", "Enter")
    terminal._typed = 0
    terminal.meanwhile(lambda text: "computing …" in text and "tfstep  wo-ai-ni" in text)
    terminal.tmux("send-keys", "Enter")
    terminal.until(lambda text: "scores = Q K" in text)
    assert "status 0" in terminal.shell("q")
    assert terminal.tmux("display-message", "-p", FLAGS).split() == ["0", "0", "1"]
    text = terminal.shell(f"{sys.executable} -m tfstep run wo-ai-ni --at nowhere --lang en; echo status $?")
    assert "there is no tensor 'nowhere'" in text
    assert "status 2" in text
    assert terminal.tmux("display-message", "-p", FLAGS).split() == ["0", "0", "1"]
