"""Sentences of one word, of pads alone, of none, and very long ones, through every command: an answer or a refusal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfstep.view.export import csv

WORDS = "vocab: [<pad>, <sos>, a, b, c]"
DECODER = "model: {{kind: decoder, d_model: 4, heads: {heads}, mask_value: {mask}}}\n{words}\ninput: {{{input}}}\n"
COMMANDS = (
    ("validate",),
    ("steps",),
    ("dump", "--grad"),
    ("dump", "--grad", "--format", "html"),
    ("dump", "--format", "latex"),
    ("explain", "tgt.embed[0,0,0]"),
    ("check",),
    ("train", "--steps", "2"),
    ("generate", "--max", "2"),
    ("worksheet",),
    ("code",),
    ("repl", "--batch", "-c", "next 3", "-c", "why dec0.attn.weights[0,0,0,0]", "-c", "finish", "-c", "continue"),
    ("repl", "--batch", "-c", "set dec0.attn.W_Q = 2", "-c", "diff", "-c", "undo", "-c", "plot dec0.attn.weights"),
)
SIZES = {
    "one word": (1, "-1.0e9", "target: [[a]], labels: [[b]]"),
    "heads as many as numbers": (4, "-1.0e9", "target: [[a, b, c]], labels: [[b, c, a]]"),
    "pads alone": (1, "-1.0e9", "target: [[<pad>, <pad>]]"),
    "pads alone and nothing to see": (1, "-.inf", "target: [[<pad>, <pad>]]"),
    "a sentence of pads among others": (
        2,
        "-1.0e9",
        "target: [[a, b], [<pad>, <pad>]], labels: [[b, c], [<pad>, <pad>]]",
    ),
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("size", SIZES)
def test_odd_sizes_are_answered(
    tfstep: Callable[..., Any], tmp_path: Path, size: str, command: tuple[str, ...]
) -> None:
    heads, mask, given = SIZES[size]
    file = tmp_path / "odd.yaml"
    file.write_text(DECODER.format(heads=heads, mask=mask, words=WORDS, input=given))
    done = tfstep(command[0], str(file), *command[1:])
    without_a_loss = "labels" not in given and command[0] in ("train", "generate")
    assert done.status == (2 if without_a_loss else 0), done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("given", ["target: []", "target: [[]]", 'target: ""', "target: [[a, b], []]"])
def test_an_empty_sentence_is_refused_with_its_place(tfstep: Callable[..., Any], tmp_path: Path, given: str) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text(DECODER.format(heads=1, mask="-1.0e9", words=WORDS, input=given))
    done = tfstep("run", str(file))
    assert done.status == 2
    assert f"{file}:3:" in done.err


def test_the_words_of_a_long_sentence_are_told_apart_once(
    tfstep: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, asked = tmp_path / "long.yaml", list[int]()
    sentence = " ".join("abc"[k % 3] for k in range(500))
    file.write_text(DECODER.format(heads=1, mask="-1.0e9", words=WORDS, input=f"target: {sentence}"))
    true = csv.along
    monkeypatch.setattr(csv, "along", lambda *given: (asked.append(1), true(*given))[1])
    done = tfstep("dump", str(file), "tgt.x", "--format", "csv")
    assert done.out.count("\n") == 1 + 500 * 4
    assert "tgt.x,0 499 3,0 b#167 3," in done.out
    assert len(asked) == 1
