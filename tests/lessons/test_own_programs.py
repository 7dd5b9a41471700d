"""The exercises to be written: right programs are taken, and of each typical mistake the step is named and the hint fits.

`own/` has what a reader would write; a mistake is a line of it that is another.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.code.program import whole
from tfstep.commands.language.session import Session
from tfstep.compare.causes.table import SORTS, kinds
from tfstep.lessons.format.catalog import load_lesson, scenario_of
from tfstep.lessons.format.lesson import Prose
from tfstep.lessons.player.answers import AnswerError
from tfstep.lessons.player.check import check
from tfstep.lessons.player.events import Judged, Looked, Revealed
from tfstep.lessons.player.player import Player
from tfstep.text import Bilingual

OWN = Path(__file__).parent / "own"
LESSONS = {
    "write-attention": "attention",
    "write-multi-head": "multi_head",
    "write-backward": "backward",
    "write-decoder-layer": "decoder_layer",
}


def at_the_program(name: str, language: str = "en") -> Player:
    """A player that waits for the reader's program."""
    lesson = load_lesson(name, language)
    player = Player(lesson, Session(scenario_of(lesson)))
    while player.question is None or player.question.kind != "recording":
        if player.question is not None:
            list(player.reveal())
        list(player.advance())
    return player


def commands(name: str) -> list[str]:
    """The shell commands that a lesson tells."""
    blocks = [block for step in load_lesson(name, "en").steps for block in step.blocks]
    texts = ["".join(map(str, block.pieces)) for block in blocks if isinstance(block, Prose) and block.verbatim]
    return [re.sub(r"\\\n\s*", "", text) for text in texts if text.startswith("tfstep ")]


@pytest.fixture(scope="module")
def starts(tmp_path_factory) -> dict[str, Path]:
    """For each lesson a folder with the numbers to begin with, made by the command that the lesson tells."""
    found = {}
    for name in LESSONS:
        folder = tmp_path_factory.mktemp(name)
        words = re.findall(r"'[^']*'|\S+", commands(name)[0])[1:]
        line = [sys.executable, "-m", "tfstep", *(word.strip("'") for word in words)]
        subprocess.run(line, cwd=folder, check=True, capture_output=True)
        found[name] = folder
    return found


