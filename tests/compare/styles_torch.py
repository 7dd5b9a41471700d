"""The same attention and the same block, written in as many ways as people write them, all of them right; and mistakes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

D, H, T, WIDE = 8, 4, 3, 12
INF = float("-inf")
Heads = tuple[Tensor, Tensor, Tensor]


def seen(n: int = T) -> Tensor:
    """What each word looks at."""
    return torch.tril(torch.ones(n, n, dtype=torch.bool))


class Styled(nn.Module):
    """Four linear layers, and how attention is computed with them."""

    def __init__(self, how: Callable[..., Tensor], kv: int = H, d: int = D // H, bias: bool = True) -> None:
        super().__init__()
        self.wq, self.wk, self.wv = (nn.Linear(D, n * d, bias=bias) for n in (H, kv, kv))
        self.wo, self.how, self.num_heads, self.kv, self.d = nn.Linear(H * d, D, bias=bias), how, H, kv, d

    def split(self, x: Tensor) -> Heads:
        q, k, v = (f(x).view(*x.shape[:2], -1, self.d).transpose(1, 2) for f in (self.wq, self.wk, self.wv))
        return q, k, v

    def merge(self, y: Tensor) -> Tensor:
        return self.wo(y.transpose(1, 2).reshape(y.shape[0], y.shape[2], -1))

    def forward(self, x: Tensor) -> Tensor:
        return self.how(self, x)


def eager(a: Tensor, v: Tensor, fill: float = INF) -> Tensor:
    return a.masked_fill(~seen(), fill).softmax(-1) @ v


def einsum(m: Styled, x: Tensor) -> Tensor:
    q = (torch.einsum("btd,hd->bth", x, m.wq.weight) + m.wq.bias).view(len(x), T, H, -1)
    k, v = (f(x).reshape(len(x), T, H, -1) for f in (m.wk, m.wv))
    a = torch.einsum("bthd,bshd->bhts", q, k) / math.sqrt(m.d)
    return m.wo(torch.einsum("bhts,bshd->bthd", a.masked_fill(~seen(), -1e9).softmax(-1), v).reshape(x.shape))


def bmm(m: Styled, x: Tensor) -> Tensor:
    q, k, v = (t.reshape(-1, T, m.d) for t in m.split(x))
    a = torch.bmm(q, k.transpose(1, 2)) * m.d**-0.5
    a = torch.where(seen(), a, torch.tensor(torch.finfo(a.dtype).min)).softmax(-1)
    return m.merge(torch.bmm(a, v).view(len(x), H, T, m.d))


def loop_of_heads(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.wq(x), m.wk(x), m.wv(x)
    cuts = [slice(i * m.d, (i + 1) * m.d) for i in range(H)]
    hidden = torch.where(seen(), 0.0, INF)
    return m.wo(torch.cat([F.softmax(q[..., c] @ k[..., c].mT / m.d**0.5 + hidden, -1) @ v[..., c] for c in cuts], -1))


def loop_of_words(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    rows = [
        (q[:, :, t : t + 1] @ k[:, :, : t + 1].mT / math.sqrt(m.d)).softmax(-1) @ v[:, :, : t + 1] for t in range(T)
    ]
    return m.merge(torch.cat(rows, 2))


def words_first(m: Styled, x: Tensor) -> Tensor:
    x = x.transpose(0, 1)
    q, k, v = (f(x).contiguous().view(T, -1, m.d).transpose(0, 1) for f in (m.wq, m.wk, m.wv))
    a = torch.bmm(q * m.d**-0.5, k.transpose(1, 2)) + torch.triu(torch.full((T, T), INF), 1)
    return m.wo(torch.bmm(F.softmax(a, -1), v).transpose(0, 1).reshape(T, -1, D)).transpose(0, 1)


def q_scaled(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    return m.merge(eager((q / math.sqrt(m.d)) @ k.mT, v, -1e4))


def k_scaled(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    return m.merge(eager(q @ (k * m.d**-0.5).mT, v))


def both_scaled(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    return m.merge(eager((q / m.d**0.25) @ (k / m.d**0.25).mT, v))


def in_place(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    a = q @ k.mT
    a /= math.sqrt(m.d)
    a.masked_fill_(~seen(), INF)
    return m.merge(a.softmax(-1) @ v)


def mask_times(m: Styled, x: Tensor) -> Tensor:
    (q, k, v), mask = m.split(x), seen().float()
    return m.merge((q @ k.mT / math.sqrt(m.d) * mask - 1e9 * (1 - mask)).softmax(-1) @ v)


def by_exp(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    e = torch.exp(q @ k.mT / math.sqrt(m.d)) * seen()
    return m.merge((e @ v) / e.sum(-1, keepdim=True))


def by_log(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    return m.merge(F.log_softmax((q @ k.mT / math.sqrt(m.d)).masked_fill(~seen(), -1e9), -1).exp() @ v)


def keys_first(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    a = (k @ q.mT / math.sqrt(m.d)).masked_fill(~seen().T, INF).softmax(-2)
    return m.merge(a.mT @ v)


def columns(m: Styled, x: Tensor) -> Tensor:
    q, k, v = ((f.weight @ x.mT + f.bias[:, None]).view(len(x), H, m.d, T) for f in (m.wq, m.wk, m.wv))
    y = (v @ (q.mT @ k / math.sqrt(m.d)).masked_fill(~seen(), -1e9).softmax(-1).mT).reshape(len(x), D, T)
    return (m.wo.weight @ y + m.wo.bias[:, None]).mT


def by_hand(m: Styled, x: Tensor) -> Tensor:
    q, k, v = ((x @ f.weight.T + f.bias).view(len(x), T, H, -1).transpose(1, 2) for f in (m.wq, m.wk, m.wv))
    y = eager(q @ k.mT / math.sqrt(m.d), v).transpose(1, 2).reshape(-1, D)
    return torch.addmm(m.wo.bias, y, m.wo.weight.T).view(x.shape)


def summed_heads(m: Styled, x: Tensor) -> Tensor:
    y = F.scaled_dot_product_attention(*m.split(x), is_causal=True)
    return torch.einsum("bhtd,ohd->bto", y, m.wo.weight.view(D, H, m.d)) + m.wo.bias


def in_float64(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    a = (q @ k.mT / math.sqrt(m.d)).masked_fill(~seen(), -1e9)
    return m.merge(F.softmax(a, -1, dtype=torch.float64).to(q.dtype) @ v)


def sdpa(m: Styled, x: Tensor) -> Tensor:
    return m.merge(F.scaled_dot_product_attention(*m.split(x), is_causal=True, enable_gqa=m.kv != H))


def repeated(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    k, v = (t.repeat_interleave(H // m.kv, 1) for t in (k, v))
    return m.merge(eager(q @ k.mT / math.sqrt(m.d), v))


def expanded(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    k, v = (t[:, :, None].expand(-1, -1, H // m.kv, -1, -1).reshape(q.shape) for t in (k, v))
    return m.merge(F.scaled_dot_product_attention(q, k, v, is_causal=True))


def grouped(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    a = torch.einsum("bkgtd,bksd->bkgts", q.view(len(x), m.kv, -1, T, m.d), k) * m.d**-0.5
    a = a.masked_fill(~seen(), INF).softmax(-1)
    return m.merge(torch.einsum("bkgts,bksd->bkgtd", a, v).reshape(q.shape))


def alibi(m: Styled, x: Tensor) -> Tensor:
    q, k, v = m.split(x)
    slopes = torch.tensor([2.0 ** (-8 * (i + 1) / H) for i in range(H)])[:, None, None]
    far = (torch.arange(T)[None] - torch.arange(T)[:, None]).float()
    return m.merge(eager(q @ k.mT / math.sqrt(m.d) + slopes * far, v))


def behind(z: Tensor) -> Heads:
    q, k, v = (t.view(*z.shape[:2], H, -1).transpose(1, 2) for t in z.chunk(3, -1))
    return q, k, v


def by_head(z: Tensor) -> Heads:
    q, k, v = (t.transpose(1, 2) for t in z.view(*z.shape[:2], H, 3, -1).unbind(3))
    return q, k, v


def by_head_chunked(z: Tensor) -> Heads:
    q, k, v = z.view(*z.shape[:2], H, -1).transpose(1, 2).chunk(3, -1)
    return q, k, v


def by_head_indexed(z: Tensor) -> Heads:
    z = z.view(*z.shape[:2], H, 3, -1)
    return z[..., 0, :].transpose(1, 2), z[..., 1, :].transpose(1, 2), z[..., 2, :].transpose(1, 2)


def permuted(z: Tensor) -> Heads:
    q, k, v = z.reshape(*z.shape[:2], 3, H, -1).permute(2, 0, 3, 1, 4).unbind(0)
    return q, k, v


def innermost(z: Tensor) -> Heads:
    q, k, v = z.view(*z.shape[:2], H, -1, 3).permute(4, 0, 2, 1, 3)
    return q, k, v


def heads_last(z: Tensor) -> Heads:
    q, k, v = z.view(*z.shape[:2], -1, 3, H).permute(3, 0, 4, 1, 2)
    return q, k, v


def few_keys(z: Tensor) -> Heads:
    kv = (z.shape[-1] - D) // 2
    q, k, v = (t.view(*z.shape[:2], -1, D // H).transpose(1, 2) for t in z.split([D, kv, kv], -1))
    return q, k, v


def by_group(z: Tensor) -> Heads:
    d = D // H
    groups = (z.shape[-1] - D) // (2 * d)
    z = z.view(*z.shape[:2], groups, -1, d)
    return z[..., :-2, :].flatten(2, 3).transpose(1, 2), z[..., -2, :].transpose(1, 2), z[..., -1, :].transpose(1, 2)


class Fused(nn.Module):
    """One layer for queries, keys and values, laid out so; ``bug`` is done to it."""

    def __init__(self, lay: Callable[[Tensor], Heads], kv: int = H, bug: str = "", core: str = "eager") -> None:
        super().__init__()
        self.qkv, self.proj, self.n_head = nn.Linear(D, (H + 2 * kv) * (D // H)), nn.Linear(D, D), H
        self.lay, self.bug, self.core = lay, bug, core

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.lay(self.qkv(x))
        if self.bug == "q and k":
            q, k = k, q
        if self.bug == "k and v":
            k, v = v, k
        if k.shape != q.shape:
            each = H // k.shape[1]
            k, v = (t.repeat(1, each, 1, 1) if self.bug == "groups" else t.repeat_interleave(each, 1) for t in (k, v))
        scale = 1.0 if self.bug == "scale" else (D // H) ** -0.5
        if self.core == "sdpa":
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale)
        else:
            y = eager(q @ k.mT * scale, v)
        return self.proj(y.transpose(1, 2).reshape(x.shape))


class Sdpa(Styled):
    """PyTorch's own function, asked for something else."""

    def __init__(self, **options: Any) -> None:
        super().__init__(lambda m, x: m.merge(F.scaled_dot_product_attention(*m.split(x), **options)))


