"""Control characters in a scenario's title, words and names never reach a terminal, a picture or a page."""

import json
import unicodedata
from pathlib import Path

import pytest

import tfstep as api

SCENARIO = r"""
title: "A \e]0;owned\a\e[31mred\u202Eflip\u200B\u0085x"
about: "B \e[2J\u009b31m\u2028"
model: {kind: encoder, layers: 1, d_model: 4, heads: 2, d_ff: 8}
vocab: ["<pad>", "a\e[5m", "b\u202e", "c\x7f"]
input: {source: ["a\e[5m", "b\u202e", "c\x7f"]}
loss: {kind: sum}
"""
COMMANDS = [
    *(f"dump F src.* enc0.attn.weights --grad --format {form}" for form in ("table", "json", "csv", "markdown")),
    *(f"dump F src.* enc0.attn.weights --grad --format {form}" for form in ("latex", "svg", "html")),
    *("steps F", "steps F --json", "explain F enc0.attn.weights[0,0,0,1] --depth 2", "check F", "train F --steps 2"),
    *("explain F enc0.attn.weights[0,0,0,1] --json", "worksheet F --key", "worksheet F --format html", "code F"),
    *("code F enc0.attn.weights", "validate F", "diff F wo-ai-ni --align token", "page F -o p.html"),
    "repl F --batch -c list -c where -c |plot.enc0.attn.weights.now| -c |show.src.tokens| -c |set.src.E.=.0|",
]


def control(text: str) -> list[str]:
    """The characters that steer a terminal or turn the order of a text."""
    return [hex(ord(c)) for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c not in "\n\t"]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_lets_them_through(tfstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "F").write_text(SCENARIO)
    done = tfstep(*(word.strip("|").replace(".", " ") if "|" in word else word for word in command.split()))
    assert done.out or done.status == 0
    assert control(done.out + done.err) == []
    for file in tmp_path.glob("*.html"):
        assert control(file.read_text("utf-8")) == []


def test_in_python_and_in_json_words_stay_what_they_are(tfstep, tmp_path: Path) -> None:
    (tmp_path / "F").write_text(SCENARIO)
    trace = api.trace(api.load(tmp_path / "F"))
    words = ["a\x1b[5m", "b\u202e", "c\x7f"]
    assert trace["enc0.attn.weights"].labels["key"] == [words]
    said = json.loads(tfstep("dump", str(tmp_path / "F"), "enc0.attn.weights", "--format", "json").out)
    assert said["tensors"][0]["labels"]["key"] == [words]
    assert control(repr(trace)) == control(str(trace["enc0.attn.weights"])) == []
    assert control(trace._repr_html_()) == control(trace["enc0.attn.weights"]._repr_html_()) == []


@pytest.mark.parametrize("name", ["a\x1b[31m.yaml", "b\u202e.yaml"])
def test_nor_the_name_of_a_file(tfstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert control(tfstep("dump", name).err) == []
    (tmp_path / name).write_text("{model: 7}")
    assert control(tfstep("validate", name).err) == []
    (tmp_path / name).write_text(SCENARIO)
    assert control("".join((done := tfstep("dump", name, "src.x")).out + done.err)) == []
