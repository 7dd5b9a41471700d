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
