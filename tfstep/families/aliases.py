"""The names that others give the same tensors: the paper, PyTorch's nn.Transformer, HF's GPT-2, TransformerLens.

Vaswani et al. 2017 (equations 1 and 2, sections 3.2 and 3.3); torch.nn.Transformer's state_dict;
transformers.GPT2LMHeadModel's state_dict; the hook points and weights of TransformerLens' HookedTransformer.
"""

from __future__ import annotations

import re

from msgspec import Struct

from tfstep.engine.plan import Plan
from tfstep.text import Bilingual

TRANSPOSED = Bilingual("transposed: (out, in)", "转置：(输出, 输入)")
HEADS_AFTER = Bilingual("axes (batch, position, head, feature)", "轴为（批次、位置、头、特征）")
PER_HEAD = Bilingual("split by head: (head, in, feature)", "按头切分：(头, 输入, 特征)")
OUT_PER_HEAD = Bilingual("split by head: (head, feature, out)", "按头切分：(头, 特征, 输出)")
BIAS_PER_HEAD = Bilingual("split by head: (head, feature)", "按头切分：(头, 特征)")
AFTER_SCALE = Bilingual("scaled and masked", "已缩放并加掩码")
THIRDS = {
    "Q": Bilingual("the first third", "前三分之一"),
    "K": Bilingual("the second third", "中间三分之一"),
    "V": Bilingual("the last third", "后三分之一"),
}
SAME = Bilingual("", "")


class Alias(Struct, frozen=True):
    """Another name of a tensor: who calls it so, and how theirs relates to ours."""

    system: str
    name: str
    path: str
    relation: Bilingual = SAME


PAPER = {
    "attn.Q": "Q W^Q", "attn.K": "K W^K", "attn.V": "V W^V", "attn.W_Q": "W^Q", "attn.W_K": "W^K", "attn.W_V": "W^V",
    "attn.W_O": "W^O", "attn.scores": "Q Kᵀ", "attn.scaled": "Q Kᵀ / √d_k", "attn.weights": "softmax(Q Kᵀ / √d_k)",
    "attn.heads": "head_i", "attn.concat": "Concat(head_1, …, head_h)", "attn.out": "MultiHead(Q, K, V)",
    "add1": "x + Sublayer(x)", "norm1": "LayerNorm(x + Sublayer(x))", "ffn.W_1": "W_1", "ffn.b_1": "b_1",
    "ffn.W_2": "W_2", "ffn.b_2": "b_2", "ffn.hidden": "x W_1 + b_1", "ffn.act": "max(0, x W_1 + b_1)",
    "ffn.out": "FFN(x)",
    "pos": "PE",
}  # fmt: skip
TORCH_LAYER = {
    "ffn.W_1": ("linear1.weight", TRANSPOSED), "ffn.b_1": ("linear1.bias", SAME),
    "ffn.W_2": ("linear2.weight", TRANSPOSED), "ffn.b_2": ("linear2.bias", SAME),
    "norm1.gamma": ("norm1.weight", SAME), "norm1.beta": ("norm1.bias", SAME),
    "norm2.gamma": ("norm2.weight", SAME), "norm2.beta": ("norm2.bias", SAME),
    "norm3.gamma": ("norm3.weight", SAME), "norm3.beta": ("norm3.bias", SAME),
}  # fmt: skip
GPT2_BLOCK = {
    "norm1.gamma": "ln_1.weight", "norm1.beta": "ln_1.bias", "norm2.gamma": "ln_2.weight", "norm2.beta": "ln_2.bias",
    "attn.W_O": "attn.c_proj.weight", "attn.b_O": "attn.c_proj.bias", "ffn.W_1": "mlp.c_fc.weight",
    "ffn.b_1": "mlp.c_fc.bias", "ffn.W_2": "mlp.c_proj.weight", "ffn.b_2": "mlp.c_proj.bias",
}  # fmt: skip
LENS_BLOCK = {
    "attn.Q": ("attn.hook_q", HEADS_AFTER), "attn.K": ("attn.hook_k", HEADS_AFTER),
    "attn.V": ("attn.hook_v", HEADS_AFTER),
    "attn.masked": ("attn.hook_attn_scores", AFTER_SCALE), "attn.weights": ("attn.hook_pattern", SAME),
    "attn.heads": ("attn.hook_z", HEADS_AFTER), "attn.out": ("hook_attn_out", SAME), "add1": ("hook_resid_mid", SAME),
    "ffn.hidden": ("mlp.hook_pre", SAME), "ffn.act": ("mlp.hook_post", SAME), "ffn.out": ("hook_mlp_out", SAME),
    "attn.W_Q": ("attn.W_Q", PER_HEAD), "attn.W_K": ("attn.W_K", PER_HEAD), "attn.W_V": ("attn.W_V", PER_HEAD),
    "attn.W_O": ("attn.W_O", OUT_PER_HEAD), "attn.b_Q": ("attn.b_Q", BIAS_PER_HEAD),
    "attn.b_K": ("attn.b_K", BIAS_PER_HEAD),
    "attn.b_V": ("attn.b_V", BIAS_PER_HEAD), "attn.b_O": ("attn.b_O", SAME), "ffn.W_1": ("mlp.W_in", SAME),
    "ffn.b_1": ("mlp.b_in", SAME), "ffn.W_2": ("mlp.W_out", SAME), "ffn.b_2": ("mlp.b_out", SAME),
    "add2": ("hook_resid_post", SAME),
}  # fmt: skip
GPT2_TOP = {"tgt.E": ("transformer.wte.weight", SAME), "tgt.pos": ("transformer.wpe.weight", SAME),
            "dec.norm.gamma": ("transformer.ln_f.weight", SAME), "dec.norm.beta": ("transformer.ln_f.bias", SAME),
            "out.W": ("lm_head.weight", TRANSPOSED)}  # fmt: skip
