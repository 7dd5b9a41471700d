"""A model as a folder that `transformers` opens: opened again it has the same bits, and what no family has is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from recorded import MODELS, names

import tfstep
from tfstep.errors import TfstepError
from tfstep.scenario.opening.writing import write
from tfstep.scenario.scenario import load_text

HEAD = (
    "tfstep: 1\nvocab: {size: 20}\ninput: {target: 5 17 9 3, labels: next}\nweights: {init: {normal: 0.5}, seed: 3}\n"
)
TOYS = {
    "gpt2": "layers: 2, d_model: 8, heads: 2, activation: gelu_tanh, norm_position: pre, positional: learned, "
    "positions: 16, bias: {head: false}, tie: [[tgt.E, out.W]]",
    "llama": "layers: 2, d_model: 8, heads: 2, kv_heads: 1, d_ff: 12, activation: swiglu, norm: rms, norm_position: pre, "
    "positional: rope, rope: {pairs: half, base: 500}, bias: false",
    "qwen3": "layers: 1, d_model: 8, heads: 2, d_k: 6, d_v: 6, activation: swiglu, norm: rms, norm_position: pre, "
    "positional: rope, rope: {pairs: half}, bias: false, qk_norm: head",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_what_is_written_opens_with_the_same_bits(name: str, tmp_path: Path) -> None:
    one = tfstep.load(MODELS / name)
    write(one, tmp_path / "m")
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["config.json", "model.safetensors"]
    a, b = tfstep.trace(one), tfstep.trace(tfstep.load(tmp_path / "m"))
    for node in a.plan.nodes:
        if node.kind == "parameter" or node.path in ("out.logits", "pooled"):
            assert a[node.path].value.tobytes() == b[node.path].value.tobytes(), node.path


@pytest.mark.slow
@pytest.mark.parametrize("name", TOYS)
def test_a_toy_made_here_is_taken_along(name: str, tmp_path: Path) -> None:
    toy = load_text(HEAD + f"model: {{kind: decoder, {TOYS[name]}, head: true}}\n")
    assert write(toy, tmp_path / "m") == name
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert config["dtype"] == "float64"
    again = tfstep.load(tmp_path / "m", ids=[5, 17, 9, 3], dtype="float64")
    a, b = tfstep.trace(again)["out.logits"].value, tfstep.trace(toy)["out.logits"].value
    np.testing.assert_allclose(
        a, b, rtol=0, atol=1e-13 * np.abs(b).max()
    )  # a matrix that is read turned rounds otherwise


LLAMA = "kind: decoder, layers: 2, d_model: 16, heads: 4, kv_heads: 2, d_ff: 24, activation: swiglu, norm: rms, "
LLAMA += "norm_position: pre, positional: rope, bias: false, head: true"
PAIR = "kind: encoder-decoder, d_model: 16, heads: 4, d_ff: 24, head: true, tie: [[src.E, tgt.E, out.W]]"
T5 = f"{PAIR}, layers: {{encoder: 2, decoder: 1}}, norm: rms, norm_position: pre, positional: relative, "
T5 += "scale: false, bias: false"
MORE = [
    ("llama", f"{LLAMA}, rope: {{pairs: half, scaling: {{kind: llama3, factor: 8, original: 32}}}}"),
    ("llama", f"{LLAMA}, rope: {{pairs: half, scaling: {{kind: linear, factor: 2}}}}"),
    ("llama", f"{LLAMA}, rope: {{pairs: half, scaling: {{kind: dynamic, factor: 2, original: 3}}}}"),
    ("llama", f"{LLAMA}, rope: {{pairs: half, scaling: {{kind: yarn, factor: 4, original: 16}}}}"),
    (
        "llama",
        f"{LLAMA}, rope: {{pairs: half, scaling: {{kind: longrope, factor: 4, original: 16, short: [1, 2], long: [3, 4]}}}}",
    ),
    ("mixtral", f"{LLAMA}, rope: {{pairs: half}}, experts: {{count: 3, top: 2}}"),
    (
        "qwen3-moe",
        f"{LLAMA}, rope: {{pairs: half}}, qk_norm: head, experts: {{count: 3, top: 2, d_ff: 10, renormalise: false}}",
    ),
    (
        "cohere",
        f"{LLAMA.replace('rms', 'layer')}, parallel: shared, qk_norm: heads, tie: [[tgt.E, out.W]]",
    ),
    (
        "stablelm",
        LLAMA.replace("norm: rms", "norm: layer").replace(
            "bias: false", "bias: {qkv: false, out: false, ffn: false, head: false}"
        )
        + ", rope: {pairs: half, part: 0.5}, qk_norm: heads",
    ),
    ("t5", T5),
    ("t5", f"{T5}, activation: gelu_tanh, gated: true"),
    ("t5", f"{T5}, logit_scale: 0.25"),
    (
        "bart",
        (
            f"{PAIR}, layers: 2, activation: gelu, norm_position: post, positional: learned, position_offset: 2, "
            "embed_norm: true"
        ),
    ),
    (
        "marian",
        f"{PAIR}, layers: 2, activation: silu, positional: sinusoidal, sinusoids: halved, embed_scale: true",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "model"), MORE)
def test_toys_of_pairs_of_stretched_angles_and_of_experts(name: str, model: str, tmp_path: Path) -> None:
    both = "encoder-decoder" in model
    words = "{source: 5 17 9 2 1, target: 0 4 5, labels: next}" if both else "{target: 5 17 9 2, labels: next}"
    rest = f"vocab: {{size: 40}}\ninput: {words}\nweights: {{init: {{normal: 0.3}}}}\n"
    toy = load_text(f"tfstep: 1\nmodel: {{{model}}}\n{rest}")
    assert write(toy, tmp_path / "m") == name
    fed = {"ids": [5, 17, 9, 2, 1], "target_ids": [0, 4, 5]} if both else {"ids": [5, 17, 9, 2]}
    again = tfstep.load(tmp_path / "m", dtype="float64", **fed)
    a, b = tfstep.trace(again), tfstep.trace(toy)
    for path in ("out.logits", "loss"):
        worst = 1e-13 * np.abs(b[path].value).max()
        np.testing.assert_allclose(a[path].value, b[path].value, rtol=0, atol=worst)


@pytest.mark.slow
def test_names_on_disk_are_those_that_the_library_writes(tmp_path: Path) -> None:
    """Written without a look at where the weights came from, by the table alone."""
    from tfstep.scenario.weights.files import open_weight_file

    for name in (
        *("gpt2", "llama", "phi3", "gpt-neox", "bert", "qwen3", "t5", "t5-v1.1", "mt5", "bart", "marian"),
        *("falcon", "falcon-40b", "falcon-rw", "mixtral", "gpt-oss", "qwen3-moe", "opt-350m"),
    ):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        folder = tmp_path / name
        shutil.copytree(MODELS / name, folder)
        scenario = tfstep.load(folder)
        from tfstep.families.back import checkpoint
        from tfstep.families.registry import family

        leaves, plan = scenario.program.leaves, scenario.program.plan
        arrays = {node.path: leaves[node.slot] for node in plan.nodes if node.kind == "parameter"}
        assert scenario.program.taken is not None
        made = checkpoint(family(scenario.program.taken.family), arrays, {}, scenario.model)
        theirs = open_weight_file(folder / "model.safetensors")
        assert set(made) == set(theirs.shapes), name
        for each, array in made.items():
            assert array.tobytes() == theirs.read(each).tobytes(), each


def test_what_no_family_has_is_told_with_what_differs(tmp_path: Path) -> None:
    with pytest.raises(
        TfstepError,
        match=r"no family has this model; gpt2 is nearest, and differs in norm_position: post \(gpt2: pre\), "
        r"final_norm: false \(gpt2: true\)$",
    ):
        write(tfstep.load("gpt").with_changes({"model": {"norm_position": "post"}}), tmp_path / "m")
    with pytest.raises(TfstepError, match="distilbert is nearest, and cannot have it: 3 heads do not divide d_model 4"):
        write(tfstep.load("multi-head"), tmp_path / "m")
    with pytest.raises(TfstepError, match="no family has models of kind attention"):
        write(load_text("tfstep: 1\nmodel: {kind: attention}\ninput: {x: [[1, 2]]}\n"), tmp_path / "m")
    with pytest.raises(TfstepError) as told:  # in the language of the file, those of a section by their dots
        write(tfstep.load("similarity"), tmp_path / "m")
    assert "scale: false (distilbert: true), mask.padding: false (distilbert: true), " in str(told.value)
    assert str(told.value).endswith(" more keys")
    stretched = "rope: {pairs: half, scaling: {kind: yarn, factor: 4, original: 16, truncate: false}}, layers: 1, "
    rest = "d_model: 8, heads: 2, activation: gelu_tanh, norm_position: post, positional: rope, experts: {count: 2, top: 1}"
    with pytest.raises(TfstepError) as told:
        write(load_text(f"{HEAD}model: {{kind: decoder, {stretched}{rest}, head: true}}\n"), tmp_path / "m")
    assert "experts: {count: 2, top: 1, " in str(told.value)
    assert "Part(" not in str(told.value)
    assert "None" not in str(told.value)
    assert not (tmp_path / "m").exists()


GPT = "kind: decoder, layers: 1, d_model: 8, heads: 2, activation: gelu_tanh, norm_position: pre, positional: learned, "
GPT += "head: true"
ZERO = HEAD.replace("{normal: 0.5}", "xavier")  # biases are drawn as 0
ZEROS = [
    ("gpt2", GPT),  # a head with a bias
    ("gpt2", f"{GPT}, bias: false"),
    ("gpt2", f"{GPT}, bias: {{norm: false, qkv: false}}"),
    ("llama", f"{LLAMA.replace('bias: false', 'bias: true')}, rope: {{pairs: half}}"),
    ("starcoder2", f"{GPT.replace('learned', 'rope')}, rope: {{pairs: half}}"),
]


@pytest.mark.parametrize(("name", "model"), ZEROS)
def test_a_bias_that_is_0_may_be_left_out_and_one_that_is_not_there_is_0(name: str, model: str, tmp_path: Path) -> None:
    toy = load_text(f"{ZERO}model: {{{model}}}\n")
    assert write(toy, tmp_path / "m") == name
    again = tfstep.load(tmp_path / "m", ids=[5, 17, 9, 3], dtype="float64")
    a, b = tfstep.trace(again), tfstep.trace(toy)
    for path in ("out.logits", "loss", "tgt.E.grad"):
        np.testing.assert_allclose(a[path].value, b[path].value, rtol=0, atol=1e-13 * np.abs(b[path].value).max())


def test_a_bias_that_is_not_0_stays(tmp_path: Path) -> None:
    spoken = load_text(f"{HEAD}model: {{{GPT}}}\n").with_changes({"weights": {"set": {"out.b": {"normal": 0.1}}}})
    with pytest.raises(TfstepError, match=r"gpt2 is nearest, and differs in bias\.head: true \(gpt2: false\)"):
        write(spoken, tmp_path / "m")


def test_a_folder_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    scenario = tfstep.load(MODELS / "gpt2")
    monkeypatch.setattr("tfstep.scenario.opening.writing.write_weights", full)
    with pytest.raises(TfstepError, match="out cannot be written: no space is left"):
        write(scenario, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    write(scenario, tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["config.json", "model.safetensors"]
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
