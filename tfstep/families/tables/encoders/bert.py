"""BERT (Devlin et al. 2019) and MiniLM, RoBERTa, ELECTRA, DistilBERT, ALBERT."""

from __future__ import annotations

from typing import Any

from tfstep.families.config import Config, WantedError, nothing, one_of, only
from tfstep.families.family import Family, Name, linear, norm
from tfstep.families.relation import SAME
from tfstep.families.shared import activation, no_bias

EMBED = (
    Name("src.E", "embeddings.word_embeddings.weight"),
    Name("src.pos", "embeddings.position_embeddings.weight"),
    Name("src.E_types", "embeddings.token_type_embeddings.weight"),
    *norm("src.norm", "embeddings.LayerNorm"),
)
BLOCK = (
    *linear("enc{i}.attn.W_Q", "encoder.layer.{i}.attention.self.query"),
    *linear("enc{i}.attn.W_K", "encoder.layer.{i}.attention.self.key"),
    *linear("enc{i}.attn.W_V", "encoder.layer.{i}.attention.self.value"),
    *linear("enc{i}.attn.W_O", "encoder.layer.{i}.attention.output.dense"),
    *norm("enc{i}.norm1", "encoder.layer.{i}.attention.output.LayerNorm"),
    *linear("enc{i}.ffn.W_1", "encoder.layer.{i}.intermediate.dense"),
    *linear("enc{i}.ffn.W_2", "encoder.layer.{i}.output.dense"),
    *norm("enc{i}.norm2", "encoder.layer.{i}.output.LayerNorm"),
)
POOLER = linear("pooled.W", "pooler.dense")


def masked(value: Any, config: Config) -> dict[str, Any]:
    """What ends the model: the head of a masked language model, or the pooler of a bare one."""
    named = str((value or [""])[0])
    if named.endswith(("ForMaskedLM", "ForPreTraining")) and not named.startswith("ElectraForPreTraining"):
        tie = [["src.E", "out.W"]] if config["tie_word_embeddings"] else None
        return {"head": True, "head_transform": True, "bias.head": True, "tie": tie}
    if named.endswith("Model") or not named:
        return {"head": False, "bias.head": None} | (
            {"pooler": "tanh"} if config.family in ("bert", "roberta", "albert") else {}
        )
    raise WantedError(one_of(["…Model", "…ForMaskedLM"]))


def absolute(value: Any, config: Config) -> dict[str, Any]:
    """`position_embedding_type`."""
    if value not in (None, "absolute"):
        raise WantedError(one_of(["absolute"]))
    return {}


def gelu_alone(value: Any, config: Config) -> dict[str, Any]:
    """`hidden_act` of a model whose head has gelu whatever it says."""
    if value not in ("gelu", "gelu_python"):
        raise WantedError(one_of(["gelu"]))
    return {"activation": "gelu"}


BERT = Family(
    name="bert",
    system="BERT",
    kind="encoder",
    types=("bert",),
    architecture="BertForMaskedLM",
    prefix="bert.",
    always={
        "norm": "layer",
        "norm_position": "post",
        "positional": "learned",
        "embed_norm": True,
        **no_bias(qkv=True, out=True, ffn=True, norm=True),
    },
    defaults={
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "type_vocab_size": 2,
        "tie_word_embeddings": True,
        "position_embedding_type": None,
        "is_decoder": False,
        "add_cross_attention": False,
        "architectures": None,
    },
    keys={
        "num_hidden_layers": "layers",
        "hidden_size": "d_model",
        "num_attention_heads": "heads",
        "intermediate_size": "d_ff",
        "hidden_act": activation,
        "layer_norm_eps": "eps",
        "max_position_embeddings": "positions",
        "type_vocab_size": "token_types",
        "position_embedding_type": absolute,
        "is_decoder": only(False),
        "add_cross_attention": only(False),
        "architectures": masked,
        "tie_word_embeddings": nothing,
    },
    anchors=("embeddings.word_embeddings.weight",),
    names=(
        *EMBED,
        *BLOCK,
        *POOLER,
        *linear("out.W_h", "cls.predictions.transform.dense"),
        *norm("out.norm", "cls.predictions.transform.LayerNorm"),
        Name("out.b", "cls.predictions.bias"),
        *linear("out.W", "cls.predictions.decoder"),
    ),
    spare=(
        r"embeddings\.position_ids",
        r"cls\.seq_relationship\.(weight|bias)",
        r"cls\.predictions\.decoder\.(weight|bias)",
        r"pooler\.dense\.(weight|bias)",
    ),
)
ROBERTA = BERT.but(
    "roberta",
    "roberta",
    "camembert",
    "xlm-roberta",
    system="RoBERTa",
    architecture="RobertaForMaskedLM",
    prefix="roberta.",
    defaults={"pad_token_id": 1},
    keys={
        "pad_token_id": lambda value, config: {"position_offset": value + 1, "count_pads": False},
        "hidden_act": gelu_alone,
    },
    names=(
        *EMBED,
        *BLOCK,
        *POOLER,
        *linear("out.W_h", "lm_head.dense"),
        *norm("out.norm", "lm_head.layer_norm"),
        Name("out.b", "lm_head.bias"),
        *linear("out.W", "lm_head.decoder"),
    ),
    spare=(r"embeddings\.position_ids", r"lm_head\.decoder\.(weight|bias)", r"pooler\.dense\.(weight|bias)"),
)


