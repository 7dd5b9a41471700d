"""The Python interface: what is mistaken there is a TfstepError too, never a traceback from inside."""

from collections.abc import Callable
from typing import Any

import pytest

import tfstep
from tfstep.faces.cli.main import main


@pytest.mark.parametrize("start", [tfstep.trace, tfstep.Session])
def test_a_name_where_a_scenario_is_needed_says_how_to_load_it(start: Callable[[Any], object]) -> None:
    with pytest.raises(tfstep.TfstepError, match=r"'wo-ai-ni' is no scenario; tfstep\.load"):
        start("wo-ai-ni")


@pytest.mark.parametrize("ask", [lambda t: t[3], lambda t: t.edit({3: 1}), lambda t: t["enc0.attn.weights[0,0,0,0]"]])
def test_what_is_no_path_is_no_tensor(ask: Callable[[tfstep.Trace], object]) -> None:
    with pytest.raises(tfstep.TfstepError, match="there is no tensor"):
        ask(tfstep.trace(tfstep.load("wo-ai-ni")))


def test_a_trace_is_a_mapping_by_path_and_what_is_not_there_is_a_key_error() -> None:
    both = tfstep.trace(tfstep.load("steve-builds-a-house"))
    assert "x" not in both, "it may be src.x and tgt.x"
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    assert "nope" not in trace
    assert "enc0.attn.weights" in trace
    paths = list(trace)
    assert len(paths) == len(trace) > 40
    assert all(path in trace for path in paths)
    with pytest.raises(KeyError) as error:
        trace["nope"]
    assert isinstance(error.value, tfstep.TfstepError)
    assert str(error.value) == "there is no tensor 'nope'; names begin with src, enc0, out, loss"


def test_what_is_printed_of_an_explanation_is_the_text_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    for cell in ("attn.weights[0,1]", "∂W_Q[0,0]", "loss"):
        assert main(("explain", "attention", cell, "--lang", "en")) == 0
        assert capsys.readouterr().out == f"{trace.explain(cell)}\n"


def test_a_scenario_says_what_it_is_in_one_line() -> None:
    for name in ("wo-ai-ni", "steve-builds-a-house", "padding"):
        said = repr(tfstep.load(name))
        assert said.startswith(f"<Scenario {name} · base: ")
        assert len(said) < 200
        assert "\n" not in said


def test_an_edit_has_the_shape_of_what_it_is_set_in_or_is_one_number() -> None:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    for wrong in ([[1]], [1, 2, 3, 4], [[1, 2, 3, 4]]):
        with pytest.raises(tfstep.TfstepError, match=r"has shape \(4, 4\); it cannot be set to something of shape"):
            trace.edit({"enc0.attn.W_Q": wrong})
        with pytest.raises(tfstep.TfstepError, match=r"has shape \(4, 4\); it cannot be set to something of shape"):
            tfstep.Session(tfstep.load("wo-ai-ni")).run(f"set enc0.attn.W_Q = {wrong}")
    assert (trace.edit({"enc0.attn.W_Q": 1})["enc0.attn.W_Q"].value == 1).all()
