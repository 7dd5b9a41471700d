"""``diagnose`` on the command line: the verdict, its JSON, the exit status."""

import numpy as np
import pytest

import tfstep as package

KEYS = ["agrees", "matched", "unmatched", "first", "causes"]


def rows(wrong=False):
    trace = package.trace(package.load("attention"))
    s = trace["attn.scores"].value
    a = np.exp(s if wrong else s / np.sqrt(2))
    a /= a.sum(-1, keepdims=True)
    return {"x": trace["x"].value, "s": s, "a": a, "out": a @ trace["attn.V"].value}


@pytest.mark.parametrize("wrong", [False, True])
def test_the_status_and_the_json_say_the_same(tfstep, tmp_path, wrong):
    file = tmp_path / "mine.npz"
    np.savez(file, **rows(wrong))
    done = tfstep("diagnose", "attention", str(file), "--json")
    assert done.status == int(wrong)
    assert list(done.json)[:5] == KEYS
    assert done.json["agrees"] is not wrong
    assert {match["name"]: match["path"] for match in done.json["matched"]}["s"] == "attn.scores"
    if wrong:
        assert done.json["first"]["path"] == "attn.scaled"
        assert done.json["first"]["inputs"] == ["s"]
        (cause,) = done.json["causes"]
        assert (cause["kind"], cause["path"], cause["explains"], cause["of"]) == ("scale", "attn.scaled", 2, 2)
    text = tfstep("diagnose", "attention", str(file))
    assert text.status == int(wrong)
    assert ("differs from attention, first at attn.scaled" if wrong else "agrees with attention") in text.out


@pytest.mark.parametrize("make", [lambda f: None, lambda f: f.write_bytes(b"PK"), lambda f: np.savez(f, a=np.eye(7))])
def test_nothing_to_compare_is_status_2_and_one_line(tfstep, tmp_path, make):
    file = tmp_path / "mine.npz"
    make(file)
    done = tfstep("diagnose", "attention", str(file))
    assert done.status == 2
    assert done.out == ""
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(("lang", "said"), [("en", "heads 2 (s)"), ("zh", "因果掩码（masked）")])
def test_a_scenario_is_proposed_from_a_recording_and_diagnoses_it(tfstep, tmp_path, lang, said):
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(5, 6)), dict(zip(("Wq", "Wk", "Wv", "Wo"), rng.normal(size=(4, 6, 6)), strict=True))
    q, k, v = ((x @ weights[name]).reshape(5, 2, 3).swapaxes(0, 1) for name in ("Wq", "Wk", "Wv"))
    masked = np.where(np.tril(np.ones((5, 5))) > 0, q @ k.swapaxes(1, 2), -np.inf)  # not scaled
    a = np.exp(masked) / np.exp(masked).sum(-1, keepdims=True)
    out = (a @ v).swapaxes(0, 1).reshape(5, 6) @ weights["Wo"]
    file, mine = tmp_path / "run.npz", tmp_path / "mine.yaml"
    np.savez(file, x=x, **weights, transformed=q, k=k, v=v, s=q @ k.swapaxes(1, 2), masked=masked, a=a, out=out)
    done = tfstep("new", str(file), "-o", str(mine), "--lang", lang)
    assert (done.status, done.out) == (0, "")
    assert said in done.err
    assert tfstep("validate", str(mine)).status == 0
    found = tfstep("diagnose", str(mine), str(file), "--json")
    assert found.status == 1
    assert [cause["kind"] for cause in found.json["causes"]] == ["scale"]


def test_what_no_scenario_can_be_proposed_from_is_one_line(tfstep, tmp_path):
    file = tmp_path / "run.npz"
    np.savez(file, x=np.eye(3), y=np.ones((3, 3)))
    done = tfstep("new", str(file))
    assert (done.status, done.out) == (2, "")
    assert "W_q, W_k, W_v" in done.err
    assert done.err.count("\n") == 1
