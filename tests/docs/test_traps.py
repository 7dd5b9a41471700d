"""The traps of the libraries: which test holds what the page says of tfstep, row by row; those without one elsewhere are here."""

import ast
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfstep.engine.arrays.half import rounded
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.scenario.weights.files import open_weights, write_weights
from tfstep.session.study.checks import check
from tfstep.session.study.decoding import generate

ROOT = Path(__file__).resolve().parents[2]
HERE = "docs/test_traps.py"
TRAPS = "compare/test_named_traps.py"
HELD = {
    1: f"{TRAPS}::test_a_float_mask_is_recorded_as_it_is_added_and_the_fast_path_is_told_of",
    2: f"{HERE}::test_a_cell_that_two_masks_hide_has_both_reasons",
    3: "session/test_broken_numbers.py::test_a_nan_of_a_sentence_that_is_all_padding_leads_to_its_softmax",
    4: "scenario/test_masks.py::test_a_row_with_nothing_left",
    5: "scenario/test_masks.py::test_two_queries_and_five_keys_have_two_causal_masks",
    6: f"{TRAPS}::test_a_boolean_mask_of_four_axes_that_is_added",
    7: f"{HERE}::test_the_soft_cap_comes_before_the_mask",
    8: f"{HERE}::test_a_row_with_a_sink_is_not_held_to_be_wrong",
    9: f"{TRAPS}::test_positions_that_cut_the_sequence",
    10: f"{HERE}::test_positions_that_leave_pads_out",
    11: f"{TRAPS}::test_frequencies_of_rope_in_bfloat16",
    12: "families/test_recorded.py::test_a_model_from_its_folder_computes_what_its_library_computes",
    13: f"{TRAPS}::test_a_loss_in_float32_within_a_run_of_float64",
    14: f"{HERE}::test_a_norm_in_half_precision_is_rounded_once",
    15: "ops/test_sums.py::test_a_bias_gradient_over_many_rows_is_as_good_as_pytorchs",
    16: "reference/test_parity_losses.py::test_losses_of_labels",
    17: f"{HERE}::test_decay_moves_the_row_of_the_pad",
    18: f"{HERE}::test_the_type_is_the_one_asked_for_whatever_the_config_says",
    19: "families/test_recorded.py::test_a_model_from_its_folder_computes_what_its_library_computes",
    20: "families/test_recorded.py::test_a_model_from_its_folder_computes_what_its_library_computes",
    21: f"{HERE}::test_what_the_last_layer_gives_and_its_norm_are_two_tensors",
    22: "families/test_ties.py::test_a_head_of_its_own_on_disk_is_the_head",
    23: f"{HERE}::test_an_array_of_any_layout_is_written_as_it_is",
    24: "session/test_aliases.py::test_a_tensor_is_found_under_another_name",
    25: "families/test_opening.py::test_rope_scaling_of_before_goes_before_the_parameters_of_today",
    26: "families/test_gguf.py::test_blocks_of_few_bits_are_read_as_the_package_reads_them",
    27: "reference/test_parity_half.py::test_a_sum_of_ones_does_not_stall",
    28: "scenario/test_half.py::test_every_tensor_has_numbers_of_the_half_type_and_a_step_is_rounded_once",
    29: "scenario/test_half.py::test_a_mask_of_float16_is_infinite_and_it_is_said",
    30: "reference/test_parity_half.py::test_one_step_of_adam_goes_where_that_of_pytorch_goes",
    31: f"{HERE}::test_weights_in_float8_are_read_and_nothing_is_computed_in_it",
    32: "session/test_checks.py::test_rows_that_do_not_sum_to_1_are_noticed",
    33: "compare/test_recordings.py::test_what_is_written_is_read_back",
    34: "families/test_words.py::test_a_character_whose_bytes_the_vocabulary_lacks_is_gone_and_one_sees_it",
    35: "families/test_words.py::test_a_character_that_is_cut_says_which_part_of_which",
    36: "families/test_words.py::test_text_is_cut_as_the_library_cuts_it_with_what_it_adds",
    37: "families/test_generating.py::test_a_pass_with_a_cache_has_the_numbers_of_one_without",
    38: "families/test_generating.py::test_a_pass_with_a_cache_has_the_numbers_of_one_without",
    39: f"{HERE}::test_of_words_that_are_equally_likely_the_first_is_said",
    40: "families/test_beams.py::test_it_says_what_transformers_says",
    41: f"{HERE}::test_a_cache_is_as_long_as_what_was_read",
}
"""The test of a row, where a feature of tfstep meets it."""


