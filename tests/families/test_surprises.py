"""Where a good engineer guesses wrong about a checkpoint, its words, or what it says: each guess with a test of its own."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from recorded import MODELS

import tfstep
from tfstep.faces.cli.main import main
from tfstep.scenario.tokens.pieces import stand_ins
from tfstep.scenario.tokens.tokenizer import Tokenizer
from tfstep.scenario.weights.files import open_weight_file
from tfstep.session.study.decoding import Sampling


def configured(name: str, to: Path, **changes: object) -> Path:
    shutil.copytree(MODELS / name, to, ignore=shutil.ignore_patterns("*.npz"))
    config = json.loads((to / "config.json").read_text()) | changes
    (to / "config.json").write_text(json.dumps(config))
    return to


def test_1_in_no_rope_layers_means_that_the_layer_has_rope(tmp_path: Path) -> None:
    scenario = tfstep.load(configured("smollm3", tmp_path / "m", no_rope_layers=[1, 0]), ids=[5, 17, 9])
    assert [scenario.model.layer(i).positional for i in (0, 1)] == ["rope", "none"]
    trace = tfstep.trace(scenario)
    assert "dec0.attn.Q_rot" in trace
    assert "dec1.attn.Q_rot" not in trace


@pytest.mark.parametrize(("name", "more"), [("gemma", 1.0), ("gemma3", 1.0), ("qwen3", 0.0), ("llama", 0.0)])
def test_whether_a_norm_is_1_plus_its_weight_is_the_family_s_matter(name: str, more: float) -> None:
    theirs = np.array(open_weight_file(MODELS / name / "model.safetensors").read("model.norm.weight"), np.float64)
    trace = tfstep.trace(tfstep.load(MODELS / name, ids=[5, 17], dtype="float64"))
    wanted = trace["dec.norm/xhat"].value * (theirs + more)
    np.testing.assert_allclose(trace["dec.norm"].value, wanted, rtol=1e-12)


def test_the_flag_of_a_tied_t5_decides_the_factor_alone(tmp_path: Path) -> None:
    scaled, plain = (
        tfstep.load(configured("t5", tmp_path / str(flag), scale_decoder_outputs=flag), ids=[5, 9], target_ids=[0, 4])
        for flag in (True, False)
    )
    assert scaled.model.tie == plain.model.tie != ()
    width = scaled.model.d_model
    assert (scaled.model.logit_scale, plain.model.logit_scale) == (width**-0.5, None)
    a, b = (tfstep.trace(each)["out.logits"].value for each in (scaled, plain))
    np.testing.assert_allclose(a, b * width**-0.5, rtol=1e-5)


def test_of_tied_words_argmax_takes_the_first_and_top_k_and_top_p_count_them() -> None:
    logits = np.array([0.0, 2.0, 2.0, 2.0])
    assert int(Sampling().shares(logits).argmax()) == 1
    np.testing.assert_allclose(Sampling(1.0, top_k=2).shares(logits), [0, 0.5, 0.5, 0], rtol=1e-12)
    np.testing.assert_allclose(Sampling(1.0, top_p=0.4).shares(logits), [0, 0.5, 0.5, 0], rtol=1e-12)


def test_the_normaliser_of_bert_takes_the_marks_of_japanese_away(tmp_path: Path) -> None:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "か", "が", "a"]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces))
    tokenizer = Tokenizer(tmp_path / "vocab.txt")
    assert [pieces[i] for i in tokenizer.encode("が A")] == ["[CLS]", "か", "a", "[SEP]"]


def test_the_place_of_the_base_of_angles_is_read_wherever_it_stands(tmp_path: Path) -> None:
    today = configured("llama", tmp_path / "a", rope_parameters={"rope_type": "default", "rope_theta": 77.0})
    before = configured("llama", tmp_path / "b", rope_parameters=None, rope_theta=77.0)
    assert [tfstep.load(each).model.rope.base for each in (today, before)] == [77.0, 77.0]


def test_bytes_that_no_piece_stands_for_are_left_out_and_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tokenizers import Tokenizer as Theirs

    letters = {byte: letter for letter, byte in stand_ins().items()}
    known = [letters[byte] for byte in "我你 a".encode()]
    folder = configured("llama", tmp_path / "m")
    whole = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": {each: i for i, each in enumerate(dict.fromkeys(known))}, "merges": []},
    }
    (folder / "tokenizer.json").write_text(json.dumps(whole))
    tokenizer = Tokenizer(folder / "tokenizer.json")
    theirs = Theirs.from_file(str(folder / "tokenizer.json"))
    assert len(theirs.encode("我恨你").ids) < len("我恨你".encode())
    assert tokenizer.left_out("我恨你 a") == "恨"
    assert tokenizer.left_out("我你 a") == ""
    assert main(["dump", str(folder), "loss", "--text", "我恨你"]) == 0
    warning = "tokenizer.json has no piece for bytes of 恨, and leaves them out"
    assert capsys.readouterr().err.splitlines()[1] == f"{folder}: warning: {warning}"
    assert main(["dump", str(folder), "loss", "--text", "我你"]) == 0
    assert "warning" not in capsys.readouterr().err
