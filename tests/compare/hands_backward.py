"""One block with its backward pass written by hand, in NumPy: as one does it oneself, and with the mistakes one makes.

Nothing of tfstep is used but the numbers that it starts from. Forward arrays stand under plain names, gradients under
``NAME.grad``, new weights under ``NAME.new``. Mistakes are words in ``wrong``; those of the backward pass begin with ∂.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray
LR = 0.1
KEEP = 0.8  # of dropout
ROOT = ("∂mean", "∂var", "∂norm straight")


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


class Block:
    """A run: ``w`` are the numbers it starts from by tfstep's path, ``c`` the model's keys."""

    def __init__(self, w: Mapping[str, Array], c: Any, inputs: Any, wrong: tuple[str, ...] = ()) -> None:
        self.w, self.c, self.inputs, self.wrong = dict(w), c, inputs, wrong
        self.rows: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.rng = np.random.default_rng(5)

    def put(self, name: str, x: Array) -> Array:
        self.rows[name] = np.array(x)
        return x

    def grad(self, name: str, g: Array) -> Array:
        self.grads[name] = np.array(g)
        return g

    def oops(self, what: str) -> bool:
        return what in self.wrong

    def split(self, x: Array) -> Array:
        B, T, D = x.shape
        return x.reshape(B, T, self.c.heads, D // self.c.heads).transpose(0, 2, 1, 3)

    @staticmethod
    def merge(x: Array) -> Array:
        B, H, T, d = x.shape
        return x.transpose(0, 2, 1, 3).reshape(B, T, H * d)

    def linear_back(self, name: str, x: Array, g: Array, W: str, b: str) -> Array:
        """∂x, and the gradients of the weight and the bias."""
        flat_x, flat_g = x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])
        self.grad(W, flat_g.T @ flat_x if self.oops("∂W turned") and x.shape == g.shape else flat_x.T @ flat_g)
        if b in self.w:
            if self.oops("∂b mean"):
                self.grad(b, flat_g.mean(0))
            elif self.oops("∂b rows"):
                self.grad(b, g.sum(1)[0])
            elif self.oops("∂b axis") and len(flat_g) == flat_g.shape[1]:
                self.grad(b, flat_g.sum(1))
            else:
                self.grad(b, flat_g.sum(0))
        m = self.w[W]
        return np.asarray(g @ (m if self.oops("∂x unturned") and m.shape[0] == m.shape[1] else m.T))

    def norm(self, name: str, x: Array, path: str) -> Array:
        mean = x.mean(-1, keepdims=True)
        eps = 1e-2 if self.oops("eps") else self.c.eps
        y = (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
        return self.put(name, y * self.w[path + ".gamma"] + self.w[path + ".beta"])

    def norm_back(self, x: Array, g: Array, path: str) -> Array:
        mean = x.mean(-1, keepdims=True)
        eps = 1e-2 if self.oops("eps") else self.c.eps
        std = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
        u = (x - mean) / std
        self.grad(path + ".gamma", (g * (1 if self.oops("∂gamma bare") else u)).sum((0, 1)))
        self.grad(path + ".beta", g.sum((0, 1)))
        h = g if self.oops("∂no gamma") else g * self.w[path + ".gamma"]
        if self.oops("∂norm straight"):
            return np.asarray(h / std)
        if self.oops("∂var"):
            return np.asarray((h - h.mean(-1, keepdims=True)) / std)
        if self.oops("∂mean"):
            return np.asarray((h - u * (h * u).mean(-1, keepdims=True)) / std)
        return np.asarray((h - h.mean(-1, keepdims=True) - u * (h * u).mean(-1, keepdims=True)) / std)

    def attention(self, x: Array, path: str, hide: Array | None) -> Any:
        w, c = self.w, self.c
        q, k, v = (self.put(n, x @ w[f"{path}.W_{n.upper()}"] + w[f"{path}.b_{n.upper()}"]) for n in "qkv")
        Q, K, V = (self.put(n + "h", self.split(t)) for n, t in (("q", q), ("k", k), ("v", v)))
        d = Q.shape[-1]
        root = 1.0 if self.oops("unscaled") else np.sqrt(d)
        s = self.put("scores", Q @ K.swapaxes(-1, -2))
        z = self.put("scaled", s / root)
        if hide is not None and not self.oops("no mask"):
            z = self.put("masked", z + hide if self.oops("mask plus") else np.where(hide, -np.inf, z))
        a = self.put("p", softmax(z))
        dropped = 1.0
        if self.oops("drop"):
            dropped = (self.rng.random(a.shape) < KEEP) / KEEP
        sure, a = a, a * dropped
        o = self.put("o", a @ V)
        cat = self.put("cat", self.merge(o))
        y = cat
        if c.output:
            y = self.put("att", cat @ w[path + ".W_O"] + w[path + ".b_O"])

        def back(g: Array) -> Array:
            g_cat = g
            if c.output:
                g_cat = self.grad("cat", self.linear_back("att", cat, g, path + ".W_O", path + ".b_O"))
            g_o = self.split(g_cat)
            if self.oops("∂heads"):
                B, T, D = g_cat.shape
                g_o = g_cat.reshape(B, c.heads, T, D // c.heads)
            self.grad("o", g_o)
            at = a if self.oops("∂V unturned") else a.swapaxes(-1, -2)
            g_v = self.grad("vh", at @ g_o)
            g_a = self.grad("p", (g_o @ V.swapaxes(-1, -2)) * dropped)
            p = sure
            if self.oops("∂softmax bare"):
                g_z = p * g_a
            elif self.oops("∂softmax mean"):
                g_z = p * (g_a - (g_a * p).mean(-1, keepdims=True))
            elif self.oops("∂softmax sum"):
                g_z = p * (g_a - g_a.sum(-1, keepdims=True))
            elif self.oops("∂softmax axis"):
                g_z = p * (g_a - (g_a * p).sum(-2, keepdims=True))
            elif self.oops("∂softmax diagonal"):
                g_z = p * (1 - p) * g_a
            else:
                g_z = p * (g_a - (g_a * p).sum(-1, keepdims=True))
            if hide is not None:
                self.grad("masked", g_z)
            self.grad("scaled", g_z)
            g_s = g_z / root
            if self.oops("∂unscaled"):
                g_s = g_z
            if self.oops("∂over d"):
                g_s = g_z / d
            self.grad("scores", g_s)
            g_q = self.grad("qh", g_s @ K)
            g_k = self.grad("kh", (g_s if self.oops("∂K unturned") else g_s.swapaxes(-1, -2)) @ Q)
            total: Any = 0.0
            for n, g_h in (("q", g_q), ("k", g_k), ("v", g_v)):
                B, H, T, e = g_h.shape
                flat = g_h.reshape(B, T, H * e) if self.oops("∂merge") else self.merge(g_h)
                self.grad(n, flat)
                part = self.linear_back(n, x, flat, f"{path}.W_{n.upper()}", f"{path}.b_{n.upper()}")
                if not self.oops(f"∂no {n}"):
                    total = total + part
            return np.asarray(total)

        return y, back

    def mlp(self, x: Array, path: str) -> Any:
        w = self.w
        h = self.put("h", x @ w[path + ".W_1"] + w[path + ".b_1"])
        a = self.put("act", np.where(h > 0, h, 0.01 * h) if self.oops("leaky") else np.maximum(h, 0))
        y = self.put("ff", a @ w[path + ".W_2"] + w[path + ".b_2"])

        def back(g: Array) -> Array:
            g_a = self.grad("act", self.linear_back("ff", a, g, path + ".W_2", path + ".b_2"))
            on = (h > 0).astype(float)
            if self.oops("leaky"):
                on = np.where(h > 0, 1.0, 0.01)
            if self.oops("∂relu of gradient"):
                on = (g_a > 0).astype(float)
            if self.oops("∂relu none"):
                on = np.ones_like(h)
            if self.oops("∂relu value"):
                on = a
            if self.oops("∂relu turned"):
                on = (h <= 0).astype(float)
            g_h = self.grad("h", g_a * on)
            return self.linear_back("h", x, g_h, path + ".W_1", path + ".b_1")

        return y, back

    def run(self) -> dict[str, Array]:
        """Forward, backward, update."""
        c, w = self.c, self.w
        if c.kind == "attention":
            x = self.put("inp", np.asarray(self.inputs.x, float))
            y, back = self.attention(x, "attn", None)
            t = w["loss.target"]
            self.put("loss", np.asarray(0.5 * ((y - t) ** 2).sum()))
            g = (y - t) * (2 if self.oops("∂loss twice") else 1)
            self.grad("att" if c.output else "cat", g)
            self.grad("inp", back(g))
            return self.finished()
        x = self.put("x", w["src.x"])
        hide = w["enc0.attn.mask"] != 0 if "enc0.attn.mask" in w else None
        pre = c.norm_position == "pre"
        if pre:
            n1 = self.norm("n1", x, "enc0.norm1")
            y, back_a = self.attention(n1, "enc0.attn", hide)
            r1 = self.put("r1", x + y)
            n2 = self.norm("n2", r1, "enc0.norm2")
            z, back_f = self.mlp(n2, "enc0.ffn")
            r2 = self.put("r2", r1 + z)
            last = self.norm("last", r2, "enc.norm")
        else:
            y, back_a = self.attention(x, "enc0.attn", hide)
            if self.oops("skip of norm"):  # a residual that leaves after the norm
                n0 = self.norm("n0", x, "enc0.norm1")
                r1 = self.put("r1", n0 + y)
            else:
                r1 = self.put("r1", x + y)
            n1 = self.norm("n1", r1, "enc0.norm1")
            z, back_f = self.mlp(n1, "enc0.ffn")
            r2 = self.put("r2", n1 + z)
            last = self.norm("n2", r2, "enc0.norm2")
        logits = self.put("logits", last @ w["out.W"] + w["out.b"])
        labels, pad = self.inputs.labels.ids, self.inputs.labels.pad
        keep = np.ones(labels.shape, bool) if pad is None else labels != pad
        p = softmax(logits)
        one = np.eye(p.shape[-1])[labels]
        n = float(keep.sum())
        self.put("loss", np.asarray(-(np.log((p * one).sum(-1)) * keep).sum() / n))
        g = p - one if not self.oops("∂loss of p") else p * (p - one)
        g = g if self.oops("∂pads") else g * keep[..., None]
        if not self.oops("∂loss sum"):
            g = g / (len(labels) if self.oops("∂loss batch") else keep.size if self.oops("∂loss all") else n)
        g = self.grad("logits", g)
        g = self.linear_back("logits", last, g, "out.W", "out.b")
        if pre:
            self.grad("last", g)
            g = self.grad("r2", self.norm_back(r2, g, "enc.norm"))
            self.grad("ff", g)
            b = self.grad("n2", back_f(g))
            b = self.norm_back(r1, b, "enc0.norm2")
            g = self.grad("r1", b if self.oops("∂no skip 2") else g if self.oops("∂skip alone") else g + b)
            self.grad("att", g)
            b = self.norm_back(x, self.grad("n1", back_a(g)), "enc0.norm1")
            self.grad("x", b if self.oops("∂no skip 1") else g + b)
        else:
            self.grad("n2", g)
            g = self.grad("r2", self.norm_back(r2, g, "enc0.norm2"))
            self.grad("ff", g)
            b = back_f(g)
            g = self.grad("n1", b if self.oops("∂no skip 2") else g if self.oops("∂skip alone") else g + b)
            g = self.grad("r1", self.norm_back(r1, g, "enc0.norm1"))
            self.grad("att", g)
            b = back_a(g)
            self.grad("x", b if self.oops("∂no skip 1") else g + b)
        return self.finished()

    def finished(self) -> dict[str, Array]:
        """All arrays in their order: weights, forward, gradients, new weights."""
        own = {path: self.w[path] for path in self.grads if path in self.w and path not in self.rows}
        new = {path + ".new": self.w[path] - LR * self.grads[path] for path in own}
        return {**own, **self.rows, **{f"{name}.grad": g for name, g in self.grads.items()}, **new}
