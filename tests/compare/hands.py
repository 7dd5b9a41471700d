"""Transformers in NumPy by another hand: plain functions, five ways to lay arrays out, and the mistakes people make.

Nothing of tfstep is used but the numbers that it starts from. Mistakes are words in ``wrong``; ``LAYOUTS`` say how the
arrays are written down, ``FEW`` that only some are. Gradients come of complex steps, so they are exact and owe tfstep
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray
Rows = dict[str, Array]
LAYOUTS = ("batched", "seqfirst", "flat heads", "by head", "columns", "head last")
FEW = ("all", "some", "ends")


def softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def relu(x: Array) -> Array:
    return x * (np.real(x) > 0)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def gelu_tanh(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def gelu(x: Array) -> Array:
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


ACTS = {
    "gelu": gelu,
    "relu": relu, "gelu_tanh": gelu_tanh, "silu": lambda x: x * sigmoid(x), "swiglu": lambda x: x * sigmoid(x),
    "quick": lambda x: x * sigmoid(1.702 * x), "tanh": np.tanh, "sigmoid": sigmoid,
    "leaky": lambda x: relu(x) - 0.01 * relu(-x), "none": lambda x: x,
}  # fmt: skip


class Hand:
    """One run: ``w`` are the numbers it starts from by tfstep's path, ``c`` the model's keys."""

    def __init__(
        self, w: Mapping[str, Array], c: Any, wrong: tuple[str, ...] = (), layout: str = "batched", few: str = "all",
        only: str = "", dtype: str = "float64",
    ) -> None:  # fmt: skip
        self.dtype = dtype
        self.w = {k: np.asarray(v, dtype) if np.asarray(v).dtype.kind == "f" else np.asarray(v) for k, v in w.items()}
        self.c, self.wrong, self.layout, self.few, self.only = c, wrong, layout, few, only
        self.rows: Rows = {}
        self.place = ""
        self.quiet = False
        self.rng = np.random.default_rng(11)

    def oops(self, what: str) -> bool:
        return what in self.wrong and (not self.only or not self.place or self.place.startswith(self.only))

    def put(self, name: str, x: Array, kind: str = "x", rank: int = 1) -> Array:
        """Write an array down, laid out as this hand does it; ``rank`` says how few arrays still include it."""
        if self.quiet or rank > {"all": 9, "some": 2, "ends": 0}[self.few]:
            return x
        name = self.place + name
        y = x
        if self.layout == "seqfirst" and kind == "x":
            y = x.swapaxes(0, 1)
        if self.layout == "seqfirst" and kind in ("heads", "scores"):
            y = x.reshape(-1, *x.shape[2:])
        if self.layout == "flat heads" and kind in ("heads", "scores"):
            y = x.reshape(-1, *x.shape[2:])
        if self.layout == "columns" and kind in ("x", "heads", "scores"):
            y = x.swapaxes(-1, -2)
            y = y[0] if kind == "x" and len(y) == 1 else y
        if self.layout == "head last" and kind == "heads":
            y = x.transpose(0, 2, 1, 3)
        if self.layout == "by head" and kind in ("heads", "scores"):
            for h in range(x.shape[1]):
                self.rows[f"{name}_{h}"] = np.array(x[0, h] if len(x) == 1 else x[:, h])
            return x
        self.rows[name] = np.array(y)
        return x

    # -- parts -------------------------------------------------------------------------------------------------

    def lin(self, x: Array, W: str, b: str) -> Array:
        """X W + b."""
        m, short = self.w[W], W.rpartition(".")[2]
        if self.oops("turned " + short):
            m = m.T
        y = x @ m
        if b in self.w and not self.oops("no " + b.rpartition(".")[2]) and not self.oops("no biases"):
            y = y + self.w[b] * (2 if self.oops("twice " + b.rpartition(".")[2]) else 1)
        return y

    def split(self, x: Array, n: int, letter: str) -> Array:
        B, T, D = x.shape
        if self.oops("view heads") or self.oops("view heads " + letter):
            return x.reshape(B, n, T, D // n)
        if self.oops("heads inside out"):
            return x.reshape(B, T, D // n, n).transpose(0, 3, 1, 2)
        if self.oops("turned then split"):
            return x.transpose(0, 2, 1).reshape(B, n, T, D // n)
        return x.reshape(B, T, n, D // n).transpose(0, 2, 1, 3)

    def turned(self, x: Array, start: int = 0) -> Array:
        """Rope."""
        c, n, d = self.c, x.shape[2], x.shape[3]
        rest = x[..., d:]
        if self.oops("rope part"):
            d //= 2
            x, rest = x[..., :d], x[..., d:]
        base = 1000.0 if self.oops("rope base") else c.rope.base
        if self.oops("rope ntk"):
            base *= 4 ** (d / (d - 2))
        freq = base ** (-np.arange(0, d, 2) / (c.d_model if self.oops("rope width") else d))
        a = (np.arange(n) + start)[:, None] * freq / (2 if self.oops("rope stretched") else 1)
        if self.oops("rope sign"):
            a = -a
        if self.oops("rope twice"):
            a = 2 * a
        if self.oops("rope over heads"):
            a = np.arange(x.shape[1])[:, None, None] * freq
        half = (c.rope.pairs == "half") != self.oops("rope pairs")
        one, two = (x[..., : d // 2], x[..., d // 2 :]) if half else (x[..., ::2], x[..., 1::2])
        p, q = one * np.cos(a) - two * np.sin(a), one * np.sin(a) + two * np.cos(a)
        whole = np.concatenate([p, q], -1) if half else np.stack([p, q], -1).reshape(x.shape)
        return np.concatenate([whole, rest], -1)

    def attention(self, x: Array, m: Array, path: str, hide: Array | None) -> Array:
        c, n = self.c, {"q": "Q", "k": "K", "v": "V"}
        for swap in ("qk", "kv", "qv"):
            if self.oops("swap " + swap):
                n[swap[0]], n[swap[1]] = n[swap[1]], n[swap[0]]
        if self.oops("k with W_Q"):
            n["k"] = "Q"
        if self.oops("v with W_K"):
            n["v"] = "K"
        if self.oops("memory asks") and m is not x:
            x, m = (m, x) if x.shape == m.shape else (x, m)
        if self.oops("own keys") and m is not x:
            m = x
        q, k, v = (self.lin(s, f"{path}.W_{n[t]}", f"{path}.b_{n[t]}") for t, s in (("q", x), ("k", m), ("v", m)))
        if self.oops("relu q"):
            q = relu(q)
        for name, value in (("q", q), ("k", k), ("v", v)):
            self.put(name, value, rank=2)
        q, k, v = self.split(q, c.heads, "q"), self.split(k, c.kv_heads, "k"), self.split(v, c.kv_heads, "v")
        if self.oops("k backwards"):
            k = k[:, ::-1]
        if c.positional == "rope" and not self.oops("no rope"):
            q = self.turned(q, 1 if self.oops("rope q late") else 0)
            k = k if self.oops("rope q alone") else self.turned(k)
            if self.oops("rope v"):
                v = self.turned(v)
        for name, value in (("qh", q), ("kh", k), ("vh", v)):
            self.put(name, value, "heads")
        g = c.heads // c.kv_heads
        if self.oops("first group"):
            k, v = np.repeat(k[:, :1], c.heads, 1), np.repeat(v[:, :1], c.heads, 1)
        elif g > 1:
            k, v = np.repeat(k, g, 1), np.repeat(v, g, 1)
        s = q @ k.swapaxes(-1, -2)
        if self.oops("k q"):
            s = s.swapaxes(-1, -2)
        if self.oops("q q"):
            s = q @ q.swapaxes(-1, -2)
        self.put("dots", s, "scores")
        d = q.shape[-1]
        by = {"unscaled": 1.0, "over d": 1 / d, "over model": c.d_model**-0.5, "times root": d**0.5, "scaled twice": 1 / d,
              "over heads": c.heads**-0.5, "over length": s.shape[-1] ** -0.5}  # fmt: skip
        factor = next((f for name, f in by.items() if self.oops(name)), d**-0.5 if c.scale else 1.0)
        s = s * factor
        if factor != 1:
            self.put("scaled", s, "scores")
        bare = s
        if hide is not None:
            s = self.hidden(s, hide)
            if s is not bare:
                self.put("masked", s, "scores")
        a = self.weights(s, bare, hide)
        self.put("p", a, "scores", rank=2)
        if self.oops("turned weights"):
            a = a.swapaxes(-1, -2)
        o = a @ (k if self.oops("weights k") else v)
        self.put("o", o, "heads")
        B, H, T, dv = o.shape
        if self.oops("view merge"):
            o = o.reshape(B, T, H * dv)
        elif self.oops("heads backwards"):
            o = o[:, ::-1].transpose(0, 2, 1, 3).reshape(B, T, H * dv)
        elif self.oops("merge inside out"):
            o = o.transpose(0, 2, 3, 1).reshape(B, T, H * dv)
        else:
            o = o.transpose(0, 2, 1, 3).reshape(B, T, H * dv)
        self.put("cat", o)
        if c.output:
            o = self.put("att", self.lin(o, f"{path}.W_O", f"{path}.b_O"), rank=2)
        return o

    def weights(self, s: Array, bare: Array, hide: Array | None) -> Array:
        for name, axis in (("softmax q", -2), ("softmax h", 1), ("softmax b", 0)):
            if self.oops(name):
                return softmax(s, axis)
        a = softmax(s)
        if self.oops("softmax all"):
            e = np.exp(s - s.max((-2, -1), keepdims=True))
            a = e / e.sum((-2, -1), keepdims=True)
        if self.oops("softmax twice"):
            a = softmax(a)
        if self.oops("log softmax"):
            a = s - s.max(-1, keepdims=True)
            a = a - np.log(np.exp(a).sum(-1, keepdims=True))
        if self.oops("mask late") and hide is not None:
            a = softmax(bare) * (hide == 0)
        if self.oops("drop weights"):
            a = a * (self.rng.random(a.shape) > 0.3) / 0.7
        if self.oops("drop unscaled"):
            a = a * (self.rng.random(a.shape) > 0.3)
        if self.oops("exp alone"):
            a = np.exp(s)
        if self.oops("log of weights"):
            a = np.log(a + 1e-9)
        return a

    def hidden(self, s: Array, mask: Array) -> Array:
        c, n, m = self.c, s.shape[-2], s.shape[-1]
        pad, late = (mask & 1) != 0, (mask & 2) != 0
        hide = pad | late

        def triangle(k: int) -> Array:
            return np.broadcast_to(np.triu(np.ones((n, m), bool), k), hide.shape)

        if self.oops("no mask") or self.oops("mask late"):
            return s
        if self.oops("no padding"):
            hide = late
        if self.oops("no causal"):
            hide = pad
        if self.oops("unasked causal"):
            hide = pad | triangle(1)
        if self.oops("mask flipped"):
            hide = ~hide
        if self.oops("mask hides self"):
            hide = pad | triangle(0)
        if self.oops("mask sees next"):
            hide = pad | triangle(2)
        if self.oops("padding shifted"):
            hide = late | np.roll(pad, 1, -1)
        if self.oops("mask turned"):
            hide = hide.swapaxes(-1, -2)
        if self.oops("mask rows"):
            hide = late | np.broadcast_to(pad.swapaxes(-1, -2) if pad.shape[-2] > 1 else pad[..., 0, :, None], s.shape)
        if self.oops("mask first sentence"):
            hide = np.broadcast_to(hide[:1], hide.shape)
        if self.oops("mask other sentence"):
            hide = hide[::-1]
        if self.oops("mask last word"):
            hide = hide | np.concatenate([pad[..., 1:], np.ones_like(pad[..., :1])], -1)
        if self.oops("mask plus"):
            return s + hide
        if self.oops("mask plus seen"):
            return s + ~hide
        if self.oops("mask minus ten"):
            return s - s.dtype.type(10) * hide
        if self.oops("mask times"):
            return s * ~hide
        if self.oops("mask zero"):
            return np.where(hide, 0, s)
        if not hide.any():
            return s
        value = -np.inf if self.oops("infinite") else c.mask_value
        return np.where(hide, value, s)

    def norm(self, x: Array, path: str) -> Array:
        c = self.c
        if c.norm == "none" or self.oops("no norm"):
            return x
        rms = (c.norm == "rms") != self.oops("other norm")
        axis: Any = -2 if self.oops("norm positions") else (0, 1) if self.oops("norm batch") else -1
        u = x if rms else x - x.mean(axis, keepdims=True)
        eps = (
            1e-2
            if self.oops("eps")
            else 1e-12
            if self.oops("small eps")
            else 1e-6
            if self.oops("slight eps")
            else c.eps
        )
        var = (u * u).mean(axis, keepdims=True)
        if self.oops("n - 1"):
            var = (u * u).sum(axis, keepdims=True) / (x.shape[-1] - 1)
        y = u / (np.sqrt(var) + eps) if self.oops("eps outside") else u / np.sqrt(var + eps)
        if self.oops("over variance"):
            y = u / (var + eps)
        if not self.oops("no gamma"):
            y = y * self.w[path + ".gamma"]
        if path + ".beta" in self.w and not self.oops("no beta"):
            y = y + self.w[path + ".beta"]
        return y

    def mlp(self, x: Array, path: str) -> Array:
        c = self.c
        h = self.lin(x, path + ".W_1", path + ".b_1")
        kind = next((k for k in ACTS if self.oops("act " + k)), c.activation)
        if c.activation == "swiglu":
            g = self.lin(x, path + ".W_gate", path + ".b_gate")
            self.put("g", g)
            self.put("h", h)
            a = ACTS[kind](h) * g if self.oops("gate") else ACTS[kind](g) * h
            if self.oops("no gate"):
                a = ACTS[kind](h)
        else:
            self.put("h", h)
            a = ACTS[kind](h)
            if self.oops("act twice"):
                a = ACTS[kind](a)
        if self.oops("drop hidden"):
            a = a * (self.rng.random(a.shape) > 0.2) / 0.8
        if self.oops("drop hidden unscaled"):
            a = a * (self.rng.random(a.shape) > 0.2)
        self.put("act", a)
        return self.put("ff", self.lin(a, path + ".W_2", path + ".b_2"))

    def add(self, x: Array, y: Array, n: int) -> Array:
        if self.oops(f"no skip {n}"):
            return y
        if self.oops("skip doubled"):
            return x + 2 * y
        if self.oops("half branch"):
            return x + 0.5 * y
        if self.oops("drop residual"):
            y = y * (self.rng.random(y.shape) > 0.25) / 0.75
        return x + y

    def layer(self, n: int, x: Array, path: str, f: Any) -> Array:
        def norm(t: Array) -> Array:
            return self.put(f"n{n}", self.norm(t, f"{path}norm{1 if self.oops('one norm') else n}"))

        if (self.c.norm_position == "pre") != self.oops("norm other side"):
            y = norm(x) if n == 1 or not self.oops("first norm again") else self.first
            self.first = y
            return self.put(f"r{n}", self.add(y if self.oops("skip of norm") else x, f(y), n))
        y = f(x)
        if self.oops("norm branch"):
            return self.put(f"r{n}", x + norm(y))
        return norm(self.put(f"r{n}", self.add(x, y, n)))

    def reader(self, path: str, mask: Array | None, memory: Array | None = None) -> Callable[[Array], Array]:
        return lambda t: self.attention(t, t if memory is None else memory, path, mask)

    def words(self, side: str, ids: Array) -> Array:
        c, n, d = self.c, ids.shape[1], self.c.d_model
        e = self.w[side + ".E"][ids]
        factor = c.embed_scale if not isinstance(c.embed_scale, bool) else np.sqrt(d) if c.embed_scale else 1.0
        if self.oops("embed scaled"):
            factor = np.sqrt(d) if factor == 1 else 1.0
        e = self.put("emb", e * factor)
        if c.positional in ("none", "rope") or self.oops("no positions"):
            return e
        if c.positional == "learned":
            t = self.w[side + ".pos"]
            p = t[1 : n + 1] if self.oops("positions late") else t[:n][::-1] if self.oops("positions back") else t[:n]
        else:
            pos = np.arange(n)[:, None] + self.oops("positions late")
            k = np.arange(0, d, 2)
            a = pos / 10000 ** (k / (2 * d if self.oops("exponent") else d))
            p = np.stack([np.sin(a), np.cos(a)], -1).reshape(n, d)
            if self.oops("halves"):
                p = np.concatenate([np.sin(a), np.cos(a)], -1)
            if self.oops("cosine first"):
                p = np.stack([np.cos(a), np.sin(a)], -1).reshape(n, d)
        p = p if np.iscomplexobj(p) else np.asarray(p, self.dtype)
        if self.oops("times positions"):
            return self.put("in", e * p)
        return self.put("in", e + p * (2 if self.oops("positions twice") else 1))

    def stack(self, x: Array, kind: str, layers: int, memory: Array | None = None) -> Array:
        for i in range(layers):
            path = f"{kind}{i}."
            self.place = path
            hide = self.w.get(path + "attn.mask")
            if hide is None and self.oops("unasked causal"):
                hide = np.zeros((1, 1, x.shape[1], x.shape[1]), np.int8)
            x = self.layer(1, x, path, self.reader(f"{kind}{i}.attn", hide))
            n = 2
            if memory is not None:
                cross = self.w.get(path + "cross.mask")
                if cross is not None and self.oops("target's pads"):
                    late = (self.w[path + "attn.mask"] & 1)[:, :, -1]
                    cross = np.broadcast_to(late[..., None], (*late.shape, cross.shape[-1]))
                self.place = path + "x_"
                x = self.layer(2, x, path, self.reader(f"{kind}{i}.cross", cross, memory))
                self.place = path
                n = 3
            x = self.layer(n, x, path, partial(self.mlp, path=f"{kind}{i}.ffn"))
        self.place = ""
        return self.put(kind + "_end", self.norm(x, kind + ".norm")) if self.c.norm_position == "pre" else x

    def run(self, inputs: Any) -> Array:
        """The last array, the loss where there is one."""
        c = self.c
        if c.kind == "attention":
            x = self.put("inp", np.asarray(inputs.x, self.dtype), rank=0)
            m = x if inputs.memory is None else self.put("mem", np.asarray(inputs.memory, self.dtype), rank=0)
            hide = self.w.get("attn.mask")
            if hide is None and self.oops("unasked causal"):
                hide = np.zeros((1, 1, x.shape[1], m.shape[1]), np.int8)
            y = self.attention(x, m, "attn", hide)
            if self.few == "ends":
                self.put("y", y, rank=0)
            if "loss.target" not in self.w:
                return y
            e = ((y - self.w["loss.target"]) ** 2).sum()
            return self.put("loss", np.asarray(e * (1 if self.oops("not halved") else 0.5)), "", rank=0)
        memory = None
        if "encoder" in c.kind:
            memory = x = self.stack(self.words("src", inputs.source.ids), "enc", c.encoder_layers)
        if "decoder" in c.kind:
            x = self.stack(self.words("tgt", inputs.target.ids), "dec", c.decoder_layers, memory)
        logits = self.lin(x, "out.W", "out.b")
        if self.oops("logits over root"):
            logits = logits / math.sqrt(c.d_model)
        self.put("logits", logits, rank=0)
        return self.loss(logits, inputs)

    def loss(self, z: Array, inputs: Any) -> Array:
        t, pad = inputs.labels.ids, inputs.labels.pad
        keep = np.ones(t.shape, bool) if pad is None or self.oops("pads count") else t != pad
        if self.oops("labels unshifted"):
            t = (inputs.target or inputs.source).ids
        if self.oops("labels twice"):
            z, t, keep = z[:, :-1], t[:, 1:], keep[:, 1:]
        if self.oops("loss of p"):
            z = softmax(z)
        most = z.max(-1, keepdims=True)
        z = z - most
        whole = np.log(np.exp(z).sum(-1))
        each = whole - np.take_along_axis(z, t[..., None], -1)[..., 0]
        if self.oops("log of p and a bit"):
            each = -np.log(np.exp(-each) + 1e-6)
        if self.oops("log of p and less"):
            each = -np.log(np.exp(-each) + 1e-9)
        each = each * keep
        value = each.sum() / keep.sum()
        if self.oops("loss summed"):
            value = each.sum()
        if self.oops("mean of means"):
            value = (each.sum(1) / keep.sum(1)).mean()
        if self.oops("over all rows"):
            value = each.mean()
        if self.oops("loss and one"):
            value = value + 1.0
        if self.oops("z-loss"):
            value = value + 1e-4 * ((whole + most[..., 0]) ** 2 * keep).sum() / keep.sum()
        return self.put("loss", np.asarray(value), "", rank=0)


def gradients(make: Any, paths: list[str], inputs: Any) -> Rows:
    """∂loss of parameters by complex steps: exact to rounding."""
    hand = make()
    hand.quiet = True
    found: Rows = {}
    for path in paths:
        plain = hand.w[path]
        g = np.zeros(plain.shape)
        for i in np.ndindex(plain.shape):
            moved = plain.astype(complex)
            moved[i] += 1e-30j
            hand.w[path], hand.rng = moved, np.random.default_rng(11)
            g[i] = hand.run(inputs).imag / 1e-30
        hand.w[path] = plain
        found[path] = g
    return found
