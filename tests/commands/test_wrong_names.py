"""A name that nothing has: what was probably meant stands right behind it, and comes back as something that works."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep import Session
from tfstep.commands.language.completion import complete
from tfstep.commands.language.registry import ELSEWHERE, find
from tfstep.errors import TfstepError
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.scenario import load, load_text

FILE = "model: {kind: attention, d_model: 2}\ninput: {x: [[1, 2], [3, 4]]}\n"


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(tfstep.load("wo-ai-ni"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("break *.wieghts", "*.weights"),
        ("break enc0.*.socres", "enc0.*.scores"),
        ("break *.weights/epx", "exp"),
        ("goto wq", "enc0.attn.W_Q"),
        ("goto enc0.attn.wieghts", "enc0.attn.weights"),
        ("print wieghts + 1", "enc0.attn.weights"),
        ("break op softmx", "softmax"),
        ("prnt loss", "print"),
        ("variant swaped", "swapped"),
        ("info parms", "params"),
    ],
)
def test_what_was_meant_stands_first_and_works(session: Session, line: str, meant: str) -> None:
    with pytest.raises(TfstepError) as error:
        session.run(line)
    said = str(error.value)
    wrong = line.split()[0] if line.startswith("prnt") else line.split(" ", 1)[1].removeprefix("op ").split(" +")[0]
    wrong = wrong.rpartition("/")[2]
    assert re.search(rf"{re.escape(wrong)}\S*.{{0,20}} \(did you mean {re.escape(meant)}\?\)", said), said
    works = line.replace(wrong, meant)
    session.run(works)
    session.run("variant base")


def test_a_pattern_of_what_is_given_names_the_steps_that_there_are(session: Session) -> None:
    with pytest.raises(
        TfstepError, match=r"enc0\.attn\.W_Q is given, .* enc0\.attn\.W_Q\.grad, .* enc0\.attn\.W_Q\.new"
    ):
        session.run("break *.W_Q")
    session.run("break *.W_Q.grad")
    with pytest.raises(TfstepError, match=r"matches \S+ and the like only; `\.grad`"):
        session.run("break *W_Q.g*")


def test_the_useful_part_of_an_unknown_key_stands_first() -> None:
    with pytest.raises(Mistakes) as error:
        load_text(FILE.replace("d_model: 2", "d_model: 2, haeds: 1"))
    assert "unknown key haeds in model (did you mean heads?); allowed: " in str(error.value)


def test_many_wrong_names_are_told_in_one_line(tmp_path: Path) -> None:
    names = [f"attn.foo{k}" for k in range(35)]
    with pytest.raises(Mistakes) as error:
        _ = load_text(FILE + f"weights: {{set: {{{', '.join(f'{name}: zeros' for name in names)}}}}}\n").program
    (mistake,) = error.value.mistakes
    assert "35 names that no parameter has: attn.foo0, attn.foo1, attn.foo2, …; there are attn.W_Q" in str(mistake)
    np.savez(tmp_path / "w.npz", **{name: np.zeros(2) for name in names})
    file = tmp_path / "s.yaml"
    file.write_text(f"{FILE}weights: {{file: w.npz}}\n")
    with pytest.raises(Mistakes) as error:
        _ = load(str(file)).program
    assert "w.npz: 35 names that no parameter has: attn.foo0" in str(error.value.mistakes[0])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("goto sco", "enc0.attn.scores"),
        ("explain we", "enc0.attn.weights"),
        ("print loss + sco", "enc0.attn.scores"),
        ("goto ∂sco", "enc0.attn.scores"),
        ("break *.we", "*.weights"),
    ],
)
def test_a_name_is_completed_from_its_last_part(session: Session, line: str, offered: str) -> None:
    found = [each for each in complete(session, line) if each.text == offered]
    assert found, line
    session.run("variant base")
    session.run(line[: len(line) - found[0].replaces] + offered)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("enc0", "enc0.attn.q_proj"),
        ("enc0.ffn", "enc0.ffn.hidden"),
        ("out", "out.logits"),
        ("backward", "loss.grad"),
        ("update", "src.E.new"),
    ],
)
def test_what_holds_steps_in_the_tree_can_be_gone_to(session: Session, place: str, path: str) -> None:
    session.run("goto loss")
    session.run(f"goto {place}")
    assert session.current.path == path


def test_a_part_of_the_model_is_completed_and_a_wrong_one_refused(session: Session) -> None:
    assert "enc0.ffn" in [each.text for each in complete(session, "goto enc0.f")]
    with pytest.raises(TfstepError, match=r"enc0\.fnn.*enc0\.ffn"):
        session.run("goto enc0.fnn")


@pytest.mark.slow
@pytest.mark.parametrize("word", sorted(ELSEWHERE))
def test_what_gdb_and_pdb_call_it_is_told_our_command(word: str) -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    ours = ELSEWHERE[word]
    with pytest.raises(tfstep.TfstepError, match=f"no command '{word}' .did you mean `{ours}`"):
        session.run(f"{word} 1")
    assert find(ours.split()[0]).name == ours.split()[0], "it is there, under its full name"
    if " " in ours:
        session.run(ours)


def test_no_short_form_is_what_was_meant() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    with pytest.raises(tfstep.TfstepError) as error:
        session.run("unx")
    assert "did you mean un?" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "before", "words"),
    [
        ("wo-ai-ni", "explain weights[", ["我", "爱", "你"]),
        ("wo-ai-ni", "set enc0.attn.weights[0,0,我,", ["我", "爱", "你"]),
        ("wo-ai-ni", "print 2*weights['", ["我", "爱", "你"]),
        ("wo-ai-ni", "explain W_Q[", []),
        ("wo-ai-ni", "explain nope[", []),
        ("multi-head", "why weights[0,他#", ["他#2"]),
        ("padding", "goto weights[1,0,", ["我", "想", "和", "你", "一起", "去", "公园", "散步"]),
        ("wo-ai-ni", "tokens source 我 ", ["<pad>", "我", "爱", "你"]),
        ("wo-ai-ni", "tokens labels I l", ["love"]),
        ("wo-ai-ni", "goto update ", ["0"]),
    ],
)
def test_words_are_offered_where_words_can_stand(scenario: str, before: str, words: list[str]) -> None:
    assert [each.text for each in complete(tfstep.Session(tfstep.load(scenario)), before)] == words
