"""What is offered of a session that was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

import tfstep
from tfstep.commands.language.registry import is_change
from tfstep.faces import recovery
from tfstep.faces.repl import repl


@pytest.mark.parametrize("line", ["set enc0.attn.W_Q[0,0] = 1", "train 5", "undo", "tokens source 你 爱 我"])
def test_a_change_is_worth_taking_up(line: str) -> None:
    assert is_change(line)


@pytest.mark.parametrize("line", ["n", "goto loss", "print loss", "", "no-such-command", "d"])
def test_walking_about_is_not(line: str) -> None:
    assert not is_change(line)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recovery, "diaries", lambda: tmp_path)
    return tmp_path


def begun(offer: str = "") -> tfstep.Session:
    """A session on wo-ai-ni; ``offer`` is part of what is told of an earlier one, empty for none."""
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    told = recovery.begin(session)
    assert (told is None) == (not offer)
    assert offer in str(told)
    return session


def test_changes_that_were_left_unsaved_come_back(folder: Path) -> None:
    session = begun()
    session.run("set enc0.attn.W_Q[0,0] = 0.25")
    session.run("n")
    told = recovery.leave(session)
    assert told is not None
    assert "`tfstep run wo-ai-ni`, then `recover`" in str(told)
    again = begun("left with one change")
    again.run("recover")
    assert again.trace["enc0.attn.W_Q"].value[0, 0] == 0.25


def test_each_session_that_was_left_can_be_taken_up(folder: Path) -> None:
    for number in (2, 3, 4):
        session = begun(f"`set enc0.attn.W_Q[0,0] = {number - 1}`" if number > 2 else "")
        session.run(f"set enc0.attn.W_Q[0,0] = {number}")
        recovery.leave(session)
    again = begun("and 2 older: `info sessions`")
    assert [row[-1][-1] for row in again.run("info sessions").rows] == ["4", "3", "2"]
    with pytest.raises(tfstep.TfstepError, match="there are 3 sessions"):
        again.run("recover 4")
    again.run("recover 2")
    assert again.trace["enc0.attn.W_Q"].value[0, 0] == 3
    recovery.end(again)
    assert len(list(folder.glob("*.jsonl"))) == 2


def test_of_many_that_were_left_the_oldest_make_room(folder: Path) -> None:
    for number in range(recovery.KEPT + 3):
        session = begun("left" if number else "")
        session.run(f"set enc0.attn.W_Q[0,0] = {number + 2}")
        recovery.leave(session)
        assert len(list(folder.glob("*.jsonl"))) == min(number + 1, recovery.KEPT)


def test_one_whose_variant_is_gone_is_refused_and_stays(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = "{model: {kind: mlp, sizes: [1, 1]}, input: {x: [[1]]}, variants: {v: {weights: {seed: 1}}}}"
    file.write_text(text)
    session = tfstep.Session(tfstep.load(file, "v"))
    recovery.begin(session)
    session.run("set layer0.W[0,0] = 2")
    recovery.leave(session)
    file.write_text(text.replace("v:", "w:"))
    again = tfstep.Session(tfstep.load(file))
    assert recovery.begin(again) is not None
    with pytest.raises(tfstep.TfstepError, match="v"):
        again.run("recover")
    assert again.run("info sessions").rows


def test_what_is_saved_or_taken_back_is_not_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for lines in (["set out.b[0] = 1", "save mine.yaml"], ["set out.b[0] = 1", "undo"], ["n", "print loss"]):
        session = begun()
        for line in lines:
            session.run(line)
        assert recovery.leave(session) is None
        assert not list(folder.glob("*.jsonl"))


def test_what_was_refused_is_neither_counted_nor_done_again(folder: Path) -> None:
    session = begun()
    session.run("set enc0.attn.W_Q[0,0] = 0.25")
    for line in ("set enc0.attn.W_Q[9,9] = 1", "model nothing 3", "train x"):
        with pytest.raises(tfstep.TfstepError):
            session.run(line)
    recovery.leave(session)
    again = begun("with one change (")
    again.run("recover")
    assert len(again.journal.changes) == 1


def test_a_batch_takes_up_what_was_left_and_leaves_it_there(folder: Path) -> None:
    session = begun()
    session.run("set enc0.attn.W_Q[0,0] = 0.25")
    recovery.leave(session)
    batch, said = tfstep.Session(tfstep.load("wo-ai-ni")), []
    assert repl(batch, lambda lines: None, said.append, commands=["recover"], batch=True) == 0, said
    assert batch.trace["enc0.attn.W_Q"].value[0, 0] == 0.25
    assert len(list(folder.glob("*.jsonl"))) == 1, "a batch keeps nothing itself"
