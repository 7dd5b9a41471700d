"""Records tiny models of every family out of `transformers`: what our own reader is measured by.

    python record_models.py [NAME…]

needs torch and transformers; versions.json notes with which the recordings were made. Each folder below
``models/`` is what `save_pretrained` writes (config.json, model.safetensors, float32), and beside it
``expected.npz``: the ids, attention weights, hidden states, logits, loss and gradients that the library
computes. It computes them in float64: what asks for float32 on the way (norms, softmax, rotary tables) is
given float64 by `Double`.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.overrides import TorchFunctionMode

HERE = Path(__file__).parent / "models"
WORDS, LONG = 37, 9
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
SMALL = {"vocab_size": WORDS, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
WIDE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24}
BASE = SMALL | WIDE
GROUPED = BASE | {"num_key_value_heads": 2, "max_position_embeddings": 64}
HEADED = GROUPED | {"head_dim": 6}
ENCODER = BASE | {"max_position_embeddings": 24, "type_vocab_size": 2}
GPT = SMALL | {"n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 24}
BOTH = SMALL | {
    "d_model": 8,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 12,
    "decoder_ffn_dim": 12,
    "max_position_embeddings": 24,
}
SLIDING = ["sliding_attention", "full_attention"]
LAYERED = {
    "sliding_attention": {"rope_type": "default", "rope_theta": 1000.0},
    "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 50000.0},
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 1500.0,
    "factor": 4.0,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "original_max_position_embeddings": 16,
    "truncate": False,
}
LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "original_max_position_embeddings": 8,
    "partial_rotary_factor": 1.0,
    "short_factor": [1.0, 1.2],
    "long_factor": [1.5, 4.0],
}
MPT = {"d_model": 8, "n_heads": 4, "n_layers": 2, "max_seq_len": 32}

# name → (class of the config, class of the model, what the config says)
DECODERS = {
    "gpt2": ("GPT2", GPT | {}),
    "gpt2-scaled": (
        "GPT2",
        GPT | {"scale_attn_by_inverse_layer_idx": True, "activation_function": "gelu", "n_inner": 20},
    ),
    "gpt-neox": (
        "GPTNeoX",
        BASE | {"max_position_embeddings": 64, "rope_parameters": ROPE | {"partial_rotary_factor": 0.5}},
    ),
    "gpt-neox-serial": (
        "GPTNeoX",
        BASE
        | {
            "max_position_embeddings": 64,
            "use_parallel_residual": False,
            "rope_parameters": ROPE | {"partial_rotary_factor": 1.0},
        },
    ),
    "gptj": ("GPTJ", GPT | {"rotary_dim": 2}),
    "opt": ("OPT", BASE | {"ffn_dim": 24, "word_embed_proj_dim": 16, "max_position_embeddings": 24}),
    "opt-350m": (
        "OPT",
        BASE
        | {
            "ffn_dim": 24,
            "word_embed_proj_dim": 12,
            "max_position_embeddings": 24,
            "do_layer_norm_before": False,
        },
    ),
    "bloom": ("Bloom", SMALL | {"hidden_size": 8, "n_layer": 2, "n_head": 4}),
    "mpt": ("Mpt", SMALL | MPT),
    "mpt-clipped": ("Mpt", SMALL | MPT | {"attn_config": {"clip_qkv": 0.4, "softmax_scale": 0.5}}),
    "falcon": ("Falcon", BASE | {"max_position_embeddings": 64, "ffn_hidden_size": 24}),
    "falcon-40b": (
        "Falcon",
        BASE
        | {"max_position_embeddings": 64, "ffn_hidden_size": 24, "new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "falcon-rw": (
        "Falcon",
        BASE
        | {
            "num_attention_heads": 6,
            "hidden_size": 24,
            "max_position_embeddings": 64,
            "ffn_hidden_size": 24,
            "alibi": True,
            "parallel_attn": False,
            "multi_query": False,
            "bias": True,
        },
    ),
    "llama": ("Llama", GROUPED),
    "llama-3.1": ("Llama", HEADED | {"rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    "llama-linear": (
        "Llama",
        GROUPED
        | {"rope_parameters": ROPE | {"rope_type": "linear", "factor": 2.0}, "attention_bias": True, "mlp_bias": True},
    ),
    "llama-dynamic": (
        "Llama",
        GROUPED | {"max_position_embeddings": 6, "rope_parameters": ROPE | {"rope_type": "dynamic", "factor": 2.0}},
    ),
    "llama-yarn": ("Llama", GROUPED | {"rope_parameters": YARN}),
    "mistral": ("Mistral", HEADED | {"sliding_window": 4}),
    "mixtral": ("Mixtral", GROUPED | {"num_local_experts": 3, "num_experts_per_tok": 2}),
    "qwen2": ("Qwen2", GROUPED | {"tie_word_embeddings": True}),
    "qwen2-window": ("Qwen2", GROUPED | {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1}),
    "qwen3": ("Qwen3", HEADED),
    "qwen3-moe": (
        "Qwen3Moe",
        HEADED | {"moe_intermediate_size": 6, "num_experts": 4, "num_experts_per_tok": 2, "norm_topk_prob": True},
    ),
    "gemma": ("Gemma", HEADED),
    "gemma2": (
        "Gemma2",
        HEADED
        | {
            "sliding_window": 4,
            "layer_types": SLIDING,
            "query_pre_attn_scalar": 10,
            "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 3.0,
        },
    ),
    "gemma3": (
        "Gemma3",
        HEADED | {"sliding_window": 4, "layer_types": SLIDING, "query_pre_attn_scalar": 10, "rope_parameters": LAYERED},
    ),
    "phi": ("Phi", GROUPED | {"num_key_value_heads": 4, "rope_parameters": ROPE | {"partial_rotary_factor": 0.5}}),
    "phi-qk-norm": (
        "Phi",
        GROUPED
        | {"num_key_value_heads": 4, "qk_layernorm": True, "rope_parameters": ROPE | {"partial_rotary_factor": 0.5}},
    ),
    "phi3": ("Phi3", GROUPED),
    "phi4-mini": (
        "Phi3",
        GROUPED
        | {
            "num_attention_heads": 2,
            "original_max_position_embeddings": 8,
            "tie_word_embeddings": True,
            "rope_parameters": LONGROPE | {"partial_rotary_factor": 0.5},
        },
    ),
    "olmo": ("Olmo", GROUPED | {"clip_qkv": None}),
    "olmo-clipped": ("Olmo", GROUPED | {"clip_qkv": 0.4}),
    "olmo2": ("Olmo2", GROUPED),
    "olmo3": ("Olmo3", GROUPED | {"sliding_window": 4, "layer_types": SLIDING}),
    "smollm3": ("SmolLM3", GROUPED | {"num_hidden_layers": 2, "no_rope_layers": [1, 0]}),
    "stablelm": (
        "StableLm",
        GROUPED | {"use_qkv_bias": True, "rope_parameters": ROPE | {"partial_rotary_factor": 0.5}},
    ),
    "stablelm-qk-norm": (
        "StableLm",
        GROUPED | {"qk_layernorm": True, "rope_parameters": ROPE | {"partial_rotary_factor": 0.5}},
    ),
    "granite": (
        "Granite",
        GROUPED
        | {
            "embedding_multiplier": 3.0,
            "logits_scaling": 2.0,
            "residual_multiplier": 0.5,
            "attention_multiplier": 0.7,
            "tie_word_embeddings": True,
        },
    ),
    "cohere": ("Cohere", GROUPED | {"logit_scale": 0.5}),
    "cohere-qk-norm": ("Cohere", GROUPED | {"logit_scale": 0.5, "use_qk_norm": True}),
    "cohere2": ("Cohere2", HEADED | {"logit_scale": 0.5, "sliding_window": 4, "layer_types": SLIDING}),
    "glm4": ("Glm4", GROUPED | {"head_dim": 4, "rope_parameters": ROPE | {"partial_rotary_factor": 0.5}}),
    "nemotron": ("Nemotron", GROUPED | {"head_dim": 4, "rope_parameters": ROPE | {"partial_rotary_factor": 0.5}}),
    "starcoder2": ("Starcoder2", GROUPED | {"sliding_window": None}),
    "gpt-oss": (
        "GptOss",
        HEADED
        | {
            "sliding_window": 4,
            "layer_types": SLIDING,
            "num_local_experts": 4,
            "num_experts_per_tok": 2,
            "rope_parameters": YARN,
        },
    ),
}
ENCODERS = {
    "bert": ("Bert", "ForMaskedLM", ENCODER),
    "minilm": ("Bert", "Model", ENCODER),
    "roberta": ("Roberta", "ForMaskedLM", ENCODER | {"pad_token_id": 1, "bos_token_id": 0, "type_vocab_size": 1}),
    "distilbert": (
        "DistilBert",
        "ForMaskedLM",
        SMALL | {"dim": 16, "n_layers": 2, "n_heads": 4, "hidden_dim": 24, "max_position_embeddings": 24},
    ),
    "electra": ("Electra", "ForMaskedLM", ENCODER | {"embedding_size": 12}),
    "albert": ("Albert", "ForMaskedLM", ENCODER | {"embedding_size": 12}),
    "modernbert": (
        "ModernBert",
        "ForMaskedLM",
        BASE
        | {
            "num_hidden_layers": 3,
            "local_attention": 4,
            "max_position_embeddings": 64,
            "cls_token_id": 1,
            "sep_token_id": 2,
            "layer_types": ["full_attention", "sliding_attention", "sliding_attention"],
            "rope_parameters": {
                "sliding_attention": ROPE | {"rope_theta": 100.0},
                "full_attention": ROPE | {"rope_theta": 16000.0},
            },
        },
    ),
}
OWN_HEAD = "own_head"  # no key of a config: the output layer is not the embedding
T5 = SMALL | {
    "d_model": 8,
    "d_kv": 6,
    "d_ff": 12,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "num_heads": 2,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 12,
    "decoder_start_token_id": 0,
}
PAIRS = {
    "t5": ("T5", T5 | {"feed_forward_proj": "relu"}),
    "t5-v1.1": ("T5", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "flan-t5": ("T5", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, OWN_HEAD: True}),
    "mt5": ("MT5", T5 | {"feed_forward_proj": "gated-gelu"}),
    "bart": ("Bart", BOTH | {"decoder_start_token_id": 2, "pad_token_id": 1, "bos_token_id": 0}),
    "marian": (
        "Marian",
        BOTH
        | {
            "decoder_start_token_id": 36,
            "pad_token_id": 36,
            "eos_token_id": 0,
            "bos_token_id": None,
            "scale_embedding": True,
            "activation_function": "silu",
        },
    ),
}


class Double(TorchFunctionMode):
    """Where a library asks for float32, it is given float64."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        args = tuple(torch.float64 if a is torch.float32 else a for a in args)
        kwargs = {k: torch.float64 if v is torch.float32 else v for k, v in (kwargs or {}).items()}
        return func(*args, **kwargs)


