"""What others call things: how well a recorded name goes with a path of ours. Names only break ties."""

from __future__ import annotations

import re
from functools import cache

from tfstep.address.roles import GRAD, owner
from tfstep.compare.layout import role
from tfstep.text import Bilingual

_WORDS: dict[str, tuple[str, ...]] = {
    path: tuple(words.split())
    for path, words in {
        "W_Q": "w_q wq q_w q_weight q_proj_weight query_weight q_lin_weight linear_q_weight w_query to_q_weight",
        "W_K": "w_k wk k_w k_weight k_proj_weight key_weight k_lin_weight linear_k_weight w_key to_k_weight",
        "W_V": "w_v wv v_w v_weight v_proj_weight value_weight v_lin_weight linear_v_weight w_value to_v_weight",
        "W_O": "w_o wo o_w o_weight out_proj_weight o_proj_weight c_proj_weight proj_weight w_out out_weight "
        "attn_out_weight",
        "b_Q": "b_q bq q_b q_bias q_proj_bias query_bias wq_bias w_q_bias",
        "b_K": "b_k bk k_b k_bias k_proj_bias key_bias wk_bias w_k_bias",
        "b_V": "b_v bv v_b v_bias v_proj_bias value_bias wv_bias w_v_bias",
        "b_O": "b_o bo o_b o_bias out_proj_bias o_proj_bias c_proj_bias proj_bias b_out wo_bias w_o_bias out_bias",
        "W_1": "w_1 w1 fc1_weight linear1_weight lin1_weight c_fc_weight up_proj_weight ff1_weight w_in wi 0_weight "
        "up_weight fc_weight w_up",
        "b_1": "b_1 b1 fc1_bias linear1_bias lin1_bias c_fc_bias up_proj_bias ff1_bias b_in 0_bias fc_bias",
        "W_2": "w_2 w2 fc2_weight linear2_weight lin2_weight mlp_c_proj_weight down_proj_weight ff2_weight 2_weight "
        "down_weight w_down",
        "b_2": "b_2 b2 fc2_bias linear2_bias lin2_bias mlp_c_proj_bias down_proj_bias ff2_bias 2_bias",
        "W_gate": "w_gate gate_proj_weight gate_weight wg",
        "b_gate": "b_gate gate_proj_bias gate_bias",
        "gamma": "gamma g weight scale w",
        "beta": "beta b bias shift",
        "E": "e embed embedding embeddings wte tok_emb token_embedding word_embeddings emb embed_weight emb_weight "
        "wte_weight embedding_weight tok_emb_weight",
        "pos": "pos wpe pe position positional pos_emb position_embedding wpe_weight pos_weight pos_emb_weight",
        "q_proj": "q query q_proj q_lin queries xq",
        "k_proj": "k key k_proj k_lin keys xk",
        "v_proj": "v value v_proj v_lin values xv",
        "Q": "q query queries qh q_heads q_split qs",
        "K": "k key keys kh k_heads k_split ks",
        "V": "v value values vh v_heads v_split vs",
        "Q_rot": "q_rot q_rope qr q_embed",
        "K_rot": "k_rot k_rope kr k_embed",
        "scores": "scores s score qk raw_scores logits att_raw attn_scores energy sim",
        "scaled": "scaled scaled_scores s_scaled scores_scaled scaled_qk",
        "masked": "masked masked_scores scores_masked s_masked",
        "weights": "weights attn p a att attention attn_weights attention_weights probs alpha w softmax attn_probs",
        "heads": "heads context ctx z o head_out attn_out y out_heads",
        "concat": "concat merged context ctx cat",
        "out": "out output attn_out attn_output o proj ffn_out ff_out mlp_out y",
        "add1": "add1 res1 resid1 r1 h1 residual1 resid_mid x1",
        "add2": "add2 res2 resid2 r2 h2 residual2 resid_post x2",
        "norm1": "norm1 ln1 ln_1 n1 layernorm1 input_layernorm",
        "norm2": "norm2 ln2 ln_2 n2 layernorm2 post_attention_layernorm",
        "norm3": "norm3 ln3 n3 layernorm3",
        "norm": "norm ln_f lnf final_norm final_layernorm ln_final",
        "hidden": "hidden h pre ff1 fc1 linear1 up ffn_hidden z1 pre_act u",
        "gate": "gate g ffn_gate",
        "act": "act a gelu relu silu a1 activation post_act ffn_act h_act",
        "embed": "embed emb e tok token_embedding embedded embeddings",
        "x": "x inp input inputs hidden_states src x0 h0 x_in",
        "memory": "memory mem context encoder_hidden_states",
        "logits": "logits scores output out lm_head",
        "probs": "probs p probabilities softmax",
        "loss": "loss l nll ce cost",
        "W": "w lm_head_weight head_weight unembed w_out classifier_weight fc_weight weight out_weight w_u",
        "b": "b lm_head_bias head_bias b_out classifier_bias fc_bias bias out_bias b_u",
    }.items()
}
for _letter in "QKVO":
    for _part, _tail in (("W", "weight"), ("b", "bias")):
        _WORDS[f"{_part}_{_letter}"] += tuple(
            f"{word}_{_tail}" for word in _WORDS[f"W_{_letter}"] if not word.endswith(("weight", "_w"))
        )
