"""``explain``: what is printed is enough to compute the number again."""

import math

import numpy as np
import pytest

import tfstep
from tfstep.engine.op import CATALOGUE

CELLS = [
    ("wo-ai-ni", "enc0.attn.scores[0,0,1,2]"),
    ("wo-ai-ni", "enc0.attn.weights[0,0,1,2]"),
    ("wo-ai-ni", "enc0.attn.W_Q.grad[0,0]"),
    ("wo-ai-ni", "src.E.grad[1,0]"),
    ("wo-ai-ni", "loss"),
    ("wo-ai-ni", "enc0.norm1[0,0,1]"),
    ("wo-ai-ni", "enc0.norm1.grad[0,0,1]"),
    ("wo-ai-ni", "out.logits.grad[0,0,1]"),
    ("wo-ai-ni", "enc0.attn.W_Q.new[0,0]"),
    ("wo-ai-ni", "enc0.attn.weights/exp[0,0,1,2]"),
    ("padding", "enc0.attn.weights[0,0,0,7]"),
    ("padding", "enc0.attn.masked[0,0,0,7]"),
]


def number(said):
    return float(said)


def recomputed(said):
    """The total out of the printed factors alone, and the sum of the terms' sizes; nested ones are checked too."""
    terms = []
    for term in said["terms"]:
        product = 1.0
        for factor in term["factors"]:
            product *= number(factor["value"]) ** factor["power"]
            if factor["why"] is not None:
                assert factor["why"]["cell"] == factor["cell"]
                assert factor["why"]["value"] == factor["value"]
                holds(factor["why"])
        value = CATALOGUE.functions[term["fn"]](product) if "fn" in term else product
        assert value == pytest.approx(number(term["value"]), rel=1e-15, abs=0)
        terms.append(value)
    return math.fsum(terms), sum(map(abs, terms))


def holds(said):
    if said["rule"] == "leaf":
        assert said["terms"] == []
        return
    total, size = recomputed(said)
    assert abs(total - number(said["value"])) <= 1e-12 * size
    assert abs(number(said["total"]) - total) <= 1e-15 * size
    assert number(said["residual"]) == number(said["total"]) - number(said["value"])


@pytest.mark.parametrize(("scenario", "cell"), CELLS)
@pytest.mark.parametrize("depth", ["1", "4"])
def test_the_total_follows_from_what_is_printed(tfstep, scenario, cell, depth):
    said = tfstep("explain", scenario, cell, "--json", "--depth", depth).json
    assert said["cell"] == cell
    holds(said)
    inner = [factor["why"] for term in said["terms"] for factor in term["factors"] if factor["cell"]]
    assert inner or "masked[" in cell
    assert all((why is None) == (depth == "1") for why in inner)


def test_the_value_is_what_was_recorded(tfstep):
    trace = tfstep_trace("wo-ai-ni")
    said = tfstep("explain", "wo-ai-ni", "enc0.attn.scores[0,0,1,2]", "--json").json
    assert said["value"] == trace["enc0.attn.scores"].value[0, 0, 1, 2]
    assert [[f["cell"] for f in term["factors"]] for term in said["terms"]] == [
        [f"enc0.attn.Q[0,0,1,{k}]", f"enc0.attn.K[0,0,2,{k}]"] for k in range(4)
    ]
    assert all("fn" not in term for term in said["terms"])


def tfstep_trace(name):
    return tfstep.trace(tfstep.load(name))


@pytest.mark.parametrize("cell", ["enc0.attn.W_Q[0,0]", "src.pos[1,2]", "src.tokens[0,1]"])
def test_what_is_given_is_a_leaf(tfstep, cell):
    said = tfstep("explain", "wo-ai-ni", cell, "--json").json
    assert (said["rule"], said["terms"]) == ("leaf", [])
    assert "given" in tfstep("explain", "wo-ai-ni", cell).out


@pytest.mark.parametrize(
    ("words", "cell"),
    [
        ("enc0.attn.scores[0,0,我,爱]", "enc0.attn.scores[0,0,0,1]"),
        ("enc0.attn.scores[0, 0, '我', \"爱\"]", "enc0.attn.scores[0,0,0,1]"),
        ("enc0.attn.scores[0,0,-1,爱]", "enc0.attn.scores[0,0,2,1]"),
        ("src.E[你,0]", "src.E[3,0]"),
    ],
)
def test_an_index_may_be_a_word(tfstep, words, cell):
    said = tfstep("explain", "wo-ai-ni", words, "--json").json
    assert said["value"] == tfstep("explain", "wo-ai-ni", cell, "--json").json["value"]


def test_a_later_occurrence_of_a_word_has_a_number(tfstep):
    said = tfstep("explain", "padding", "enc0.attn.weights[0,0,今天,<pad>#2]", "--json").json
    assert said["cell"] == "enc0.attn.weights[0,0,0,5]"


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("enc0.attn.scores[0,0,1]", "4 axes"),
        ("enc0.attn.scores[0,0,1,9]", "key"),
        ("enc0.attn.scores[0,0,1,它]", "我 爱 你"),
        ("enc0.attn.scores[0,0,1,2", "not closed"),
        ("enc0.attn.scores", "4 axes"),
        ("enc0.attn.score[0,0,1,2]", "enc0.attn.scores"),
        ("enc0.attn.scores[0,0,1,1e0]", "1e0"),
        ("loss[0]", "one number: it takes no indices"),
    ],
)
def test_a_cell_that_is_not_there(tfstep, cell, hint):
    done = tfstep("explain", "wo-ai-ni", cell)
    assert (done.status, done.out) == (2, "")
    assert hint in done.err


@pytest.mark.parametrize("cell", ["enc0.attn.masked[0,0,0,7]", "enc0.attn.weights[0,0,0,7]"])
def test_a_masked_cell_says_its_reason(tfstep, cell):
    assert "padding" in tfstep("explain", "padding", cell, "--json").json["note"]
    assert "padding" in tfstep("explain", "padding", cell).out
    assert "填充" in tfstep("explain", "padding", cell, "--lang", "zh").out
    visible = cell.replace("7]", "1]")
    assert "note" not in tfstep("explain", "padding", visible, "--json").json


def test_the_text_has_words_numbers_and_the_difference(tfstep):
    out = tfstep("explain", "wo-ai-ni", "enc0.attn.scores[0,0,0,1]", "--depth", "3").out
    lines = out.splitlines()
    assert lines[0].startswith("enc0.attn.scores[我,爱] = ")
    assert "Q[我,0] · K[爱,0]" in lines[1]
    value = float(np.asarray(tfstep_trace("wo-ai-ni")["enc0.attn.scores"].value)[0, 0, 0, 1])
    assert repr(value) in out
    assert "difference" in out
    assert sum("enc0.attn.K[爱,0] = " in line for line in lines) == 1, "each cell is explained once"


def test_a_long_sum_is_folded(tfstep, tmp_path):
    file = tmp_path / "wide.yaml"
    file.write_text("tfstep: 1\nmodel: {kind: mlp, sizes: [40, 1]}\ninput: {x: [" + ", ".join(["1"] * 40) + "]}\n")
    done = tfstep("explain", str(file), "layer0.a[0,0]")
    assert "28" in done.out or "29" in done.out, done.err
    assert "smaller terms" in done.out


def test_too_deep_is_refused_before_it_takes_long(tfstep):
    done = tfstep("explain", "wo-ai-ni", "enc0.attn.W_Q.new[0,0]", "--depth", "99", "--json")
    assert (done.status, done.out) == (2, "")
    assert "--depth" in done.err
