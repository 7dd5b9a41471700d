"""What every command gives is shown, in both languages, in plain lines that fit."""

from pathlib import Path

import pytest

import tfstep
from tfstep.commands.language.session import Session
from tfstep.session import results
from tfstep.text import set_language
from tfstep.view.result.lines import text

LINES = [
    *(
        "n",
        "goto enc0.attn.weights",
        "s",
        "where",
        "list",
        "s 4",
        "list",
        "where",
        "info steps",
        "info params",
        "info variants",
    ),
    *("show", "show enc0.attn.weights[0,0,'我']", "print loss", "print enc0.attn.W_Q", "print loss > 1", "explain"),
    *("why", "names enc0.attn.W_Q", "break *.weights", "watch loss", "goto start", "c", "c", "info breakpoints"),
    *("set enc0.attn.W_Q[0,0] = 2", "set enc0.attn.weights[0,0,0] = [1,0,0]", "release", "undo", "redo", "reset"),
    *(
        "train 4",
        "plot",
        "plot out.probs",
        "rewind",
        "diff swapped",
        "variant swapped",
        "sweep out.b[0] 0 1 5",
        "check",
    ),
    *("landscape out.b[0] out.b[1]", "checkpoint a", "display loss", "help", "help set", "history", "expect loss > 0"),
]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_result_is_shown(language: str, tmp_path: Path) -> None:
    set_language(language)
    session = Session(tfstep.load("wo-ai-ni"))
    with tfstep.recording(tmp_path / "mine.npz") as r:
        r.x, r.scores = session.trace["src.x"].value, 2 * session.trace["enc0.attn.scores"].value
    kinds = set()
    for line in [*LINES, f"diagnose {tmp_path / 'mine.npz'}"]:
        result = session.run(line)
        kinds.add(type(result))
        shown = text(result, session.trace)
        assert shown, line
        assert "\x1b" not in shown
        assert "{" not in shown.replace("{name}", ""), line
    speaking = Session(tfstep.load("causal-mask"))
    for line in ("generate 2", "generate 2 beams 2"):
        result = speaking.run(line)
        kinds.add(type(result))
        assert text(result, speaking.trace), line
    named = {each for each in vars(results).values() if isinstance(each, type) and issubclass(each, results.Result)}
    silent = {results.Result, results.Nothing, results.Quit, results.Ran}
    assert named - silent == kinds - silent


def test_a_very_large_tensor_is_summed_up() -> None:
    session = Session(tfstep.load("wo-ai-ni"))
    shown = text(session.run("print ones(1000, 1000)"), session.trace)
    assert len(shown) < 300
    assert "mean 1" in shown


def test_an_empty_tensor_is_told() -> None:
    session = Session(tfstep.load("wo-ai-ni"))
    assert "no numbers" in text(session.run("print enc0.attn.W_Q[0:0]"), session.trace)


def test_a_few_whole_numbers_stand_in_one_line() -> None:
    session = Session(tfstep.load("wo-ai-ni"))
    assert text(session.run("print enc0.attn.W_Q.shape"), session.trace) == "$1 = [4, 4]"


def test_one_step_that_follows_is_no_steps() -> None:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    assert text(results.Changed(("set",), downstream=1), trace).splitlines()[-1].startswith("one step follows from it")
    assert text(results.Changed(("set",), downstream=2), trace).splitlines()[-1].startswith("2 steps follow from it")