def factorised(value: Any, config: Config) -> dict[str, Any]:
    """`embedding_size`, where it is not the width of the model."""
    return {} if value in (None, config.whole("hidden_size")) else {"d_embed": value}


ELECTRA = BERT.but(
    "electra",
    system="ELECTRA",
    architecture="ElectraForMaskedLM",
    prefix="electra.",
    defaults={"embedding_size": 128},
    keys={"embedding_size": factorised, "hidden_act": gelu_alone},
    names=(
        *EMBED,
        *linear("src.W_E", "embeddings_project"),
        *BLOCK,
        *linear("out.W_h", "generator_predictions.dense"),
        *norm("out.norm", "generator_predictions.LayerNorm"),
        *linear("out.W", "generator_lm_head"),
    ),
    spare=(r"embeddings\.position_ids", r"generator_lm_head\.weight"),
)
DISTILBERT = BERT.but(
    "distilbert",
    system="DistilBERT",
    architecture="DistilBertForMaskedLM",
    prefix="distilbert.",
    always={"eps": 1e-12},
    defaults={"activation": "gelu", "sinusoidal_pos_embds": False},
    keys={
        "num_hidden_layers": nothing,
        "hidden_size": nothing,
        "num_attention_heads": nothing,
        "intermediate_size": nothing,
        "hidden_act": nothing,
        "layer_norm_eps": nothing,
        "type_vocab_size": nothing,
        "n_layers": "layers",
        "dim": "d_model",
        "n_heads": "heads",
        "hidden_dim": "d_ff",
        "activation": activation,
        "sinusoidal_pos_embds": only(False),
        "tie_weights_": nothing,
    },
    names=(
        *EMBED,
        *linear("enc{i}.attn.W_Q", "transformer.layer.{i}.attention.q_lin"),
        *linear("enc{i}.attn.W_K", "transformer.layer.{i}.attention.k_lin"),
        *linear("enc{i}.attn.W_V", "transformer.layer.{i}.attention.v_lin"),
        *linear("enc{i}.attn.W_O", "transformer.layer.{i}.attention.out_lin"),
        *norm("enc{i}.norm1", "transformer.layer.{i}.sa_layer_norm"),
        *linear("enc{i}.ffn.W_1", "transformer.layer.{i}.ffn.lin1"),
        *linear("enc{i}.ffn.W_2", "transformer.layer.{i}.ffn.lin2"),
        *norm("enc{i}.norm2", "transformer.layer.{i}.output_layer_norm"),
        *linear("out.W_h", "vocab_transform"),
        *norm("out.norm", "vocab_layer_norm"),
        *linear("out.W", "vocab_projector"),
    ),
    spare=(r"embeddings\.position_ids", r"vocab_projector\.weight"),
)
_SHARED = "encoder.albert_layer_groups.0.albert_layers.0"
_LAYER = {
    "attn.W_Q": "attention.query",
    "attn.W_K": "attention.key",
    "attn.W_V": "attention.value",
    "attn.W_O": "attention.dense",
    "ffn.W_1": "ffn",
    "ffn.W_2": "ffn_output",
}
_NORMS = {"norm1": "attention.LayerNorm", "norm2": "full_layer_layer_norm"}


def one_layer(value: Any, config: Config) -> dict[str, Any]:
    """All layers have the numbers of the first: a tie each."""
    layers = config.whole("num_hidden_layers")
    ours = [path for part in _LAYER for path in (part, part.replace("W_", "b_"))]
    ours += [f"{part}.{each}" for part in _NORMS for each in ("gamma", "beta")]
    found = masked(config["architectures"], config)
    ties = [[f"enc{i}.{path}" for i in range(layers)] for path in ours] if layers > 1 else []
    return {"layers": layers, **found, "tie": [*ties, *(found.get("tie") or [])] or None}


ALBERT = BERT.but(
    "albert",
    system="ALBERT",
    architecture="AlbertForMaskedLM",
    prefix="albert.",
    defaults={
        "hidden_act": "gelu_new",
        "embedding_size": 128,
        "num_hidden_groups": 1,
        "inner_group_num": 1,
    },
    keys={
        "num_hidden_layers": one_layer,
        "architectures": nothing,
        "embedding_size": factorised,
        "num_hidden_groups": only(1),
        "inner_group_num": only(1),
        "down_scale_factor": only(1, None),
        "gap_size": only(0, None),
        "net_structure_type": only(0, None),
        "num_memory_blocks": only(0, None),
    },
    names=(
        *EMBED,
        *linear("src.W_E", "encoder.embedding_hidden_mapping_in"),
        *(name for ours, theirs in _LAYER.items() for name in linear(f"enc{{i}}.{ours}", f"{_SHARED}.{theirs}")),
        *(name for ours, theirs in _NORMS.items() for name in norm(f"enc{{i}}.{ours}", f"{_SHARED}.{theirs}")),
        *linear("pooled.W", "pooler"),
        *linear("out.W_h", "predictions.dense"),
        *norm("out.norm", "predictions.LayerNorm"),
        Name("out.b", "predictions.bias", SAME),
        *linear("out.W", "predictions.decoder"),
    ),
    spare=(
        r"embeddings\.position_ids",
        r"predictions\.decoder\.(weight|bias)",
        r"sop_classifier\..*",
        r"pooler\.(weight|bias)",
    ),
)
