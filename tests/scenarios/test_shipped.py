"""Every scenario that ships, in every variant: it loads, it runs, its numbers are finite, its texts are whole."""

from __future__ import annotations

import re

import numpy as np
import pytest
from shipped_runs import run

import tfstep
from tfstep.scenario.file.catalog import shipped
from tfstep.scenario.scenario import validate

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PATH = re.compile(r"(?<![\w.])[a-z]\w*(?:\.\w+)+")
GAP = re.compile(r"[\u4e00-\u9fff] [\u4e00-\u9fff，。：；]")  # a space within Chinese prose, sentences of words apart
NUMBER = re.compile(r"(?<![\w./])\d+(?:\.\d+)?(?:e[−-]\d+)?")

# the syllabus
NAMES = {
    "neuron",
    "hill",
    "house-price",
    "backprop-by-hand",
    "similarity",
    "attention",
    "self-attention-plain",
    "self-attention",
    "scaling",
    "softmax",
    "multi-head",
    "wo-ai-ni",
    "rope",
    "padding",
    "residual",
    "layernorm-batchnorm",
    "ffn",
    "encoder",
    "causal-mask",
    "the-ball-is-blue",
    "steve-builds-a-house",
    "milk",
    "gpt",
    "two-heads",
    "decoder-layer",
    "half-precision",
}
NOT_FINITE = {
    ("padding", "all-pad-minus-inf"),
    ("padding", "all-pad-float16"),
}  # their point: a row of −inf alone is NaN
NO_LOSS = {("self-attention-plain", "outside-store")}

ALL = [(name, variant) for name in shipped() for variant in tfstep.load(name).variants]


def test_all_of_the_syllabus_ship() -> None:
    assert sorted(NAMES) == shipped()


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_it_runs(name: str, variant: str) -> None:
    trace = run(name, variant)
    finite = [bool(np.isfinite(trace.value(node.slot)).all()) for node in trace.plan.steps if node.phase != "update"]
    masked = [bool(np.isneginf(trace.value(n.slot)).any()) for n in trace.plan.steps if n.path.endswith(".masked")]
    if (name, variant) in NOT_FINITE:
        assert np.isnan(trace["enc0.attn.weights"].value).any()
    elif not any(masked):
        assert all(finite)
    else:
        assert all(np.isfinite(trace.value(n.slot)).all() for n in trace.plan.steps if not n.path.endswith(".masked"))
    assert ("loss" in trace.plan.paths) is ((name, variant) not in NO_LOSS)
    assert (len({node.phase for node in trace.plan.steps}) == 3) is ((name, variant) not in NO_LOSS)


@pytest.mark.parametrize("name", shipped())
def test_its_texts_are_in_both_languages(name: str) -> None:
    scenario = tfstep.load(name)
    for text in (scenario.title, scenario.about):
        en, zh = text.in_("en"), text.in_("zh")
        assert en != zh
        assert en
        assert zh
    assert CHINESE.search(scenario.about.in_("zh"))
    assert "  " not in scenario.about.in_("en")
    assert not GAP.search(re.sub(r"“[^”]*”|^\S+ \S+ \S+ →", "", scenario.about.in_("zh")))


@pytest.mark.parametrize("name", shipped())
def test_both_languages_tell_the_same(name: str) -> None:
    about = tfstep.load(name).about
    en, zh = about.in_("en"), about.in_("zh")
    decimals = [{n for n in NUMBER.findall(text) if "." in n} for text in (en, zh)]
    assert decimals[0] == decimals[1]
    assert set(PATH.findall(en)) == set(PATH.findall(zh))


@pytest.mark.parametrize("name", shipped())
def test_the_paths_in_its_text_exist(name: str) -> None:
    scenario = tfstep.load(name)
    known = {path for variant in scenario.variants for path in run(name, variant).plan.paths}
    for path in PATH.findall(scenario.about.in_("en")):
        assert path in known or path.startswith("input."), path


@pytest.mark.parametrize("name", shipped())
def test_the_variants_are_named_in_its_text(name: str) -> None:
    scenario = tfstep.load(name)
    made_of_others = {"all-pad-minus-inf", "minus-inf"}
    for language in ("en", "zh"):
        about = scenario.about.in_(language)
        missing = {v for v in scenario.variants if v != "base" and v not in about} - made_of_others
        assert name in ("wo-ai-ni", "padding") or not missing, missing


@pytest.mark.parametrize("name", shipped())
def test_no_mistakes_and_not_too_long(name: str) -> None:
    scenario = tfstep.load(name)
    assert scenario.path is not None
    assert validate(scenario.path, also=lambda each: each.program) == []
    lines = [line for line in scenario.source_text.splitlines() if not line.lstrip().startswith("- {source")]
    assert len(lines) < 200
