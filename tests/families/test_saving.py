"""What was changed in an opened model is saved under the names that its tensors came with, and opens again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from recorded import MODELS

import tfstep
from tfstep.commands.language.session import Session
from tfstep.scenario.weights.files import open_weight_file

NAMES = ["llama", "gpt2", "gpt-neox", "gemma", "gpt-oss", "mixtral", "qwen3-moe", "falcon-rw", "opt-350m", "phi3"]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("name", NAMES)
def test_a_trained_model_is_saved_under_its_own_names(name: str, optimizer: str, tmp_path: Path) -> None:
    scenario = tfstep.load(MODELS / name, ids=[5, 17, 9]).with_changes({"train": {"optimizer": optimizer, "lr": 0.01}})
    session = Session(scenario)
    session.run("train 2")
    said = str(session.run(f"save {tmp_path / 's.yaml'}"))
    assert "cannot hold" not in said
    (weights,) = tmp_path.glob("*.safetensors")
    ours, theirs = open_weight_file(weights), open_weight_file(MODELS / name / "model.safetensors")
    parameters = {path: shape for path, shape in ours.shapes.items() if "_before" not in path and path != "update.done"}
    spare = set(theirs.shapes) - set(parameters)
    assert {path: shape for path, shape in theirs.shapes.items() if path not in spare} == parameters
    assert all(each.endswith(("lm_head.weight", "embed_out.weight")) for each in spare)  # which are tied
    again = tfstep.trace(tfstep.load(tmp_path / "s.yaml"))
    for path in ("out.logits", "loss", "dec0.attn.W_Q.new"):
        np.testing.assert_allclose(again[path].value, session.trace[path].value, rtol=1e-4, atol=1e-5)
    for path in ("tgt.E", "dec0.attn.W_Q", "dec1.norm1.gamma"):
        assert again[path].value.tobytes() == session.trace[path].value.tobytes()


def test_a_model_with_a_tokenizer_is_saved_with_the_way_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(MODELS / "llama", folder, ignore=shutil.ignore_patterns("*.npz"))
    pieces = {f"p{i}": i for i in range(37)}
    made = {"model": {"type": "WordLevel", "vocab": pieces, "unk_token": "p0"}, "pre_tokenizer": {"type": "Whitespace"}}
    (folder / "tokenizer.json").write_text(json.dumps(made))
    session = Session(tfstep.load(folder, text="p5 p17 p9"))
    (tmp_path / "elsewhere").mkdir()
    session.run("set dec0.attn.W_Q[0,0] = 2")
    session.run(f"save {tmp_path / 'elsewhere' / 's.yaml'}")
    again = tfstep.load(tmp_path / "elsewhere" / "s.yaml")
    assert again.inputs.target is not None
    assert again.inputs.target.words == (("p5", "p17", "p9"),)
    np.testing.assert_allclose(
        tfstep.trace(again)["out.logits"].value, session.trace["out.logits"].value, rtol=1e-4, atol=1e-5
    )
