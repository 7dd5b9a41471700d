"""Where there is NaN, no comparison says that all is well."""

from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.errors import TfstepError
from tfstep.faces.cli.main import main
from tfstep.scenario.scenario import load_text
from tfstep.session.study.checks import check

COMPARISONS = {
    "softmax rows sum to 1",
    "padding changes nothing that is not padding",
    "no output depends on later words",
    "the feed-forward network reads no other word",
    "the encoder does not see the target",
    "gradients of several uses add up",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wo-ai-ni", "steve-builds-a-house", "padding"])
def test_a_check_of_nan_decides_nothing(name: str) -> None:
    scenario = tfstep.load(name)
    trace = tfstep.trace(scenario)
    path = next(p for p in trace.paths("*attn.W_Q"))
    broken = trace.edit({path: np.full(trace[path].shape, np.nan)})
    sound = {each.name: each.holds for each in check(scenario, trace).invariants}
    found = {each.name: each for each in check(scenario, broken).invariants}
    for title in COMPARISONS & {name for name, holds in sound.items() if holds}:
        assert found[title].holds is False, title
        assert str(found[title].detail) == f"not decidable: NaN begins in {path}"
    assert any(holds for holds in sound.values())
    report = check(scenario, broken)
    assert report.unchecked is not None
    assert (report.unchecked.holds, str(report.unchecked.detail)) == (False, f"not decidable: NaN begins in {path}")
    assert report.unchecked.name in str(report)


def test_a_check_of_infinite_numbers_names_them_and_not_the_nan_that_comes_of_them() -> None:
    scenario = tfstep.load("wo-ai-ni")
    trace = tfstep.trace(scenario).edit({"enc0.attn.W_Q": np.inf})
    details = [str(each.detail) for each in check(scenario, trace).invariants if each.holds is False]
    assert details.count("not decidable: there are infinite numbers, the first in enc0.attn.W_Q") == 3
    assert not any("NaN" in each for each in details)


def test_without_a_loss_no_gradient_is_checked_and_nothing_fails() -> None:
    text = "tfstep: 1\nmodel: {kind: attention, d_model: 2}\ninput: {x: [[1, 2], [3, 4]]}\n"
    report = check(load_text(text))
    assert report.unchecked is not None
    assert (report.unchecked.holds, str(report.unchecked.detail), report.ok) == (None, "there is no loss", True)


def test_rows_without_keys_are_nan_because_of_the_mask_alone() -> None:
    scenario = tfstep.load("padding", variant="all-pad-minus-inf")
    details = [str(each.detail) for each in check(scenario, tfstep.trace(scenario)).invariants]
    assert not [text for text in details if "not decidable" in text]


@pytest.mark.parametrize(
    ("edits", "named"),
    [
        ({"enc0.attn.masked[0,0,0]": -np.inf}, "enc0.attn.masked"),
        ({"enc0.attn.scores[0,0,0]": -np.inf, "enc0.attn.K[0,0,0]": 0.5}, "enc0.attn.scores"),
        (
            {"enc0.attn.masked[0,0,0]": -np.inf, "enc0.attn.scores[0,0,0]": -np.inf},
            "enc0.attn.scores, enc0.attn.masked",
        ),
    ],
)
def test_an_excuse_names_the_pin_that_left_a_row_without_keys(edits: dict[str, float], named: str) -> None:
    scenario = tfstep.load("wo-ai-ni")
    report = check(scenario, tfstep.trace(scenario).edit(edits))
    told = f"the pins of {named} leave rows of enc0.attn.weights without a key (all −inf)"
    assert report.unchecked is not None
    assert (report.unchecked.holds, report.unchecked.detail.in_("en")) == (None, f"the loss is NaN: {told}")
    finite = next(each for each in report.invariants if each.name == "gradients are finite")
    assert finite.holds is False
    assert finite.detail.in_("en").endswith(told)


ALL_PADS = """
model: {kind: encoder, d_model: 4, heads: 1, d_ff: 4, mask_value: -.inf}
vocab: [<pad>, a, b]
input: {source: [[a, b], [<pad>, <pad>]]}
loss: sum(enc0.norm2)
"""


def test_a_row_without_keys_is_the_excuse_where_the_mask_makes_it() -> None:
    report = check(load_text(ALL_PADS))
    assert report.unchecked is not None
    assert report.unchecked.holds is None
    assert report.unchecked.detail.in_("en") == "the loss is NaN: a row has no key left"
    scenario = tfstep.load("wo-ai-ni")
    report = check(scenario, tfstep.trace(scenario).edit({"enc0.attn.masked[0,0,0,0]": np.inf}))
    assert report.unchecked is not None
    assert report.unchecked.holds is False, "inf among the scores is no row without keys"


def test_a_training_tells_since_when_its_numbers_are_broken() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("train 2")
    session.run("model train.lr 1e200")
    assert "loss is nan since update 3; `goto update 2` goes back" in str(session.run("train 3"))
    assert "the loss was nan before this: it began in " in str(session.run("train 2"))
    session.run("goto update 2")
    assert np.isfinite(session.trace["loss"].value)
    session.run("goto update 3")
    assert not np.isfinite(session.trace["loss"].value)


def test_validate_warns_of_nan_and_stays_at_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.yaml"
    text = "tfstep: 1\nmodel: {kind: attention, d_model: 2}\ninput: {x: [[1, 2], [3, 4]]}\n"
    file.write_text(text + "weights: {set: {attn.W_Q: [[.nan, 1], [0, .inf]]}}\n")
    try:
        tfstep.load(str(file))
    except TfstepError:
        np.savez(tmp_path / "w.npz", **{"attn.W_Q": np.array([[np.nan, 1], [0, np.inf]])})
        file.write_text(text + "weights: {file: w.npz, partial: true}\n")
    assert main(["validate", str(file)]) == 0
    assert "warning: NaN or infinite: 2 of the 4 numbers of attn.W_Q" in capsys.readouterr().err
    assert main(["dump", str(file), "attn.W_K"]) == 0
    assert f"{file}: warning: NaN or infinite: 2 of the 4 numbers of attn.W_Q" in capsys.readouterr().err, (
        "told when it is opened"
    )
    file.write_text(text)
    assert main(["validate", str(file)]) == 0
    assert capsys.readouterr().err == ""


NO_LABEL = """
tfstep: 1
model: {kind: decoder, d_model: 4, heads: 1, d_ff: 4}
vocab: [<pad>, a, b]
input: {target: a b, labels: <pad> <pad>}
"""


def test_a_training_without_a_label_that_counts_says_so_and_blames_no_parameter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = tfstep.Session(load_text(NO_LABEL))
    said = str(session.run("train 2"))
    assert "the loss was nan before this: it began in loss, `why loss` says how; no parameter has it" in said
    assert "no label counts" in str(session.run("why loss"))
    (tmp_path / "f.yaml").write_text(NO_LABEL)
    assert main(("train", str(tmp_path / "f.yaml"), "--steps", "2", "--lang", "en")) == 0
    assert "the loss is nan before the first update; `tfstep explain SCENARIO loss` says why" in capsys.readouterr().out


@pytest.mark.parametrize("variant", ["all-pad-minus-inf", "all-pad-float16"])
def test_rows_without_keys_are_told_where_one_trains(variant: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = "nothing is left to see, and hidden scores are −∞"
    session = tfstep.Session(tfstep.load("padding", variant=variant))
    said = str(session.run("train 1"))
    assert told in said
    assert "`mask: {empty: zero}`" in said
    assert told not in str(session.run("train 1")), "it is told once"
    assert main(("train", "padding", "--variant", variant, "--steps", "1", "--lang", "en")) == 0
    assert told in capsys.readouterr().err
    mended = tfstep.Session(tfstep.load("padding", variant=variant))
    mended.run("model mask.empty zero")
    assert told not in str(mended.run("train 1"))


@pytest.mark.parametrize(
    ("line", "nan"),
    [
        ("not loss > 5", "loss"),
        ("loss != 3", "loss"),
        ("loss", "loss"),
        ("not (max(W_Q) > 5)", "max(W_Q)"),
        ("loss != 3 and 1 < 2", "loss"),
        ("2 < 1 or 2*loss != 3", "2*loss"),
    ],
)
def test_nothing_is_expected_of_nan(line: str, nan: str) -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("set W_Q[0,0] = nan")
    with pytest.raises(TfstepError) as error:
        session.run(f"expect {line}")
    assert "not decidable" in str(error.value)
    assert str(error.value).splitlines()[-1] == f"  {nan} is NaN; has_nan(…) asks for that"


@pytest.mark.parametrize(
    "line", ["has_nan(loss)", "has_nan(loss) or loss < 5", "W_K == W_K", "not has_inf(W_Q)", "1 < 2"]
)
def test_what_does_not_hang_on_nan_may_be_expected(line: str) -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("set W_Q[0,0] = nan")
    session.run(f"expect {line}")
