"""PyTorch's own modules: nn.Transformer, its stacks and layers, nn.MultiheadAttention."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.families.family import Family, Name, linear, norm
from tfstep.families.relation import THIRDS, TRANSPOSED, Relation


def _attention(ours: str, theirs: str) -> tuple[Name, ...]:
    found: tuple[Name, ...] = ()
    for which, part in THIRDS.items():
        found += (
            Name(f"{ours}.W_{which}", f"{theirs}in_proj_weight", replace(TRANSPOSED, part=part)),
            Name(f"{ours}.W_{which}", f"{theirs}{which.lower()}_proj_weight", TRANSPOSED),
            Name(f"{ours}.b_{which}", f"{theirs}in_proj_bias", Relation(part=part)),
        )
    return (*found, *linear(f"{ours}.W_O", f"{theirs}out_proj"))


def _layer(stack: str, theirs: str) -> tuple[Name, ...]:
    block = f"{stack}{{i}}"
    return (
        *_attention(f"{block}.attn", f"{theirs}self_attn."),
        *_attention(f"{block}.cross", f"{theirs}multihead_attn."),
        *linear(f"{block}.ffn.W_1", f"{theirs}linear1"),
        *linear(f"{block}.ffn.W_2", f"{theirs}linear2"),
        *(name for n in (1, 2, 3) for name in norm(f"{block}.norm{n}", f"{theirs}norm{n}")),
    )


PYTORCH = Family(
    name="pytorch",
    system="PyTorch",
    kind="",
    types=(),
    keys={},
    names=(
        *_layer("enc", "encoder.layers.{i}."),
        *_layer("dec", "decoder.layers.{i}."),
        *norm("enc.norm", "encoder.norm"),
        *norm("dec.norm", "decoder.norm"),
        *_layer("enc", "layers.{i}."),
        *_layer("dec", "layers.{i}."),
        *norm("enc.norm", "norm"),
        *norm("dec.norm", "norm"),
        *_layer("enc", ""),
        *_layer("dec", ""),
        *_attention("attn", ""),
    ),
    anchors=("encoder.layers.0.linear1.weight", "layers.0.linear1.weight", "linear1.weight", "in_proj_weight"),
)
"""A stack or a layer alone has no prefix: what ``encoder.layers.0.`` is in an nn.Transformer is nothing there."""