class Convolved(nn.Module):
    """Convolutions over one word for the linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.c_attn, self.c_proj, self.num_heads = nn.Conv1d(D, 3 * D, 1), nn.Conv1d(D, D, 1), H

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = behind(self.c_attn(x.mT).mT)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(x.shape).mT).mT


class Nameless(nn.Module):
    """Matrices (in, out) in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.P, self.num_heads = nn.ParameterList([nn.Parameter(torch.randn(D, D)) for _ in range(4)]), H

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = ((x @ w).view(*x.shape[:2], H, -1).transpose(1, 2) for w in list(self.P)[:3])
        return eager(q @ k.mT / math.sqrt(D // H), v).transpose(1, 2).reshape(x.shape) @ self.P[3]


class Head(nn.Module):
    """One head with its own layers."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(D, D // H, bias=False) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        k, q, v = self.key(x), self.query(x), self.value(x)
        return eager(q @ k.mT * (D // H) ** -0.5, v)


class Apart(nn.Module):
    """Heads that are modules."""

    def __init__(self) -> None:
        super().__init__()
        self.heads, self.proj = nn.ModuleList([Head() for _ in range(H)]), nn.Linear(D, D)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(torch.cat([head(x) for head in self.heads], -1))


class Rms(nn.Module):
    """RMS norm by hand; what its eps is called tells nothing."""

    def __init__(self, d: int, e: float = 1e-6, plus: int = 0) -> None:
        super().__init__()
        self.weight, self.small, self.plus = nn.Parameter(torch.ones(d)), lambda v: torch.rsqrt(v + e), plus

    def forward(self, x: Tensor) -> Tensor:
        return (self.plus + self.weight) * (x * self.small(x.pow(2).mean(-1, keepdim=True)))


class Layer(nn.Module):
    """Layer norm by hand; ``over`` is what the sum of squares is divided by, below the width."""

    def __init__(self, d: int, over: int = 0) -> None:
        super().__init__()
        self.g, self.b, self.over = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), over

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(-1, keepdim=True)
        return self.g * (x - mean) / torch.sqrt(x.var(-1, keepdim=True, correction=self.over) + 1e-5) + self.b


class Network(nn.Module):
    """Two linear layers of any name, or three."""

    def __init__(self, names: str, act: Callable[[Tensor], Tensor] = F.relu, bias: bool = True) -> None:
        super().__init__()
        self.names, self.act = names.split(), act
        for name in self.names[:-1]:
            self.add_module(name, nn.Linear(D, WIDE, bias=bias))
        self.add_module(self.names[-1], nn.Linear(WIDE, D, bias=bias))

    def forward(self, x: Tensor) -> Tensor:
        first, *rest, last = (self.get_submodule(name) for name in self.names)
        y = self.act(first(x))
        for other in rest:
            y = y * other(x)
        return last(y)


class Block(nn.Module):
    """A layer with its norms before, behind the sum, or of the branches alone."""

    def __init__(
        self, attn: nn.Module, mlp: nn.Module, place: str, norms: list[nn.Module], names: str = "n1 n2"
    ) -> None:
        super().__init__()
        self.attn, self.mlp, self.place, self.names = attn, mlp, place, names.split()
        for name, norm in zip(self.names, norms, strict=True):
            self.add_module(name, norm)

    def forward(self, x: Tensor) -> Tensor:
        for f, name in zip((self.attn, self.mlp), self.names, strict=True):
            norm = self.get_submodule(name)
            x = x + f(norm(x)) if self.place == "pre" else norm(x + f(x)) if self.place == "post" else x + norm(f(x))
        return x


class Straight(nn.Module):
    """A layer whose network stands in it as two plain linear layers, called this and that."""

    def __init__(self, names: str, fused: bool) -> None:
        super().__init__()
        self.names, self.attn = names.split(), Fused(behind) if fused else Apart()
        self.ln1, self.ln2 = nn.LayerNorm(D), nn.LayerNorm(D)
        for name, sides in zip(self.names, ((D, 4 * D), (4 * D, D)), strict=True):
            self.add_module(name, nn.Linear(*sides))

    def forward(self, x: Tensor) -> Tensor:
        up, down = map(self.get_submodule, self.names)
        x = x + self.attn(self.ln1(x))
        return x + down(F.gelu(up(self.ln2(x))))


class Standard(nn.Module):
    """A layer of an encoder around PyTorch's own attention, its norms behind the sums."""

    def __init__(self, names: str) -> None:
        super().__init__()
        self.att, self.f = nn.MultiheadAttention(D, H, batch_first=True), Network(names, F.relu)
        self.n1, self.n2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x: Tensor) -> Tensor:
        x = self.n1(x + self.att(x, x, x)[0])
        return self.n2(x + self.f(x))


class Speaks(nn.Module):
    """Two layers over words and places, and the logits of the next word."""

    def __init__(self, layer: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.token_embedding_table, self.position_embedding_table = nn.Embedding(11, D), nn.Embedding(T, D)
        self.blocks, self.ln_f, self.lm_head = nn.Sequential(layer(), layer()), nn.LayerNorm(D), nn.Linear(D, 11)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.token_embedding_table(ids) + self.position_embedding_table(torch.arange(ids.shape[1]))
        return self.lm_head(self.ln_f(self.blocks(x)))
