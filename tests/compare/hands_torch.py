"""Transformers in PyTorch by another hand, as functions and as modules of five kinds, with the mistakes people make.

Run by the script `make_plants.py` with a Python that has PyTorch; the everyday tests read what it recorded.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

KINDS = ("linear", "qkv", "sdpa", "conv1d", "seqfirst")


class Conv1D(nn.Module):
    """GPT-2's linear layer: weight (in, out)."""

    def __init__(self, out: int, into: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(into, out) * 0.3), nn.Parameter(torch.zeros(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, x.reshape(-1, x.shape[-1]), self.weight).view(*x.shape[:-1], -1)


class SelfAttention(nn.Module):
    """Self-attention, or attention to a memory."""

    def __init__(self, d: int, heads: int, kind: str, wrong: tuple[str, ...], pairs: str = "") -> None:
        super().__init__()
        self.n, self.kind, self.wrong, self.pairs = heads, kind, wrong, pairs
        if kind == "qkv":
            self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        elif kind == "conv1d":
            self.c_attn, self.c_proj = Conv1D(3 * d, d), Conv1D(d, d)
        else:
            self.query, self.key, self.value, self.dense = (nn.Linear(d, d) for _ in range(4))

    def heads(self, x: torch.Tensor) -> torch.Tensor:
        B, T, D = x.shape
        if "view" in self.wrong:
            return x.reshape(B, self.n, T, D // self.n)
        if self.kind == "seqfirst":
            return x.transpose(0, 1).reshape(T, B * self.n, D // self.n).transpose(0, 1).view(B, self.n, T, -1)
        return x.view(B, T, self.n, D // self.n).permute(0, 2, 1, 3)

    def rotated(self, x: torch.Tensor, start: int = 0) -> torch.Tensor:
        """Rope, by complex numbers or by halves."""
        n, d = x.shape[-2:]
        rest = x[..., d:]
        if "turned part" in self.wrong:
            d //= 2
            x, rest = x[..., :d], x[..., d:]
        base = 1000.0 if "turned base" in self.wrong else 10000.0
        if "turned ntk" in self.wrong:
            base *= 4 ** (d / (d - 2))
        places = torch.arange(start, start + n, dtype=x.dtype) / (2 if "stretched" in self.wrong else 1)
        angle = torch.outer(places, base ** (-torch.arange(0, d, 2, dtype=x.dtype) / d))
        if "turned back" in self.wrong:
            angle = -angle
        if (self.pairs == "half") != ("turned pairs" in self.wrong):
            both = torch.cat([angle, angle], -1)
            x = x * both.cos() + torch.cat([-x[..., d // 2 :], x[..., : d // 2]], -1) * both.sin()
        else:
            one, two = x[..., 0::2], x[..., 1::2]
            x = torch.stack([one * angle.cos() - two * angle.sin(), one * angle.sin() + two * angle.cos()], -1).flatten(
                -2
            )
        return torch.cat([x, rest], -1) if rest.shape[-1] else x

    def forward(self, x: torch.Tensor, hide: torch.Tensor | None, memory: torch.Tensor | None = None) -> torch.Tensor:
        wrong, m = self.wrong, x if memory is None else memory
        if self.kind == "qkv":
            qkv = self.qkv(x)
            q, k, v = qkv.chunk(3, -1)
        elif self.kind == "conv1d":
            q, k, v = self.c_attn(x).split(x.shape[-1], 2)
        else:
            q, k, v = self.query(x), self.key(m), self.value(m)
        if "swap kv" in wrong:
            k, v = v, k
        if "swap qk" in wrong and memory is None:
            q, k = k, q
        if "detached keys" in wrong:
            k = k.detach()
        q, k, v = self.heads(q), self.heads(k), self.heads(v)
        if "keys backwards" in wrong:
            k = k.flip(1)
        if self.pairs and "not turned" not in wrong:
            q = self.rotated(q, 1 if "queries late" in wrong else 0)
            k = k if "keys not turned" in wrong else self.rotated(k)
            v = self.rotated(v) if "turned values" in wrong else v
        d = q.shape[-1]
        scale = (
            1 / math.sqrt(x.shape[-1]) if "model scale" in wrong else 1.0 if "no scale" in wrong else 1 / math.sqrt(d)
        )
        if "scale d" in wrong:
            scale = 1 / d
        if hide is not None and "flipped" in wrong:
            hide = ~hide
        if "no mask" in wrong:
            hide = None
        own = ("hides self", "softmax", "twice", "dropped", "plus", "late", "log")
        if self.kind == "sdpa" and not any(w in wrong for w in own):
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=None if hide is None else ~hide, scale=scale)
        else:
            s = torch.matmul(q, k.mT) * scale
            late = None
            if hide is not None:
                if "plus" in wrong:
                    s = s + hide
                elif "times" in wrong:
                    s = s * ~hide
                elif "late" in wrong:
                    late = hide
                else:
                    s = s.masked_fill(hide, -1e9 if "hides self" in wrong else float("-inf"))
            p = (
                s.half().softmax(-1).to(s.dtype)
                if "half softmax" in wrong
                else s.softmax(-2 if "softmax" in wrong else -1)
            )
            if "twice" in wrong:
                p = p.softmax(-1)
            if "log" in wrong:
                p = s.log_softmax(-1)
            if late is not None:
                p = p.masked_fill(late, 0.0)
            if "dropped" in wrong:
                p = F.dropout(p, 0.3)
            if "detached" in wrong:
                p = p.detach()
            if "half weights" in wrong:
                p = p.half().to(v.dtype)
            if "brain weights" in wrong:
                p = p.bfloat16().to(v.dtype)
            y = torch.matmul(p, v)
        B, _, T, _ = y.shape
        if "backwards" in wrong:
            y = y.flip(1)
        y = y.reshape(B, T, -1) if "merge" in wrong else y.transpose(1, 2).contiguous().view(B, T, -1)
        out = self.out if self.kind == "qkv" else self.c_proj if self.kind == "conv1d" else self.dense
        if "turned out" in wrong:
            return F.linear(y, out.weight.T, out.bias)
        if "no out bias" in wrong:
            return F.linear(y, out.weight if self.kind != "conv1d" else out.weight.T)
        return out(y)


class Norm(nn.Module):
    """A layer norm with mistakes."""

    def __init__(self, d: int, wrong: tuple[str, ...]) -> None:
        super().__init__()
        self.weight, self.bias, self.wrong = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), wrong

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if "batch axis" in self.wrong:
            mean, std = x.mean(1, keepdim=True), (x.var(1, keepdim=True, unbiased=False) + 1e-5).sqrt()
            return (x - mean) / std * self.weight + self.bias
        if "std" in self.wrong:
            return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5) * self.weight + self.bias
        if "rms" in self.wrong:
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight + self.bias
        if "eps" in self.wrong:
            return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, 1e-2)
        if "bare" in self.wrong:
            return F.layer_norm(x, x.shape[-1:])
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias)


class Layer(nn.Module):
    """One block."""

    def __init__(self, c: Any, kind: str, wrong: tuple[str, ...], cross: bool) -> None:
        super().__init__()
        d = c.d_model
        norm = Norm if any(w in wrong for w in ("batch axis", "std", "rms", "eps", "bare")) else None
        self.attention = SelfAttention(d, c.heads, kind, wrong, c.rope.pairs if c.positional == "rope" else "")
        self.norm1, self.norm2, self.norm3 = (norm(d, wrong) if norm else nn.LayerNorm(d) for _ in range(3))
        self.cross = SelfAttention(d, c.heads, "linear", wrong) if cross else None
        if not cross:
            del self.norm3
        self.up, self.down = nn.Linear(d, c.d_ff), nn.Linear(c.d_ff, d)
        self.c, self.wrong = c, wrong

    def mlp(self, x: torch.Tensor) -> torch.Tensor:
        acts = {"relu": F.relu, "gelu": F.gelu, "gelu_tanh": lambda t: F.gelu(t, approximate="tanh")}
        kind = self.c.activation
        if "act" in self.wrong:
            kind = "gelu" if kind == "gelu_tanh" else "gelu_tanh"
        h = self.up(x)
        act = F.silu if "silu" in self.wrong else acts[kind]
        h = act(h.half()).to(h.dtype) if "half act" in self.wrong else act(h)
        if "hidden dropped" in self.wrong:
            h = F.dropout(h, 0.25)
        return self.down(h)

    def forward(
        self, x: torch.Tensor, hide: Any, memory: torch.Tensor | None = None, cross: Any = None
    ) -> torch.Tensor:
        wrong = self.wrong
        if (self.c.norm_position == "pre") != ("norm side" in wrong):
            h = self.norm1(x)
            x = self.attention(h, hide) + (h if "normed skip" in wrong else x) * (0.0 if "no skip" in wrong else 1.0)
            return x + self.mlp(self.norm2(x))
        a = self.attention(x, hide)
        x = x + self.norm1(a) if "norm branch" in wrong else self.norm1(a if "no skip" in wrong else x + a)
        if self.cross is not None and memory is not None:
            x = self.norm2(x + self.cross(x, cross, memory))
            return self.norm3(x + self.mlp(x))
        return self.norm2(x + self.mlp(x))


class Net(nn.Module):
    """Ids in, logits out."""

    def __init__(self, c: Any, sizes: tuple[int, int, int], rows: int, kind: str, wrong: tuple[str, ...]) -> None:
        super().__init__()
        source, target, words = sizes
        d = c.d_model
        if "encoder" in c.kind:
            self.source = nn.Embedding(source, d)
            self.enc = nn.ModuleList(Layer(c, kind, wrong, False) for _ in range(c.encoder_layers))
        if "decoder" in c.kind:
            self.target = nn.Embedding(target, d, padding_idx=0 if "padding_idx" in wrong else None)
            self.dec = nn.ModuleList(Layer(c, kind, wrong, c.kind != "decoder") for _ in range(c.decoder_layers))
        if c.positional == "learned":
            self.position = nn.Embedding(rows, d)
        if c.norm_position == "pre":
            self.last = nn.LayerNorm(d)
        self.head = nn.Linear(d, words)
        self.c, self.wrong = c, wrong

    def words(self, table: nn.Embedding, ids: torch.Tensor) -> torch.Tensor:
        x, n, d = table(ids), ids.shape[1], self.c.d_model
        if "scaled words" in self.wrong:
            x = x * d**0.5
        late = 1 if "late positions" in self.wrong else 0
        if "no positions" in self.wrong or self.c.positional == "rope":
            return x
        if self.c.positional == "learned":
            return x + self.position(torch.arange(n) + late)
        pe = torch.zeros(n, d, dtype=x.dtype)
        pos = torch.arange(n, dtype=x.dtype).unsqueeze(1) + late
        div = torch.exp(torch.arange(0, d, 2, dtype=x.dtype) * (-math.log(10000.0) / d))
        if "halved positions" in self.wrong:
            pe = torch.cat([torch.sin(pos * div), torch.cos(pos * div)], 1)
        else:
            pe[:, 0::2], pe[:, 1::2] = torch.sin(pos * div), torch.cos(pos * div)
        return x + pe * (2 if "positions twice" in self.wrong else 1)

    def forward(self, ids: torch.Tensor, more: torch.Tensor | None = None) -> torch.Tensor:
        c, memory, cross = self.c, None, None
        if "encoder" in c.kind:
            hide = (ids == 0)[:, None, None, :] if bool((ids == 0).any()) else None
            x, cross = self.words(self.source, ids), hide
            for layer in self.enc:
                x = layer(x, hide)
            memory = x
        if "decoder" in c.kind:
            read = ids if more is None else more
            n = read.shape[1]
            future = torch.ones(n, n, dtype=torch.bool).triu(
                2 if "sees next" in self.wrong else 0 if "hides self" in self.wrong else 1
            )
            hide = future if c.kind == "decoder" and not (read == 0).any() else future | (read == 0)[:, None, None, :]
            x = self.words(self.target, read)
            for layer in self.dec:
                x = layer(x, hide, memory, cross)
        return self.head(self.last(x) if c.norm_position == "pre" else x)


def loss_of(wrong: tuple[str, ...], labels: torch.Tensor, words: torch.Tensor) -> Any:
    """The loss of logits."""

    def value(z: torch.Tensor) -> torch.Tensor:
        t = labels
        if "labels twice" in wrong:
            z, t = z[:, :-1], t[:, 1:]
        if "own words" in wrong:
            t = words
        if "loss of p" in wrong:
            z = z.softmax(-1)
        ignored = -100 if "pads count" in wrong else 0
        return F.cross_entropy(
            z.flatten(0, 1), t.flatten(), ignore_index=ignored, reduction="sum" if "summed" in wrong else "mean"
        )

    return value
