"""Comparing two runs: pairing by position and by word, tolerance, and figures of odd numbers."""

import math
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.scenario.scenario import load_text
from tfstep.session.study.compare import Align, compare

TEXT = """
tfstep: 1
model: {{kind: encoder, d_model: 4, d_ff: 4, positional: none}}
vocab: [<pad>, a, b, c]
input: {{source: {source}}}
"""


def run(source):
    return tfstep.trace(load_text(TEXT.format(source=source)))


def by_path(found):
    return {each.path: each for each in found.steps}


def test_a_nan_of_one_run_alone_is_told_with_its_place():
    from tfstep.view.report.comparison import comparison
    from tfstep.view.text.spans import plain

    one = run("a b c")
    found = compare(one, one.edit({"enc0.attn.scores": one["enc0.attn.scores"].value * [[[[1], [math.nan], [1]]]]}))
    text = "\n".join(plain(line) for line in comparison(found, ("a", "b")))
    assert "one of them is NaN from enc0.attn.scores[0,0,1,0] on" in text
    assert "inf" not in text


def test_words_are_paired_wherever_they_stand():
    found = compare(run("a b c"), run("c a b"), Align.TOKEN)
    assert found.equal
    assert not compare(run("a b c"), run("c a b")).equal


def test_repeated_words_are_paired_in_order():
    one, other = run("a b a"), run("a a b")
    found = by_path(compare(one, other, Align.TOKEN))["src.embed"]
    assert found.equal
    assert found.shared is None
    edited = other.edit({"src.x[0,1,:]": 9.0})
    step = by_path(compare(one, edited, Align.TOKEN))["src.x"]
    expected = np.abs(one["src.x"].value[0, 2] - 9.0).max()
    assert step.max_abs == expected, "the second a stands third in one run, second in the other"


def test_only_common_words_are_compared():
    step = by_path(compare(run("a b"), run("b c c"), Align.TOKEN))["src.embed"]
    assert step.equal
    assert step.shared == (4, 12)


def test_no_common_word_cannot_be_compared():
    step = by_path(compare(run("a"), run("b"), Align.TOKEN))["src.embed"]
    assert (step.equal, step.max_abs, step.cosine) == (None, None, None)
    assert not compare(run("[[a], [b]]"), run("c"), Align.TOKEN).equal, "nothing was compared"


def test_sentences_of_a_batch_are_paired_one_by_one():
    one, other = run("[[a, b], [b, c]]"), run("[[b, a], [c, b]]")
    found = compare(one, other, Align.TOKEN)
    assert by_path(found)["enc0.attn.weights"].equal
    assert by_path(found)["src.embed"].max_abs == 0


def test_zero_tolerance_asks_for_bits():
    one = run("a b c")
    value = one["enc0.attn.W_Q"].value
    near = one.edit({"enc0.attn.W_Q": value * (1 + 1e-15)})
    assert compare(one, near).equal
    assert not compare(one, near, tolerance=0).equal
    step = next(each for each in compare(one, near, tolerance=0).steps if not each.equal)
    assert step.rounding
    assert compare(one, run("a b c"), tolerance=0).equal


def test_the_first_difference_is_the_earliest_step():
    one = run("a b c")
    found = compare(one, one.edit({"enc0.ffn.W_1[0,0]": 3.0}))
    assert found.first.path == "enc0.ffn.hidden"
    assert [leaf.path for leaf in found.leaves if not leaf.equal] == ["enc0.ffn.W_1"]


@pytest.mark.parametrize(
    ("a", "b", "moved", "cosine"),
    [
        (math.inf, math.inf, 0.0, None),
        (math.nan, math.nan, 0.0, None),
        (math.inf, -math.inf, math.inf, None),
        (math.nan, 1.0, math.nan, None),
        (0.0, 0.0, 0.0, 1.0),
        (0.0, 2.0, 2.0, 0.0),
        (1.0, -1.0, 2.0, -1.0),
        (1e300, 1e300, 0.0, 1.0),
    ],
)
def test_odd_numbers(a, b, moved, cosine):
    one = run("a")
    pair = compare(one.edit({"enc0.attn.scores": a}), one.edit({"enc0.attn.scores": b}))
    step = by_path(pair)["enc0.attn.scores"]
    assert step.max_abs == moved or (math.isnan(moved) and math.isnan(step.max_abs))
    assert step.lost == ((0, 0, 0, 0) if math.isnan(moved) else None)
    assert step.equal is (moved == 0)
    assert step.cosine == cosine
    assert step.equal == (moved == 0)


def test_a_masked_cell_hides_no_other():
    trace = tfstep.trace(tfstep.load("padding"))
    edited = trace.edit({"enc0.attn.scaled[0,0,0,0]": trace["enc0.attn.scaled"].value[0, 0, 0, 0] + 1e-3})
    found = by_path(compare(trace, edited))
    assert not found["enc0.attn.masked"].equal
    assert found["enc0.attn.masked"].relative > 1e-4