LENS_TOP = {"embed": ("hook_embed", SAME), "pos": ("hook_pos_embed", SAME), "E": ("embed.W_E", SAME)}
_BLOCK = re.compile(r"(enc|dec)(\d+)\.(.+)$")


def aliases(plan: Plan, path: str) -> list[Alias]:
    """The names of a tensor elsewhere, the paper's first."""
    found = [Alias(system, name, path, relation) for system, name, relation in _names(plan, path)]
    return found if path in plan.paths else []


def lookup(plan: Plan, name: str) -> Alias | None:
    """The tensor that others call so; of several (a third of one matrix each) the first."""
    for node in plan.nodes:
        for alias in aliases(plan, node.path) if "." in node.path and node.role.of is None else ():
            if alias.name == name and alias.system != "paper":
                return alias
    return None


def ours(plan: Plan, text: str) -> tuple[str, Bilingual | None]:
    """A target as tfstep calls it, and where others call it so, what is to be said of that; else the text itself."""
    match = re.match(r"(?P<head>[^\[/*]+?)(?P<rest>(\.grad|\.new)?([\[/].*)?)$", text.strip(), re.DOTALL)
    alias = lookup(plan, match["head"]) if match and match["head"] not in plan.paths else None
    if alias is None or match is None:
        return text, None
    return alias.path + match["rest"], said(alias)


def known(plan: Plan, name: str) -> str | None:
    """The path of the tensor, gradient or new value that others call so, or None."""
    path, relation = ours(plan, name)
    return None if relation is None else path


def said(alias: Alias) -> Bilingual:
    """Which tensor another name means, and how they relate."""
    return Bilingual(
        "{name} is {path}{relation}",
        "{name} 即 {path}{relation}",
        name=alias.name,
        path=alias.path,
        relation=Bilingual(" ({relation})", "（{relation}）", relation=alias.relation) if alias.relation.en else "",
    )


def _names(plan: Plan, path: str) -> list[tuple[str, str, Bilingual]]:
    block = _BLOCK.match(path)
    decoder_only = "dec0.attn.scores" in plan.paths and "enc0.attn.scores" not in plan.paths
    both = "dec0.cross.scores" in plan.paths
    if block is None:
        return _outside_blocks(path, decoder_only, both)
    stack, number, name = block[1], block[2], block[3]
    found: list[tuple[str, str, Bilingual]] = []
    paper = name.replace("cross.", "attn.")
    if paper in PAPER:
        found.append(("paper", PAPER[paper], SAME))
    coder = "encoder" if stack == "enc" else "decoder"
    found += [("PyTorch", f"{coder}.layers.{number}.{each}", relation) for each, relation in _torch(name)]
    if decoder_only:
        found += [("GPT-2", f"transformer.h.{number}.{each}", relation) for each, relation in _gpt2(name)]
    if not both and name in LENS_BLOCK:
        found.append(("TransformerLens", f"blocks.{number}.{LENS_BLOCK[name][0]}", LENS_BLOCK[name][1]))
    return found


def _torch(name: str) -> list[tuple[str, Bilingual]]:
    for ours, theirs in (("attn.", "self_attn."), ("cross.", "multihead_attn.")):
        if name.startswith(ours):
            return [(theirs + each, relation) for each, relation in _torch_attention(name.removeprefix(ours))]
    return [TORCH_LAYER[name]] if name in TORCH_LAYER else []


def _torch_attention(name: str) -> list[tuple[str, Bilingual]]:
    kind, _, which = name.partition("_")
    if name in ("W_O", "b_O"):
        return [("out_proj.weight", TRANSPOSED)] if kind == "W" else [("out_proj.bias", SAME)]
    if kind in ("W", "b") and which in THIRDS:
        third = THIRDS[which]
        if kind == "b":
            return [("in_proj_bias", third)]
        return [("in_proj_weight", Bilingual("{third}, transposed", "{third}，转置", third=third))]
    return []


def _gpt2(name: str) -> list[tuple[str, Bilingual]]:
    if name in GPT2_BLOCK:
        return [(GPT2_BLOCK[name], SAME)]
    kind, _, which = name.removeprefix("attn.").partition("_")
    if name.startswith("attn.") and kind in ("W", "b") and which in THIRDS:
        columns = Bilingual("{third} of the columns", "各列的{third}", third=THIRDS[which])
        return [(f"attn.c_attn.{'weight' if kind == 'W' else 'bias'}", columns)]
    return []


def _outside_blocks(path: str, decoder_only: bool, both: bool) -> list[tuple[str, str, Bilingual]]:
    found: list[tuple[str, str, Bilingual]] = []
    scope, _, name = path.partition(".")
    if scope in ("src", "tgt") and name in PAPER:
        found.append(("paper", PAPER[name], SAME))
    for stack, coder in (("enc", "encoder"), ("dec", "decoder")):
        for ours, theirs in (("gamma", "weight"), ("beta", "bias")):
            if path == f"{stack}.norm.{ours}":
                found.append(("PyTorch", f"{coder}.norm.{theirs}", SAME))
    if decoder_only and path in GPT2_TOP:
        found.append(("GPT-2", *GPT2_TOP[path]))
    if not both and scope in ("src", "tgt") and name in LENS_TOP:
        found.append(("TransformerLens", *LENS_TOP[name]))
    if not both and path in ("out.W", "out.b"):
        found.append(("TransformerLens", f"unembed.{path[4]}_U", SAME))
    return found
