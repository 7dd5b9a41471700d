"""The scenarios that ship, and how a name becomes a file."""

from pathlib import Path

import numpy as np
import pytest

from tfstep.errors import ScenarioError
from tfstep.scenario.file import catalog
from tfstep.scenario.scenario import load


@pytest.mark.parametrize("name", catalog.shipped())
def test_every_scenario_that_ships_is_right_and_bilingual(name: str) -> None:
    scenario = load(name)
    for text in (scenario.title, scenario.about):
        assert text.in_("en") != text.in_("zh")
        assert text.in_("zh").strip()
    summary = catalog.summary(catalog.find(name))
    assert (summary.name, summary.kind, summary.variants) == (name, scenario.model.kind, scenario.variants)
    assert [summary.title.in_(it) for it in ("en", "zh")] == [scenario.title.in_(it) for it in ("en", "zh")]
    for variant in scenario.variants:
        assert scenario.with_variant(variant).variant == variant


def test_a_name_that_is_neither_a_file_nor_ships_brings_the_nearest() -> None:
    with pytest.raises(ScenarioError, match=r"^no scenario 'wo-ai-nii'.*did you mean wo-ai-ni\?"):
        load("wo-ai-nii")
    for name in ("", "x\0y", "a" * 5000, "wo-ai-nii.yaml"):
        with pytest.raises(ScenarioError):
            load(name)


def test_a_path_is_a_file_and_a_bare_name_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wo-ai-ni").write_text("tfstep: 1\n")
    assert load("wo-ai-ni").name == "wo-ai-ni"
    with pytest.raises(ScenarioError, match=r"^wo-ai-ni:1:1: no model"):
        load("./wo-ai-ni")


def test_the_layout_of_a_list_is_not_mistaken(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "# a comment\ntfstep: 1\ntitle:\n  en: A\n  zh: 甲\nmodel:\n  # kind: mlp\n  kind: decoder   # reads tgt\n"
        "  layers: 1\nvocab: [a]\nvariants:\n  # none\n  one: {model: {heads: 2}}\n  two:\n    model: {heads: 4}\n\n"
        "  'three': [one, two]\n  四: {input: {target: 'a: b'}}\n"
    )
    summary = catalog.summary(path)
    assert (summary.kind, summary.variants) == ("decoder", ("base", "one", "two", "three", "四"))
    assert summary.title.in_("zh") == "甲"


def test_word_order_shows_what_it_says() -> None:
    third = {}
    for variant in ("base", "swapped", "no-position", "swapped-no-position"):
        third[variant] = load("wo-ai-ni", variant).program.trace()["enc0.attn.heads"].value[0, 0, 1, 2]
    assert round(float(third["base"]), 3) == 0.105
    assert round(float(third["swapped"]), 3) == -0.084
    assert abs(third["no-position"]) < 1e-15
    assert abs(third["swapped-no-position"]) < 1e-15


def test_padding_shows_what_it_says() -> None:
    weights = {
        variant: load("padding", variant).program.trace()["enc0.attn.weights"].value
        for variant in ("base", "mask-off", "minus-inf", "all-pad", "all-pad-minus-inf")
    }
    assert round(float(weights["base"][0, 0, 0, 0]), 2) == 0.53
    assert round(float(weights["mask-off"][0, 0, 0, 0]), 2) == 0.41
    assert (weights["base"][0, 0, :, 4:] == 0).all()
    assert (weights["minus-inf"] == weights["base"]).all()
    assert np.allclose(weights["all-pad"][2, 0], 1 / 8)
    assert np.isnan(weights["all-pad-minus-inf"][2]).all()