@pytest.mark.parametrize("language", ["", ".zh"])
def test_every_row_says_how_it_was_seen_whom_it_bites_and_what_is_here(language: str) -> None:
    page = (ROOT / "docs" / f"traps{language}.md").read_text("utf-8")
    rows = re.split(r"^\d+\. ", re.sub(r"^## .*", "", page, flags=re.M), flags=re.M)[1:]
    assert [int(n) for n in re.findall(r"^(\d+)\. ", page, re.M)] == list(range(1, 42))
    said = ("试法：", "谁会碰上：", "这里：") if language else ("*Seen*:", "*Bites*:", "*Here*:")
    assert [
        row[:40] for row in rows if not all(re.search(each.replace("*", r"\*"), " ".join(row.split())) for each in said)
    ] == []


@pytest.mark.parametrize("row", HELD)
def test_the_test_of_a_row_is_there(row: int) -> None:
    file, _, name = HELD[row].partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


WORDS = ["<pad>", "a", "b", "c"]


def decoder(
    read: Any = "a b c", given: dict[str, Any] | None = None, train: dict[str, Any] | None = None, **model: Any
) -> Scenario:
    words = read if isinstance(read, str) else [each.split() for each in read]
    keys = {"kind": "decoder", "d_model": 4, "heads": 2, "d_ff": 6, **model}
    file = {"model": keys, "vocab": WORDS, "input": {"target": words, **(given or {})}, "weights": {"seed": 3}}
    if train is not None:
        file |= {"train": train, "input": {**file["input"], "labels": words}}
    return load_text(json.dumps(file))


def value(trace: Trace, path: str) -> np.ndarray:
    return np.asarray(trace[path].value)


def test_a_cell_that_two_masks_hide_has_both_reasons() -> None:
    own = [[True, False, False], [True, True, True], [True, True, True]]
    trace = decoder(mask={"custom": own}).program.trace()
    assert value(trace, "dec0.attn.weights")[0, 0, 0].tolist() == [1.0, 0.0, 0.0]
    said = str(trace.explain("dec0.attn.masked[0,0,0,1]").note)
    assert "causal" in said
    assert "custom" in said


def test_the_soft_cap_comes_before_the_mask() -> None:
    trace = decoder(score_softcap=5.0).program.trace()
    assert not np.triu(value(trace, "dec0.attn.weights")[0], 1).any()


def test_a_row_with_a_sink_is_not_held_to_be_wrong() -> None:
    told = decoder(sinks=True)
    trace = told.program.trace()
    assert (value(trace, "dec0.attn.weights").sum(-1) < 0.9).all()
    assert all(each.holds is not False for each in check(told, trace).invariants)


def test_positions_choose_and_do_not_cut() -> None:
    trace = decoder(given={"positions": [[0, 1, 7]]}, positional="rope").program.trace()
    assert value(trace, "dec0.attn.weights")[0, 0, 2].min() > 0
    cut = decoder(given={"documents": [[0, 0, 1]]}, positional="rope").program.trace()
    assert value(cut, "dec0.attn.weights")[0, 0, 2].tolist() == [0, 0, 1]


def test_positions_that_leave_pads_out() -> None:
    alone = decoder().program.trace()
    padded = decoder(["<pad> a b c"], {"positions": [[0, 0, 1, 2]]}).program.trace()
    np.testing.assert_allclose(value(padded, "dec0.norm2")[0, 1:], value(alone, "dec0.norm2")[0], atol=1e-14)


def test_the_angles_of_rope_are_made_in_float64() -> None:
    trace = decoder(given={"offset": 3000}, positional="rope", dtype="float32").program.trace()
    wide = decoder(given={"offset": 3000}, positional="rope").program.trace()
    cos = "dec0.attn.rope_cos"
    np.testing.assert_array_equal(value(trace, cos), value(wide, cos).astype(np.float32))


def test_decay_moves_the_row_of_the_pad() -> None:
    train = {"optimizer": "adamw", "lr": 0.1, "weight_decay": 0.5}
    trace = decoder(["a b c", "a b"], train=train).program.trace()
    assert not value(trace, "tgt.E.grad")[0].any()
    np.testing.assert_allclose(value(trace, "tgt.E.new")[0], value(trace, "tgt.E")[0] * 0.95, rtol=1e-14)
    np.testing.assert_allclose(value(trace, "tgt.E.decayed")[0], value(trace, "tgt.E.new")[0], rtol=1e-14)
    assert not value(trace, "tgt.E.m")[0].any()
    assert value(trace, "tgt.E.v")[1].all()


