"""Half precision: what is rounded, that explanations hold, the recipe of master weights, and what is said of it."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.code.program import whole
from tfstep.engine.arrays.half import HALVES, rounded, spacing
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.faces.cli.opening import DTYPES
from tfstep.models.keys.key import choices_of, fields
from tfstep.models.keys.model import ModelConfig
from tfstep.scenario import empty_rows
from tfstep.scenario.scenario import Scenario, load
from tfstep.session.change.training import Training
from tfstep.session.study.checks import check
from tfstep.session.study.compare import compare


def decoder(half: str, train: dict[str, Any] | None = None, **model: Any) -> Scenario:
    return Scenario.from_dict(
        {
            "model": {"kind": "decoder", "d_model": 4, "heads": 2, "dtype": half, **model},
            "vocab": ["<pad>", "a", "b", "c"],
            "input": {"target": "a b c", "labels": "b c a"},
            "weights": {"seed": 1},
            "train": train or {},
        }
    )


@pytest.mark.parametrize("half", HALVES)
def test_every_tensor_has_numbers_of_the_half_type_and_a_step_is_rounded_once(half: str) -> None:
    trace = decoder(half).program.trace()
    moved = 0
    for node in trace.plan.nodes:
        value = trace.value(node.slot)
        if node.dtype.kind != "f":
            continue
        assert node.dtype == np.float32
        np.testing.assert_array_equal(value, rounded(value, half), err_msg=node.path)
        if node.op is not None:
            args = [trace.value(s) if isinstance(s, int) else s.value for s in node.inputs]
            with np.errstate(all="ignore"):
                exact = np.asarray(node.op.forward(*args, **node.attrs), np.float32)
            np.testing.assert_array_equal(value, rounded(exact, half), err_msg=node.path)
            moved += int((exact != value).sum())
    assert moved > 800
    assert {node.phase for node in trace.plan.steps if node.rounds} == {"forward", "backward", "update"}


@pytest.mark.slow
@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("train", [{}, {"master": True, "loss_scale": 64.0, "optimizer": "adam"}])
def test_the_total_of_an_explanation_is_rounded_as_recorded(half: str, train: dict[str, Any]) -> None:
    trace = decoder(half, train).program.trace()
    cells = exact = 0
    for node in trace.plan.computed:
        for cell in product(*(range(min(n, 2)) for n in node.shape)):
            found = trace.explain(f"{node.path}[{','.join(map(str, cell))}]" if cell else node.path)
            assert found.holds, found
            if node.rounds and np.isfinite(found.value):
                assert abs(found.residual) <= spacing(max(abs(found.total), abs(found.value)), half), found
                cells, exact = cells + 1, exact + (found.residual == 0)
    assert exact > 0.97 * cells > 300


def test_the_inside_of_a_step_ends_in_its_numbers() -> None:
    trace = decoder("bfloat16").program.trace()
    opened = 0
    for node in trace.plan.computed:
        inside = trace.substeps(node.slot)
        if inside is not None:
            np.testing.assert_array_equal(inside.value(inside.plan.result), trace.value(node.slot), err_msg=node.path)
            opened += 1
    assert opened > 30


@pytest.mark.parametrize("half", HALVES)
def test_a_pin_is_rounded_and_its_gradient_is_that_of_the_step(half: str) -> None:
    trace = decoder(half).program.trace()
    pinned = trace.edit({"dec0.attn.Q[0,0,0,0]": 0.1, "out.W[0,0]": 0.1})
    for path, cell in (("dec0.attn.Q", (0, 0, 0, 0)), ("out.W", (0, 0))):
        assert pinned[path].value[cell] == rounded(np.float32(0.1), half) != np.float32(0.1)
    computed = pinned["dec0.attn.Q/computed"].value
    np.testing.assert_array_equal(computed, trace["dec0.attn.Q"].value)


def test_a_mask_of_float16_is_infinite_and_it_is_said() -> None:
    trace = decoder("float16").program.trace()
    found = trace.explain("dec0.attn.masked[0,0,0,1]")
    assert found.value == -np.inf
    assert found.note is not None
    assert "causal" in found.note.in_("en")
    assert "-1e+09 is beyond the largest number of float16, 65504: it is −∞" in found.note.in_("en")
    said = str(tfstep.Session(decoder("float16")).run("explain dec0.attn.masked[0,0,0,1]"))
    assert "causal" in said
    assert "65504" in said
    wide = decoder("bfloat16").program.trace().explain("dec0.attn.masked[0,0,0,1]")
    assert wide.value == -998244352.0  # the nearest that bfloat16 has
    assert wide.note is not None
    assert "65504" not in wide.note.in_("en")


def test_master_weights_move_where_half_weights_stall() -> None:
    for variant, end in (("base", 0.8046875), ("float16", 0.9755859375), ("master", 0.9934), ("float64", 0.9934)):
        scenario = load("half-precision", variant=variant)
        training = Training(scenario)
        training.run(scenario.train.steps)
        assert float(training.trace()["average"].value) == pytest.approx(end, abs=5e-5), variant


def test_the_passes_read_rounded_copies_of_the_master_weights() -> None:
    trace = decoder("bfloat16", {"master": True}, tie=[["tgt.E", "out.W"]]).program.trace()
    plan = trace.plan
    for node in plan.nodes:
        if node.kind == "parameter":
            copy = trace[f"{node.path}.half"]
            assert not node.rounds
            np.testing.assert_array_equal(copy.value, rounded(trace.value(node.slot), "bfloat16"))
            assert (
                (copy.value != trace.value(node.slot)).any()
                or not trace.value(node.slot).any()
                or node.role.name == "one"
            )
            readers = [plan.nodes[s] for s in plan.consumers[node.slot] if plan.nodes[s].phase == "forward"]
            assert [reader.path for reader in readers] == [copy.path]
            assert plan.new(node) is not None
    assert not plan.paths["loss"].rounds
    assert plan.paths["out.logits"].rounds == plan.paths["out.logits.grad"].rounds == "bfloat16"


def test_master_weights_need_a_model_in_half_precision() -> None:
    with pytest.raises(TfstepError, match=r"model\.dtype is float32"):
        _ = decoder("float32", {"master": True}).program


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("parts", [1, 2])
def test_the_scale_of_the_loss_as_a_plain_loop_has_it(optimizer: str, parts: int) -> None:
    """GradScaler's rule: an update with an overflow is left out whole, the optimizer's memory and its count included."""
    told = {"start": 2.0**18, "backoff": 0.5, "growth": 2.0, "every": 3}
    train = {"master": True, "loss_scale": told, "optimizer": optimizer, "lr": 0.01, "momentum": 0.5}
    if optimizer == "adam":
        del train["momentum"]
    trace = decoder("float16", {**train, "accumulate": parts}).program.trace()
    memory = {"sgd": ("velocity",), "adam": ("m", "v")}[optimizer]
    scale, good, left_out, updates = 2.0**18, 0, 0, 0
    for turn in range(14 * parts):
        assert float(trace["loss.scale"].value) == scale
        assert float(trace["loss.grad"].value) == scale
        grown, after = trace["update.overflow"].value, trace.advance()
        last = turn % parts == parts - 1
        over = not all(np.isfinite(trace[f"{p}.unscaled"].value).all() for p in _learned(trace))
        assert int(grown) == over
        taken = last and not over
        for path in _learned(trace):
            made = trace[f"{path}.moved"].value if taken else trace[path].value
            np.testing.assert_array_equal(after[path].value, made)
            for name in memory:
                kept = trace[f"{path}.{name}" if taken else f"{path}.{name}_before"].value
                np.testing.assert_array_equal(after[f"{path}.{name}_before"].value, kept)
        if optimizer == "adam":
            assert int(after["update.done"].value) == int(trace["update.done"].value) + taken
        if last:
            left_out, updates = left_out + over, updates + taken
            good = 0 if over else good + 1
            scale *= 0.5 if over else 2.0 if good == 3 else 1.0
            good %= 3
        trace = after
    assert left_out >= 2
    assert updates >= 6


def _learned(trace: Trace) -> list[str]:
    return [node.path for node in trace.plan.nodes if node.kind == "parameter"]


def test_a_scaled_gradient_is_that_of_the_scaled_loss() -> None:
    plain = decoder("float64").program.trace()
    scaled = decoder("float64", {"loss_scale": 1024.0}).program.trace()
    np.testing.assert_allclose(scaled["out.W"].grad, 1024 * plain["out.W"].grad, rtol=1e-12)
    np.testing.assert_allclose(scaled["out.W.unscaled"].value, plain["out.W"].grad, rtol=1e-12)
    np.testing.assert_allclose(scaled["out.W"].new, plain["out.W"].new, rtol=1e-12)
    assert check(decoder("float64", {"loss_scale": 1024.0})).ok


def test_a_check_is_made_in_float64_and_says_so() -> None:
    found = check(decoder("bfloat16"))
    assert found.ok
    assert found.half == "bfloat16"
    assert found.gradient is not None
    assert found.gradient.max_error < 1e-7


def test_a_check_keeps_what_was_edited() -> None:
    scenario = decoder("bfloat16")
    edited = scenario.program.trace().edit({"out.W": np.nan})
    assert not check(scenario, edited).ok


def test_the_step_that_loses_the_digits_is_named() -> None:
    for variant, half in (("base", "bfloat16"), ("float16", "float16")):
        exact, rough = (load("half-precision", variant=each).program.trace() for each in ("float64", variant))
        for pair in ((exact, rough), (rough, exact)):
            found = compare(*pair)
            assert found.digits is not None
            assert (found.digits.path, found.digits.half) == ("variance", half)
            assert found.digits.units > 100
            assert found.first is not None
            assert found.first.path == "variance"


def test_rounding_alone_loses_no_digits() -> None:
    """Nor does the gradient of b_K, which is 0 but for rounding whatever the precision."""
    exact, rough = (decoder(each).program.trace() for each in ("float64", "float16"))
    found = compare(exact, rough)
    assert found.digits is None
    masked = next(step for step in found.steps if step.path == "dec0.attn.masked")
    assert masked.max_abs is not None
    assert masked.max_abs < 0.01  # hidden in both: −1e9 here, −∞ there
    assert compare(rough, rough).equal


@pytest.mark.parametrize("train", [{}, {"master": True, "loss_scale": 128.0, "optimizer": "adam"}])
@pytest.mark.parametrize("half", HALVES)
def test_the_program_in_numpy_has_the_same_bits(half: str, train: dict[str, Any]) -> None:
    trace = decoder(half, train).program.trace()
    found: dict[str, Any] = {}
    exec(compile(whole(trace, "half").text, "half.py", "exec"), found)  # what we have just written
    for node in trace.plan.nodes:
        if node.path in found["T"]:
            np.testing.assert_array_equal(found["T"][node.path], trace.value(node.slot), err_msg=node.path)
    assert len(found["T"]) > 100


@pytest.mark.slow
def test_a_session_goes_from_one_precision_to_another() -> None:
    session = tfstep.Session(decoder("float64"))
    session.run("train 3")
    learned = session.trace["out.W"].value
    session.run("model dtype bfloat16")
    np.testing.assert_array_equal(session.trace["out.W"].value, rounded(learned.astype(np.float32), "bfloat16"))


def test_the_precisions_of_the_command_line_are_those_of_the_key() -> None:
    assert sorted(DTYPES) == sorted(choices_of(fields(ModelConfig)["dtype"]))


def test_a_row_that_will_be_nan_is_told_before_training() -> None:
    for variant, told in (
        ("all-pad-minus-inf", True),
        ("all-pad-float16", True),
        ("all-pad", False),
        ("float16", False),
    ):
        scenario = load("padding", variant=variant)
        said = [each.in_("en") for each in empty_rows.warnings("padding", scenario)]
        assert bool(said) is told, variant
        assert all("sentence 2" in each and "mask: {empty: zero}" in each for each in said)
        mended = scenario.with_changes({"model": {"mask": {"empty": "zero"}}})
        assert not [*empty_rows.warnings("padding", mended)]
        for run, broken in ((mended, False), (scenario, told)):
            after = run.program.trace().advance()
            assert any(np.isnan(after[path].value).any() for path in _learned(after)) is broken


def test_a_sentence_of_pads_among_the_data_is_told_too() -> None:
    scenario = load("padding", variant="minus-inf")
    words = scenario.document()["input"]
    assert isinstance(words, dict)
    data = [words, {"source": ["我 想", "<pad> <pad>"], "labels": ["noun noun", "<pad> <pad>"]}]
    told = [*empty_rows.warnings("padding", scenario.with_changes({"train": {"data": data}}))]
    assert "train.data[1]" in told[0].in_("en")
