"""Record in PyTorch where a gradient stops on its way back, and where it only seems to, as `detached.npz` beside this script.

    PYTHONPATH=. python tests/compare/make_detached.py

needs PyTorch (recorded with 2.13.0); the everyday tests read the file.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from make_plants import Runs
from plants import Start
from torch import nn
from torch.utils.checkpoint import checkpoint

import tfstep
import tfstep.torch

FILE = Path(__file__).with_name("detached.npz")
MODEL = "pre-norm"
STOPS: tuple[tuple[str, str], ...] = (
    ("weights.detach()", "enc0.attn.weights.grad"), ("weights.data", "enc0.attn.weights.grad"),
    ("weights by NumPy", "enc0.attn.weights.grad"), ("weights from a list", "enc0.attn.weights.grad"),
    ("no_grad() at the softmax", "enc0.attn.weights.grad"), ("scores.detach()", "enc0.attn.scores.grad"),
    ("q.detach()", "enc0.attn.q_proj.grad"), ("k.data", "enc0.attn.k_proj.grad"), ("v.detach()", "enc0.attn.v_proj.grad"),
    ("no_grad() at k", "enc0.attn.k_proj.grad"), ("merged.detach()", "enc0.attn.concat.grad"),
    ("W_Q.data", "enc0.attn.W_Q.grad"), ("norm1.detach()", "enc0.norm1.grad"), ("attention.detach()", "enc0.attn.out.grad"),
    ("act.detach()", "enc0.ffn.act.grad"), ("x.detach()", "src.x.grad"), ("last.detach()", "enc.norm.grad"),
    ("frozen W_Q", "enc0.attn.W_Q.grad"), ("frozen b_V", "enc0.attn.b_V.grad"), ("frozen E", "src.E.grad"),
    ("frozen W_1", "enc0.ffn.W_1.grad"), ("frozen but for the head", "enc.norm.gamma.grad"), ("pos as buffer", "src.pos.grad"),
)  # fmt: skip
"""What is done, and the gradient that is missing by it."""
RIGHT = (
    "", "scores in place", "mask in place", "relu in place", "sum in place", "weights shown under no_grad()", "weights shown",
    "weights shown detached", "a copy kept", "greatest score detached", "straight through", "recomputed",
    "recomputed, reentrant", "old gradients", "parameters without use", "all frozen", "from vectors",
)  # fmt: skip
"""What stops no gradient that anybody wants."""


class Encoder(nn.Module):
    """One block before its norms, written plainly, with one thing done to it."""

    def __init__(self, start: Start, done: str) -> None:
        super().__init__()
        self.done = done
        for path in start.parameters:
            self.register_parameter(path.replace(".", "_"), nn.Parameter(torch.tensor(start.w[path])))
        if done.startswith("frozen"):
            own = {n: p for n, p in self.named_parameters() if n.endswith(done.partition(" ")[2])}
            for parameter in (own or {n: p for n, p in self.named_parameters() if not n.startswith("out_")}).values():
                parameter.requires_grad_(False)
        if done == "all frozen":
            self.requires_grad_(False)
        if done == "pos as buffer":
            table = self.src_pos.data
            del self.src_pos
            self.register_buffer("src_pos", table)
        if done == "parameters without use":
            self.more = nn.Parameter(torch.ones(8, dtype=torch.float64))
            self.copy = nn.Parameter(self.enc0_attn_W_Q.data.clone())

    def weight(self, name: str) -> torch.Tensor:
        return getattr(self, f"enc0_{name}")

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(x, x.shape[-1:], getattr(self, name + "_gamma"), getattr(self, name + "_beta"), 1e-5)

    def projected(self, x: torch.Tensor, letter: str) -> torch.Tensor:
        w = self.weight("attn_W_" + letter)
        return x @ (w.data if self.done == f"W_{letter}.data" else w) + self.weight("attn_b_" + letter)

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        done = self.done
        q, v = self.projected(x, "Q"), self.projected(x, "V")
        if done == "no_grad() at k":
            with torch.no_grad():
                k = self.projected(x, "K")
        else:
            k = self.projected(x, "K")
        q = q.detach() if done == "q.detach()" else q
        k = k.data if done == "k.data" else k
        v = v.detach() if done == "v.detach()" else v
        q, k, v = (t.unflatten(-1, (2, -1)).transpose(1, 2) for t in (q, k, v))
        root = math.sqrt(q.shape[-1])
        if done.startswith("weights shown"):
            if done.endswith("()"):
                with torch.no_grad():
                    self.shown = (q @ k.mT / root).softmax(-1)
            else:
                a, b = (q.detach(), k.detach()) if done.endswith("detached") else (q, k)
                self.shown = (a @ b.mT / root).softmax(-1)
            return self.merged(F.scaled_dot_product_attention(q, k, v))
        s = q @ k.mT
        s = s.detach() if done == "scores.detach()" else s
        if done == "scores in place":
            s /= root
        else:
            s = s / root
        if done == "mask in place":
            s[:, :, torch.zeros(s.shape[-2:], dtype=torch.bool)] = -1e9
        if done == "greatest score detached":
            e = (s - s.amax(-1, keepdim=True).detach()).exp()
            p = e / e.sum(-1, keepdim=True)
        elif done == "no_grad() at the softmax":
            with torch.no_grad():
                p = s.softmax(-1)
        else:
            p = s.softmax(-1)
        if done == "a copy kept":
            self.shown = p.detach().clone()
        if done == "straight through":
            p = p.detach() + p - p.detach()
        p = p.detach() if done == "weights.detach()" else p.data if done == "weights.data" else p
        p = torch.from_numpy(p.detach().numpy()) if done == "weights by NumPy" else p
        p = torch.tensor(p.tolist(), dtype=p.dtype) if done == "weights from a list" else p
        return self.merged(p @ v)

    def merged(self, o: torch.Tensor) -> torch.Tensor:
        y = o.transpose(1, 2).flatten(-2)
        y = y.detach() if self.done == "merged.detach()" else y
        return y @ self.weight("attn_W_O") + self.weight("attn_b_O")

    def block(self, x: torch.Tensor) -> torch.Tensor:
        done = self.done
        n = self.norm(x, "enc0_norm1")
        a = self.attention(n.detach() if done == "norm1.detach()" else n)
        a = a.detach() if done == "attention.detach()" else a
        if done == "sum in place":
            x = x.clone()
            x += a
        else:
            x = x + a
        n = self.norm(x, "enc0_norm2")
        h = F.relu(n @ self.weight("ffn_W_1") + self.weight("ffn_b_1"), inplace=done == "relu in place")
        h = h.detach() if done == "act.detach()" else h
        return x + (h @ self.weight("ffn_W_2") + self.weight("ffn_b_2"))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = ids if ids.is_floating_point() else self.src_E[ids] + self.src_pos[: ids.shape[1]]
        x = x.detach() if self.done == "x.detach()" else x
        if self.done.startswith("recomputed"):
            x = checkpoint(self.block, x, use_reentrant=self.done.endswith("reentrant"))
        else:
            x = self.block(x)
        x = self.norm(x, "enc_norm")
        x = x.detach() if self.done == "last.detach()" else x
        return x @ self.out_W + self.out_b


def main() -> None:
    """Record and write."""
    runs, start = Runs(FILE), Start(MODEL)
    ids, labels = (torch.tensor(side.ids) for side in (start.scenario.inputs.source, start.scenario.inputs.labels))

    def loss(z: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(z.flatten(0, 1), labels.flatten())

    for done, path in (*STOPS, *((each, "") for each in RIGHT)):
        module, given = Encoder(start, done), ids
        if done == "old gradients":
            loss(module(ids)).backward()
        if done == "from vectors":
            given = (module.src_E[ids] + module.src_pos[: ids.shape[1]]).detach()
        runs.add(tfstep.torch.record(module, given, loss=loss), done=done, path=path)
    runs.write()


if __name__ == "__main__":
    main()
