"""Record the modules of `styles_torch.py` as `styles/` beside this script.

    PYTHONPATH=. python tests/compare/make_styles.py

needs PyTorch (recorded with 2.13.0); the everyday tests read the files.
"""

from __future__ import annotations

from pathlib import Path

import styles_torch as s
import torch
import torch.nn.functional as F
from torch import nn

import tfstep.torch

FOLDER = Path(__file__).with_name("styles")


def block(attn: nn.Module | None = None, mlp: nn.Module | None = None, place: str = "pre", eps: float = 1e-5,
          other: float = 0.0, norms: list[nn.Module] | None = None, names: str = "n1 n2") -> nn.Module:  # fmt: skip
    """A block; what is not given is as usual."""
    made = norms or [nn.LayerNorm(s.D, eps=eps), nn.LayerNorm(s.D, eps=other or eps)]
    return s.Block(attn or s.Styled(s.sdpa), mlp or s.Network("fc1 fc2"), place, made, names)


def attentions() -> dict[str, nn.Module]:
    """Attention written rightly."""
    how = (s.einsum, s.bmm, s.loop_of_heads, s.loop_of_words, s.words_first, s.q_scaled, s.k_scaled, s.both_scaled,
           s.in_place, s.mask_times, s.by_exp, s.by_log, s.keys_first, s.columns, s.by_hand, s.summed_heads, s.in_float64,
           s.sdpa, s.alibi)  # fmt: skip
    lay = (s.behind, s.by_head, s.by_head_chunked, s.by_head_indexed, s.permuted, s.innermost, s.heads_last)
    found: dict[str, nn.Module] = {f.__name__: s.Styled(f) for f in how}
    found |= {f"fused {f.__name__}": s.Fused(f) for f in lay}
    for kv in (1, 2):
        found |= {f"fused {f.__name__} {kv}": s.Fused(f, kv) for f in (s.few_keys, s.by_group)}
        found |= {f"{f.__name__} {kv}": s.Styled(f, kv) for f in (s.sdpa, s.repeated, s.expanded, s.grouped)}
    return found | {"no bias": s.Styled(s.q_scaled, bias=False), "wide heads": s.Styled(s.sdpa, d=4),
                    "convolved": s.Convolved(), "nameless": s.Nameless(), "apart": s.Apart()}  # fmt: skip


def blocks() -> dict[str, nn.Module]:
    """Blocks written rightly."""
    pairs = ("up down", "up dn", "fc_up fc_down", "w_in w_out", "c_fc c_proj", "expand contract", "a b")
    found = {f"block {names}": block(mlp=s.Network(names)) for names in pairs}
    for names in ("gate up down", "w1 w3 w2", "a b c"):
        gated = s.Network(names, F.silu, bias=False)
        found[f"block {names}"] = block(mlp=gated, norms=[s.Rms(s.D), s.Rms(s.D)])
    for place in ("pre", "post", "output"):
        found[f"block {place}"] = block(place=place, eps=1e-3)
        found[f"block {place} named"] = block(place=place, names="post_attention_layernorm post_feedforward_layernorm")
    found["block fused"] = block(s.Fused(s.by_head), s.Network("a b", F.gelu))
    found["block apart"] = block(s.Apart())
    found["block by hand"] = block(norms=[s.Layer(s.D), s.Layer(s.D)])
    found["block two eps"] = block(eps=1e-5, other=1e-2)
    found["block two eps by hand"] = block(norms=[s.Rms(s.D, 1e-2), s.Rms(s.D, 1e-1)])
    found["block plus one"] = block(norms=[s.Rms(s.D, plus=1), s.Rms(s.D, plus=1)])
    return found


def mistakes() -> dict[str, nn.Module]:
    """One mistake each."""
    seen = s.seen()
    asked = {"scale 1": {"is_causal": True, "scale": 1.0}, "scale d": {"is_causal": True, "scale": 1 / s.D},
             "dropout": {"is_causal": True, "dropout_p": 0.3}, "mask missing": {}, "mask inverted": {"attn_mask": ~seen},
             "mask added": {"attn_mask": seen.float()}, "mask shifted": {"attn_mask": seen.roll(1, 1) | seen}}  # fmt: skip
    found: dict[str, nn.Module] = {f"wrong {name}": s.Sdpa(**options) for name, options in asked.items()}
    for lay in (s.behind, s.by_head):
        for bug in ("q and k", "k and v", "scale"):
            found[f"wrong {lay.__name__} {bug}"] = s.Fused(lay, bug=bug, core="sdpa" if bug == "scale" else "eager")
    found |= {f"wrong {lay.__name__} groups": s.Fused(lay, 2, "groups") for lay in (s.few_keys, s.by_group)}
    found["wrong variance"] = block(norms=[s.Layer(s.D, 1), s.Layer(s.D, 1)])
    found["wrong network"] = block(s.Fused(s.by_head, bug="scale"), s.Network("expand contract"))
    return found


def whole() -> dict[str, nn.Module]:
    """Layers and models as they stand in lessons and textbooks, written rightly."""
    found: dict[str, nn.Module] = {f"whole encoder {n}": s.Standard(n) for n in ("up down", "linear1 linear2", "w1 w2")}
    found |= {f"whole straight {n}": s.Straight(n, True) for n in ("fc out", "c_fc c_proj", "w1 w2")}
    found["whole heads"] = s.Straight("fc out", False)
    found["whole speaks"] = s.Speaks(lambda: s.Block(s.Apart(), nn.Sequential(nn.Linear(s.D, 12), nn.ReLU(), nn.Linear(12, s.D)),
                                                     "pre", [nn.LayerNorm(s.D), nn.LayerNorm(s.D)], "ln1 ln2"))  # fmt: skip
    found["whole speaks straight"] = s.Speaks(lambda: s.Straight("fc out", True))
    return found


def write_whole() -> None:
    """Record and write these."""
    torch.manual_seed(8)
    for name, module in whole().items():
        for parameter in module.parameters():
            parameter.data += 0.3 * torch.randn(parameter.shape)
        x = torch.randint(0, 11, (2, s.T)) if "speaks" in name else torch.randn(2, s.T, s.D)
        tfstep.torch.record(module, x).save(FOLDER / f"{name.replace(' ', '-')}.safetensors")


def main() -> None:
    """Record and write."""
    torch.manual_seed(7)
    FOLDER.mkdir(exist_ok=True)
    x = torch.randn(2, s.T, s.D)
    for name, module in (attentions() | blocks() | mistakes()).items():
        for parameter in module.parameters():
            parameter.data += 0.3 * torch.randn(parameter.shape)
        loss = None if name.startswith("wrong") or len(name) % 3 else lambda y: y.pow(2).mean()
        tfstep.torch.record(module, x, loss=loss).save(FOLDER / f"{name.replace(' ', '-')}.safetensors")
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        module = s.Styled(s.q_scaled).to(dtype)
        tfstep.torch.record(module, x.to(dtype)).save(FOLDER / f"in-{str(dtype)[6:]}.safetensors")
    write_whole()


if __name__ == "__main__":
    main()
