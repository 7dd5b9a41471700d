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
    """Words in, logits out."""

    def __init__(self, words: int, d: int, h: int, n: int, bug: str = "") -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, d), nn.Embedding(n, d)
        self.h = nn.ModuleList([Block(d, 2 * d, CausalSelfAttention(d, h, n, bug), True)])
        self.ln_f, self.lm_head = nn.LayerNorm(d), nn.Linear(d, words, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))