def made(kind: str, what: str, given: dict):
    """A model with drawn weights, each a float32 number."""
    config = getattr(transformers, config_name(kind))(
        **{k: v for k, v in given.items() if k != OWN_HEAD},
        attn_implementation=attention(given),
        experts_implementation="eager",
    )
    torch.manual_seed(len(kind))
    model = getattr(transformers, {"GPT2ForCausalLM": "GPT2LMHeadModel"}.get(kind + what, kind + what))(config).eval()
    if OWN_HEAD in given:
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    drawing = np.random.default_rng(7)
    for name, p in model.named_parameters():
        if not p.requires_grad:  # tables that are made, not learned
            continue
        around = 1.0 if p.ndim == 1 and "norm" in name.lower() + "ln_" * ("ln_" in name) and "bias" not in name else 0.0
        drawn = drawing.normal(around, 0.3 if p.ndim == 1 else 0.9 / np.sqrt(p.shape[-1]), tuple(p.shape))
        p.data.copy_(torch.from_numpy(drawn.astype(np.float32)))
    return model


def attention(given: dict) -> str:
    """Falcon adds ALiBi twice where attention weights are asked for, and once where they are not."""
    return "sdpa" if given.get("alibi") else "eager"


def config_name(kind: str) -> str:
    return {"Gemma3": "Gemma3TextConfig"}.get(kind, f"{kind}Config")


