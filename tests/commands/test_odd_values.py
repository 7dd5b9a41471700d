"""Every command and every function, given numbers that nobody would give them."""

import itertools
import warnings

import numpy as np
import pytest

import tfstep
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.expr import functions
from tfstep.scenario.scenario import load_text
from tfstep.view.result.lines import text

ODD = [
    *("[]", "[[[]]]", "zeros([0,3])", "0", "[5]", "[[-1]]", "nan", "[nan]", "inf", "[-inf, inf]", "[nan, inf, 1]"),
    *("1e300", "-1e308", "[1e308, -1e308]", "1e-320", "zeros([2,2,2,2,2])", "zeros([2,2,2,2,2]) / 0", "1 > 0"),
    *("[1 > 0, 0 > 1]", "loss", "loss.grad", "loss[...]", "9" * 400, "'我'"),
]
LINES = [
    *("print {}", "plot {}", "plot {} now", "display {}", "expect {}", "watch {}", "break * if {}", "train {}"),
    *("sweep {cell} {} 3", "sweep {cell} -3 {} 4", "sweep {cell} {} {} 3", "landscape {cell} {other} {}"),
    *("set {cell} = {}", "set {row} = {}", "generate {}", "history {}", "undisplay {}", "delete {}", "rewind {}"),
    *("info {}", "goto {}", "until {}", "show {}", "names {}", "explain {}", "why {}", "model d_model {}"),
    *("tokens source {}", "release {}", "variant {}", "diff {}", "baseline {}", "check {}", "step {}", "finish {}"),
    *("model eps {}", "model heads {}", "model lr {}", "enable {}", "code {}", "set $x = {}", "recover {}", "help {}"),
]
PLACES = {
    "wo-ai-ni": ("enc0.attn.W_Q[0,0]", "enc0.attn.W_K[0,0]", "enc0.attn.b_Q"),
    "hill": ("x", "y", "x"),
}


def answered(session: Session, line: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused = None
        try:
            text(session.run(line), session.trace)
        except TfstepError as error:
            refused = error.message
    assert refused is None or (refused.in_("en") and refused.in_("zh"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wo-ai-ni", "hill"])
@pytest.mark.parametrize("template", LINES)
def test_every_command_answers_or_refuses(name: str, template: str) -> None:
    cell, other, row = PLACES[name]
    session = Session(tfstep.load(name))
    for odd in ODD if name == "hill" else ODD[::2]:
        line = template.replace("{cell}", cell).replace("{other}", other).replace("{row}", row).replace("{}", odd)
        answered(session, line)
        if session.journal.at:
            session.run("reset")


@pytest.mark.slow
@pytest.mark.parametrize("function", sorted(functions()))
def test_every_function_answers_or_refuses(function: str) -> None:
    session = Session(tfstep.load("wo-ai-ni"))
    few = [odd for odd in ODD if len(odd) < 40]
    for arguments in [*((odd,) for odd in few), *itertools.product(few[::3], few[1::4])]:
        answered(session, f"print {function}({', '.join(arguments)})")


@pytest.mark.slow
@pytest.mark.parametrize("line", ["generate 2", "train 2", "check", "why loss", "plot", "diff", "sweep {} 0 1 3"])
@pytest.mark.parametrize("value", ["nan", "inf", "1e300", "0"])
def test_a_model_of_odd_numbers_answers_or_refuses(value: str, line: str) -> None:
    session = Session(tfstep.load("steve-builds-a-house"))
    cell = next(path for path in session.trace if path.endswith(".W_Q"))
    session.run(f"set {cell} = {value}")
    answered(session, line.format(f"{cell}[0,0]"))


def test_a_question_about_the_answer_to_another() -> None:
    session = tfstep.Session(tfstep.load("hill"))
    for line in ("print saturated(dead(1))", "print dead(has_nan(nan))", "print has_inf(dead(nan))"):
        assert "=" in text(session.run(line), session.trace)


def test_numbers_too_large_for_float32_are_infinities_without_a_warning() -> None:
    mlp = "model: {kind: mlp, sizes: [1, 1], dtype: float32}\ninput: {x: [[1e300]]}\nloss: {kind: mse, target: 1e300}\n"
    assert np.isinf(tfstep.trace(load_text(mlp))["x"].value).all()
