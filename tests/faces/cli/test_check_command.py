"""``check``: what it says as JSON and as text."""

import pytest

from tfstep.engine.op import CATALOGUE

KEYS = ["max_error", "worst", "checked", "skipped"]


@pytest.mark.parametrize("variant", ["base", "mask-off", "all-pad-minus-inf"])
def test_json(tfstep, variant):
    done = tfstep("check", "padding", "--variant", variant, "--json")
    said = done.json
    assert done.status == 0
    assert list(said) == ["ok", "gradient", "invariants"]
    assert said["ok"] is True
    assert list(said["gradient"]) == KEYS
    assert said["gradient"]["checked"] > 100
    assert 0 < said["gradient"]["max_error"] < 1e-6
    assert all(list(each) == ["name", "holds", "detail"] for each in said["invariants"])
    held = {each["name"]: each["holds"] for each in said["invariants"]}
    assert held["padding changes nothing that is not padding"] is (None if variant == "mask-off" else True)
    assert held["gradients are finite"] is (None if variant == "all-pad-minus-inf" else True)


def test_what_does_not_apply_says_why(tfstep):
    said = tfstep("check", "wo-ai-ni", "--json").json["invariants"]
    reasons = {each["name"]: each["detail"] for each in said if each["holds"] is None}
    assert "sinusoidal" in reasons["without positions, outputs follow their words"]
    assert "decoder" in reasons["no output depends on later words"]


def test_a_failure_ends_with_1(tfstep, monkeypatch):
    concat = type(CATALOGUE.ops["concat_heads"])
    right = concat.vjp_x
    monkeypatch.setattr(concat, "vjp_x", lambda *arguments, **attributes: 2 * right(*arguments, **attributes))
    done = tfstep("check", "wo-ai-ni", "--json")
    assert (done.status, done.json["ok"]) == (1, False)
    assert done.json["gradient"]["max_error"] > 1e-3
    assert "✗" in tfstep("check", "wo-ai-ni").out


def test_names_are_the_same_in_every_language(tfstep):
    english = tfstep("check", "wo-ai-ni", "--json").json["invariants"]
    chinese = tfstep("check", "wo-ai-ni", "--json", "--lang", "zh").json["invariants"]
    assert [each["name"] for each in english] == [each["name"] for each in chinese]
    assert "梯度与有限差分一致" in tfstep("check", "wo-ai-ni", "--lang", "zh").out


def test_without_a_loss_there_is_no_gradient(tfstep, tmp_path):
    file = tmp_path / "free.yaml"
    file.write_text("tfstep: 1\nmodel: {kind: mlp, sizes: [2, 1]}\ninput: {x: [[1, 2]]}\nloss: {kind: none}\n")
    said = tfstep("check", str(file), "--json").json
    assert said["gradient"] == {"max_error": None, "worst": None, "checked": 0, "skipped": 0}
    assert said["ok"] is True
