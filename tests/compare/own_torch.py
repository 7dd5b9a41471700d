"""Transformers as somebody else would write them in PyTorch, with any of many mistakes in them.

Run by the script `plant.py` with a Python that has PyTorch; the everyday tests read what it recorded.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

STYLES = ("plain", "fused", "sdpa", "einsum", "mha")


class Attention(nn.Module):
    """Multi-head self-attention in one of five styles; ``bugs`` are the mistakes in it."""

    def __init__(self, d: int, heads: int, style: str, bugs: tuple[str, ...], causal: bool) -> None:
        super().__init__()
        self.h, self.d, self.style, self.bugs, self.causal = heads, d, style, bugs, causal
        if style == "fused":
            self.qkv = nn.Linear(d, 3 * d)
            self.proj = nn.Linear(d, d)
        elif style == "mha":
            self.mha = nn.MultiheadAttention(d, heads, batch_first=True)
        else:
            self.wq, self.wk, self.wv, self.wo = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, D = x.shape
        dk = D // self.h
        future = torch.triu(torch.ones(T, T, dtype=torch.bool), 2 if "mask ahead" in self.bugs else 1)
        if self.style == "mha":
            y, _ = self.mha(x, x, x, attn_mask=future if self.causal else None, need_weights=False)
            return y
        if self.style == "fused":
            q, k, v = self.qkv(x).chunk(3, dim=-1)
            if "swap kv" in self.bugs:
                k, v = v, k
        else:
            q, k, v = self.wq(x), self.wk(x), self.wv(x)
        if "reshape" in self.bugs:
            q, k, v = (t.reshape(B, self.h, T, dk) for t in (q, k, v))
        else:
            q, k, v = (t.view(B, T, self.h, dk).transpose(1, 2) for t in (q, k, v))
        if self.style == "sdpa":
            scale = 1.0 if "no scale" in self.bugs else 1 / math.sqrt(D) if "scale d_model" in self.bugs else None
            mask = None if not self.causal or "no mask" in self.bugs else ~future
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale)
        else:
            s = torch.einsum("bhid,bhjd->bhij", q, k) if self.style == "einsum" else q @ k.transpose(-2, -1)
            if "no scale" not in self.bugs:
                s = s / math.sqrt(D if "scale d_model" in self.bugs else dk)
            if self.causal and "no mask" not in self.bugs:
                if "mask times" in self.bugs:
                    s = s * ~future
                elif "mask added" in self.bugs:
                    s = s + future
                else:
                    s = s.masked_fill(~future if "mask inverted" in self.bugs else future, float("-inf"))
            a = F.softmax(s, dim=-2 if "softmax query" in self.bugs else -1)
            if "softmax twice" in self.bugs:
                a = F.softmax(a, dim=-1)
            if "dropout" in self.bugs:
                a = F.dropout(a, 0.2, training=True)
            if "detach" in self.bugs:
                k = k.detach()
            y = torch.einsum("bhij,bhjd->bhid", a, v) if self.style == "einsum" else a @ v
        y = y.reshape(B, T, D) if "merge" in self.bugs else y.transpose(1, 2).reshape(B, T, D)
        return self.proj(y) if self.style == "fused" else self.wo(y)


class Norm(nn.Module):
    """Layer norm by hand, where a mistake in it is asked for."""

    def __init__(self, d: int, bugs: tuple[str, ...]) -> None:
        super().__init__()
        self.weight, self.bias, self.bugs = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), bugs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        axis = 1 if "norm axis" in self.bugs else -1
        mean = x.mean(axis, keepdim=True)
        if "norm kind" in self.bugs:
            mean = torch.zeros_like(mean)
        var = ((x - mean) ** 2).mean(axis, keepdim=True)
        if "unbiased" in self.bugs:
            var = x.var(axis, keepdim=True)
        y = (x - mean) / torch.sqrt(var + (1e-2 if "eps" in self.bugs else 1e-5))
        return y * self.weight + (0 if "no beta" in self.bugs else self.bias)


NORM_BUGS = ("norm axis", "norm kind", "unbiased", "eps", "no beta")


class Block(nn.Module):
    """Attention and a feed-forward network, norms before or after."""

    def __init__(self, c: Any, style: str, bugs: tuple[str, ...], causal: bool) -> None:
        super().__init__()
        d = c.d_model
        own = any(b in NORM_BUGS for b in bugs)
        self.attn = Attention(d, c.heads, style, bugs, causal)
        self.ln_1, self.ln_2 = (Norm(d, bugs) if own else nn.LayerNorm(d) for _ in range(2))
        self.fc1, self.fc2 = nn.Linear(d, c.d_ff), nn.Linear(c.d_ff, d)
        self.c, self.bugs = c, bugs

    def act(self, x: torch.Tensor) -> torch.Tensor:
        if "act" in self.bugs:
            return F.gelu(x, approximate="tanh") if self.c.activation == "gelu" else F.gelu(x)
        return {"relu": F.relu, "gelu": F.gelu}[self.c.activation](x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pre = (self.c.norm_position == "pre") != ("norm place" in self.bugs)
        if pre:
            h = self.ln_1(x)
            x = self.attn(h) if "no residual" in self.bugs else x + self.attn(h)
            return x + self.fc2(self.act(self.fc1(self.ln_2(x))))
        a = self.attn(x)
        x = self.ln_1(a if "no residual" in self.bugs else x + a)
        return self.ln_2(x + self.fc2(self.act(self.fc1(x))))


class Model(nn.Module):
    """Words in, logits out."""

    def __init__(
        self, c: Any, vocab: int, words: int, rows: int, style: str, bugs: tuple[str, ...], causal: bool
    ) -> None:
        super().__init__()
        self.emb = nn.Embedding(vocab, c.d_model, padding_idx=2 if "padding_idx" in bugs else None)
        if c.positional == "learned":
            self.pos = nn.Embedding(rows, c.d_model)
        layers = c.decoder_layers if causal else c.encoder_layers
        self.blocks = nn.ModuleList(Block(c, style, bugs, causal) for _ in range(layers))
        self.ln_f = nn.LayerNorm(c.d_model) if c.norm_position == "pre" else nn.Identity()
        self.head = nn.Linear(c.d_model, words, bias=True)
        self.c, self.bugs = c, bugs

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.emb(ids)
        n, d = ids.shape[1], self.c.d_model
        if "embed scale" in self.bugs:
            x = x * math.sqrt(d)
        if "no pos" not in self.bugs:
            if self.c.positional == "learned":
                p = self.pos(torch.arange(n) + ("pos shifted" in self.bugs))
            else:
                t = torch.arange(n, dtype=x.dtype)[:, None] + ("pos shifted" in self.bugs)
                w = torch.exp(torch.arange(0, d, 2, dtype=x.dtype) * (-math.log(10000.0) / d))
                p = torch.zeros(n, d, dtype=x.dtype)
                if "pos halves" in self.bugs:
                    p = torch.cat([torch.sin(t * w), torch.cos(t * w)], 1)
                else:
                    p[:, 0::2], p[:, 1::2] = torch.sin(t * w), torch.cos(t * w)
            x = x + p
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


def loss(bugs: tuple[str, ...], labels: torch.Tensor, pad: int | None) -> Any:
    """The loss of the logits, with its mistakes."""

    def value(logits: torch.Tensor) -> torch.Tensor:
        y, t = logits, labels
        if "labels twice" in bugs:
            y, t = y[:, :-1], t[:, 1:]
        if "loss of probs" in bugs:
            y = F.softmax(y, -1)
        reduction = "sum" if "loss sum" in bugs else "mean"
        ignore = -100 if pad is None or "pads" in bugs else pad
        return F.cross_entropy(y.reshape(-1, y.shape[-1]), t.reshape(-1), ignore_index=ignore, reduction=reduction)

    return value