@pytest.fixture
def write(starts, monkeypatch):
    """Runs a lesson's right program, some lines of it changed, in its folder."""

    def run(name: str, *changes: tuple[str, str]) -> None:
        monkeypatch.chdir(starts[name])
        text = (OWN / f"{LESSONS[name]}.py").read_text("utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        Path("mine.npz").unlink(missing_ok=True)
        space: dict[str, Any] = {}
        try:
            exec(compile(text, "mine.py", "exec"), space)
        finally:
            space["start"].close()

    return run


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", LESSONS)
def test_a_right_program_is_taken(write, name: str, language: str) -> None:
    write(name)
    judged = next(at_the_program(name, language).answer(""))
    assert isinstance(judged, Judged)
    assert judged.right, str(judged.message)


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_so_is_the_program_that_tfstep_writes(starts, monkeypatch, name: str) -> None:
    monkeypatch.chdir(starts[name])
    player = at_the_program(name)
    space: dict[str, dict[str, np.ndarray]] = {}
    exec(compile(whole(player.session.trace, name).text, "program", "exec"), space)
    np.savez("mine.npz", **space["T"])
    assert next(player.answer("mine.npz")).right


BLOCK = "dec0."
WRONG = [
    # attention
    ("write-attention", "q = x @ W_Q + b_Q", "q = x @ W_Q", "attn.q_proj", "two parts"),
    ("write-attention", "k = x @ W_K + b_K", "k = x @ W_K", "attn.k_proj", "two parts"),
    ("write-attention", "v = x @ W_V + b_V", "v = k", "attn.v_proj", "changed places"),
    ("write-attention", "k = x @ W_K + b_K", "k = q", "attn.k_proj", "changed places"),
    ("write-attention", "s = q @ k.T", "s = k @ q.T", "attn.scores", "changed places"),
    ("write-attention", "c = s / np.sqrt(2)", "c = s", "attn.scaled", "A factor"),
    ("write-attention", "c = s / np.sqrt(2)", "c = s / 2", "attn.scaled", "A factor"),
    ("write-attention", "c = s / np.sqrt(2)", "c = s / np.sqrt(3)", "attn.scaled", "A factor"),
    ("write-attention", "c = s / np.sqrt(2)", "c = s * np.sqrt(2)", "attn.scaled", "A factor"),
    ("write-attention", "e.sum(axis=-1, keepdims=True)", "e.sum(axis=-1)", "attn.weights", "`keepdims`"),
    ("write-attention", "axis=-1, keepdims=True", "axis=0, keepdims=True", "attn.weights", "The axis"),
    ("write-attention", "e.sum(axis=-1, keepdims=True)", "e.sum()", "attn.weights", "The axis"),
    ("write-attention", "e = np.exp(c)", "e = c", "attn.weights", "not everything in them is positive"),
    ("write-attention", "w = e / e.sum(axis=-1, keepdims=True)", "w = 1 / (1 + np.exp(-c))", "attn.weights", "compete"),
    ("write-attention", "z = w @ v", "z = w.T @ v", "attn.heads", "on its side"),
    ("write-attention", "z = w @ v", "z = w @ k", "attn.heads", "changed places"),
    # heads
    ("write-multi-head", "a.reshape(4, 2, 3).transpose(1, 0, 2)", "a.reshape(2, 4, 3)", "attn.Q", "dealt out"),
    ("write-multi-head", "a.reshape(4, 2, 3).transpose(1, 0, 2)",
     "a.reshape(4, 3, 2).transpose(2, 0, 1)", "attn.Q", "dealt out"),
    ("write-multi-head", "V = split(x @ W_V + b_V)", "V = (x @ W_V + b_V).reshape(2, 4, 3)", "attn.V", "dealt out"),
    ("write-multi-head", "c = s / np.sqrt(3)", "c = s / np.sqrt(6)", "attn.scaled", "one score summed"),
    ("write-multi-head", "c = s / np.sqrt(3)", "c = s / 3", "attn.scaled", "A factor"),
    ("write-multi-head", "e.sum(axis=-1, keepdims=True)", "e.sum(axis=0, keepdims=True)", "attn.weights", "The axis"),
    ("write-multi-head", "z = w @ V", "z = w @ K", "attn.heads", "changed places"),
    ("write-multi-head", "z.transpose(1, 0, 2).reshape(4, 6)", "z.reshape(4, 6)", "attn.concat", "side by side"),
    ("write-multi-head", "z.transpose(1, 0, 2).reshape(4, 6)", "np.concatenate([z[1], z[0]], -1)",
     "attn.concat", "in the order of the heads"),
    ("write-multi-head", "out = merged @ W_O + b_O", "out = merged @ W_O", "attn.out", "two parts"),
    ("write-multi-head", "out = merged @ W_O + b_O", "out = merged @ W_O.T + b_O", "attn.out", "on its side"),
    ("write-multi-head", "out = merged @ W_O + b_O", "out = merged @ W_O + b_O + x", "attn.out", "already the residual"),
    # backward
    ("write-backward", "d_out = out - target", "d_out = target - out", "attn.out.grad", "The sign"),
    ("write-backward", "d_out = out - target", "d_out = 2 * (out - target)", "loss", "its factor"),
    ("write-backward", "d_out.sum(axis=0)", "d_out.mean(axis=0)", "attn.b_O.grad", "A mean over the tokens"),
    ("write-backward", "d_z = split(d_merged)", "d_z = d_merged.reshape(2, 4, 3)", "attn.heads.grad", "Merging moved numbers"),
    ("write-backward", "d_V = turned(w) @ d_z", "d_V = w @ d_z", "attn.V.grad", "along the column"),
    ("write-backward", "d_c = w * (d_w - (w * d_w).sum(axis=-1, keepdims=True))", "d_c = d_w", "attn.scaled.grad", "passed by"),
    ("write-backward", "(d_w - (w * d_w).sum(axis=-1, keepdims=True))", "d_w", "attn.scaled.grad", "has to be taken off"),
    ("write-backward", "(d_w - (w * d_w).sum(axis=-1, keepdims=True))", "(1 - w) * d_w", "attn.scaled.grad", "by itself"),
    ("write-backward", "(w * d_w).sum(axis=-1, keepdims=True)", "(w * d_w).sum(axis=1, keepdims=True)",
     "attn.scaled.grad", "along the columns"),
    ("write-backward", "(w * d_w).sum(axis=-1, keepdims=True)", "d_w.mean(axis=-1, keepdims=True)",
     "attn.scaled.grad", "weighted"),
    ("write-backward", "d_s = d_c / np.sqrt(3)", "d_s = d_c", "attn.scores.grad", "divided by something"),
    ("write-backward", "d_s = d_c / np.sqrt(3)", "d_s = d_c * np.sqrt(3)", "attn.scores.grad", "not the inverse"),
    ("write-backward", "d_Q = d_s @ K", "d_Q = d_s @ Q", "attn.Q.grad", "*other* factor"),
    ("write-backward", "d_K = turned(d_s) @ Q", "d_K = d_s @ Q", "attn.K.grad", "in a column"),
    ("write-backward", "merge(d_Q), merge(d_K)", "d_Q.reshape(4, 6), merge(d_K)", "attn.q_proj.grad", "only reshaped"),
    ("write-backward", "d_q @ W_Q.T + d_k @ W_K.T + d_v @ W_V.T", "d_v @ W_V.T", "x.grad", "By how many ways"),
    ("write-backward", "d_q @ W_Q.T + d_k @ W_K.T + d_v", "d_q @ W_Q.T + d_v", "x.grad", "By how many ways"),
    # a decoder layer
    ("write-decoder-layer", "ahead | no_word[:, None, None, :]", "no_word[:, None, None, :]",
     "dec0.attn.masked", "to be hidden"),
    ("write-decoder-layer", "bool), 1)", "bool), 0)", "dec0.attn.masked", "diagonal"),
    ("write-decoder-layer", "bool), 1)", "bool), 2)", "dec0.attn.masked", "diagonal"),
    ("write-decoder-layer", "ahead | no_word[:, None, None, :]", "ahead[None, None]", "dec0.attn.masked", "to be hidden"),
    ("write-decoder-layer", "ahead | no_word[:, None, None, :]", "ahead | no_word[:, None, :, None]",
     "dec0.attn.masked", "queries or keys"),
    ("write-decoder-layer", "no_source[:, None, None, :]\n", "np.zeros((2, 1, 1, 3), bool)\n",
     "dec0.cross.masked", "to be hidden"),
    ("write-decoder-layer", "np.where(hidden, -1e9, scaled)", "np.where(hidden, scaled, -1e9)", "dec0.attn.masked", "sense"),
    ("write-decoder-layer", "np.where(hidden, -1e9, scaled)", "scaled * ~hidden", "dec0.attn.masked", "How the mask acts"),
    ("write-decoder-layer", "np.where(hidden, -1e9, scaled)", "scaled + hidden", "dec0.attn.masked", "How the mask acts"),
    ("write-decoder-layer", "softmax(np.where(hidden, -1e9, scaled))", "softmax(scaled) * ~hidden",
     "dec0.attn.masked", "When the mask acts"),
    ("write-decoder-layer", "add1 = x + attn", "add1 = attn", "dec0.add1", "round a sublayer"),
    ("write-decoder-layer", "add2 = norm1 + cross", "add2 = x + cross", "dec0.add2", "residual leaves"),
    ("write-decoder-layer", "add3 = norm2 + ffn", "add3 = norm1 + ffn", "dec0.add3", "third sublayer"),
    ("write-decoder-layer", "a.var(axis=-1, keepdims=True)", "a.var(axis=-1, keepdims=True, ddof=1)", "dec0.norm1", "variance"),
    ("write-decoder-layer", "* w_(f\"norm{n}.gamma\") + w_(f\"norm{n}.beta\")", "", "dec0.norm1", "after the norm's division"),
    ("write-decoder-layer", "a.mean(axis=-1, keepdims=True), a.var(axis=-1, keepdims=True)",
     "a.mean(axis=1, keepdims=True), a.var(axis=1, keepdims=True)", "dec0.norm1", "its mean over"),
    ("write-decoder-layer", "np.maximum(pre, 0)", "pre", "dec0.ffn.act", "activation"),
    ("write-decoder-layer", "np.maximum(pre, 0)", "pre / (1 + np.exp(-pre))", "dec0.ffn.act", "activation"),
    ("write-decoder-layer", "pre = norm2 @", "pre = norm1 @", "dec0.ffn.hidden", "has left"),
    ("write-decoder-layer", '"cross", norm1, memory, hidden_source', '"cross", norm1, norm1, hidden',
     "dec0.cross.k_proj", "changed places"),
    ("write-decoder-layer", '"cross", norm1, memory, hidden_source', '"cross", norm1, memory[:, 1:], hidden_source[..., 1:]',
     "dec0.cross.K", "2×2×2×3"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "old", "new", "step", "hint"), WRONG)
def test_a_mistake_is_named_step_by_step(write, name: str, old: str, new: str, step: str, hint: str) -> None:
    write(name, (old, new))
    player = at_the_program(name)
    events = list(player.answer(""))
    judged = events[0]
    assert isinstance(judged, Judged)
    assert not judged.right
    assert re.search(rf" {re.escape(step)}[.;,]", str(judged.message))
    assert events[1:] == [Looked((step,))]
    given = []
    while (found := player.hint()) is not None:
        given.append(found.text)
    assert hint in " / ".join(given[:2]), given
    assert player.question is not None, "it waits until the program is mended"


def test_at_least_six_mistakes_of_each_exercise_are_tried() -> None:
    for name in LESSONS:
        assert sum(each[0] == name for each in WRONG) >= 6


def test_what_is_not_recorded_is_asked_for(write) -> None:
    write("write-attention", ("    r.s, r.c, r.w, r.z = s, c, w, z\n", "    r.z = z\n"))
    judged, looked = at_the_program("write-attention").answer("")
    assert "Still missing: attn.scores, attn.scaled, attn.weights" in str(judged.message)
    assert looked == Looked(("attn.scores",))


def test_mended_it_is_taken_and_hints_begin_anew(write) -> None:
    write("write-attention", ("c = s / np.sqrt(2)", "c = s / 2"))
    player = at_the_program("write-attention")
    list(player.answer(""))
    first = player.hint()
    assert first is not None
    assert "A factor" in first.text
    list(player.answer(""))
    again = player.hint()
    assert again is not None
    assert "1/d_k" in again.text, "the same mistake: on from the hint that was given"
    write("write-attention", ("axis=-1, keepdims=True", "axis=0, keepdims=True"))
    list(player.answer(""))
    other = player.hint()
    assert other is not None
    assert "The axis" in other.text
    write("write-attention")
    assert next(iter(list(player.answer("")))).right
    assert player.question is None


@pytest.mark.parametrize("name", LESSONS)
def test_the_solution_is_never_shown(starts, monkeypatch, name: str) -> None:
    monkeypatch.chdir(starts[name])
    player = at_the_program(name)
    revealed = next(player.reveal())
    assert isinstance(revealed, Revealed)
    assert revealed.open
    assert str(revealed.answer).startswith("This one is yours")


def test_what_is_no_recording_is_refused_in_words(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    player = at_the_program("write-attention")
    with pytest.raises(AnswerError, match=re.escape(f"there is no mine.npz in {tmp_path}")):
        list(player.answer(""))
    Path("mine.npz").write_text("no arrays", "utf-8")
    with pytest.raises(AnswerError, match=r"mine\.npz"):
        list(player.answer(""))
    np.savez("mine.npz", a=np.arange(7.0))
    with pytest.raises(AnswerError, match="nothing to compare"):
        list(player.answer(""))
    np.savez("other.npz", q=tfstep.trace(tfstep.load("attention"))["attn.Q"].value)
    assert "Still missing" in str(next(player.answer("other.npz")).message)


def test_where_sessions_read_no_files_none_is_read(write) -> None:
    write("write-attention")
    player = at_the_program("write-attention")
    player.session.confined = Bilingual("no files here", "这里不读文件")
    with pytest.raises(AnswerError, match="no files here"):
        list(player.answer(""))


def test_every_kind_of_mistake_has_its_sort() -> None:
    assert kinds() <= SORTS.keys()


ASKED = """---
title: Your own
about: A lesson for tests.
scenario: attention
minutes: 5
order: 1
---

## One

```question
kind: recording
ask: Is it right?
file: mine.npz
needs: [attn.scores, attn.scaled]
mistaken:
  - {of: attn.scaled, answer: attn.scores / 2, why: A factor.}
```

```question
kind: number
ask: How large?
answer: loss
```

```try
print loss
```
"""


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("file: mine.npz", "file: ../mine.npz", "14:7", "a bare name"),
        ("file: mine.npz", "file: /etc/mine.npz", "14:7", "a bare name"),
        ("file: mine.npz", "file: mine.py", "14:7", "a bare name"),
        ("file: mine.npz\n", "", "12:1", "needs the key file"),
        ("needs: [attn.scores, attn.scaled]\n", "", "12:1", "needs the key needs"),
        ("{of: attn.scaled, answer", "{answer", "17:5", "of: …"),
        ("needs: [attn.scores, attn.scaled]", "needs: [attn.scores, attn.masked]", "15:22", "attn.masked"),
        ("needs: [attn.scores, attn.scaled]", "needs: [attn.scores]", "17:10", "one of `needs`"),
        ("answer: attn.scores / 2", "answer: attn.scaled", "17:10", "another array"),
        ("answer: attn.scores / 2", "answer: attn.W_Q", "17:10", "its shape"),
    ],
)
def test_what_is_wrong_in_such_a_question_is_told_at_its_place(tmp_path, old, new, place, message) -> None:
    for each in ("en", "zh"):
        (tmp_path / f"own.{each}.md").write_text(ASKED.replace(old, new), "utf-8")
    told = [str(each) for each in check(str(tmp_path / "own.en.md"))]
    assert [each for each in told if f"own.en.md:{place}:" in each and message in each], told


def test_a_right_one_passes_the_check(tmp_path) -> None:
    for each in ("en", "zh"):
        (tmp_path / f"own.{each}.md").write_text(ASKED, "utf-8")
    assert check(str(tmp_path / "own.en.md")) == []
