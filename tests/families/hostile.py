"""Asks of every family what its config.json is seldom asked: each key away from its value, one at a time, then in twos.

    python hostile.py [--pairs N] [NAME…]

needs torch and transformers. A small model is made by the library out of the edited configuration, and run; the same
folder is opened here. Every tensor must agree as those of the recorded models do, or the folder is refused with a line
that names the key. What is neither is told; the last line counts all.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import record_models
import recorded
import torch
import transformers

import tfstep

LEFT = {
    "architectures",
    "model_type",
    "dtype",
    "transformers_version",
    "vocab_size",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "decoder_start_token_id",
}
"""What says which model it is, and what the words mean."""
ACTIVATIONS = [
    "relu",
    "gelu",
    "gelu_new",
    "gelu_fast",
    "gelu_python",
    "gelu_pytorch_tanh",
    "gelu_10",
    "gelu_accurate",
    "silu",
    "swish",
    "mish",
    "quick_gelu",
    "relu2",
    "relu6",
    "tanh",
    "sigmoid",
    "linear",
    "laplace",
    "leaky_relu",
    "prelu",
    "gated-silu",
    "gated-gelu",
    "gated-relu",
    "gated-gelu_new",
    "xielu",
]
Changes = dict[tuple[str | int, ...], Any]


def others(key: str, value: Any) -> list[Any]:
    """Values that a key might have instead."""
    if isinstance(value, bool):
        return [not value, None]
    if isinstance(value, int):
        return [*sorted({value * 2, max(1, value // 2), value + 1, 0, 1, 3} - {value}), None]
    if isinstance(value, float):
        return [value * 1.7 + 0.01, 1.0, 0.0, 3]
    if isinstance(value, str):
        if "act" in key or "feed_forward" in key:
            return [each for each in ACTIVATIONS if each != value]
        return ["unheard_of", *(["learned", "relative_key", "rope"] if "position" in key else [])]
    if isinstance(value, list) and value:
        first = value[0]
        if isinstance(first, str):
            return [value[::-1], value[:1], [*value[:-1], "chunked_attention"], [value[0]] * len(value), None]
        return [value[::-1], [each + 1 for each in value], value[:1], None]
    return [True, 2, 0.5, "unheard_of"] if value is None else []


STRETCHED: list[dict[str, Any]] = [
    {"rope_type": "default", "rope_theta": 77.0},
    {"rope_type": "linear", "factor": 3.0},
    {"rope_type": "dynamic", "factor": 4.0},
    {"rope_type": "dynamic", "factor": 4.0, "alpha": 2.0},
    {"rope_type": "dynamic", "factor": 4.0, "original_max_position_embeddings": 5},
    record_models.LLAMA3,
    record_models.LLAMA3 | {"original_max_position_embeddings": 8},
    record_models.YARN,
    record_models.YARN | {"mscale": 0.7},
    record_models.YARN | {"mscale": 0.7, "mscale_all_dim": 0.5},
    record_models.YARN | {"attention_factor": 1.3},
    record_models.YARN | {"attention_factor": 1.3, "mscale": 0.7, "mscale_all_dim": 0.5},
    record_models.YARN | {"factor": None},
    record_models.YARN | {"truncate": True, "beta_fast": 20, "beta_slow": 2},
    {"rope_type": "yarn", "rope_theta": 1500.0, "factor": 4.0},
    {"rope_type": "yarn", "factor": 0.5, "original_max_position_embeddings": 8},
    {"rope_type": "proportional", "factor": 2.0},
    {"rope_type": "unheard_of", "factor": 2.0},
    {"rope_type": "linear", "factor": 3.0, "made_up": 1},
    {"type": "linear", "factor": 3.0},
    {"type": "mrope", "mrope_section": [1, 1, 2]},
    {"type": "default", "mrope_section": [1, 1, 2]},
    {"rope_type": "su", "short_factor": [1.0, 1.2], "long_factor": [1.5, 4.0]},
    {"factor": 3.0},
    {"rope_type": "default", "partial_rotary_factor": 0.5},
    {"rope_type": "linear", "factor": 3.0, "partial_rotary_factor": 0.5},
    record_models.YARN | {"partial_rotary_factor": 0.5},
    record_models.LLAMA3 | {"partial_rotary_factor": 0.5},
]
TURNS = [
    {"rope_type": "longrope", "short_factor": [1.0] * n, "long_factor": [1.5 + i for i in range(n)]} | more
    for n in (1, 2, 3, 4)
    for more in (
        {"original_max_position_embeddings": 4},
        {"original_max_position_embeddings": 40},
        {"factor": 3.0, "original_max_position_embeddings": 4},
        {"attention_factor": 1.4, "factor": 3.0},
        {"factor": 3.0},
    )
]
MORE: dict[str, list[Any]] = {  # keys that files have had, or that other families have
    "rope_theta": [33.0, 500],
    "partial_rotary_factor": [0.5, 1.0, 0.25],
    "rotary_pct": [0.5, 1.0],
    "rotary_emb_base": [33],
    "rotary_dim": [2, 4, None],
    "rope_scaling": [*STRETCHED, *TURNS],
    "rope_parameters": [*STRETCHED, *TURNS],
    "rope_local_base_freq": [33.0],
    "original_max_position_embeddings": [4, 40],
    "head_dim": [2, 4, 6],
    "sliding_window": [1, 3, 100, None],
    "sliding_window_pattern": [1, 2, 3],
    "use_sliding_window": [True, False],
    "max_window_layers": [0, 1, 2],
    "attention_bias": [True, False],
    "mlp_bias": [True],
    "qkv_bias": [True],
    "use_qkv_bias": [True],
    "bias": [True],
    "use_bias": [True, False],
    "qk_layernorm": [True],
    "use_qk_norm": [True, False],
    "clip_qkv": [0.1],
    "tie_word_embeddings": [True, False],
    "scale_embedding": [True],
    "logit_scale": [0.3, "inv_sqrt_d_model"],
    "attn_logit_softcapping": [1.0],
    "final_logit_softcapping": [1.0],
    "query_pre_attn_scalar": [7],
    "use_bidirectional_attention": [True, "all"],
    "position_embedding_type": ["relative_key", "relative_key_query", "rope"],
    "is_decoder": [True],
    "add_cross_attention": [True],
    "pruned_heads": [{"0": [1]}],
    "layer_types": [["full_attention"] * 2, ["sliding_attention"] * 2, ["linear_attention", "full_attention"]],
    "no_rope_layers": [[0, 1], [1, 1], [0, 0], []],
    "quantization_config": [{"quant_method": "bitsandbytes", "load_in_8bit": True}],
    "mlp_only_layers": [[0], [1]],
    "decoder_sparse_step": [2],
    "shared_expert_intermediate_size": [8],
    "norm_topk_prob": [True, False],
    "attention_multiplier": [0.3],
    "output_router_logits": [True],
    "embedding_size": [8],
    "num_hidden_groups": [2],
    "inner_group_num": [2],
    "is_gated_act": [True, False],
    "dense_act_fn": ["silu"],
    "scale_decoder_outputs": [True, False],
    "made_up": [1],
}
ROPED = {"rope_scaling", "rope_parameters"}


def places(config: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], list[Any]]]:
    """Every key of a configuration, those within its dictionaries too, with what it might say instead."""
    for key, value in config.items():
        if key in LEFT:
            continue
        if isinstance(value, dict) and key not in ("id2label", "label2id"):
            for inner, each in value.items():
                if isinstance(each, dict):
                    yield from (((key, inner, last), others(last, it)) for last, it in each.items())
                else:
                    yield (key, inner), others(inner, each)
            yield (key, "made_up"), [1]
        else:
            yield (key,), others(key, value)
    for key, values in MORE.items():
        if key not in ROPED or "rope_parameters" in config:
            yield (key,), values


def edited(config: dict[str, Any], changes: Changes) -> dict[str, Any]:
    found = copy.deepcopy(config)
    for way, value in changes.items():
        here: Any = found
        for key in way[:-1]:
            here = here[key]
        here[way[-1]] = copy.deepcopy(value)
    return found


def said(changes: Changes) -> str:
    return ", ".join(f"{'.'.join(map(str, way))}={value!r}" for way, value in changes.items())


def outcome(home: Path, case: tuple[str, str, str, dict[str, Any], bool], given: dict[str, Any], named: Changes) -> str:
    """What comes of one configuration: the first word says the kind."""
    name, kind, what, _, pair = case
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            record_models.recorded(name, kind, what, {k: v for k, v in given.items() if k not in OWN}, pair)
    except Exception as error:  # noqa: BLE001 - whatever the library raises says that it opens no such model
        return f"library {type(error).__name__}: {str(error)[:90]}"
    (home / name / "config.json").write_text(json.dumps(given))
    try:
        every = list(recorded.compared(name))
    except tfstep.TfstepError as error:
        line = str(error).strip()
        keys = {str(way[-1]) for way in named}
        keys |= {"positions; ", "numbers differ", *(f"config.json: {key} " for key in given)}
        named_one = any(key in line for key in keys)
        right = "refused" if named_one and "\n" not in line else "UNNAMED"
        return f"{right} {line[:230]}"
    except Exception as error:  # noqa: BLE001 - any other error of ours is what is looked for
        return f"CRASH {type(error).__name__}: {str(error)[:200]}"
    bad = [each for each in every if not each.worst <= 1e-7 * each.size + 1e-9]
    if bad:
        return (
            f"WRONG {len(bad)} of {len(every)}: {', '.join(f'{d.what} {d.worst:.2g} of {d.size:.2g}' for d in bad[:3])}"
        )
    return "same"


OWN = {"architectures", "model_type", "dtype", "transformers_version"}
HARMLESS = ("library", "refused", "same")


def run(case: tuple[str, str, str, dict[str, Any], bool], home: Path, pairs: int, verbose: bool) -> Counter[str]:
    name, kind, what, given, pair = case
    with contextlib.redirect_stdout(io.StringIO()):
        record_models.recorded(name, kind, what, given, pair)
    base = json.loads((home / name / "config.json").read_text())
    single = [{way: value} for way, values in places(base) for value in values]
    draw = random.Random(name)
    twice = [draw.choice(single) | draw.choice(single) for _ in range(pairs)]
    found: Counter[str] = Counter()
    for changes in [{}, *single, *twice]:
        try:
            config = edited(base, changes)
        except TypeError:  # of two changes one took away what the other changes
            continue
        told = outcome(home, case, config, changes)
        first = told.partition(" ")[0]
        found[first] += 1
        if first not in HARMLESS or verbose:
            print(f"{name}: {said(changes)}: {told}", flush=True)
    print(f"{name:16} {dict(found)}", flush=True)
    return found


def main() -> None:
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    asked = sys.argv[1:]
    pairs = int(asked.pop(asked.index("--pairs") + 1)) if "--pairs" in asked else 0
    wanted = [each for each in asked if not each.startswith("-")]
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        record_models.HERE = recorded.MODELS = home = Path(folder)
        for case in record_models.cases():
            if not wanted or case[0] in wanted:
                total += run(case, home, pairs, "--verbose" in asked)
    print(f"{sum(total.values())} configurations: {dict(total)}")
    sys.exit(any(total[each] for each in total if each not in HARMLESS))


if __name__ == "__main__":
    main()
