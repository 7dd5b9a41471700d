"""``diagnose`` on the command line: the verdict, its JSON, the exit status."""

from pathlib import Path

import numpy as np
import pytest

import tfstep as package
from tfstep.text import set_language
from tfstep.view.report.diagnosis import diagnosis
from tfstep.view.text.spans import line_width, plain

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


@pytest.mark.parametrize(("lang", "said"), [("en", "heads 2 (s)"), ("zh", "因果掩码（由 masked 中被遮住的格推断）")])
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


def test_a_large_run_is_proposed_with_its_numbers_beside_it(tfstep, tmp_path):
    """What it read and its weights, by our paths: the scenario begins as the run did."""
    rng = np.random.default_rng(0)
    x, weights = (
        rng.normal(size=(20, 30)),
        dict(zip(("Wq", "Wk", "Wv", "Wo"), rng.normal(size=(4, 30, 30)), strict=True)),
    )
    q, k, v = (x @ weights[name] for name in ("Wq", "Wk", "Wv"))
    s = q @ k.T / np.sqrt(30)
    a = np.exp(s) / np.exp(s).sum(-1, keepdims=True)
    file, mine = tmp_path / "run.npz", tmp_path / "mine.yaml"
    np.savez(file, x=x, **weights, q=q, k=k, v=v, s=s, a=a, out=a @ v @ weights["Wo"])
    assert "too much to be printed (x 1×20×30)" in tfstep("new", str(file)).err
    assert tfstep("new", str(file), "-o", str(mine)).status == 0
    assert {each.name for each in tmp_path.iterdir()} == {"run.npz", "mine.yaml", "mine.input.npz", "mine.weights.npz"}
    shown = tfstep("dump", str(mine), "x", "attn.W_V", "attn.out", "--format", "json").json["tensors"]
    shown = {each["path"]: each for each in shown}
    for path, theirs in (("x", x), ("attn.W_V", weights["Wv"]), ("attn.out", a @ v @ weights["Wo"])):
        np.testing.assert_allclose(np.squeeze(shown[path]["value"]), theirs, rtol=1e-12, atol=1e-12)
    found = tfstep("diagnose", str(mine), str(file), "--json")
    assert (found.status, found.json["agrees"]) == (0, True)
    mine.unlink()
    assert "mine.input.npz is there already" in tfstep("new", str(file), "-o", str(mine)).err
    assert not mine.exists()


def test_what_no_scenario_can_be_proposed_from_is_one_line(tfstep, tmp_path):
    file = tmp_path / "run.npz"
    np.savez(file, x=np.eye(3), y=np.ones((3, 3)))
    done = tfstep("new", str(file))
    assert (done.status, done.out) == (2, "")
    assert "W_q, W_k, W_v" in done.err
    assert done.err.count("\n") == 1


