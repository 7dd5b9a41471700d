"""GGUF: the same model from a folder and from a file, plain and in blocks; what is wrong with a file is told."""

from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf.quants import dequantize, quantize
from recorded import MODELS

import tfstep
from tfstep.errors import TfstepError
from tfstep.scenario.weights.files import open_weight_file

HEADS, KV = 4, 2
NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def written(path: Path, tensors: dict[str, list[float]] | None = None, **more: object) -> dict[str, np.ndarray]:
    """The recorded Llama as llama.cpp's converter writes it: other names, the rows of q and k permuted."""
    file = open_weight_file(MODELS / "llama" / "model.safetensors")
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(2)
    writer.add_context_length(64)
    writer.add_embedding_length(16)
    writer.add_feed_forward_length(24)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(4)
    for key, value in more.items():
        if isinstance(value, int):
            writer.add_uint32(f"llama.{key}", value)
        elif isinstance(value, float):
            writer.add_float32(f"llama.{key}", value)
        else:
            writer.add_string(f"llama.{key}", str(value))
    for key, numbers in (tensors or {}).items():
        writer.add_tensor(key, np.array(numbers, np.float32))
    found = {}
    for name in file.shapes:
        array = np.array(file.read(name))
        head = name.removesuffix(".weight")
        if head in ("model.embed_tokens", "model.norm", "lm_head"):
            theirs = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}[head]
        else:
            _, _, i, part = head.split(".", 3)
            theirs = f"blk.{i}.{NAMES[part]}"
            if part in ("self_attn.q_proj", "self_attn.k_proj"):
                heads = HEADS if part == "self_attn.q_proj" else KV
                array = array.reshape(heads, 2, -1, 16).swapaxes(1, 2).reshape(array.shape)
        found[name] = array
        writer.add_tensor(f"{theirs}.weight", np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return found


def test_a_file_gives_the_bits_of_the_folder(tmp_path: Path) -> None:
    written(tmp_path / "m.gguf")
    one, two = (tfstep.trace(tfstep.load(path, ids=[5, 17, 9])) for path in (MODELS / "llama", tmp_path / "m.gguf"))
    for path in ("dec0.attn.W_Q", "dec1.ffn.W_2", "tgt.E"):
        assert (one[path].value == two[path].value).all()
    np.testing.assert_allclose(one["out.logits"].value, two["out.logits"].value, rtol=0, atol=1e-5)


def test_angles_stretched_by_factors_in_the_file(tmp_path: Path) -> None:
    from tfstep.families.gguf import config
    from tfstep.models.keys.sections import RopePart, ScalingPart
    from tfstep.models.parts.positions import rope_frequencies

    path = tmp_path / "m.gguf"
    plain = 10000.0 ** -np.array([0, 0.5])
    real = RopePart(base=500000.0, scaling=ScalingPart(kind="llama3", factor=8.0))  # Llama 3.1's
    factors = 500000.0 ** -(np.arange(64) / 64) / rope_frequencies(128, real, 0)[0]
    meta = {"general.architecture": "llama", "llama.rope.freq_base": 500000.0}
    said = config(meta, {"rope_freqs.weight": (64,)}, lambda name: factors.astype(np.float32).tolist())["rope_scaling"]
    assert said == {
        "rope_type": "llama3",
        "factor": 8.0,
        "original_max_position_embeddings": 8192,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
    }
    written(path, {"rope_freqs.weight": [1.5, 2.5]})
    scenario = tfstep.load(path)
    assert scenario.program.taken is not None
    assert not scenario.program.taken.spare
    for words in (3, 200):
        found, times = rope_frequencies(4, scenario.model.rope, words)
        np.testing.assert_array_equal(found, plain / [1.5, 2.5])
        assert times == 1
    tensors = {"rope_factors_short.weight": [1.0, 1.5], "rope_factors_long.weight": [2.0, 3.0]}
    written(path, tensors, **{"rope.scaling.original_context_length": 16, "rope.scaling.attn_factor": 1.25})
    rope = tfstep.load(path).model.rope.scaling
    assert rope is not None
    assert (rope.kind, rope.factor, rope.original, rope.attention) == ("longrope", 4.0, 16, 1.25)
    assert (rope.short, rope.long) == ((1.0, 1.5), (2.0, 3.0))
    written(path, **{"rope.scaling.type": "linear", "rope.scaling.factor": 2.0})
    assert tfstep.load(path).model.rope.scaling == ScalingPart(kind="linear", factor=2.0)
    for key, value in {"type": "spiral", "yarn_log_multiplier": 0.5}.items():
        written(path, **{f"rope.scaling.{key}": value})
        with pytest.raises(TfstepError, match=rf"llama\.rope\.scaling\.{key} is .*, which is not computed"):
            tfstep.load(path)


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K", "F16", "BF16"])
def test_blocks_of_few_bits_are_read_as_the_package_reads_them(tmp_path: Path, kind: str) -> None:
    numbers = np.random.default_rng(0).normal(size=(3, 512)).astype(np.float32)
    type_ = gguf.GGMLQuantizationType[kind]
    writer = gguf.GGUFWriter(str(tmp_path / "m.gguf"), "llama")
    if kind in ("Q4_K", "Q6_K"):  # which the package only reads: any bytes are blocks
        block, size = gguf.GGML_QUANT_SIZES[type_]
        draw = np.random.default_rng(1).integers(0, 60, (3, 512 // block * size)).astype(np.uint8)
    else:
        draw = quantize(numbers, type_) if kind != "F16" else numbers.astype(np.float16)
    expected = draw.astype(np.float32) if kind == "F16" else dequantize(draw, type_)
    writer.add_tensor("x.weight", draw, raw_dtype=type_)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file = open_weight_file(tmp_path / "m.gguf")
    assert file.shapes == {"x.weight": (3, 512)}
    np.testing.assert_array_equal(file.read("x.weight").astype(np.float32), expected)


@pytest.mark.slow
def test_what_is_not_computed_or_broken_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    written(path, made_up=1)
    with pytest.raises(TfstepError, match=r"llama\.made_up is 1, which is not computed"):
        tfstep.load(path)
    written(path, expert_count=4)
    with pytest.raises(TfstepError, match=r"llama\.expert_count is 4"):
        tfstep.load(path)
    written(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-64])
    with pytest.raises(TfstepError, match="cut short: it ends within"):
        tfstep.trace(tfstep.load(path))
    for content in (b"", b"GGUF", b"GGUF" + b"\xff" * 40, whole[:200], b"PK" + whole):
        path.write_bytes(content)
        with pytest.raises(TfstepError):
            tfstep.load(path)
    rng = np.random.default_rng(0)
    for _ in range(60):  # no byte of it can break the reader
        spoiled = bytearray(whole)
        for place in rng.integers(0, 1500, 3):
            spoiled[int(place)] = int(rng.integers(0, 256))
        path.write_bytes(spoiled)
        try:
            tfstep.trace(tfstep.load(path))
        except TfstepError:
            continue
