"""Modules as their readers write them: attention by hand, blocks with the norm before or behind, a small GPT."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    """Four linear layers and a mask of one's own."""

    def __init__(self, d: int, h: int, causal: bool = False, bug: str = "") -> None:
        super().__init__()
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(d, d) for _ in range(4))
        self.h, self.causal, self.bug = h, causal, bug

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, D = x.shape
        q, k, v = (f(x).view(B, T, self.h, -1).transpose(1, 2) for f in (self.W_q, self.W_k, self.W_v))
        scores = q @ k.transpose(-2, -1)
        if self.bug != "unscaled":
            scores = scores / math.sqrt(D // self.h)
        if self.causal:
            mask = torch.triu(torch.ones(T, T, dtype=torch.bool), 1)
            scores = scores.masked_fill(mask, float("-inf"))
        attn = F.softmax(scores, -2 if self.bug == "axis" else -1)
        return self.W_o((attn @ v).transpose(1, 2).reshape(B, T, D))


class Fused(nn.Module):
    """One layer for queries, keys and values, and PyTorch's own function."""

    def __init__(self, d: int, h: int) -> None:
        super().__init__()
        self.qkv, self.proj, self.n_head = nn.Linear(d, 3 * d), nn.Linear(d, d), h

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, D = x.shape
        q, k, v = (t.view(B, T, self.n_head, -1).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(y.transpose(1, 2).reshape(B, T, D))


class Block(nn.Module):
    """A layer, the norm before or behind."""

    def __init__(self, d: int, f: int, attn: nn.Module, pre: bool) -> None:
        super().__init__()
        self.attn, self.pre = attn, pre
        self.ln1, self.ln2, self.fc1, self.fc2 = nn.LayerNorm(d), nn.LayerNorm(d), nn.Linear(d, f), nn.Linear(f, d)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.pre:
            x = x + self.attn(self.ln1(x))
            return x + self.fc2(F.gelu(self.fc1(self.ln2(x))))
        x = self.ln1(x + self.attn(x))
        return self.ln2(x + self.fc2(F.relu(self.fc1(x))))


class Turned(nn.Module):
    """Attention with rope, half pairs, queries and keys without a bias."""

    def __init__(self, d: int, h: int) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(d, d, bias=False) for _ in range(4))
        self.n_heads = h

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, D = x.shape
        q, k, v = (f(x).view(B, T, self.n_heads, -1).transpose(1, 2) for f in (self.q_proj, self.k_proj, self.v_proj))
        half = q.shape[-1] // 2
        freqs = torch.outer(torch.arange(T), 10000.0 ** (-torch.arange(half) / half))
        cos, sin = (torch.cat([f, f], -1) for f in (freqs.cos(), freqs.sin()))
        q_rot, k_rot = (t * cos + torch.cat([-t[..., half:], t[..., :half]], -1) * sin for t in (q, k))
        y = F.scaled_dot_product_attention(q_rot, k_rot, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).reshape(B, T, D))


class CausalSelfAttention(nn.Module):
    """As the smallest GPTs have it: c_attn and c_proj, which are linear layers, and the mask as a buffer."""

    def __init__(self, d: int, h: int, n: int, bug: str) -> None:
        super().__init__()
        self.c_attn, self.c_proj, self.n_head, self.bug = nn.Linear(d, 3 * d), nn.Linear(d, d), h, bug
        self.register_buffer("bias", torch.tril(torch.ones(n, n)).view(1, 1, n, n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, C = x.size()
        q, k, v = (t.view(B, T, self.n_head, -1).transpose(1, 2) for t in self.c_attn(x).split(C, 2))
        att = q @ k.transpose(-2, -1)
        if self.bug != "unscaled":
            att = att * (1 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))
        att = F.softmax(att, -1)
        return self.c_proj((att @ v).transpose(1, 2).contiguous().view(B, T, C))


class GPT(nn.Module):
    """Words in, logits out; ``tied``: with the embedding's own weight, as a module that shares it, or by an op."""

    def __init__(self, words: int, d: int, h: int, n: int, bug: str = "", tied: str = "", bias: bool = False) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, d), nn.Embedding(n, d)
        self.h = nn.ModuleList([Block(d, 2 * d, CausalSelfAttention(d, h, n, bug), True)])
        self.ln_f, self.tied = nn.LayerNorm(d), tied
        if tied in ("", "shared"):
            self.lm_head = nn.Linear(d, words, bias=bias)
        if tied == "shared":
            self.lm_head.weight = self.wte.weight
        elif tied:
            self.head_bias = nn.Parameter(torch.zeros(words)) if bias else None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        x = self.ln_f(x)
        if self.tied == "matmul":
            y = x @ self.wte.weight.T
            return y if self.head_bias is None else y + self.head_bias
        if self.tied in ("linear", "pooled"):
            y = F.linear(x, self.wte.weight, self.head_bias)
            return y.mean(1) if self.tied == "pooled" else y
        return self.lm_head(x)