def own_run(path, words=5, scale=8, heads=2):
    """A recording of an attention of two heads over words of width 8; ``scale`` 4 is right."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(words, 8)), rng.normal(size=(4, 8, 8)) / 3
    q, k, v = ((x @ each).reshape(words, heads, -1).swapaxes(0, 1) for each in w[:3])
    s = q @ k.swapaxes(1, 2) / np.sqrt(scale)
    p = np.exp(s) / np.exp(s).sum(-1, keepdims=True)
    out = (p @ v).swapaxes(0, 1).reshape(words, 8) @ w[3]
    np.savez(path, x=x, W_q=w[0], W_k=w[1], W_v=w[2], W_o=w[3], scores=q @ k.swapaxes(1, 2), scaled=s, p=p, out=out)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_recording_alone_is_held_against_the_scenario_proposed_from_it(tfstep, tmp_path, lang):
    file = tmp_path / "mine.npz"
    own_run(file)
    done = tfstep("diagnose", str(file), "--lang", lang)
    assert done.status == 1
    verdict, first, *_ = done.out.splitlines()
    assert (
        verdict
        == {
            "en": "differs from the proposed scenario, first at attn.scaled",
            "zh": "与推断出的场景不同，最先在 attn.scaled",
        }[lang]
    )
    assert first.startswith("  attn.scaled  scale  ")
    assert {"en": "no mask (guessed: p hides nothing)", "zh": "没有掩码（推断：p 没有遮住任何格）"}[lang] in done.out
    assert f"`tfstep new {file} -o mine.yaml`" in done.err
    assert tfstep("diagnose", str(file), "--json").json["causes"][0]["kind"] == "scale"


def test_a_causal_mask_is_said_to_be_guessed_from_the_zeros(tfstep, tmp_path):
    file = tmp_path / "mine.npz"
    own_run(file)
    kept = dict(np.load(file))
    kept["p"] = np.tril(kept["p"])
    np.savez(file, **kept)
    assert "causal mask (guessed from the zeros of p)" in tfstep("diagnose", str(file)).out
    mask = np.tril(np.ones((5, 5)))
    np.savez(file, mask=mask, **kept)
    assert "causal mask (mask)" in tfstep("diagnose", str(file)).out


def test_arguments_the_other_way_round_are_put_right_and_that_is_said(tfstep, tmp_path):
    file = tmp_path / "mine.npz"
    np.savez(file, **rows(wrong=True))
    done = tfstep("diagnose", str(file), "attention")
    assert (done.status, done.out) == (1, tfstep("diagnose", "attention", str(file)).out)
    assert (
        done.err == f"{file} is the recording and attention the scenario: taken as `tfstep diagnose attention {file}`\n"
    )
    both = tfstep("diagnose", str(file), str(file))
    assert (both.status, both.out) == (2, "")
    assert f"`tfstep diagnose {file}`" in both.err


def test_a_scenario_alone_is_told_how_to_record_a_run(tfstep, tmp_path):
    done = tfstep("diagnose", "attention")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert "tfstep.recording('mine.npz')" in done.err
    assert "`tfstep diagnose attention mine.npz`" in done.err
    own_run(tmp_path / "mine.npz")
    told = tfstep("diagnose", str(tmp_path / "mine.npz"), "--variant", "no-scale")
    assert (told.status, told.out) == (2, "")
    assert "SCENARIO" in told.err


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "theirs reads 5 words (p 2×5×5), the scenario 4"), ("zh", "对方读入 5 个词")]
)
def test_another_number_of_words_is_told_with_the_way_on(tfstep, tmp_path, lang, said):
    trace = package.trace(package.load("attention"))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    q, k = (x @ trace[f"attn.W_{name}"].value for name in "QK")
    p = np.exp(q @ k.T) / np.exp(q @ k.T).sum(-1, keepdims=True)
    np.savez(tmp_path / "mine.npz", x=x, q=q, k=k, scores=q @ k.T, p=np.stack([p, p]), vocab=np.full((5, 7), 1 / 7))
    done = tfstep("diagnose", "attention", str(tmp_path / "mine.npz"), "--lang", lang)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err
    assert "`tfstep new RECORDING -o mine.yaml`" in done.err
    assert "input.x" in done.err


DEBUGGED = Path(__file__).parents[2] / "compare" / "debugged"


def test_a_model_on_disk_reads_the_words_that_were_recorded_or_asks_for_them(tfstep, tmp_path):
    folder = DEBUGGED / "model"
    done = tfstep("diagnose", str(folder), str(DEBUGGED / "printed"))
    assert done.status == 0
    assert "no --text" not in done.err
    asked = tfstep("diagnose", str(folder), str(DEBUGGED / "files"))
    assert (asked.status, asked.out, asked.err.count("\n")) == (2, "", 1)
    assert "--ids 5,17,9" in asked.err
    assert tfstep("diagnose", str(folder), str(DEBUGGED / "files"), "--ids", "1,2,3").status == 0
    assert package.diagnose(folder, DEBUGGED / "printed").agrees


def test_a_scenario_without_a_title_is_headed_by_its_name(tfstep, tmp_path):
    own_run(tmp_path / "mine.npz")
    assert tfstep("new", str(tmp_path / "mine.npz"), "-o", str(tmp_path / "mine.yaml")).status == 0
    assert package.load(tmp_path / "mine.yaml").heading == "mine · base"
    assert package.load("attention", "no-scale").heading == "Attention, and how it is trained · attention · no-scale"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("cells", [40, 80])
def test_a_verdict_is_folded_between_words_and_goes_on_further_in(tmp_path, lang, cells):
    own_run(tmp_path / "mine.npz")
    found = package.diagnose(tmp_path / "mine.npz")
    set_language(lang)
    whole, lines = list(diagnosis(found)), list(diagnosis(found, cells))
    assert max(map(line_width, whole)) > 80
    assert max(map(line_width, lines)) <= cells
    texts = [plain(each) for each in lines]
    assert "".join(texts).replace(" ", "") == "".join(map(plain, whole)).replace(" ", "")
    fits = {plain(each) for each in whole}
    assert all(
        text.startswith("  ") for text in texts if text not in fits and not any(w.startswith(text) for w in fits)
    )
