"""Opening a model's folder: one road with the file that `new` writes, and everything that is wrong refused in a line."""

import json
import math
import pickle
import re
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded import MODELS

import tfstep
from tfstep.errors import TfstepError
from tfstep.scenario.weights.files import write_weights
from tfstep.text import set_language


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny Llama that may be spoiled."""
    shutil.copytree(MODELS / "llama", tmp_path / "m", ignore=shutil.ignore_patterns("*.npz"))
    return tmp_path / "m"


def said(path: Path, **asked: Any) -> str:
    """The one line in which opening ends."""
    with pytest.raises(TfstepError) as caught:
        tfstep.trace(tfstep.load(path, **asked))
    lines = str(caught.value).splitlines()
    assert len(lines) == 1, lines
    set_language("zh")
    chinese = str(caught.value)
    set_language("en")
    assert chinese != lines[0]
    return lines[0]


def configured(folder: Path, **changes: object) -> Path:
    """The folder with other keys in its config."""
    file = folder / "config.json"
    config = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in config.items() if value != "gone"}))
    return folder


def test_a_folder_and_the_file_of_it_give_the_same_bits(folder: Path, tmp_path: Path) -> None:
    from tfstep.scenario.opening.checkpoint import checkpoint
    from tfstep.scenario.opening.document import as_text, document
    from tfstep.scenario.opening.reading import reading

    (tmp_path / "files").mkdir()
    file = tmp_path / "files" / "m.yaml"
    file.write_text(as_text(document(checkpoint(folder), reading(ids=[5, 17, 9]), file.parent)))
    one, two = tfstep.trace(tfstep.load(folder, ids=[5, 17, 9])), tfstep.trace(tfstep.load(file))
    for path in ("out.logits", "loss", "dec0.attn.W_Q.grad"):
        assert one[path].value.tobytes() == two[path].value.tobytes()
    again = tfstep.trace(tfstep.load(file, ids=[[7, 8, 9], [1, 2]]))
    assert again["out.logits"].shape == (2, 3, 37)


def test_only_what_is_looked_at_is_computed_and_read(folder: Path) -> None:
    trace = tfstep.trace(tfstep.load(folder, ids=[5, 17, 9]))
    assert trace.runs == 0
    assert all(later._value is None for later in trace.plan.later.values())  # nothing is read
    _ = trace["dec0.attn.scores"].value
    read = {trace.plan.nodes[slot].path for slot, later in trace.plan.later.items() if later._value is not None}
    assert read == {"tgt.E", "dec0.norm1.gamma", "dec0.attn.W_Q", "dec0.attn.W_K"}


def test_float32_is_read_as_it_lies_on_disk(folder: Path) -> None:
    trace = tfstep.trace(tfstep.load(folder))
    for path in ("tgt.E", "dec0.attn.W_Q"):
        value = trace[path].value
        assert value.dtype == np.float32
        assert not value.flags.owndata  # a view of what is mapped


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("rope_parameters", {"rope_type": "spiral", "rope_theta": 1e4}, "rope_type is 'spiral'"),
        ("hidden_act", "mish", "hidden_act is 'mish'"),
        ("made_up", True, "made_up is True"),
        ("model_type", "deepseek_v3", "model_type is 'deepseek_v3' (MLA, which is not computed)"),
        ("model_type", "qwen3_5", "model_type is 'qwen3_5' (gated delta net, which is not computed); what opens"),
        ("model_type", "kimi_linear", "model_type is 'kimi_linear' (gated delta net, which is not computed)"),
        ("model_type", "siglip", "model_type is 'siglip' (vision, which is not computed)"),
        ("model_type", "hubert", "model_type is 'hubert' (speech, which is not computed)"),
        ("model_type", "gemma4", "model_type is 'gemma4' (inputs of their own a layer, which is not computed)"),
        ("model_type", None, "model_type is None"),
        ("model_type", ["llama"], "model_type is ['llama']"),
        ("num_hidden_layers", "gone", "no num_hidden_layers"),
        ("architectures", ["LlamaForSequenceClassification"], "architectures is ['LlamaForSequenceClassification']"),
        ("vocab_size", "many", "vocab_size is 'many'"),
        ("quantization_config", {"bits": 4}, "quantization_config is"),
        ("rope_scaling", {"type": "linear"}, "no rope_scaling.factor; linear needs it"),
        ("rope_scaling", {"type": "ntk", "factor": 2.0}, "rope_scaling.type is 'ntk'"),
        ("rope_parameters", {"rope_type": "default", "rope_theta": 0}, "rope_parameters.rope_theta is 0"),
        ("rope_parameters", {"rope_type": "default", "partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        ("partial_rotary_factor", 0.5, "config.json: partial_rotary_factor is 0.5"),
        ("rope_scaling", {"type": "su", "short_factor": [1], "long_factor": [2]}, "config.json: rope_scaling {"),
        ("head_dim", 3, "config.json: head_dim 3"),
        (
            "num_hidden_layers",
            300,
            "config.json: num_hidden_layers 300: num_hidden_layers is 300; allowed: a whole number",
        ),
        ("rms_norm_eps", -1, "config.json: rms_norm_eps -1: rms_norm_eps is -1; allowed: a number, 0 or more"),
        ("vocab_size", 2000000, "config.json: vocab_size 2000000: "),
        ("intermediate_size", 10**9, "config.json: intermediate_size 1000000000: about"),
        (
            "num_attention_heads",
            5,
            "config.json: num_key_value_heads 2, num_attention_heads 5: 2 num_key_value_heads do not divide 5 heads",
        ),
        ("hidden_size", [16], "hidden_size is [16]"),
        ("tie_word_embeddings", "yes", "tie_word_embeddings is 'yes'"),
        ("rms_norm_eps", "1e-5", "rms_norm_eps is '1e-5'"),
    ],
)
def test_what_a_config_asks_and_we_do_not_compute_is_refused_by_name(
    folder: Path, key: str, value: object, words: str
) -> None:
    assert words in said(configured(folder, **{key: value}))


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("gemma3", "query_pre_attn_scalar", None),
        ("gemma3", "query_pre_attn_scalar", 0),
        ("gemma3", "query_pre_attn_scalar", -4),
        ("gemma3", "attn_logit_softcapping", 2.0),
        ("gemma3", "rope_parameters", {"full_attention": {"rope_theta": 1e4}}),
        ("gemma3", "rope_parameters", {"full_attention": 3, "sliding_attention": 4}),
        ("gemma3", "sliding_window", None),
        ("mixtral", "output_router_logits", True),
        ("mixtral", "router_type", "sigmoid"),
        ("modernbert", "classifier_activation", "silu"),
        ("modernbert", "classifier_bias", True),
        ("t5", "dense_act_fn", "mish"),
        ("t5", "num_heads", 0),
    ],
)
def test_what_other_families_do_not_compute(name: str, key: str, value: object, tmp_path: Path) -> None:
    shutil.copytree(MODELS / name, tmp_path / "m", ignore=shutil.ignore_patterns("*.npz"))
    words = "rope_parameters is {'full" if name == "gemma3" and key == "rope_parameters" else f"{key} is {value!r}"
    assert words in said(configured(tmp_path / "m", **{key: value}))


@pytest.mark.parametrize(
    ("name", "key", "value", "words"),
    [
        ("gpt2", "n_head", 3, "n_head 3, n_embd 16: 3 heads do not divide n_embd 16; allowed: 1, 2, 4, 8, 16"),
        ("gpt2", "n_positions", 4, "n_positions 4: 4 positions; 6 are needed for these words"),
        (
            "mixtral",
            "num_experts_per_tok",
            9,
            "num_local_experts 3, num_experts_per_tok 9: top is 9 of 3 experts; at most",
        ),
        ("qwen3-moe", "num_experts_per_tok", 9, "num_experts_per_tok 9: top is 9 of 4 experts; at most"),
        ("gemma2", "attn_logit_softcapping", -3, "attn_logit_softcapping -3: attn_logit_softcapping is -3; allowed"),
    ],
)
def test_what_does_not_fit_together_is_told_by_the_keys_of_the_config(
    name: str, key: str, value: object, words: str, tmp_path: Path
) -> None:
    shutil.copytree(MODELS / name, tmp_path / "m", ignore=shutil.ignore_patterns("*.npz"))
    folder = configured(tmp_path / "m", **{key: value})
    with pytest.raises(TfstepError) as told:
        _ = tfstep.load(folder, ids=[5, 17, 9, 4, 6, 8]).program
    line = str(told.value)
    assert line.startswith(f"{folder}: config.json: {words}")
    assert not re.search(r"d_model|d_k|model\.", line)


def test_what_is_changed_afterwards_is_no_fault_of_the_config() -> None:
    scenario = tfstep.load(MODELS / "gpt2", ids=[5, 17])
    with pytest.raises(TfstepError) as told:
        _ = scenario.with_changes({"model": {"positions": 1}}).program
    assert "config.json" not in str(told.value)


def test_what_opens_is_listed_by_what_a_config_says(folder: Path) -> None:
    from tfstep.families.registry import of_type, types

    line = said(configured(folder, model_type="lama"))
    assert "model_type is 'lama' (did you mean llama?); what opens: " in line
    listed = line.partition("what opens: ")[2].split(", ")
    assert listed == sorted(set(listed))
    for each in listed:
        if each != "gemma3":  # whose config has the one that reads text within it
            assert each in types(of_type(each))
    assert {"gpt_neox", "xlm-roberta", "gemma3", "mt5"} <= set(listed)
    assert not {"gpt-neox", "pytorch"} & set(listed)


def test_angles_of_a_type_of_layer_that_is_not_known(tmp_path: Path) -> None:
    shutil.copytree(MODELS / "gemma3", tmp_path / "m", ignore=shutil.ignore_patterns("*.npz"))
    kinds = {kind: {"rope_theta": 1e4} for kind in ("full_attention", "sliding_attention", "chunked_attention")}
    assert "rope_parameters.chunked_attention is" in said(configured(tmp_path / "m", rope_parameters=kinds))


def test_rope_scaling_of_before_goes_before_the_parameters_of_today(folder: Path) -> None:
    configured(folder, rope_scaling={"rope_type": "linear", "factor": 2.0})
    rope = tfstep.load(folder).model.rope
    assert rope.scaling is not None
    assert rope.scaling.factor == 2.0


def test_keys_of_training_and_of_the_library_are_no_matter(folder: Path) -> None:
    configured(
        folder, attention_dropout=0.5, transformers_version="9", _name_or_path="x", made_up=None, pretraining_tp=2
    )
    assert tfstep.load(folder).model.d_model == 16


def test_what_is_missing_or_broken_in_a_folder(folder: Path, tmp_path: Path) -> None:
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) - 100])
    assert "cut short: it ends within" in said(folder)
    weights.write_bytes(whole)
    (folder / "config.json").write_text("{")
    assert "config.json: no JSON" in said(folder)
    (folder / "config.json").unlink()
    assert "a folder without config.json" in said(folder)
    shutil.copy(MODELS / "llama" / "config.json", folder)
    weights.unlink()
    assert "no weights beside config.json" in said(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": 1}))
    assert "a pickle, which can run any code and is not read; convert it" in said(folder)
    outside = tmp_path / "outside.safetensors"
    outside.write_bytes(whole)
    weights.symlink_to(outside)
    assert "a link that leads out of the folder" in said(folder)


def test_shards_are_one_file_and_none_lies_elsewhere(folder: Path) -> None:
    from tfstep.scenario.weights.files import open_weight_file

    whole = tfstep.trace(tfstep.load(folder))["out.logits"].value
    file = open_weight_file(folder / "model.safetensors")
    arrays = {name: np.array(file.read(name)) for name in file.shapes}
    names = sorted(arrays)
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for shard, some in parts.items():
        write_weights(folder / shard, {name: arrays[name] for name in some})
    (folder / "model.safetensors").unlink()
    index = folder / "model.safetensors.index.json"
    where = {name: shard for shard, some in parts.items() for name in some}
    index.write_text(json.dumps({"metadata": {}, "weight_map": where}))
    assert tfstep.trace(tfstep.load(folder))["out.logits"].value.tobytes() == whole.tobytes()
    index.write_text(json.dumps({"weight_map": where | {names[0]: "../outside.safetensors"}}))
    assert "a shard stands beside it" in said(folder)
    index.write_text(json.dumps({"weight_map": where | {names[0]: "c.safetensors"}}))
    assert f"{folder}: model.safetensors.index.json: c.safetensors: there is no such file" in said(folder)
    index.write_text(json.dumps({"weight_map": where | {names[0]: 3}}))
    assert f"the index says 3 of {names[0]}" in said(folder)
    short = (folder / "a.safetensors").read_bytes()
    (folder / "a.safetensors").write_bytes(short[:-4])
    index.write_text(json.dumps({"weight_map": where}))
    assert "model.safetensors.index.json: a.safetensors: cut short" in said(folder)
    (folder / "a.safetensors").write_bytes(short)
    index.write_text(json.dumps({"weight_map": where | {"more": "a.safetensors"}}))
    assert "has no more, which the index says is there" in said(folder)
    index.write_text("[]")
    assert "it has no weight_map" in said(folder)


def test_tensors_of_other_shapes_are_one_line_that_counts_them(folder: Path) -> None:
    line = said(configured(folder, intermediate_size=25))
    assert line.startswith(f"{folder}: model.safetensors: dec0.ffn.W_gate in model.layers.0.mlp.gate_proj.weight: ")
    assert line.endswith("numbers of shape (24, 16); (16, 25) is needed; 5 more do not fit either")


def header_of(path: Path) -> tuple[dict[str, object], bytes]:
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def spoiled(folder: Path, name: str, **entry: object) -> Path:
    path = folder / "model.safetensors"
    header, data = header_of(path)
    found = header[name]
    assert isinstance(found, dict)
    header[name] = {**found, **entry}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return folder


def test_a_tensor_of_the_wrong_shape_or_of_a_type_that_is_not_read(folder: Path) -> None:
    name = "model.layers.0.self_attn.q_proj.weight"
    assert "dec0.attn.W_Q in model.layers.0.self_attn.q_proj.weight" in said(spoiled(folder, name, shape=[32, 8]))
    spoiled(folder, name, shape=[16, 16], dtype="U32")
    assert f"{name} holds U32; allowed: F64, F32" in said(folder)


def test_a_file_that_lacks_parameters_is_an_error_unless_partial(folder: Path, tmp_path: Path) -> None:
    path = folder / "model.safetensors"
    header, data = header_of(path)
    del header["model.layers.1.mlp.up_proj.weight"], header["model.norm.weight"]
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    line = said(folder)
    assert "2 of 21 parameters are not there: dec1.ffn.W_1, dec.norm.gamma" in line
    scenario = tfstep.load_text if hasattr(tfstep, "load_text") else None
    assert scenario is None
    file = tmp_path / "p.yaml"
    from tfstep.scenario.opening.checkpoint import checkpoint
    from tfstep.scenario.opening.document import as_text, document
    from tfstep.scenario.opening.reading import reading

    file.write_text(as_text(document(checkpoint(folder), reading(), tmp_path)).replace("names: llama", "partial: true"))
    taken = tfstep.load(file).program.taken
    assert taken is not None
    assert (taken.family, taken.read, taken.missing) == ("llama", 19, ("dec1.ffn.W_1", "dec.norm.gamma"))


def test_a_bare_state_dict_is_taken_with_any_prefix_and_its_spare_buffers_left(folder: Path, tmp_path: Path) -> None:
    header, _ = header_of(folder / "model.safetensors")
    from tfstep.scenario.weights.files import open_weight_file

    file = open_weight_file(folder / "model.safetensors")
    head = (
        "tfstep: 1\nmodel: {kind: decoder, layers: 2, d_model: 16, heads: 4, kv_heads: 2, d_ff: 24, activation: swiglu, "
        "norm: rms, norm_position: pre, positional: rope, rope: {pairs: half}, bias: false, eps: 1.0e-6, head: true}\n"
        "vocab: 37\ninput: {target: 5 17 9}\nweights: {file: w.safetensors}\n"
    )
    (tmp_path / "s.yaml").write_text(head)
    wanted = tfstep.trace(tfstep.load(folder, ids=[5, 17, 9], dtype="float64"))["out.logits"].value
    for before, after in (("", ""), ("", "module."), ("model.", "")):
        arrays = {
            after + name.removeprefix(before): np.array(file.read(name)) for name in header if name in file.shapes
        }
        arrays[f"{after}layers.0.self_attn.rotary_emb.inv_freq"] = np.ones(2, np.float32)
        arrays[f"{after}something.else"] = np.ones(2, np.float32)
        write_weights(tmp_path / "w.safetensors", arrays)
        scenario = tfstep.load(tmp_path / "s.yaml")
        assert (tfstep.trace(scenario)["out.logits"].value == wanted).all()
        assert scenario.program.taken is not None
        assert scenario.program.taken.spare == (f"{after}something.else",)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"ids": [5, 37]}, "the id 37; the vocabulary has 37, so 0 to 36 are allowed"),
        ({"text": "hello"}, "there is no tokenizer that cuts text"),
        ({"target": "x"}, "--target is for an encoder-decoder"),
        ({"text": "x", "ids": [1]}, "a text and ids for the same words"),
        ({"labels": "all"}, "labels is 'all'; allowed: next, none"),
        ({"dtype": "float8"}, "dtype is 'float8'; allowed: float64, float32"),
    ],
)
def test_what_cannot_be_read_is_told(folder: Path, asked: dict[str, object], words: str) -> None:
    assert words in said(folder, **asked)


def copied(name: str, to: Path) -> Path:
    """A recorded model that may be spoiled."""
    shutil.copytree(MODELS / name, to, ignore=shutil.ignore_patterns("*.npz"))
    return to


def test_of_a_model_that_sees_images_too_the_part_that_reads_text_opens(tmp_path: Path) -> None:
    from tfstep.scenario.weights.files import open_weight_file

    folder = copied("gemma3", tmp_path / "m")
    alone = tfstep.trace(tfstep.load(folder, ids=[5, 17, 9]))["out.logits"].value
    text = json.loads((folder / "config.json").read_text())
    del text["architectures"]
    whole = {"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "image_token_index": 36}
    (folder / "config.json").write_text(json.dumps(whole | {"text_config": text, "vision_config": {"hidden_size": 4}}))
    file = open_weight_file(folder / "model.safetensors")
    arrays = {f"language_model.{name}": np.array(file.read(name)) for name in file.shapes}
    write_weights(folder / "model.safetensors", arrays | {"vision_tower.W": np.ones(2, np.float32)})
    scenario = tfstep.load(folder, ids=[5, 17, 9])
    assert tfstep.trace(scenario)["out.logits"].value.tobytes() == alone.tobytes()
    assert scenario.program.taken is not None
    assert scenario.program.taken.spare == ("vision_tower.W",)


def test_in_the_first_gemma_gelu_means_its_approximation_by_tanh(tmp_path: Path) -> None:
    folder = copied("gemma", tmp_path / "m")
    assert tfstep.load(configured(folder, hidden_act="gelu", hidden_activation="relu")).model.activation == "gelu_tanh"
    assert tfstep.load(configured(folder, hidden_act="gelu_python")).model.activation == "gelu"
    second = configured(copied("gemma2", tmp_path / "n"), hidden_act="relu", hidden_activation="gelu")
    assert tfstep.load(second).model.activation == "gelu"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cohere", "mpt", "olmo", "gpt-oss", "t5", "opt-350m"])
def test_a_path_that_is_not_there_is_told(name: str) -> None:
    trace = tfstep.trace(tfstep.load(MODELS / name))
    with pytest.raises(TfstepError, match=r"no tensor 'nothing\.here'"):
        _ = trace["nothing.here"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("m.pt", "a pickle, which can run any code and is not read; convert it"),
        ("pytorch_model.bin", "a pickle, which can run any code and is not read; convert it"),
        ("model.safetensors", "weights alone; a model's folder has config.json beside them"),
        ("w.npz", "if these are arrays of your own run: `tfstep diagnose "),
        ("m.gguf", "damaged or cut short"),
        ("", "a folder without config.json"),
    ],
)
def test_a_weights_file_in_place_of_a_scenario_is_told(name: str, words: str, tmp_path: Path) -> None:
    if name:
        (tmp_path / name).write_bytes(b"x")
    assert words in said(tmp_path / name)


def test_ids_are_read_by_scenarios_that_list_their_words_too() -> None:
    scenario = tfstep.load("wo-ai-ni", ids=[3, 1, 2])
    assert scenario.inputs.source is not None
    assert scenario.inputs.source.words == (tuple(scenario.inputs.source.vocab[i] for i in (3, 1, 2)),)
    with pytest.raises(TfstepError, match="the id 9; the vocabulary has 4, so 0 to 3 are allowed"):
        tfstep.load("wo-ai-ni", ids=[9])


def test_in_roberta_the_id_that_fills_up_takes_no_position_wherever_it_stands() -> None:
    trace = tfstep.trace(tfstep.load(MODELS / "roberta", ids=[[5, 17, 9, 4], [3, 1, 2, 1]], dtype="float64"))
    assert trace["src.places"].value.tolist() == [[2, 3, 4, 5], [2, 1, 3, 1]]
    table, words = trace["src.pos"].value, trace["src.E"].value
    ids = trace["src.tokens"].value
    x = words[ids] + table[[[2, 3, 4, 5], [2, 1, 3, 1]]] + trace["src.E_types"].value[0]
    np.testing.assert_allclose(trace["src.x"].value, x, rtol=1e-15, atol=1e-15)
    assert (trace["enc0.attn.weights"].value > 0).all()  # it is seen, for nothing says that it only fills up
    shorter = tfstep.trace(tfstep.load(MODELS / "roberta", ids=[[5, 17, 9, 4], [3, 2]], dtype="float64"))
    assert "src.places" not in shorter
    assert (shorter["enc0.attn.weights"].value[1, :, :, 2:] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["t5", "granite", "gemma2", "cohere", "bart", "mt5", "llama", "phi", "gptj", "marian"])
def test_a_model_without_its_output_layer_opens(name: str, tmp_path: Path) -> None:
    from tfstep.families.registry import of_type

    folder = copied(name, tmp_path / "m")
    kind = json.loads((folder / "config.json").read_text())["model_type"]
    saved = of_type(kind).architecture
    bare = re.sub(r"(ForCausalLM|ForConditionalGeneration|LMHeadModel|MTModel)$", "Model", saved)
    asked = {"target_ids": [0, 4]} if kind in ("t5", "mt5", "bart", "marian") else {}
    whole = tfstep.trace(tfstep.load(folder, ids=[5, 17, 9], **asked))
    trace = tfstep.trace(tfstep.load(configured(folder, architectures=[bare]), ids=[5, 17, 9], **asked))
    assert "out.logits" not in trace
    last = [path for path in trace.paths("dec*") if path in whole and trace[path].axes[-1:] == ("model",)][-1]
    assert trace[last].value.tobytes() == whole[last].value.tobytes()


def test_a_decoder_without_its_head_opens_as_far_as_its_last_norm(tmp_path: Path) -> None:
    here = copied("gpt2", tmp_path / "gpt2")
    whole = tfstep.trace(tfstep.load(here, ids=[[5, 17, 9]]))
    configured(here, architectures=["GPT2Model"])
    bare = tfstep.trace(tfstep.load(here, ids=[[5, 17, 9]]))
    assert "out.logits" not in bare
    assert "loss" not in bare
    np.testing.assert_array_equal(bare["dec.norm"].value, whole["dec.norm"].value)


def test_what_is_converted_is_not_held_beside_what_is_on_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mmap

    given_back: list[tuple[int, int]] = []
    monkeypatch.setattr(mmap, "PAGESIZE", 1)  # of so small a file no tensor fills a page; the call itself is not made

    class Map(mmap.mmap):
        def madvise(self, option: int, start: int = 0, length: int | None = None) -> None:
            assert option == mmap.MADV_DONTNEED
            given_back.append((start, length or 0))

    monkeypatch.setattr(mmap, "mmap", Map)
    same = tfstep.trace(tfstep.load(folder, ids=[5, 17, 9], dtype="float32"))
    _ = same["out.logits"].value
    assert not given_back  # what is read as it lies on disk stays mapped
    wide = tfstep.trace(tfstep.load(folder, ids=[5, 17, 9], dtype="float64"))
    _ = wide["out.logits"].value
    parameters = [node for node in wide.plan.nodes if node.kind == "parameter"]
    assert sum(size for _, size in given_back) == sum(4 * math.prod(node.shape) for node in parameters)
    np.testing.assert_allclose(wide["out.logits"].value, same["out.logits"].value, rtol=0, atol=1e-4)


def test_what_is_not_computed_is_named_in_chinese_too(folder: Path) -> None:
    set_language("zh")
    with pytest.raises(TfstepError, match="model_type 为 'qwen3_next'（门控 delta 网络，无法计算）；可打开的有"):
        tfstep.load(configured(folder, model_type="qwen3_next"))
    set_language("en")