def saved(model, folder: Path) -> None:
    """What `save_pretrained` writes, in float32."""
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    for path in folder.glob("generation_config.json"):
        path.unlink()
    save_file(
        {k: v.float().contiguous() for k, v in load_file(folder / "model.safetensors").items()},
        folder / "model.safetensors",
    )
    config = json.loads((folder / "config.json").read_text())
    config["dtype"] = "float32"
    for plain in ("id2label", "label2id"):
        config.pop(plain, None)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def arrays(prefix: str, found) -> dict[str, np.ndarray]:
    return {f"{prefix}.{i}": t.detach().numpy() for i, t in enumerate(found or ()) if t is not None}


def recorded(name: str, kind: str, what: str, given: dict, pair: bool = False, shifted: bool = False) -> None:
    """One folder."""
    torch.set_default_dtype(torch.float64)
    torch.FloatTensor = torch.DoubleTensor  # what Marian makes its sinusoids with
    with Double():
        model = made(kind, what, given)
        draw = np.random.default_rng(11)
        ids = torch.from_numpy(draw.integers(3, WORDS - 2, (2, LONG)))
        out: dict[str, np.ndarray] = {"ids": ids.numpy()}
        fed = {"input_ids": ids}
        if what != "ForCausalLM" and not pair:
            if "type_vocab_size" in given and given["type_vocab_size"] > 1:
                fed["token_type_ids"] = torch.from_numpy(draw.integers(0, 2, (2, LONG)))
                out["types"] = fed["token_type_ids"].numpy()
            pad = given["pad_token_id"]
            ids[1, -3:] = pad
            fed["attention_mask"] = (ids != pad).long()
        if pair:
            start = given["decoder_start_token_id"]
            said = torch.from_numpy(draw.integers(3, WORDS - 2, (2, LONG - 2)))
            fed["decoder_input_ids"] = torch.cat([torch.full((2, 1), start), said[:, :-1]], 1)
            out["target"] = fed["decoder_input_ids"].numpy()
        if what in ("ForCausalLM",) or pair:
            fed["use_cache"] = False
        found = model(**fed, output_attentions=attention(given) == "eager", output_hidden_states=True)
        logits = getattr(found, "logits", None)
        if logits is None:
            last = found.last_hidden_state
            out["pooled"] = found.pooler_output.detach().numpy()
            kept = fed["attention_mask"][..., None]
            mean = (last * kept).sum(1) / kept.sum(1)
            out["sentence"] = torch.nn.functional.normalize(mean, dim=-1).detach().numpy()
            loss = 0.5 * (last**2).sum()
        else:
            if what == "ForCausalLM":
                said_logits, labels = logits[:, :-1], ids[:, 1:]
            else:
                labels = said if pair else torch.from_numpy(draw.integers(3, WORDS - 2, (2, LONG)))
                if "attention_mask" in fed:
                    labels = labels.masked_fill(fed["attention_mask"] == 0, -100)
                said_logits = logits
                out["labels"] = labels.numpy()
            loss = torch.nn.functional.cross_entropy(said_logits.reshape(-1, WORDS), labels.reshape(-1))
            out["logits"] = logits.detach().numpy()
        model.zero_grad()
        loss.backward()
        out["loss"] = np.array(loss.item())
        if pair:
            for each, to in (
                ("encoder_attentions", "enc.attn"),
                ("decoder_attentions", "dec.attn"),
                ("cross_attentions", "dec.cross"),
                ("encoder_hidden_states", "enc.hidden"),
                ("decoder_hidden_states", "dec.hidden"),
            ):
                out |= arrays(to, getattr(found, each))
        else:
            out |= arrays("attn", found.attentions) | arrays("hidden", found.hidden_states)
        grads = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        dtype = {t.dtype for t in (loss, *(found.hidden_states or ()))} if not pair else {loss.dtype}
        out |= {f"grad.{n}": g.numpy() for n, g in grads.items()}
    folder = HERE / name
    saved(model, folder)
    np.savez_compressed(folder / "expected.npz", **out)
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name:18} {size // 1000:5} kB  {dtype}  loss {loss.item():.6f}")


def cases() -> list[tuple[str, str, str, dict, bool]]:
    """Every model: its folder, its class, what that ends with, its configuration, whether it is an encoder-decoder."""
    found = [(n, k, "ForCausalLM", g, False) for n, (k, g) in DECODERS.items()]
    found += [(n, k, w, g, False) for n, (k, w, g) in ENCODERS.items()]
    pairs = {"Marian": "MTModel"}
    return found + [(n, k, pairs.get(k, "ForConditionalGeneration"), g, True) for n, (k, g) in PAIRS.items()]


def main() -> None:
    wanted = sys.argv[1:]
    for name, kind, what, given, pair in cases():
        if not wanted or name in wanted:
            recorded(name, kind, what, given, pair)
    versions = {
        "torch": torch.__version__.split("+")[0],
        "transformers": transformers.__version__,
        "numpy": np.__version__,
    }
    (HERE / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()
