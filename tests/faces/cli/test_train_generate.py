"""``train`` and ``generate``: a small decoder that learns one sentence and says it."""

from pathlib import Path

import numpy as np
import pytest

MODELS = Path(__file__).parents[2] / "families" / "models"

TALK = """
tfstep: 1
model: {kind: decoder, d_model: 8, heads: 1, d_ff: 8}
vocab: [<pad>, <sos>, <eos>, the, ball, is, blue]
input: {target: <sos> the ball is blue, labels: the ball is blue <eos>}
train: {optimizer: adam, lr: 0.05, steps: 60}
"""


@pytest.fixture
def talk(tmp_path):
    file = tmp_path / "talk.yaml"
    file.write_text(TALK)
    return str(file)


def test_training_lowers_the_loss_and_keeps_the_weights(tfstep, talk, tmp_path):
    weights = tmp_path / "talk.npz"
    done = tfstep("train", talk, "-o", str(weights), "--json")
    losses = done.json["losses"]
    assert done.status == 0
    assert len(losses) == 61
    assert losses[0] == tfstep("dump", talk, "loss", "--format", "json").json["loss"]
    assert losses[-1] < 0.1 < losses[0]
    said = tfstep("generate", talk, "--weights", str(weights))
    assert said.out.splitlines()[-1] == "the ball is blue"
    with np.load(weights) as arrays:
        assert "dec0.attn.W_Q" in arrays.files


def test_weights_that_a_person_names_are_read_wherever_they_lie(tfstep, tmp_path):
    weights = tmp_path / "mine.npz"
    assert tfstep("train", "the-ball-is-blue", "--steps", "1", "-o", str(weights)).status == 0
    said = tfstep("generate", "the-ball-is-blue", "--weights", str(weights), "--max", "1")
    assert (said.status, said.err) == (0, "")
    assert "there is no such file" in tfstep("generate", "the-ball-is-blue", "--weights", str(tmp_path / "n.npz")).err


def test_the_curve_and_no_progress_without_a_terminal(tfstep, talk):
    done = tfstep("train", talk, "--steps", "12")
    assert done.err == ""
    assert "│" in done.out
    assert done.out.splitlines()[-1].split()[0] == "12"
    assert tfstep("train", talk, "--steps", "0").status == 0


def test_generate_trains_first_and_says_so(tfstep, talk):
    done = tfstep("generate", talk)
    assert done.out.splitlines()[-1] == "the ball is blue"
    assert "60 updates" in done.err
    raw = tfstep("generate", talk, "--train", "0", "--max", "3", "--json")
    assert raw.err == ""
    assert len(raw.json["said"]) <= 3
    for step in raw.json["steps"]:
        assert step["said"] == max(step["probabilities"], key=step["probabilities"].get)
        assert sum(step["probabilities"].values()) == pytest.approx(1)


def test_words_said_before_the_positions_end_are_shown(tfstep):
    folder = str(MODELS / "gpt2")  # 24 positions
    whole = tfstep("generate", folder, "--ids", "5,17,9", "--max", "22")
    for lang, told in (("en", "stopped after 22 of 40 words"), ("zh", "生成 22 个词后停下（要求 40 个）")):
        done = tfstep("generate", folder, "--ids", "5,17,9", "--max", "40", "--lang", lang)
        assert done.status == 0
        assert done.out.splitlines()[-1] == whole.out.splitlines()[-1]
        assert told in done.err.splitlines()[-1]
        assert "--max 22" in done.err.splitlines()[-1]
    inside = tfstep("repl", folder, "--ids", "5,17,9", "--batch", "-c", "generate 40")
    assert inside.status == 0
    assert inside.out.splitlines()[-1].endswith("; generate 22 asks for no more")


def test_words_said_before_ctrl_c_are_shown(tfstep, talk, monkeypatch):
    from tfstep.session.study import decoding

    whole, words = decoding.generate, []

    def some(*asked, **how):
        for word in whole(*asked, **how):
            if len(words) == 2:
                raise KeyboardInterrupt
            words.append(word.said)
            yield word

    monkeypatch.setattr(decoding, "generate", some)
    done = tfstep("generate", talk)
    assert done.status == 130
    assert done.out.splitlines()[-1] == " ".join(words) == "the ball"
    assert "interrupted" in done.err


def test_what_cannot_be_done(tfstep, talk, tmp_path):
    for arguments in (
        ("generate", "wo-ai-ni"),
        ("train", talk, "-o", str(tmp_path / "weights.pickle")),
        ("train", talk, "--steps", "-1"),
        ("generate", talk, "--weights", str(tmp_path / "none.npz")),
    ):
        done = tfstep(*arguments)
        assert (done.status, done.out) == (2, ""), arguments
        assert done.err
