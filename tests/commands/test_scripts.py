"""Whole scripts: every command, on an encoder and on a translator; the line debugger in batch and on a pipe."""

import io
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

import tfstep
from tfstep import reach
from tfstep.commands.language.line import split
from tfstep.commands.language.registry import all_commands, find
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.faces import repl as line_debugger
from tfstep.faces.repl import repl
from tfstep.session import speaker
from tfstep.view.text.spans import Line, plain

SCRIPTS = Path(__file__).parent / "scripts"
ELSEWHERE = {"code", "recover"}  # needs a session that was cut off; see test_diary


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shutil.copy(SCRIPTS / "more.tfs", tmp_path)
    return tmp_path


def batch(name: str, files: list[str] | None = None, lines: Iterable[str] = ()) -> tuple[int, str, str]:
    """The exit status, what is shown, what is said on the side."""
    shown: list[str] = []
    said: list[str] = []

    def show(found: Iterable[Line]) -> None:
        shown.extend(plain(line) for line in found)

    status = repl(
        Session(tfstep.load(name)), show, lambda text: said.append(str(text)), files or [], [*lines], batch=True
    )
    return status, "\n".join(shown), "\n".join(said)


def words(script: Path) -> set[str]:
    """The names of the commands in a script."""
    return {find(word).name for line in script.read_text("utf-8").splitlines() if (word := split(line)[0])}


def test_every_command_is_in_a_script() -> None:
    used = set().union(*(words(script) for script in SCRIPTS.glob("*.tfs")))
    assert used | ELSEWHERE == set(all_commands())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wo-ai-ni", "steve-builds-a-house"])
def test_a_script_of_every_command(name: str) -> None:
    status, shown, said = batch(name, [str(SCRIPTS / f"{name}.tfs")])
    assert (status, said) == (0, "")
    assert "\x1b" not in shown


@pytest.mark.slow
def test_the_output_is_the_same_from_run_to_run() -> None:
    script = str(SCRIPTS / "wo-ai-ni.tfs")
    assert batch("wo-ai-ni", [script]) == batch("wo-ai-ni", [script])


def test_the_scripts_are_long_enough_to_mean_something() -> None:
    text = (SCRIPTS / "wo-ai-ni.tfs").read_text("utf-8")
    assert len([line for line in text.splitlines() if split(line)[0]]) >= 60
    assert text.count("\nexpect ") >= 15


def test_a_failed_expectation_is_status_1_with_both_sides_and_ends_the_rest() -> None:
    status, shown, said = batch("wo-ai-ni", lines=["print 1", "expect loss < 1", "print 2"])
    assert status == 1
    assert shown == "$1 = 1"
    assert said.startswith("does not hold: loss < 1\n  loss = 1.43")


def test_a_failed_command_is_status_1() -> None:
    assert batch("wo-ai-ni", lines=["nonsense"])[0] == 1
    with pytest.raises(CommandError, match=r"nowhere\.tfs cannot be read"):  # the input's fault: status 2
        batch("wo-ai-ni", ["nowhere.tfs"])


def test_quit_in_a_batch_is_status_0() -> None:
    assert batch("wo-ai-ni", lines=["quit", "nonsense"])[0] == 0


def on_a_pipe(monkeypatch: pytest.MonkeyPatch, lines: str) -> tuple[int, str]:
    monkeypatch.setattr(line_debugger.sys, "stdin", io.StringIO(lines))
    shown: list[str] = []

    def show(found: Iterable[Line]) -> None:
        shown.extend(plain(line) for line in found)

    status = repl(Session(tfstep.load("wo-ai-ni")), show, lambda text: shown.append(f"! {text}"))
    return status, "\n".join(shown)


def test_on_a_pipe_an_error_is_told_and_the_next_line_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    status, shown = on_a_pipe(monkeypatch, "n\nnonsense\nprint 2\n")
    assert status == 1
    assert shown.splitlines()[-1] == "$1 = 2"
    assert "! no command 'nonsense'" in shown


@pytest.mark.slow
def test_a_session_that_ends_with_all_saved_leaves_no_diary(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    on_a_pipe(monkeypatch, "n\nset enc0.attn.W_Q[0,0] = 3\nsave mine.yaml\n")
    assert list(here.rglob("*.jsonl")) == []


@pytest.mark.parametrize("end", ["", "quit\n"])
def test_what_was_not_saved_at_the_end_is_kept_and_told(monkeypatch: pytest.MonkeyPatch, here: Path, end: str) -> None:
    _, shown = on_a_pipe(monkeypatch, f"n\nset enc0.attn.W_Q[0,0] = 3\n{end}")
    assert "your changes were not saved" in shown
    assert len(list(here.rglob("*.jsonl"))) == 1


def test_a_script_writes_in_the_current_folder_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(reach, "held", lambda: True)
    who = speaker.script("-")
    for path in ("a.yaml", "./a.yaml", str(tmp_path / "here" / "a.yaml")):
        who.check_write(Path(path), False)
    for path in ("../a.yaml", str(tmp_path / "a.yaml"), "gone/a.yaml", "..", "/a\0b/c.yaml"):
        with pytest.raises(CommandError, match="in the current folder"):
            who.check_write(Path(path), False)