class Rms(nn.Module):
    """Written out, so that only its numbers tell which norm it is."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d)), 1e-6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


class Grouped(nn.Module):
    """Fewer heads of keys than of queries, which are turned; ``part`` of the features are, as ``pairs`` says."""

    def __init__(self, d: int, h: int, kv: int, base: float, pairs: str, part: float, flash: bool, bug: str) -> None:
        super().__init__()
        e = d // h
        self.q_proj, self.k_proj = nn.Linear(d, d, bias=False), nn.Linear(d, kv * e, bias=False)
        self.v_proj, self.o_proj = nn.Linear(d, kv * e, bias=False), nn.Linear(d, d, bias=False)
        self.num_heads, self.kv, self.base, self.pairs, self.flash, self.bug = h, kv, base, pairs, flash, bug
        self.width = int(e * part)

    def turned(self, x: torch.Tensor) -> torch.Tensor:
        n, w = x.shape[-2], self.width
        power = torch.arange(0, w, 2, dtype=x.dtype) / w
        angles = torch.outer(torch.arange(n, dtype=x.dtype), self.base**-power)
        if self.bug == "stretched":  # as a model for longer texts has it
            angles = angles / (1 + 3 * power)
        a, rest = x[..., :w], x[..., w:]
        if self.pairs == "complex":
            whole = torch.view_as_complex(a.reshape(*a.shape[:-1], -1, 2))
            return torch.view_as_real(whole * torch.polar(torch.ones_like(angles), angles)).flatten(-2)
        if self.pairs == "half":
            cos, sin = torch.cat((angles, angles), -1).cos(), torch.cat((angles, angles), -1).sin()
            first, second = a.chunk(2, -1)
            return torch.cat((a * cos + torch.cat((-second, first), -1) * sin, rest), -1)
        cos, sin = angles.cos(), angles.sin()
        even, odd = a[..., 0::2], a[..., 1::2]
        return torch.cat((torch.stack((even * cos - odd * sin, odd * cos + even * sin), -1).flatten(-2), rest), -1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, D = x.shape
        q, k, v = (
            f(x).view(B, T, -1, D // self.num_heads).transpose(1, 2) for f in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = self.turned(q), self.turned(k)
        k, v = (t.repeat_interleave(self.num_heads // self.kv, 1) for t in (k, v))
        if self.flash:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            mask = torch.full((T, T), float("-inf")).triu(1)
            scores = q @ k.transpose(2, 3)
            if self.bug != "unscaled":
                scores = scores / math.sqrt(D // self.num_heads)
            y = F.softmax(scores + mask, -1) @ v
        return self.o_proj(y.transpose(1, 2).reshape(B, T, D))


class Gated(nn.Module):
    """The matrices of the feed-forward network stand in the block itself."""

    def __init__(self, d: int, f: int, attn: nn.Module) -> None:
        super().__init__()
        self.input_layernorm, self.self_attn, self.post_attention_layernorm = Rms(d), attn, Rms(d)
        self.gate_proj, self.up_proj, self.down_proj = (
            nn.Linear(a, b, bias=False) for a, b in ((d, f), (d, f), (f, d))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.self_attn(self.input_layernorm(x))
        z = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(z)) * self.up_proj(z))


class Llama(nn.Module):
    """Words in, logits out; the embedding times ``times``."""

    def __init__(self, words: int, d: int, h: int, kv: int, *, layers: int = 1, times: float = 1.0, base: float = 10000.0,
                 pairs: str = "half", part: float = 1.0, flash: bool = False, bug: str = "") -> None:  # fmt: skip
        super().__init__()
        self.embed_tokens, self.times = nn.Embedding(words, d), times
        self.layers = nn.ModuleList(
            Gated(d, d + 4, Grouped(d, h, kv, base, pairs, part, flash, bug)) for _ in range(layers)
        )
        self.norm, self.lm_head = Rms(d), nn.Linear(d, words, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embed_tokens(ids)
        if self.times != 1:
            x = x * self.times
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.norm(x))