_PARTS = {
    "norm1": ("norm1", "ln1", "ln_1", "input_layernorm"),
    "norm2": ("norm2", "ln2", "ln_2", "post_attention"),
    "norm3": ("norm3", "ln3"),
    "attn": ("attn", "attention", "mha"),
    "cross": ("cross", "encoder_attn"),
    "ffn": ("ffn", "mlp", "ff", "feed"),
    "norm": ("ln_f", "lnf", "final"),
}
"""What is said of the part of a block."""
_NUMBERED = {"gamma": ("gamma", "g", "scale"), "beta": ("beta", "shift")}
"""What is called by the number of its norm: gamma1."""
SIDE_BY_SIDE = ("in_proj", "qkv", "c_attn", "query_key_value", "w_pack")
"""What a matrix of queries, keys and values in one is called."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BLOCK = re.compile(r"\bh_(?=\d+_)|(?<=transformer_)h_(?=\d+_)")
"""The layers of GPT-2, ``h.0.ln_1``; a residual sum is ``h1``."""


@cache
def plain(name: str) -> str:
    """A name in lower case with single underscores."""
    return re.sub(r"[^0-9a-z]+", "_", _CAMEL.sub("_", name).lower()).strip("_")


@cache
def _called(path: str) -> tuple[str, list[str], set[str], str, set[str], set[str], list[tuple[str, str, str]]]:
    """What a path may be called, once for all names: the tensor that it is of, the parts of its path, how they are called
    together, how a name ends that has all of it, the names by number, and its words, alone and before and behind others."""
    of = owner(path)
    parts, known = of.split("."), _WORDS.get(role(of), ())
    return (
        of,
        parts,
        {plain(".".join(parts[k:])) for k in range(len(parts))},  # of W_Q not Q, which is another tensor
        "_" + plain(of) if "." in of else "",
        {f"{word}{gap}{parts[-2][-1]}" for word in _NUMBERED.get(parts[-1], ()) for gap in ("", "_")},
        set(known),
        [(word, "_" + word, word + "_") for word in known],
    )


@cache
def affinity(name: str, path: str) -> float:
    """How well a name goes with a path: 0 not at all, 4 it is the path."""
    name = name.removesuffix(GRAD)
    if name in (path, path.partition(GRAD)[0]):
        return 4.0
    of, parts, tails, behind, numbered, exact, known = _called(path)
    words = plain(name)
    if words in tails or (behind and words.endswith(behind)):
        return 3.0
    found = 2.0 if words in numbered or words in exact else 0.0
    if not found and not any(word in words for word in exact):
        return 0.0
    for word, end, begin in known:
        if words.endswith(end) or words.startswith(begin):
            found = max(found, 1.0 + len(word) / 100)
    if not found:
        return 0.0
    numbers, layer = (
        re.findall(r"\d+", re.sub(r"(norm|ln|fc|linear|add|w|b|h|x|ff)_?\d", "", _BLOCK.sub("layer_", words))),
        re.findall(r"(?:enc|dec|layer)(\d+)", of),
    )
    if numbers and layer:
        found += 0.3 if layer[0] == numbers[0] else -0.3
    for part, words_of in _PARTS.items():
        said = any(word in words for word in words_of)
        if part in parts:
            found += (0.5 if part.startswith("norm") else 0.2) if said else 0.0
        elif said:
            found -= 0.2
    return found


def called_like(name: str, paths: list[str]) -> str:
    """The one path that a name goes with best; empty where it goes with none, or with two alike."""
    best = sorted(((affinity(name, path), path) for path in paths), reverse=True)[:2]
    if not best or best[0][0] < 1 or (len(best) > 1 and best[1][0] == best[0][0]):
        return ""
    return best[0][1]


_AXES = {
    "query": Bilingual("query", "查询"),
    "key": Bilingual("key", "键"),
    "head": Bilingual("head", "头"),
    "batch": Bilingual("batch", "批次"),
    "position": Bilingual("position", "位置"),
    "model": Bilingual("model", "模型宽"),
    "hidden": Bilingual("hidden", "隐藏宽"),
    "vocab": Bilingual("vocab", "词表"),
    "d_k": Bilingual("d_k", "键宽"),
    "d_v": Bilingual("d_v", "值宽"),
}


def axis_called(name: str) -> Bilingual | str:
    """What an axis is called in a sentence."""
    return _AXES.get(name, name)


def of_probabilities(name: str) -> bool:
    """Whether an array is called probabilities, and not their logarithms."""
    last = name.lower().rpartition(".")[2]
    return ("prob" in last and "log" not in last) or last == "p"
