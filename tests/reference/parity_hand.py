"""The models written out in torch, every tensor under its path, so that autograd gives the gradient of each.

This is what nn.Transformer* and nn.MultiheadAttention do not show (scores, masked, …); `record.py` holds it against
those modules wherever they can do the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from parity_options import Options, ids, options, pad_id
from torch import Tensor

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x * torch.sigmoid(x),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "identity": lambda x: x.view_as(x),
}


class Tape:
    """The parameters (leaves) and every tensor computed from them, by path."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.scenario, self.o = scenario, options(scenario)
        self.dtype = getattr(torch, self.o.dtype)
        self.leaves = {path: self.tensor(value) for path, value in scenario["weights"]["set"].items()}
        for leaf in self.leaves.values():
            leaf.requires_grad_()
        self.values: dict[str, Tensor] = {}
        self.constants: dict[str, Tensor] = {}

    def tensor(self, value: Any) -> Tensor:
        """Nested lists as a tensor of the scenario's dtype."""
        return torch.tensor(value, dtype=self.dtype)

    def __call__(self, path: str, value: Tensor) -> Tensor:
        """Record a tensor and keep its gradient."""
        if value.requires_grad:
            value.retain_grad()
        self.values[path] = value
        return value

    def run(self) -> Tensor:
        """One forward pass; returns the loss."""
        self.values, self.constants = {}, {}
        self.parameters = dict(self.leaves)
        for first, *others in self.o.tie:
            for other in others:  # a view with a gradient of its own: the share of this use
                leaf = self.leaves[first]
                self.parameters[other] = self(other, leaf.T if other == "out.W" else leaf.view_as(leaf))
        kinds = {"attention": attention_alone, "mlp": mlp}
        last = kinds.get(self.o.kind, transformer)(self)
        return self("loss", loss(self, last))


def linear(t: Tape, x: Tensor, weight: str, bias: str) -> Tensor:
    """y = xW + b."""
    y = x @ t.parameters[weight]
    return y + t.parameters[bias] if bias in t.parameters else y


def norm(t: Tape, at: str, x: Tensor) -> Tensor:
    """Layer norm over a token's features, batch norm of a feature over all tokens, RMS norm; ε inside the root."""
    if t.o.norm == "none":
        return x
    gamma = t.parameters[f"{at}.gamma"]
    if t.o.norm == "rms":
        return t(at, x / torch.sqrt((x * x).mean(-1, keepdim=True) + t.o.eps) * gamma)
    over = (-1,) if t.o.norm == "layer" else (0, 1)
    centred = x - x.mean(over, keepdim=True)
    variance = (centred * centred).mean(over, keepdim=True)
    return t(at, centred / torch.sqrt(variance + t.o.eps) * gamma + t.parameters[f"{at}.beta"])


