"""GPT-NeoX and Pythia (Black et al. 2022), GPT-J (Wang & Komatsuzaki 2021), BLOOM (2022)."""

from __future__ import annotations

from tfstep.families.config import Config, WantedError, nothing, one_of, only
from tfstep.families.family import Family, Name, fused, linear, norm
from tfstep.families.relation import PER_HEAD, TRANSPOSED
from tfstep.families.rope import rope_keys, section, written
from tfstep.families.shared import activation, biases, no_bias, optional, tied


def _turned(value: object, config: Config) -> dict[str, object]:
    found = written(config)
    found.setdefault("rope_theta", config["rotary_emb_base"])
    found.setdefault("partial_rotary_factor", config["rotary_pct"])
    return {"rope": section(found, config, "half", part=True)}


GPT_NEOX = Family(
    name="gpt-neox",
    system="GPT-NeoX",
    kind="decoder",
    types=("gpt_neox",),
    architecture="GPTNeoXForCausalLM",
    prefix="gpt_neox.",
    always={
        "norm": "layer",
        "norm_position": "pre",
        "positional": "rope",
        **no_bias(qkv=True, out=True, ffn=True, norm=True),
    },
    defaults={
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
        "rotary_emb_base": 10000.0,
        "rotary_pct": 0.25,
        "use_parallel_residual": True,
        "attention_bias": True,
        "tie_word_embeddings": False,
        "is_decoder": False,
    },
    keys={
        "num_hidden_layers": "layers",
        "hidden_size": "d_model",
        "num_attention_heads": "heads",
        "intermediate_size": "d_ff",
        "hidden_act": activation,
        "layer_norm_eps": "eps",
        **rope_keys(),
        "rope_parameters": _turned,
        "rotary_emb_base": nothing,
        "rotary_pct": nothing,
        "use_parallel_residual": lambda value, config: {"parallel": "own"} if value else {},
        "attention_bias": biases("qkv", "out"),
        "is_decoder": nothing,
        "tie_word_embeddings": tied,
    },
    anchors=("embed_in.weight",),
    names=(
        Name("tgt.E", "embed_in.weight"),
        *norm("dec{i}.norm1", "layers.{i}.input_layernorm"),
        *fused("dec{i}.attn", "layers.{i}.attention.query_key_value", PER_HEAD),
        *linear("dec{i}.attn.W_O", "layers.{i}.attention.dense"),
        *norm("dec{i}.norm2", "layers.{i}.post_attention_layernorm"),
        *linear("dec{i}.ffn.W_1", "layers.{i}.mlp.dense_h_to_4h"),
        *linear("dec{i}.ffn.W_2", "layers.{i}.mlp.dense_4h_to_h"),
        *norm("dec.norm", "final_layer_norm"),
        *linear("out.W", "embed_out"),
        *linear("out.W", "lm_head"),
    ),
    spare=(r"attention\.(bias|masked_bias|rotary_emb\.inv_freq)", r"embed_out\.weight", r"lm_head\.weight"),
)


def _part(value: object, config: Config) -> dict[str, object]:
    width = config.whole("n_embd") // config.whole("n_head")
    if value is not None and (type(value) is not int or not 0 < value <= width):
        raise WantedError(one_of([f"1 … {width}"]))
    found = {"rope_theta": 10000.0, "partial_rotary_factor": None if value is None else value / width}
    return {"rope": section(found, config, "interleaved", part=True)}


GPTJ = Family(
    name="gptj",
    system="GPT-J",
    kind="decoder",
    types=("gptj",),
    architecture="GPTJForCausalLM",
    prefix="transformer.",
    always={
        "norm": "layer",
        "norm_position": "pre",
        "positional": "rope",
        "parallel": "shared",
        **no_bias(ffn=True, norm=True, head=True),
    },
    defaults={
        "n_inner": None,
        "rotary_dim": 64,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": False,
    },
    keys={
        "n_layer": "layers",
        "n_embd": "d_model",
        "n_head": "heads",
        "n_inner": optional("d_ff"),
        "n_positions": nothing,
        "rotary_dim": _part,
        "rotary": only(True, None),
        "scale_attn_weights": only(True, None),
        "activation_function": activation,
        "layer_norm_epsilon": "eps",
        "tie_word_embeddings": tied,
    },
    anchors=("wte.weight",),
    names=(
        Name("tgt.E", "wte.weight"),
        *norm("dec{i}.norm1", "h.{i}.ln_1"),
        Name("dec{i}.attn.W_Q", "h.{i}.attn.q_proj.weight", TRANSPOSED),
        Name("dec{i}.attn.W_K", "h.{i}.attn.k_proj.weight", TRANSPOSED),
        Name("dec{i}.attn.W_V", "h.{i}.attn.v_proj.weight", TRANSPOSED),
        Name("dec{i}.attn.W_O", "h.{i}.attn.out_proj.weight", TRANSPOSED),
        *linear("dec{i}.ffn.W_1", "h.{i}.mlp.fc_in"),
        *linear("dec{i}.ffn.W_2", "h.{i}.mlp.fc_out"),
        *norm("dec.norm", "ln_f"),
        *linear("out.W", "lm_head"),
    ),
    spare=(r"attn\.(bias|masked_bias|embed_positions)",),
)
BLOOM = Family(
    name="bloom",
    system="BLOOM",
    kind="decoder",
    types=("bloom",),
    architecture="BloomForCausalLM",
    prefix="transformer.",
    always={
        "norm": "layer",
        "norm_position": "pre",
        "positional": "alibi",
        "activation": "gelu_tanh",
        "embed_norm": True,
        **no_bias(qkv=True, out=True, ffn=True, norm=True),
    },
    defaults={
        "layer_norm_epsilon": 1e-5,
        "apply_residual_connection_post_layernorm": False,
        "tie_word_embeddings": True,
        "n_embed": None,
        "hidden_size": None,
        "num_attention_heads": None,
        "n_head": None,
    },
    keys={
        "n_layer": "layers",
        "hidden_size": lambda value, config: {"d_model": config["n_embed"] if value is None else value},
        "n_embed": nothing,
        "n_head": lambda value, config: {"heads": config["num_attention_heads"] if value is None else value},
        "num_attention_heads": nothing,
        "layer_norm_epsilon": "eps",
        "apply_residual_connection_post_layernorm": only(False),
        "seq_length": nothing,
        "masked_softmax_fusion": nothing,
        "bias_dropout_fusion": nothing,
        "offset_alibi": nothing,
        "skip_bias_add": nothing,
        "skip_bias_add_qkv": nothing,
        "attention_softmax_in_fp32": nothing,
        "unk_token_id": nothing,
        "tie_word_embeddings": tied,
    },
    anchors=("word_embeddings.weight",),
    names=(
        Name("tgt.E", "word_embeddings.weight"),
        *norm("tgt.norm", "word_embeddings_layernorm"),
        *norm("dec{i}.norm1", "h.{i}.input_layernorm"),
        *fused("dec{i}.attn", "h.{i}.self_attention.query_key_value", PER_HEAD),
        *linear("dec{i}.attn.W_O", "h.{i}.self_attention.dense"),
        *norm("dec{i}.norm2", "h.{i}.post_attention_layernorm"),
        *linear("dec{i}.ffn.W_1", "h.{i}.mlp.dense_h_to_4h"),
        *linear("dec{i}.ffn.W_2", "h.{i}.mlp.dense_4h_to_h"),
        *norm("dec.norm", "ln_f"),
        *linear("out.W", "lm_head"),
    ),
    spare=(r"lm_head\.weight",),
)
