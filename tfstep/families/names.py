"""The names that others give the same tensors: the paper, PyTorch's modules, checkpoints, TransformerLens.

Parameters have the names of the families' tables. What is computed on the way has those of Vaswani et al. 2017
(equations 1 and 2, sections 3.2 and 3.3) and of the hook points of TransformerLens' TransformerBridge (4.3; the older
names, which HookedTransformer had, it still takes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from msgspec import Struct

from tfstep.address.roles import INNER, path_parts
from tfstep.engine.plan import Plan
from tfstep.families.family import Family, Theirs, layer_pattern, theirs
from tfstep.families.registry import families, family
from tfstep.text import Bilingual

HEADS_AFTER = Bilingual("axes (batch, position, head, feature)", "轴为（批次、位置、头、特征）")
PER_HEAD = Bilingual("split by head: (head, in, feature)", "按头切分：(头, 输入, 特征)")
OUT_PER_HEAD = Bilingual("split by head: (head, feature, out)", "按头切分：(头, 特征, 输出)")
BIAS_PER_HEAD = Bilingual("split by head: (head, feature)", "按头切分：(头, 特征)")
AFTER_SCALE = Bilingual("scaled and masked", "已缩放并加掩码")
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
LENS_BRIDGE = {
    "attn.Q": "attn.q.hook_out", "attn.K": "attn.k.hook_out", "attn.V": "attn.v.hook_out", "attn.heads": "attn.o.hook_in",
    "attn.out": "attn.hook_out", "ffn.hidden": "mlp.in.hook_out", "ffn.act": "mlp.out.hook_in", "ffn.out": "mlp.hook_out",
    "norm1": "ln1.hook_out", "norm2": "ln2.hook_out", "add2": "hook_out",
}  # fmt: skip
"""What the bridge alone calls them, the norms where they come first in their part."""
LENS_LAST = {"enc.norm": "ln_final.hook_out", "dec.norm": "ln_final.hook_out", "out.logits": "unembed.hook_out"}
LENS_TOP = {"embed": ("hook_embed", SAME), "pos": ("hook_pos_embed", SAME), "E": ("embed.W_E", SAME)}
_BLOCK = re.compile(r"(enc|dec)(\d+)\.(.+)$")


def aliases(plan: Plan, path: str) -> list[Alias]:
    """The names of a tensor elsewhere, the paper's first; of checkpoints those that this model could be."""
    if path not in plan.paths:
        return []
    found: dict[str, Alias] = {}
    for alias in _names(plan, path, _known_by(plan)):
        found.setdefault(alias.system, alias)
    return list(found.values())


def lookup(plan: Plan, name: str) -> Alias | None:
    """The tensor that others call so, with a prefix or without; of several (a third of one matrix each) the first."""
    if plan not in _INDEX:
        _INDEX[plan] = _index(plan)
    found = next((_INDEX[plan][tail] for tail in _tails(name) if tail in _INDEX[plan]), None)
    return None if found is None else Alias(found.system, name, found.path, found.relation)


_INDEX: WeakKeyDictionary[Plan, dict[str, Alias]] = WeakKeyDictionary()


def _index(plan: Plan) -> dict[str, Alias]:
    """Every name that anybody has for a tensor of a plan."""
    kin, found = list(families()), dict[str, Alias]()
    for node in plan.nodes:
        if "." in node.path and node.role.of is None and (node.kind != "step" or _seen(node.path)):
            for alias in _names(plan, node.path, kin):
                if alias.system != "paper":
                    found.setdefault(alias.name, alias)
    return found


def _seen(path: str) -> bool:
    """Whether a step may have a name elsewhere: the hook points."""
    block = _BLOCK.match(path)
    if block:
        return block[3] in LENS_BLOCK or block[3] in LENS_BRIDGE
    return path.partition(".")[2] in LENS_TOP or path in LENS_LAST


def _tails(name: str) -> list[str]:
    """The name, and what is left of it without the first parts of its prefix: ``model.``, ``transformer.``."""
    parts = name.split(".")
    return [".".join(parts[k:]) for k in range(min(3, len(parts)))]


def elsewhere(plan: Plan, name: str) -> Alias | None:
    """The tensor that others call so, or whose gradient, new value or inner step a name is; None for a name of ours."""
    head = path_parts(name.partition(INNER)[0]).of
    return None if head in plan.paths else lookup(plan, head)


def our_path(plan: Plan, name: str) -> str | None:
    """The path of the tensor, gradient or new value that others call so, or None."""
    alias = elsewhere(plan, name)
    return None if alias is None else alias.path + name[len(alias.name) :]


def relation_text(alias: Alias) -> Bilingual:
    """Which tensor another name means, and how they relate."""
    return Bilingual(
        "{name} is {path}{relation}",
        "{name} 即 {path}{relation}",
        name=alias.name,
        path=alias.path,
        relation=Bilingual(" ({relation})", "（{relation}）", relation=alias.relation) if alias.relation.en else "",
    )


def _known_by(plan: Plan) -> list[Family]:
    """The families whose names are shown: PyTorch's, and the model's own, or GPT-2's for a plain decoder."""
    taken = getattr(getattr(plan.origin, "weights", None), "names", "auto")
    decoder_only = "dec0.attn.scores" in plan.paths and "dec0.cross.scores" not in plan.paths
    own = [family(taken)] if taken != "auto" else [family("gpt2")] if decoder_only else []
    return [*own, family("pytorch")]


def _names(plan: Plan, path: str, kin: list[Family]) -> Iterator[Alias]:
    encodes, decodes = "enc0.attn.scores" in plan.paths, "dec0.attn.scores" in plan.paths
    block = _BLOCK.match(path)
    scope, _, rest = path.partition(".")
    name = block[3] if block else rest
    if (block or scope in ("src", "tgt")) and name.replace("cross.", "attn.") in PAPER:
        yield Alias("paper", PAPER[name.replace("cross.", "attn.")], path)
    kind = {(True, True): "encoder-decoder", (True, False): "encoder", (False, True): "decoder"}.get((encodes, decodes))
    if plan.paths[path].kind != "step":
        for each in kin:
            if each.kind in ("", kind):
                for how in _once(each, path):
                    yield Alias(each.system, how.name, path, how.relation.text)
    if encodes and decodes:
        return
    if block and name in LENS_BLOCK:
        yield Alias("TransformerLens", f"blocks.{block[2]}.{LENS_BLOCK[name][0]}", path, LENS_BLOCK[name][1])
    if block and name in LENS_BRIDGE and (not name.startswith("norm") or f"{block[1]}.norm" in plan.paths):
        after = LENS_BLOCK.get(name, ("", SAME))[1]
        yield Alias("TransformerLens", f"blocks.{block[2]}.{LENS_BRIDGE[name]}", path, after)
    elif path in LENS_LAST:
        yield Alias("TransformerLens", LENS_LAST[path], path)
    elif scope in ("src", "tgt") and name in LENS_TOP:
        yield Alias("TransformerLens", LENS_TOP[name][0], path, LENS_TOP[name][1])
    elif path in ("out.W", "out.b"):
        yield Alias("TransformerLens", f"unembed.{path[4]}_U", path)


def _once(kin: Family, path: str) -> Iterator[Theirs]:
    """The names of a family for a path; of PyTorch's modules that of the layer alone is no name of the others."""
    _, numbers = layer_pattern(path)
    for how in theirs(kin, path):
        if kin.name != "pytorch" or not numbers or "layers." in how.name:
            yield how
