"""The two sides of `record.py`: the same encoder in tfstep and, written out by hand, in PyTorch."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TOY = {"name": "toy encoder", "tokens": 3, "layers": 1, "d": 4, "heads": 2, "ff": 8, "vocab": 4, "runs": 300}
LARGE = {"name": "large encoder", "layers": 12, "d": 768, "heads": 12, "ff": 3072, "vocab": 50257, "runs": 3}


def scenario_text(task: dict[str, Any]) -> str:
    """The scenario, as a file would have it; YAML reads JSON."""
    words = [str(7 * i % task["vocab"]) for i in range(task["tokens"])]
    return json.dumps(
        {
            "tfstep": 1,
            "title": task["name"],
            "model": {
                "kind": "encoder",
                "layers": task["layers"],
                "d_model": task["d"],
                "heads": task["heads"],
                "d_ff": task["ff"],
                "activation": "gelu_tanh",
                "norm_position": "pre",
                "dtype": "float32",
            },
            "vocab": task["vocab"],
            "input": {"source": words, "labels": words[::-1]},
            "weights": {"init": {"normal": 0.02}},
        }
    )


def measure(task: dict[str, Any]) -> dict[str, Any]:
    """One side, in this process."""
    return tfstep_side(task) if task["side"] == "tfstep" else torch_side(task)


def timed(run: Callable[[], Any], runs: int) -> tuple[float, float, Any]:
    """Seconds of the first run, the median of the later ones, and what the last returned."""
    started = time.perf_counter()
    result = run()
    cold = time.perf_counter() - started
    warm = []
    for _ in range(runs):
        del result
        started = time.perf_counter()
        result = run()
        warm.append(time.perf_counter() - started)
    return cold, statistics.median(warm), result


def tfstep_side(task: dict[str, Any]) -> dict[str, Any]:
    """tfstep.trace(): forward, backward, update, everything kept."""
    import tfstep
    from tfstep.scenario.scenario import load_text

    scenario = load_text(scenario_text(task))
    program = scenario.program  # the plan, and the weights drawn: the other side reads them from a file
    weights = Path(task["weights"])
    named = {n.path: program.leaves[n.slot] for n in program.plan.nodes if n.kind == "parameter"}  # drawn now
    if not weights.exists():
        np.savez(weights, **named)
    cold, warm, trace = timed(lambda: tfstep.trace(scenario).run(), task["runs"])  # a large one waits until it is read
    weight, loss = f"enc{task['layers'] - 1}.ffn.W_2", []

    def edit(read: Callable[[Any], object]) -> float:
        times = []
        for k in range(task["runs"]):
            started = time.perf_counter()
            read(trace.edit({f"{weight}[0,0]": 0.01 * (k + 1)}))
            times.append(time.perf_counter() - started)
        return statistics.median(times)

    gradients = [node.path for node in trace.plan.nodes if node.kind == "parameter"]
    to_loss = edit(lambda edited: loss.append(edited["loss"].value))
    to_gradients = edit(lambda edited: [edited[path].grad for path in gradients])
    return {
        "cold": cold,
        "warm": warm,
        "loss": float(trace["loss"].value),
        "bytes": held(trace),
        "edit": to_loss / warm,
        "edit_grads": to_gradients / warm,
    }


def held(trace: Any) -> float:
    """Bytes of all memory that a trace keeps alive, over those of its distinct tensors (views counted once).

    A gradient's share by use, ``P.grad/CONSUMER``, is held but is none of the tensors.
    """
    every: dict[int, int] = {}
    wanted: dict[int, int] = {}
    for node in trace.plan.nodes:
        owner = trace.value(node.slot)
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        memory = owner if owner.base is None else owner.base  # a part of a chunk of memory
        every[id(memory)] = memory.nbytes
        if ".grad/" not in node.path:
            wanted[id(memory)] = memory.nbytes
    return sum(every.values()) / sum(wanted.values())


def torch_side(task: dict[str, Any]) -> dict[str, Any]:
    """The same in PyTorch, with every tensor retained or plain."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(task["threads"])
    with np.load(task["weights"]) as archive:
        start = {path: torch.from_numpy(archive[path]) for path in archive.files}
    retain = task["side"] == "retained"
    ids = torch.tensor([[7 * i % task["vocab"] for i in range(task["tokens"])]])
    labels = ids.flip(1)
    n, d, heads, t = task["layers"], task["d"], task["heads"], task["tokens"]
    angle = np.arange(t)[:, None] / 10000.0 ** (np.arange(0, d, 2) / d)
    pos = torch.from_numpy(np.stack([np.sin(angle), np.cos(angle)], -1).reshape(t, d).astype(np.float32))
    mask = torch.zeros((1, 1, t, t), dtype=torch.bool)

    def run() -> Any:
        kept: list[Any] = []

        def keep(x: Any) -> Any:
            if retain:
                x.retain_grad()
                kept.append(x)
            return x

        p = {path: value.detach().requires_grad_() for path, value in start.items()}

        def dense(x: Any, at: str, name: str) -> Any:
            return keep(x @ p[f"{at}.W{name}"] + p[f"{at}.b{name}"])

        def split(x: Any) -> Any:
            return keep(x.view(1, t, heads, d // heads).transpose(1, 2))

        def norm(x: Any, at: str) -> Any:
            return keep(functional.layer_norm(x, (d,), p[f"{at}.gamma"], p[f"{at}.beta"], 1e-5))

        x = keep(keep(p["src.E"][ids]) + pos)
        for i in range(n):
            at = f"enc{i}"
            y = norm(x, f"{at}.norm1")
            Q, K, V = (split(dense(y, f"{at}.attn", f"_{name}")) for name in "QKV")
            scaled = keep(keep(Q @ K.transpose(-1, -2)) / (d // heads) ** 0.5)
            weights = keep(torch.softmax(keep(scaled.masked_fill(mask, -1e9)), -1))
            concat = keep(keep(weights @ V).transpose(1, 2).reshape(1, t, d))
            x = keep(x + dense(concat, f"{at}.attn", "_O"))
            hidden = dense(norm(x, f"{at}.norm2"), f"{at}.ffn", "_1")
            x = keep(x + dense(keep(functional.gelu(hidden, approximate="tanh")), f"{at}.ffn", "_2"))
        logits = dense(norm(x, "enc.norm"), "out", "")
        if retain:
            kept.append(torch.softmax(logits.detach(), -1))
        loss = functional.cross_entropy(logits[0], labels[0])
        loss.backward()
        with torch.no_grad():
            if retain:
                kept.append({path: value - 0.1 * value.grad for path, value in p.items()})
                return loss.detach(), kept, p
            for value in p.values():  # in place would move the start: the plain side pays for its new values too
                value.grad.mul_(-0.1).add_(value)
        return loss.detach(), None, None

    cold, warm, result = timed(run, task["runs"])
    return {"cold": cold, "warm": warm, "loss": float(result[0])}