@pytest.mark.parametrize("layout", ["transposed", "fortran", "columns"])
def test_an_array_of_any_layout_is_written_as_it_is(layout: str, tmp_path: Path) -> None:
    W = np.arange(12.0).reshape(3, 4)
    given = {"transposed": W.T, "fortran": np.asfortranarray(W), "columns": W[:, 1:3]}[layout]
    file = tmp_path / "w.safetensors"
    write_weights(file, {"W": given})
    with open_weights(file) as found:
        np.testing.assert_array_equal(found.read("W"), given)


def test_a_norm_in_half_precision_is_rounded_once() -> None:
    trace = decoder(norm="rms", dtype="bfloat16", d_model=8, norm_position="pre").program.trace()
    x = value(trace, "tgt.x").astype(np.float32)
    gamma = rounded(np.linspace(0.3, 1.9, 8, dtype=np.float32), "bfloat16")
    y = value(trace.edit({"dec0.norm1.gamma": gamma}), "dec0.norm1")
    xhat = x / np.sqrt((x * x).mean(-1, keepdims=True, dtype=np.float32) + np.float32(1e-5))
    once, twice = rounded(xhat * gamma, "bfloat16"), rounded(rounded(xhat, "bfloat16") * gamma, "bfloat16")
    assert (once != twice).any()
    np.testing.assert_array_equal(y, once)


@pytest.mark.parametrize("said", ["float32", "bfloat16", "float16"])
def test_the_type_is_the_one_asked_for_whatever_the_config_says(tmp_path: Path, said: str) -> None:
    folder = tmp_path / "m"
    shutil.copytree(ROOT / "tests" / "families" / "models" / "llama", folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "dtype": said}), "utf-8")
    assert load(folder, ids=[1, 2]).model.dtype == "float32"
    assert load(folder, ids=[1, 2], dtype="float64").model.dtype == "float64"


def test_what_the_last_layer_gives_and_its_norm_are_two_tensors() -> None:
    trace = decoder(norm_position="pre").program.trace()
    before = value(trace, "dec0.add2")
    xhat = (before - before.mean(-1, keepdims=True)) / np.sqrt(before.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(value(trace, "dec.norm"), xhat, rtol=1e-12)


def test_weights_in_float8_are_read_and_nothing_is_computed_in_it(tmp_path: Path) -> None:
    bits = np.array([[0x7E, 0xFE], [0x38, 0x01]], np.uint8)  # 448, -448, 1, 2⁻⁹
    head = json.dumps({"W": {"dtype": "F8_E4M3", "shape": [2, 2], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "w.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + bits.tobytes())
    with open_weights(tmp_path / "w.safetensors") as found:
        np.testing.assert_array_equal(found.read("W"), [[448, -448], [1, 2**-9]])
    with pytest.raises(TfstepError, match="float16, bfloat16"):
        decoder(dtype="float8_e4m3fn")


def test_of_words_that_are_equally_likely_the_first_is_said() -> None:
    told = decoder(head=True).with_changes({"weights": {"init": "zeros"}})
    program = told.program
    given = {program.plan.nodes[slot].path: array for slot, array in program.leaves.items()}
    said = next(iter(generate(told, given, 1)))
    logits = value(said.trace, "out.logits")[0, -1]
    assert (logits == logits[0]).all()
    assert said.said == WORDS[0]


def test_a_cache_is_as_long_as_what_was_read() -> None:
    folder = ROOT / "tests" / "families" / "models" / "llama"
    told = load(folder, ids=[5, 17, 9], dtype="float64", labels="none")
    program = told.program
    given = {program.plan.nodes[slot].path: array for slot, array in program.leaves.items()}
    passes = [each.trace for each in generate(told, given, 3, cache=True)][1:]
    assert [each["dec0.attn.K_past"].shape[2] for each in passes] == [3, 4]
    assert [each["dec0.attn.weights"].shape[3] for each in passes] == [4, 5]
    assert all(value(each, "dec0.attn.weights").all() for each in passes)  # and nothing of it is masked


def test_a_corner_must_be_said() -> None:
    text = {
        "model": {"kind": "attention", "d_model": 2, "mask": {"causal": True}},
        "input": {"x": [[1, 0]], "memory": [[1, 0], [0, 1]]},
    }
    with pytest.raises(TfstepError, match="from which corner"):
        load_text(json.dumps(text))