def test_the_rounding_of_float32_is_no_difference():
    scenario = tfstep.load("encoder")
    single = scenario.with_changes({"model": {"dtype": "float32"}})
    one, other = tfstep.trace(scenario), tfstep.trace(single)
    found = by_path(compare(one, other))
    assert found["enc0.norm2"].max_abs > 0
    assert compare(one, other).equal
    assert not compare(one, other, tolerance=1e-9).equal
    edited = other.edit({"enc0.attn.W_Q[0,0]": 3.0})
    assert not compare(one, edited).equal


def decoder(target):
    text = "model: {kind: decoder, d_model: 4, positional: rope, head: true}\nvocab: [<pad>, a, b, c]\n"
    return tfstep.trace(load_text(f"{text}input: {{target: {target}}}\n"))


def test_pads_have_no_part_where_words_are_paired():
    left, right = decoder("[[<pad>, <pad>, a, b, c]]"), decoder("[[a, b, c, <pad>, <pad>]]")
    found = compare(left, right, Align.TOKEN)
    assert found.pads == (2, 2)
    steps = by_path(found)
    rotated = {path for path, step in steps.items() if not step.equal}
    assert rotated == {"dec0.attn.Q_rot", "dec0.attn.K_rot"}, "which stand two places further; only distances matter"
    logits = steps["out.logits"]
    assert logits.shared is None
    assert logits.max_abs == pytest.approx(0, abs=1e-13)
    assert not compare(left, right).equal, "by position they differ"
    assert steps["dec0.attn.weights"].equal


def test_a_padded_batch_beside_one_of_its_sentences():
    batch, alone = decoder("[[a, b, c, a], [b, c, <pad>, <pad>]]"), decoder("[[b, c]]")
    for one, other in ((batch, alone), (alone, batch)):
        found = compare(one, other, Align.TOKEN)
        assert found.equal
        assert all(step.equal for step in found.steps)
        assert by_path(found)["out.logits"].max_abs < 1e-13
    edited = alone.edit({"dec0.attn.Q[0,0,1,0]": 5.0})
    expected = np.abs(batch["dec0.attn.Q"].value[1, 0, 1] - edited["dec0.attn.Q"].value[0, 0, 1]).max()
    assert by_path(compare(batch, edited, Align.TOKEN))["dec0.attn.Q"].max_abs == expected


def test_shapes_that_differ_are_a_difference():
    found = compare(run("a b"), run("a b c"))
    assert found.first.path == "src.embed"
    assert found.first.shapes == ((1, 2, 4), (1, 3, 4))


def test_a_recording_is_a_baseline_and_an_other(tmp_path: Path) -> None:
    session = tfstep.Session(tfstep.load("attention"))
    kept = {
        f"mine {k}": session.trace[path].value for k, path in enumerate(("attn.Q", "attn.K", "attn.V", "attn.scores"))
    }
    np.savez(tmp_path / "right.npz", **kept)
    np.savez(tmp_path / "wrong.npz", **kept, p=session.trace["attn.weights"].value ** 2)
    assert session.run(f"diff {tmp_path / 'right.npz'}").comparison.equal
    session.run(f"baseline {tmp_path / 'wrong.npz'}")
    assert session.run("diff").comparison.first.path == "attn.weights"
    session.run("baseline clear")
    assert session.run("diff").comparison.equal


def test_a_folder_of_npy_is_a_baseline(tmp_path: Path) -> None:
    session = tfstep.Session(tfstep.load("attention"))
    for name, path in (("0_q", "attn.Q"), ("1_k", "attn.K"), ("2_s", "attn.scores")):
        np.save(tmp_path / f"{name}.npy", session.trace[path].value)
    np.save(tmp_path / "3_p.npy", session.trace["attn.weights"].value ** 2)
    session.run(f"baseline {tmp_path}")
    assert session.run("diff").comparison.first.path == "attn.weights"


@pytest.mark.parametrize("tolerance", [None, 0.0, 1e-3])
@pytest.mark.parametrize("odd", [None, math.nan, math.inf, -math.inf, -1e9, -1e30])
def test_a_part_at_a_time_is_as_all_at_once(odd, tolerance, monkeypatch):
    one = run("a b c")
    scores = np.array(one["enc0.attn.scores"].value)
    if odd is not None:
        scores[..., 1, 2] = odd
    one, other = (one.edit({"enc0.attn.scores": scores + k * 1e-4}) for k in (0, 1))
    whole = compare(one, other, tolerance=tolerance)
    monkeypatch.setattr("tfstep.session.study.compare.PART", 2)
    for here, there in zip(whole.steps, compare(one, other, tolerance=tolerance).steps, strict=True):
        for name in here.__struct_fields__:
            a, b = getattr(here, name), getattr(there, name)
            assert a == b or a == pytest.approx(b, rel=1e-12, nan_ok=True), (here.path, name)


def test_what_an_edit_has_not_reached_is_equal_whatever_it_holds():
    one = run("a b c").edit({"src.x[0,1,2]": math.nan})
    found = by_path(compare(one, one.edit({"enc0.ffn.W_2[0,0]": 2.0})))["src.x"]
    assert found == by_path(compare(one, run("a b c").edit({"src.x[0,1,2]": math.nan})))["src.x"]
    assert (found.equal, found.max_abs, found.cosine) == (True, 0.0, None)
