"""What is offered of a session that was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

import tfstep
from tfstep.faces import recovery
from tfstep.faces.recovery import changes


@pytest.mark.parametrize("line", ["set enc0.attn.W_Q[0,0] = 1", "train 5", "undo", "tokens source 你 爱 我"])
def test_a_change_is_worth_taking_up(line: str) -> None:
    assert changes(line)


@pytest.mark.parametrize("line", ["n", "goto loss", "print loss", "", "no-such-command", "d"])
def test_walking_about_is_not(line: str) -> None:
    assert not changes(line)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recovery, "diaries", lambda: tmp_path)
    return tmp_path


def begun() -> tfstep.Session:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    assert recovery.begin(session) is None
    return session


def test_changes_that_were_left_unsaved_come_back(folder: Path) -> None:
    session = begun()
    session.run("set enc0.attn.W_Q[0,0] = 0.25")
    session.run("n")
    told = recovery.leave(session)
    assert told is not None
    assert "`tfstep run wo-ai-ni`, then `recover`" in str(told)
    again = begun()  # nothing is offered: it was left on purpose
    again.run("recover")
    assert again.trace["enc0.attn.W_Q"].value[0, 0] == 0.25


def test_only_the_last_that_was_left_is_kept(folder: Path) -> None:
    for number in (2, 3, 4):
        session = begun()
        session.run(f"set enc0.attn.W_Q[0,0] = {number}")
        recovery.leave(session)
        assert len(list(folder.glob("*.jsonl"))) == 1
    again = begun()
    again.run("recover")
    assert again.trace["enc0.attn.W_Q"].value[0, 0] == 4
    recovery.end(again)
    assert not list(folder.glob("*.jsonl"))


def test_what_is_saved_or_taken_back_is_not_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for lines in (["set out.b[0] = 1", "save mine.yaml"], ["set out.b[0] = 1", "undo"], ["n", "print loss"]):
        session = begun()
        for line in lines:
            session.run(line)
        assert recovery.leave(session) is None
        assert not list(folder.glob("*.jsonl"))
