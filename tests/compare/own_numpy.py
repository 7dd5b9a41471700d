"""A Transformer as somebody else would write it in NumPy, with any of many mistakes in it.

Nothing of tfstep is used but the numbers that it starts from. `forward` records what it computes under plain names, in
one of several styles: `batched` keeps a batch axis and splits heads by reshape and transpose, `einsum` has its own
order of axes, `short` calls everything a, b, c and drops a batch of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Rows = dict[str, Array]
STYLES = ("batched", "einsum", "short")


def softmax(x: Array, axis: int | tuple[int, ...] = -1) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def erf(x: Array) -> Array:
    return np.vectorize(math.erf)(x)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * 0.5 * (1 + erf(x / np.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "quick_gelu": lambda x: x / (1 + np.exp(-1.702 * x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "identity": lambda x: x,
}


class Model:
    """One model of the scenario's shape: ``w`` are its numbers by tfstep's path, ``bugs`` the mistakes in it."""

    def __init__(
        self, w: Mapping[str, Array], config: Any, bugs: tuple[str, ...] = (), style: str = "batched", only: str = ""
    ) -> None:
        self.w, self.c, self.bugs, self.style, self.only = w, config, bugs, style, only
        self.kept: Rows = {}
        self.scope = ""
        self.rng = np.random.default_rng(5)

    def has(self, bug: str) -> bool:
        """Whether this mistake is made here: everywhere, or with ``only`` in one layer."""
        return bug in self.bugs and (not self.only or self.scope.startswith(self.only) or not self.scope)

    def keep(self, name: str, x: Array) -> Array:
        full = f"{self.scope}{name}" if self.style != "short" else f"t{len(self.kept)}"
        shown = x[0] if self.style == "short" and x.ndim and x.shape[0] == 1 else x
        self.kept[full] = np.array(shown)
        return x

    def linear(self, x: Array, path: str, W: str, b: str) -> Array:
        weight, bias = self.w[f"{path}.{W}"], self.w.get(f"{path}.{b}")
        if self.has(f"transposed {W}"):
            weight = weight.T
        y = x @ weight
        if bias is not None and not self.has(f"no bias {b}"):
            y = y + bias * (2 if self.has(f"bias twice {b}") else 1)
        return y

    def heads_of(self, x: Array, heads: int, letter: str) -> Array:
        B, T, D = x.shape
        if self.has("reshape " + letter) or self.has("reshape QKV"):
            return x.reshape(B, heads, T, D // heads)
        if self.has("inside out"):
            return x.reshape(B, T, D // heads, heads).transpose(0, 3, 1, 2)
        return x.reshape(B, T, heads, D // heads).transpose(0, 2, 1, 3)

    def attention(self, x: Array, memory: Array, path: str, mask: Array | None) -> Array:
        c = self.c
        letters = {"q": "Q", "k": "K", "v": "V"}
        if self.has("swap qk"):
            letters |= {"q": "K", "k": "Q"}
        if self.has("swap kv"):
            letters |= {"k": "V", "v": "K"}
        if c.projections:
            q, k, v = (
                self.linear(s, path, f"W_{letters[n]}", f"b_{letters[n]}")
                for n, s in (("q", x), ("k", memory), ("v", memory))
            )
        else:
            q, k, v = x, memory, memory
        for name, value in (("q", q), ("k", k), ("v", v)):
            self.keep(name, value)
        Q, K, V = (
            self.heads_of(t, n, u) for t, n, u in ((q, c.heads, "Q"), (k, c.kv_heads, "K"), (v, c.kv_heads, "V"))
        )
        if c.positional == "rope":
            Q, K = self.rotated(Q), (K if self.has("rope only q") else self.rotated(K))
            if self.has("rope on v"):
                V = self.rotated(V)
            if self.style != "short":
                self.keep("q_rot", Q)
                self.keep("k_rot", K)
        if c.kv_heads != c.heads:
            K, V = (np.repeat(t, c.heads // c.kv_heads, 1) for t in (K, V))
        other = self.style == "einsum"
        s = np.einsum("bhqd,bhkd->bqhk", Q, K).transpose(0, 2, 1, 3) if other else Q @ K.swapaxes(-1, -2)
        if self.has("scores kq"):
            s = K @ Q.swapaxes(-1, -2)
        self.keep("scores", s)
        d = Q.shape[-1]
        if c.scale and not self.has("no scale"):
            s = s / np.sqrt(c.d_model if self.has("scale d_model") else d)
            if self.has("scale twice"):
                s = s / np.sqrt(d)
            if self.has("scale d_k"):
                s = s / np.sqrt(d)
            self.keep("scaled", s)
        unmasked = s
        if mask is not None:
            s = self.masked(s, mask)
            if not self.has("no mask") and not self.has("mask after"):
                self.keep("masked", s)
        if self.has("softmax query"):
            a = softmax(s, -2)
        elif self.has("softmax head"):
            a = softmax(s, 1)
        else:
            a = softmax(s)
        if self.has("softmax twice"):
            a = softmax(a)
        if self.has("log softmax"):
            a = np.log(a)
        if self.has("mask after") and mask is not None:
            a = softmax(unmasked) * (mask == 0)
        if self.has("dropout"):
            a = a * (self.rng.random(a.shape) > 0.25) / 0.75
        self.keep("attn", a)
        if self.has("attn T"):
            a = a.swapaxes(-1, -2)
        z = a @ (K if self.has("times k") else V)
        self.keep("z", z)
        B, H, T, dv = z.shape
        if self.has("merge"):
            y = z.reshape(B, T, H * dv)
        elif self.has("merge inside out"):
            y = z.transpose(0, 2, 3, 1).reshape(B, T, H * dv)
        else:
            y = z.transpose(0, 2, 1, 3).reshape(B, T, H * dv)
        self.keep("merged", y)
        if c.output:
            y = self.keep("out", self.linear(y, path, "W_O", "b_O"))
        return y

    def masked(self, s: Array, mask: Array) -> Array:
        hide = mask != 0
        if self.has("no mask"):
            return s
        if self.has("mask inverted"):
            hide = ~hide
        if self.has("mask T"):
            hide = np.swapaxes(hide, -1, -2)
        if self.has("mask shifted"):
            n = s.shape[-1]
            hide = np.broadcast_to(np.triu(np.ones((n, n), bool), 0), hide.shape) | ((mask & 1) != 0)
        if self.has("mask ahead"):
            n = s.shape[-1]
            hide = np.broadcast_to(np.triu(np.ones((n, n), bool), 2), hide.shape) | ((mask & 1) != 0)
        if self.has("mask queries"):
            hide = np.broadcast_to(np.swapaxes((mask & 1) != 0, -1, -2), hide.shape) | ((mask & 2) != 0)
        if self.has("mask added"):
            return s + hide
        if self.has("mask added visible"):
            return s + ~hide
        if self.has("mask times"):
            return s * ~hide
        if self.has("mask after"):
            return s
        return np.where(hide, self.c.mask_value, s)

    def rotated(self, x: Array) -> Array:
        c, n, d = self.c, x.shape[2], x.shape[3]
        base = 500000.0 if self.has("rope base") else c.rope.base
        half = (c.rope.pairs == "half") != self.has("rope pairs")
        angle = np.arange(n)[:, None] * base ** (-np.arange(0, d, 2) / d)
        if half:
            a, b = x[..., : d // 2], x[..., d // 2 :]
            return np.concatenate([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], -1)
        a, b = x[..., 0::2], x[..., 1::2]
        y = np.empty_like(x)
        y[..., 0::2], y[..., 1::2] = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
        return y

    def norm(self, x: Array, path: str) -> Array:
        if self.c.norm == "none" or self.has("no norm"):
            return x
        rms = (self.c.norm == "rms") != self.has("norm kind")
        axis: int | tuple[int, ...] = -2 if self.has("norm axis") else (-2, -1) if self.has("norm both axes") else -1
        c = x if rms else x - x.mean(axis, keepdims=True)
        eps = 1e-3 if self.has("eps") else self.c.eps
        v = (c**2).mean(axis, keepdims=True)
        if self.has("unbiased"):
            v = v * x.shape[-1] / (x.shape[-1] - 1)
        y = c / (np.sqrt(v) + eps) if self.has("eps outside") else c / np.sqrt(v + eps)
        if not self.has("no gamma"):
            y = y * self.w[f"{path}.gamma"]
        if f"{path}.beta" in self.w and not self.has("no beta"):
            y = y + self.w[f"{path}.beta"]
        return y

    def feed_forward(self, x: Array, path: str) -> Array:
        c = self.c
        if c.activation == "swiglu":
            g, h = (
                self.keep("gate", self.linear(x, path, "W_gate", "b_gate")),
                self.keep("up", self.linear(x, path, "W_1", "b_1")),
            )
            if self.has("gate"):
                g, h = h, g
            a = ACTIVATIONS["gelu" if self.has("act") else "silu"](g) * h
        else:
            h = self.keep("hidden", self.linear(x, path, "W_1", "b_1"))
            other = {"gelu": "gelu_tanh", "relu": "gelu", "gelu_tanh": "gelu"}.get(c.activation, "relu")
            kind = other if self.has("act") else "quick_gelu" if self.has("quick") else c.activation
            a = ACTIVATIONS[kind](h)
        self.keep("act", a)
        if self.has("ffn dropout"):
            a = self.keep("dropped", a * (self.rng.random(a.shape) > 0.1) / 0.9)
        return self.keep("ffn_out", self.linear(a, path, "W_2", "b_2"))

    def sublayer(self, n: int, x: Array, path: str, f: Callable[[Array], Array]) -> Array:
        pre = (self.c.norm_position == "pre") != self.has("norm place")

        def norm(t: Array) -> Array:
            return self.keep(f"norm{n}", self.norm(t, f"{path}.norm{n}"))

        if pre:
            h = norm(x)
            start = h if self.has("residual after norm") else x
            y = f(h)
            return self.keep(f"res{n}", self.add(start, y, n))
        y = f(x)
        if self.has("norm branch"):
            return self.keep(f"res{n}", x + norm(y))
        return norm(self.keep(f"res{n}", self.add(x, y, n)))

    def add(self, x: Array, fx: Array, n: int) -> Array:
        return fx if self.has(f"no residual {n}") else x + fx

    def embedded(self, side: str, ids: Array, offset: int) -> Array:
        c, E = self.c, self.w[f"{side}.E"]
        e = E[ids]
        if c.embed_scale != self.has("embed scale"):
            e = e * np.sqrt(c.d_model)
        self.keep("embed", e)
        if c.positional in ("none", "rope") or self.has("no pos"):
            return e
        n, d = ids.shape[1], c.d_model
        if c.positional == "learned":
            table = self.w[f"{side}.pos"]
            if self.has("pos shifted"):
                table = table[(np.arange(len(table)) + 1) % len(table)]
            p = table[offset : offset + n]
        else:
            start = offset + self.has("pos shifted")
            angle = np.arange(start, start + n)[:, None] / 10000 ** (np.arange(0, d, 2) / d)
            if self.has("pos halves"):
                p = np.concatenate([np.sin(angle), np.cos(angle)], 1)
            elif self.has("pos cos"):
                p = np.stack([np.cos(angle), np.sin(angle)], -1).reshape(n, d)
            else:
                p = np.stack([np.sin(angle), np.cos(angle)], -1).reshape(n, d)
        return self.keep("x", e + p * (2 if self.has("pos twice") else 1))

    def block(
        self, x: Array, i: int, kind: str, mask: Array | None, memory: Array | None = None, cross: Array | None = None
    ) -> Array:
        path = f"{kind}{i}"
        self.scope = f"{path}."
        x = self.sublayer(1, x, path, lambda t: self.attention(t, t, f"{path}.attn", mask))
        n = 2
        if memory is not None:
            x = self.sublayer(2, x, path, lambda t: self.attention(t, memory, f"{path}.cross", cross))
            n = 3
        x = self.sublayer(n, x, path, lambda t: self.feed_forward(t, f"{path}.ffn"))
        self.scope = ""
        return x

    def loss(self, logits: Array, labels: Array, pad: int | None, target: Array | None) -> Array:
        if self.has("labels unshifted") and target is not None:
            labels = target
        keep = np.ones(labels.shape, bool) if pad is None or self.has("pads") else labels != pad
        if self.has("labels twice"):
            logits, labels, keep = logits[:, :-1], labels[:, 1:], keep[:, 1:]
        if self.has("loss of probs"):
            logits = softmax(logits)
        p = softmax(logits)
        self.keep("probs", p)
        nll = -np.log(np.take_along_axis(p, labels[..., None], -1))[..., 0]
        total = (nll * keep).sum()
        return self.keep("loss", np.asarray(total if self.has("loss sum") else total / keep.sum()))


def run(
    w: Mapping[str, Array], config: Any, inputs: Any, bugs: tuple[str, ...] = (), style: str = "batched", only: str = ""
) -> Rows:
    """The arrays of one forward pass of a scenario's model, by their own names, in order."""
    m = Model(w, config, bugs, style, only)
    if config.kind == "attention":
        x = m.keep("x", np.asarray(inputs.x))
        memory = x if inputs.memory is None else m.keep("memory", np.asarray(inputs.memory))
        n = x.shape[1]
        mask = (
            np.triu(np.full((n, n), 2, np.int8), 1)[None, None]
            if config.mask.causal and inputs.memory is None
            else None
        )
        y = m.attention(x, memory, "attn", mask)
        m.kept.update(_error(m, y, w))
        return m.kept
    for side, kind, layers in (("source", "enc", config.encoder_layers), ("target", "dec", config.decoder_layers)):
        given = getattr(inputs, side)
        if (
            given is None
            or (kind == "dec" and "decoder" not in config.kind)
            or (kind == "enc" and config.kind == "decoder")
        ):
            continue
        x = m.embedded("src" if kind == "enc" else "tgt", given.ids, inputs.offset)
        mask = w.get(f"{kind}0.attn.mask")
        memory = w and m.kept.get("memory_out") if kind == "dec" and config.kind == "encoder-decoder" else None
        for i in range(layers):
            x = m.block(x, i, kind, mask, memory, w.get(f"{kind}{i}.cross.mask"))
        if config.norm_position == "pre":
            x = m.keep(f"{kind}_norm", m.norm(x, f"{kind}.norm"))
        if kind == "enc" and config.kind == "encoder-decoder":
            m.keep("memory_out", x)
    if config.head:
        logits = m.keep("logits", m.linear(x, "out", "W", "b"))
        if inputs.labels is not None:
            target = (inputs.target or inputs.source).ids
            m.loss(logits, inputs.labels.ids, inputs.labels.pad, target)
    return m.kept


def _error(m: Model, y: Array, w: Mapping[str, Array]) -> Rows:
    if "loss.target" not in w:
        return {}
    error = y - w["loss.target"]
    return {"loss": np.asarray((error**2).mean() if m.has("loss mean") else 0.5 * (error**2).sum())}
