"""ModernBERT (Warner et al. 2024)."""

from __future__ import annotations

from typing import Any

from tfstep.families.config import Config, WantedError, nothing, one_of
from tfstep.families.family import Family, Name, fused, linear, norm
from tfstep.families.layers import sections
from tfstep.families.relation import FIRST_HALF, SECOND_HALF, THIRDS, TRANSPOSED, Relation
from tfstep.families.shared import ACTIVATIONS, FULL, SLIDING, biases, gated, layer_types, no_bias, pattern
from tfstep.text import Bilingual


def _layers(value: Any, config: Config) -> dict[str, Any]:
    """Windows and rotary angles by layer: every third layer sees all."""
    layers, every = config.whole("num_hidden_layers"), config["global_attn_every_n_layers"] or 3
    kinds = layer_types(config, [FULL if i % every == 0 else SLIDING for i in range(layers)], (FULL, SLIDING))
    found = config["rope_parameters"] or {
        FULL: {"rope_theta": config["global_rope_theta"]},
        SLIDING: {"rope_theta": config["local_rope_theta"] or config["global_rope_theta"]},
    }
    ropes = sections(found, config, "half")
    window = config.whole("local_attention") // 2
    if SLIDING in kinds and not window:
        raise config.fault("local_attention", Bilingual("2 or more", "不小于 2"))
    each = [{} if kind == FULL else {"window": window, "rope": ropes[SLIDING]} for kind in kinds]
    return {"layers": layers, "rope": ropes[FULL], **pattern(each)}


def _head(value: Any, config: Config) -> dict[str, Any]:
    named = str((value or [""])[0])
    if named.endswith("ForMaskedLM"):
        for key in ("classifier_bias", "mlp_bias"):  # ours has one key for the layers of the blocks and of the head
            if config[key]:
                raise config.fault(key)
        inner, outer = (ACTIVATIONS.get(config[key]) for key in ("hidden_activation", "classifier_activation"))
        if inner != outer:  # ours has one for the blocks and the head
            it = config["hidden_activation"]
            same = Bilingual("what hidden_activation is, {it}", "与 hidden_activation 相同，即 {it}", it=it)
            raise config.fault("classifier_activation", same)
        tie = [["src.E", "out.W"]] if config["tie_word_embeddings"] else None
        bias = bool(config["decoder_bias"])
        return {"head": True, "head_transform": True, "bias.head": bias, "tie": tie}
    if named.endswith("Model") or not named:
        return {"head": False}
    raise WantedError(one_of(["ModernBertModel", "ModernBertForMaskedLM"]))


MODERNBERT = Family(
    name="modernbert",
    system="ModernBERT",
    kind="encoder",
    types=("modernbert",),
    architecture="ModernBertForMaskedLM",
    prefix="model.",
    always={
        "norm": "layer",
        "norm_position": "pre",
        "positional": "rope",
        "embed_norm": True,
        "first_norm": False,
        **no_bias(),
    },
    defaults={
        "hidden_activation": "gelu",
        "classifier_activation": "gelu",
        "classifier_bias": False,
        "norm_eps": 1e-5,
        "norm_bias": False,
        "attention_bias": False,
        "mlp_bias": False,
        "decoder_bias": True,
        "local_attention": 128,
        "global_rope_theta": 160000.0,
        "local_rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "architectures": None,
    },
    keys={
        "num_hidden_layers": _layers,
        "layer_types": nothing,
        "rope_parameters": nothing,
        "local_attention": nothing,
        "global_attn_every_n_layers": nothing,
        "global_rope_theta": nothing,
        "local_rope_theta": nothing,
        "hidden_size": "d_model",
        "num_attention_heads": "heads",
        "intermediate_size": "d_ff",
        "hidden_activation": gated,
        "norm_eps": "eps",
        "norm_bias": biases("norm"),
        "attention_bias": biases("qkv", "out"),
        "mlp_bias": biases("ffn"),
        "architectures": _head,
        "decoder_bias": nothing,
        "tie_word_embeddings": nothing,
        "position_embedding_type": nothing,
        "layer_norm_eps": nothing,
        "reference_compile": nothing,
        "repad_logits_with_grad": nothing,
    },
    anchors=("embeddings.tok_embeddings.weight",),
    names=(
        Name("src.E", "embeddings.tok_embeddings.weight"),
        *norm("src.norm", "embeddings.norm"),
        *norm("enc{i}.norm1", "layers.{i}.attn_norm"),
        *fused("enc{i}.attn", "layers.{i}.attn.Wqkv", THIRDS),
        *linear("enc{i}.attn.W_O", "layers.{i}.attn.Wo"),
        *norm("enc{i}.norm2", "layers.{i}.mlp_norm"),
        *linear("enc{i}.ffn.W_gate", "layers.{i}.mlp.Wi", Relation(part=FIRST_HALF, transposed=True)),
        *linear("enc{i}.ffn.W_1", "layers.{i}.mlp.Wi", Relation(part=SECOND_HALF, transposed=True)),
        *linear("enc{i}.ffn.W_2", "layers.{i}.mlp.Wo"),
        *norm("enc.norm", "final_norm"),
        *linear("out.W_h", "head.dense"),
        *norm("out.norm", "head.norm"),
        Name("out.b", "decoder.bias"),
        Name("out.W", "decoder.weight", TRANSPOSED),
    ),
    spare=(r"decoder\.weight",),
)