def split(x: Tensor, heads: int) -> Tensor:
    """(batch, position, heads·d) → (batch, head, position, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def rotate(x: Tensor, o: Options, offset: int) -> Tensor:
    """RoPE: the pair i of position m turns by the angle m·base^(−2i/d_k)."""
    d = x.shape[-1]
    out = [torch.empty(0)] * d
    for i in range(d // 2):
        a, b = (2 * i, 2 * i + 1) if o.rope["pairs"] == "interleaved" else (i, i + d // 2)
        angle = (torch.arange(x.shape[-2]) + offset).to(x.dtype) * o.rope["base"] ** (-2 * i / d)
        out[a] = x[..., a] * torch.cos(angle) - x[..., b] * torch.sin(angle)
        out[b] = x[..., a] * torch.sin(angle) + x[..., b] * torch.cos(angle)
    return torch.stack(out, -1)


def drop(t: Tape, at: str, x: Tensor) -> Tensor:
    """Dropout with the mask that the scenario pins, where it pins one."""
    keep = t.scenario.get("pins", {}).get(f"{at}.keep")
    return x if keep is None else t(at, x * t.tensor(keep))


def attend(t: Tape, at: str, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
    """Multi-head attention of ``x`` over ``memory``; ``mask`` is True where a key may not be seen."""
    o, q, k, v = t.o, x, memory, memory
    if o.projections:
        q = t(f"{at}.q_proj", linear(t, x, f"{at}.W_Q", f"{at}.b_Q"))
        k = t(f"{at}.k_proj", linear(t, memory, f"{at}.W_K", f"{at}.b_K"))
        v = t(f"{at}.v_proj", linear(t, memory, f"{at}.W_V", f"{at}.b_V"))
    q, k, v = t(f"{at}.Q", split(q, o.heads)), t(f"{at}.K", split(k, o.kv_heads)), t(f"{at}.V", split(v, o.kv_heads))
    if o.positional == "rope":
        offset = t.scenario["input"].get("offset", 0)
        q, k = t(f"{at}.Q_rot", rotate(q, o, offset)), t(f"{at}.K_rot", rotate(k, o, offset))
    group = torch.arange(o.heads) // (o.heads // o.kv_heads)  # the key/value head of each query head
    s = t(f"{at}.scores", q @ k[:, group].transpose(-1, -2))
    if o.scale:
        s = t(f"{at}.scaled", s / math.sqrt(o.d_k))
    if mask is not None and mask.any():
        s = t(f"{at}.masked", torch.where(mask, torch.tensor(o.mask_value, dtype=s.dtype), s))
    weights = drop(t, f"{at}.drop", t(f"{at}.weights", torch.softmax(s, -1)))
    heads = t(f"{at}.heads", weights @ v[:, group])
    y = t(f"{at}.concat", heads.transpose(1, 2).flatten(2))
    return t(f"{at}.out", linear(t, y, f"{at}.W_O", f"{at}.b_O")) if o.output else y


def feed_forward(t: Tape, at: str, x: Tensor) -> Tensor:
    """act(xW₁ + b₁)W₂ + b₂, or gated: (silu(xW_gate + b_gate) · (xW₁ + b₁))W₂ + b₂."""
    if t.o.activation == "swiglu":
        gate = t(f"{at}.gate", linear(t, x, f"{at}.W_gate", f"{at}.b_gate"))
        hidden = t(f"{at}.hidden", linear(t, x, f"{at}.W_1", f"{at}.b_1"))
        act = t(f"{at}.act", ACTIVATIONS["silu"](gate) * hidden)
    else:
        hidden = t(f"{at}.hidden", linear(t, x, f"{at}.W_1", f"{at}.b_1"))
        act = t(f"{at}.act", ACTIVATIONS[t.o.activation](hidden))
    return t(f"{at}.out", linear(t, drop(t, f"{at}.drop", act), f"{at}.W_2", f"{at}.b_2"))


def block(t: Tape, at: str, x: Tensor, parts: list[Callable[[Tensor], Tensor]]) -> Tensor:
    """Post-norm: x ← norm(x + part(x)); pre-norm: x ← x + part(norm(x)), for the parts of a layer in turn."""
    for n, part in enumerate(parts, 1):
        y = drop(t, f"{at}.drop{n}", part(norm(t, f"{at}.norm{n}", x) if t.o.pre else x))
        x = t(f"{at}.add{n}", x + y) if t.o.residual else y
        x = x if t.o.pre else norm(t, f"{at}.norm{n}", x)
    return x


def embed(t: Tape, side: str, key: str) -> tuple[Tensor, Tensor]:
    """The embedded words of a side with their positions, and which of them are pads."""
    o, tokens = t.o, torch.tensor(ids(t.scenario, key))
    t.constants[f"{side}.tokens"] = tokens
    rows = t.parameters[f"{side}.E"][tokens]
    x = t(f"{side}.embed", rows * math.sqrt(o.d_model) if o.embed_scale else rows)
    positions = [p + t.scenario["input"].get("offset", 0) for p in range(tokens.shape[1])]
    if o.positional == "learned":
        x = t(f"{side}.x", x + t.parameters[f"{side}.pos"])
    if o.positional == "sinusoidal":
        angle = [[p / 10000 ** (i // 2 * 2 / o.d_model) for i in range(o.d_model)] for p in positions]
        table = [[math.cos(a) if i % 2 else math.sin(a) for i, a in enumerate(row)] for row in angle]
        t.constants[f"{side}.pos"] = t.tensor(table)
        x = t(f"{side}.x", x + t.constants[f"{side}.pos"])
    if o.positional in ("none", "rope"):
        x = t(f"{side}.x", x.view_as(x))
    return drop(t, f"{side}.drop", x), tokens == pad_id(t.scenario, key)


def transformer(t: Tape) -> Tensor:
    """Encoder, decoder or both, and the output head."""
    o, memory, memory_mask = t.o, torch.empty(0), None
    if n := o.depth("enc"):
        x, pads = embed(t, "src", "source")
        memory_mask = pads[:, None, None, :] if o.mask["padding"] else None
        for i in range(n):
            at = f"enc{i}"
            attn = lambda x, at=at: attend(t, f"{at}.attn", x, x, memory_mask)  # noqa: E731  # one of a block's parts
            x = block(t, at, x, [attn, lambda x, at=at: feed_forward(t, f"{at}.ffn", x)])
        memory = x = norm(t, "enc.norm", x) if o.pre else x
    if n := o.depth("dec"):
        x, pads = embed(t, "tgt", "target")
        length = x.shape[1]
        mask = torch.ones(length, length).triu(1).bool() & o.mask["causal"]
        mask = mask | (pads[:, None, None, :] & o.mask["padding"])
        for i in range(n):
            at = f"dec{i}"
            parts = [lambda x, at=at: attend(t, f"{at}.attn", x, x, mask)]
            if o.depth("enc"):
                parts.append(lambda x, at=at: attend(t, f"{at}.cross", x, memory, memory_mask))
            x = block(t, at, x, [*parts, lambda x, at=at: feed_forward(t, f"{at}.ffn", x)])
        x = norm(t, "dec.norm", x) if o.pre else x
    if o.head:
        x = t("out.logits", linear(t, x, "out.W", "out.b"))
        t.values["out.probs"] = torch.softmax(x.detach(), -1)
    return x


def attention_alone(t: Tape) -> Tensor:
    """Attention over numbers, or over an outside store."""
    given = t.scenario["input"]
    x = t("x", t.tensor(given["x"]).reshape(-1, *t.tensor(given["x"]).shape[-2:]).requires_grad_())
    memory = t.tensor(given["memory"]).requires_grad_() if "memory" in given else x
    return attend(t, "attn", x, memory.reshape(-1, *memory.shape[-2:]), None)


def mlp(t: Tape) -> Tensor:
    """y = act(xW + b), layer by layer; the last one too."""
    x = t("x", t.tensor(t.scenario["input"]["x"]).requires_grad_())
    for i in range(len(t.o.sizes) - 1):
        a = t(f"layer{i}.a", linear(t, x, f"layer{i}.W", f"layer{i}.b"))
        x = t(f"layer{i}.y", ACTIVATIONS[t.o.activation](a))
    return x


def loss(t: Tape, last: Tensor) -> Tensor:
    """`loss:` over ``last`` or the tensor it names; labels that are pads are not selected."""
    told = t.scenario.get("loss", {"kind": "cross_entropy"})
    y = t.values[told["of"]] if "of" in told else last
    if told["kind"] == "cross_entropy":
        labels = torch.tensor(ids(t.scenario, "labels"))
        keep = labels != pad_id(t.scenario, "source" if t.o.kind == "encoder" else "target")
        picked = y[keep].gather(-1, labels[keep][:, None])[:, 0]
        return (torch.logsumexp(y[keep], -1) - picked).mean()
    if told["kind"] == "sum":
        return y.sum()
    square = (y - t.tensor(told["target"])) ** 2
    return square.mean() if told["kind"] == "mse" else square.sum() / 2


def check_activations() -> None:
    """The written-out activations against PyTorch's."""
    x = torch.linspace(-6, 6, 101, dtype=torch.float64)
    theirs = {"gelu": F.gelu(x), "gelu_tanh": F.gelu(x, approximate="tanh"), "silu": F.silu(x), "relu": F.relu(x)}
    for name, y in theirs.items():
        torch.testing.assert_close(ACTIVATIONS[name](x), y, rtol=1e-13, atol=1e-15)
