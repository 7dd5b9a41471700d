"""The same scenarios through PyTorch's own modules, watched by hooks.

A layer is nn.TransformerEncoderLayer or nn.TransformerDecoderLayer wherever they have the option; else it is composed
of nn.Linear, F.scaled_dot_product_attention and the norm modules.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from parity_options import Options, ids, options, pad_id
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": nn.ReLU(),
    "gelu": nn.GELU("none"),
    "gelu_tanh": nn.GELU("tanh"),
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "identity": nn.Identity(),
}
View = Callable[[Tensor], Tensor]


class OverTokens(nn.Module):
    """nn.BatchNorm1d in training mode: a feature over all positions of the batch."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(width, eps)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, position, model) → the same."""
        y: Tensor = self.bn(x.flatten(0, 1)).reshape(x.shape)
        return y


def new_norm(o: Options) -> nn.Module:
    """The norm module of these options."""
    made = {"layer": nn.LayerNorm, "rms": nn.RMSNorm, "batch": OverTokens}
    return made[o.norm](o.d_model, eps=o.eps) if o.norm in made else nn.Identity()


class Attention(nn.Module):
    """Attention composed of nn.Linear and F.scaled_dot_product_attention."""

    def __init__(self, o: Options, offset: int) -> None:
        super().__init__()
        self.o, self.offset = o, offset
        self.q = nn.Linear(o.d_model, o.heads * o.d_k, o.bias) if o.projections else None
        self.k = nn.Linear(o.d_model, o.kv_heads * o.d_k, o.bias) if o.projections else None
        self.v = nn.Linear(o.d_model, o.kv_heads * o.d_v, o.bias) if o.projections else None
        self.o_proj = nn.Linear(o.heads * o.d_v, o.d_model, o.bias) if o.output else None

    def rotated(self, x: Tensor) -> Tensor:
        """RoPE as its publishers compute it: complex products (RoFormer), or rotate_half (Llama in transformers)."""
        d, positions = x.shape[-1], torch.arange(x.shape[-2]) + self.offset
        turn = 1.0 / self.o.rope["base"] ** (torch.arange(0, d, 2).to(x.dtype) / d)
        angle = torch.outer(positions.to(x.dtype), turn)
        if self.o.rope["pairs"] == "interleaved":
            pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
            return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)
        twice = torch.cat((angle, angle), -1)
        half = torch.cat((-x[..., d // 2 :], x[..., : d // 2]), -1)
        return x * twice.cos() + half * twice.sin()

    def forward(self, x: Tensor, memory: Tensor, seen: Tensor | None) -> Tensor:
        """``seen`` is True where a key may be attended to."""
        q, k, v = x, memory, memory
        if self.q is not None and self.k is not None and self.v is not None:
            q, k, v = self.q(x), self.k(memory), self.v(memory)
        q, k, v = (
            y.unflatten(-1, (n, -1)).transpose(1, 2)
            for y, n in ((q, self.o.heads), (k, self.o.kv_heads), (v, self.o.kv_heads))
        )
        if self.o.positional == "rope":
            q, k = self.rotated(q), self.rotated(k)
        scale = None if self.o.scale else 1.0
        y = F.scaled_dot_product_attention(q, k, v, seen, scale=scale, enable_gqa=self.o.kv_heads != self.o.heads)
        y = y.transpose(1, 2).flatten(2)
        return self.o_proj(y) if self.o_proj is not None else y


class Layer(nn.Module):
    """A self-attention layer with the options that nn.TransformerEncoderLayer lacks; its names are that module's."""

    def __init__(self, o: Options, offset: int) -> None:
        super().__init__()
        self.o, self.self_attn = o, Attention(o, offset)
        self.linear1, self.linear2 = nn.Linear(o.d_model, o.d_ff, o.bias), nn.Linear(o.d_ff, o.d_model, o.bias)
        self.linear_gate = nn.Linear(o.d_model, o.d_ff, o.bias) if o.activation == "swiglu" else None
        self.dropout = nn.Identity()
        self.norm1, self.norm2 = new_norm(o), new_norm(o)

    def feed_forward(self, x: Tensor) -> Tensor:
        """The two linear layers, gated or not."""
        y = self.linear1(x)
        y = F.silu(self.linear_gate(x)) * y if self.linear_gate is not None else ACTIVATIONS[self.o.activation](y)
        out: Tensor = self.linear2(self.dropout(y))
        return out

    def forward(self, x: Tensor, src_mask: Tensor | None, src_key_padding_mask: Tensor | None) -> Tensor:
        """The masks as nn.TransformerEncoderLayer takes them: True is not seen."""
        hidden = torch.zeros(x.shape[0], 1, x.shape[1], x.shape[1], dtype=torch.bool)
        if src_mask is not None:
            hidden = hidden | src_mask
        if src_key_padding_mask is not None:
            hidden = hidden | src_key_padding_mask[:, None, None, :]
        for norm, part in ((self.norm1, lambda y: self.self_attn(y, y, ~hidden)), (self.norm2, self.feed_forward)):
            y = part(norm(x) if self.o.pre else x)
            x = x + y if self.o.residual else y
            x = x if self.o.pre else norm(x)
        return x


class Watched:
    """A model of PyTorch's modules, with the tfstep path of each parameter and of what the hooks see."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.scenario, self.o = scenario, options(scenario)
        self.dtype = getattr(torch, self.o.dtype)
        self.modules = nn.ModuleDict()
        self.parameters: dict[str, tuple[nn.Parameter, View]] = {}
        self.values: dict[str, Tensor] = {}

    def tensor(self, value: Any) -> Tensor:
        """Nested lists as a tensor of the scenario's dtype."""
        return torch.tensor(value, dtype=self.dtype)

    def run(self) -> Tensor:
        """One forward pass; returns the loss."""
        self.values = {}
        loss = self.loss(self.forward())
        self.seen("loss", loss)
        return loss

    def fill(self) -> None:
        """Give the parameters the scenario's values."""
        weights = self.scenario["weights"]["set"]
        tied = {path for _, *others in self.o.tie for path in others}
        if set(weights) != set(self.parameters) - tied:
            raise ValueError(f"parameters differ: {set(weights) ^ set(self.parameters)}")
        with torch.no_grad():
            for path, value in weights.items():
                parameter, view = self.parameters[path]
                view(parameter).copy_(self.tensor(value))

    def seen(self, path: str, value: Tensor) -> None:
        """Keep a tensor and its gradient."""
        if value.requires_grad:
            value.retain_grad()
        self.values[path] = value

    def embedded(self, side: str, key: str) -> tuple[Tensor, Tensor]:
        """nn.Embedding, scaled or not, plus positions by the vectorised formula; and which words are pads."""
        o, tokens = self.o, torch.tensor(ids(self.scenario, key))
        x = self.modules[f"{side}_E"](tokens)
        self.seen(f"{side}.embed", x := x * math.sqrt(o.d_model) if o.embed_scale else x)
        positions = torch.arange(tokens.shape[1]) + self.scenario["input"].get("offset", 0)
        if o.positional == "learned":
            self.seen(f"{side}.x", x := x + self.modules[f"{side}_pos"].weight)
        if o.positional == "sinusoidal":
            turn = torch.exp(torch.arange(0, o.d_model, 2).to(self.dtype) * (-math.log(10000.0) / o.d_model))
            angle = positions.to(self.dtype)[:, None] * turn
            self.seen(f"{side}.x", x := x + torch.stack((angle.sin(), angle.cos()), -1).flatten(-2))
        return x, tokens == pad_id(self.scenario, key)

    def forward(self) -> Tensor:
        """The modules of this kind, one after another."""
        given, m, o = self.scenario["input"], self.modules, self.o
        if o.kind == "mlp":
            self.seen("x", x := self.tensor(given["x"]).requires_grad_())
            return m["layers"](x)
        if o.kind == "attention":
            x = self.tensor(given["x"])
            self.seen("x", x := x.reshape(-1, *x.shape[-2:]).requires_grad_())
            memory = self.tensor(given["memory"]).reshape(x.shape[0], -1, o.d_model) if "memory" in given else x
            if isinstance(m["attn"], nn.MultiheadAttention):
                return m["attn"](x, memory, memory)[0]
            return m["attn"](x, memory, None)
        memory = memory_pads = None
        if o.depth("enc"):
            x, pads = self.embedded("src", "source")
            memory_pads = pads if o.mask["padding"] and pads.any() else None
            memory = x = m["enc"](x, src_key_padding_mask=memory_pads)
        if o.depth("dec"):
            x, pads = self.embedded("tgt", "target")
            pads_or_none = pads if o.mask["padding"] and pads.any() else None
            causal = torch.ones(x.shape[1], x.shape[1]).triu(1).bool() if o.mask["causal"] else None
            if memory is None:
                x = m["dec"](x, mask=causal, src_key_padding_mask=pads_or_none)
            else:
                masks = {"tgt_key_padding_mask": pads_or_none, "memory_key_padding_mask": memory_pads}
                x = m["dec"](x, memory, tgt_mask=causal, **masks)
        return m["out"](x) if o.head else x

    def loss(self, last: Tensor) -> Tensor:
        """nn.CrossEntropyLoss with the pad ignored, nn.MSELoss, its half sum, or a sum."""
        told = self.scenario.get("loss", {"kind": "cross_entropy"})
        y = self.values[told["of"]] if "of" in told else last
        if told["kind"] == "cross_entropy":
            pad = pad_id(self.scenario, "source" if self.o.kind == "encoder" else "target")
            measure = nn.CrossEntropyLoss(ignore_index=pad)
            return measure(y.flatten(0, 1), torch.tensor(ids(self.scenario, "labels")).flatten())
        if told["kind"] == "sum":
            return y.sum()
        mean = told["kind"] == "mse"
        measured: Tensor = nn.MSELoss(reduction="mean" if mean else "sum")(y, self.tensor(told["target"]))
        return measured if mean else measured / 2


def activation(o: Options) -> Callable[[Tensor], Tensor]:
    """The activation as PyTorch's layers take it."""
    return partial(ACTIVATIONS[o.activation])
