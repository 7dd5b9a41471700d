"""What the read-mes show is what the program does: their commands and their Python run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = {language: re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S) for language in ("sh", "python")}
COMMANDS = [re.sub(r"\s+#.*", "", line) for line in BLOCKS["sh"][2].splitlines()]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """One command line of the read-me, in a folder with a scenario of one's own, without a terminal."""
    shutil.copy(ROOT / "scenarios" / "wo-ai-ni.yaml", folder / "my-scenario.yaml")
    program, *arguments = shlex.split(command)
    assert program == "tfstep"
    return subprocess.run(
        [sys.executable, "-m", "tfstep", *arguments],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("command", [line for line in COMMANDS if not line.startswith("tfstep run")])
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path) -> None:
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert not done.stderr or " generate " in command, "progress is for training only"
    assert done.stdout or " validate " in command, "validate is silent where nothing is wrong"
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("tfstep run")])
def test_the_screen_says_what_to_use_without_a_terminal(command: str, tmp_path: Path) -> None:
    done = run(command, tmp_path)
    assert done.returncode == 2
    assert "tfstep dump" in done.stderr
    assert done.stdout == ""


def test_the_python_of_the_readme_runs() -> None:
    (source,) = BLOCKS["python"]
    names: dict[str, object] = {}
    *_, last = source.strip().splitlines()
    exec(compile(source, "README.md", "exec"), names)
    assert eval(last, names) != 0, "the edit moves the loss"
