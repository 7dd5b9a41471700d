"""What a config ties and its file has twice: one where the numbers are the same, two where they differ."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded import MODELS

import tfstep
from tfstep.scenario.opening.writing import write
from tfstep.scenario.weights.files import open_weight_file, write_weights


def copied(name: str, tmp_path: Path, **more: np.ndarray) -> Path:
    """A recorded model with more tensors in its file."""
    folder = tmp_path / "m"
    shutil.copytree(MODELS / name, folder, ignore=shutil.ignore_patterns("*.npz"))
    file = open_weight_file(folder / "model.safetensors")
    arrays = {each: np.array(file.read(each)) for each in file.shapes} | more
    del file
    (folder / "model.safetensors").unlink()
    write_weights(folder / "model.safetensors", arrays)
    return folder


def word_table(name: str, tensor: str) -> np.ndarray:
    return np.array(open_weight_file(MODELS / name / "model.safetensors").read(tensor))


CASES = [
    ("qwen2", "model.embed_tokens.weight", "lm_head.weight", {"ids": [5, 17, 9]}),
    ("gpt2", "transformer.wte.weight", "lm_head.weight", {"ids": [5, 17, 9]}),
    ("t5", "shared.weight", "lm_head.weight", {"ids": [5, 17, 9], "target_ids": [0, 4, 8]}),
    ("bert", "bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight", {"ids": [5, 17, 9]}),
]


@pytest.mark.parametrize(("name", "embedding", "head", "reading"), CASES)
def test_a_head_of_its_own_on_disk_is_the_head(
    name: str, embedding: str, head: str, reading: dict[str, Any], tmp_path: Path
) -> None:
    words = word_table(name, embedding)
    plain = tfstep.trace(tfstep.load(MODELS / name, dtype="float64", **reading))
    folder = copied(name, tmp_path, **{head: words * 2})
    trace = tfstep.trace(tfstep.load(folder, dtype="float64", **reading))
    bias = plain["out.b"].value if "out.b" in plain else 0.0
    assert np.allclose(trace["out.logits"].value - bias, 2 * (plain["out.logits"].value - bias), rtol=1e-12, atol=1e-12)
    assert "out.W" in {node.path for node in trace.plan.nodes if node.kind == "parameter"}


@pytest.mark.parametrize(("name", "embedding", "head", "reading"), CASES)
def test_a_head_that_is_the_embedding_twice_stays_tied(
    name: str, embedding: str, head: str, reading: dict[str, Any], tmp_path: Path
) -> None:
    folder = copied(name, tmp_path, **{head: word_table(name, embedding)})
    one, two = (tfstep.trace(tfstep.load(each, **reading)) for each in (MODELS / name, folder))
    assert "out.W" not in {node.path for node in two.plan.nodes if node.kind == "parameter"}
    assert one["out.logits"].value.tobytes() == two["out.logits"].value.tobytes()


def test_one_parameter_under_two_names_is_told_where_they_differ(tmp_path: Path) -> None:
    other = word_table("t5", "shared.weight") + 1
    folder = copied("t5", tmp_path, **{"encoder.embed_tokens.weight": other})
    with pytest.raises(tfstep.TfstepError, match=r"shared\.weight and encoder\.embed_tokens\.weight are both src\.E"):
        tfstep.load(folder)


@pytest.mark.parametrize(("name", "embedding", "head", "reading"), CASES[:3])
def test_a_file_that_has_the_head_alone_has_the_words_in_it(
    name: str, embedding: str, head: str, reading: dict[str, Any], tmp_path: Path
) -> None:
    folder = copied(name, tmp_path, **{head: word_table(name, embedding)})
    file = open_weight_file(folder / "model.safetensors")
    arrays = {each: np.array(file.read(each)) for each in file.shapes if each != embedding}
    del file
    (folder / "model.safetensors").unlink()
    write_weights(folder / "model.safetensors", arrays)
    one, two = (tfstep.trace(tfstep.load(each, **reading)) for each in (MODELS / name, folder))
    assert one["out.logits"].value.tobytes() == two["out.logits"].value.tobytes()
    write(tfstep.load(folder, **reading), tmp_path / "again")
    again = tfstep.trace(tfstep.load(tmp_path / "again", **reading))
    assert again["out.logits"].value.tobytes() == one["out.logits"].value.tobytes()
