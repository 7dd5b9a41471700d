"""``doctor``: what is told of the machine, and what a terminal says of its widths."""

import os
import pty
import re
import select
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tfstep import __version__
from tfstep.faces.doctor.findings import EXTRAS, findings
from tfstep.faces.doctor.widths import SAMPLES, Measured

ROOT = Path(__file__).resolve().parents[3]


def test_versions_terminal_and_files_are_told(tfstep, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    done = tfstep("doctor")
    assert done.status == 0
    assert __version__ in done.out
    assert f"Python {sys.version.split()[0]}" in done.out
    assert "numpy" in done.out
    assert str(tmp_path / "tfstep" / "keys.toml") in done.out
    assert "no screen can be drawn here" in done.out
    assert "not there yet" in done.out


def test_all_that_is_installed_with_it_is_told():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = declared["optional-dependencies"]
    told = [word for each in findings([]) for word in each.found.split()]
    for each in (*declared["dependencies"], *(name for extra in EXTRAS for name in extras[extra])):
        assert re.split(r"[>=<\[ ]", each)[0] in told


def test_it_speaks_chinese(tfstep):
    done = tfstep("doctor", "--lang", "zh")
    assert "字符宽度" in done.out
    assert "these should" not in done.out


def test_the_environment_is_told(tfstep, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    told = tfstep("doctor", "--lang", "zh").out
    assert "NO_COLOR" in told
    assert "en  (LC_ALL=en_US.UTF-8" in told


def test_a_character_of_another_width_is_told_with_what_to_do():
    found = [Measured("爱", 2, 2), Measured("√", 1, 2)]
    (line,) = [each for each in findings(found) if "√ 2≠1" in each.found]
    assert "--ascii" in str(line.advice)
    (fine,) = [each for each in findings(found[:1]) if each.title.en == "widths of characters"]
    assert fine.advice is None


@pytest.mark.parametrize(("wide", "said"), [((), f"all {len(SAMPLES)} as they should be"), (("√", "α"), "√ 2≠1 α 2≠1")])
def test_the_terminal_is_asked_where_its_cursor_is(wide: tuple[str, ...], said: str):
    """A terminal is played, in which some characters are too wide."""
    environment = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    parent, child = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "tfstep", "doctor", "--lang", "en"],
        stdin=child,
        stdout=child,
        stderr=child,
        env=environment,
    )
    os.close(child)
    text, answered, end = "", 0, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([parent], [], [], 0.1)[0]:
            if program.poll() is not None:
                break
            continue
        try:
            piece = os.read(parent, 4096)
        except OSError:
            break
        text += piece.decode("utf-8", "replace")
        while text.count("\x1b[6n") > answered:
            asked = text.split("\x1b[6n")[answered].rsplit("\r", 1)[1]
            columns = sum(2 if c in wide else SAMPLES[c] for c in asked)
            os.write(parent, f"\x1b[1;{columns + 1}R".encode())
            answered += 1
    program.wait(10)
    os.close(parent)
    assert answered == len(SAMPLES)
    assert said in text
