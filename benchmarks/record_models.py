"""The sides of `record.py`: the same encoder in tfstep, in PyTorch written out by hand, and its matrix products alone."""

from __future__ import annotations

import json
import re
import resource
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
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
    sides = {"tfstep": tfstep_side, "less": less_side, "products": products_side}
    return sides.get(task["side"], torch_side)(task)


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


def drawn(task: dict[str, Any]) -> Any:
    """The scenario with its weights drawn, and written for the other side where nobody has; the peak counts from here."""
    from tfstep.scenario.scenario import load_text

    scenario = load_text(scenario_text(task))
    program = scenario.program
    weights = Path(task["weights"])
    named = {n.path: program.leaves[n.slot] for n in program.plan.nodes if n.kind == "parameter"}
    if not weights.exists():
        np.savez(weights, **named)
    with suppress(OSError):  # where the system lets it be reset
        Path("/proc/self/clear_refs").write_text("5")
    return scenario


def peak() -> float:
    """Megabytes that this process had at its peak since the weights are drawn."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    return int(found[1]) / 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tfstep_side(task: dict[str, Any]) -> dict[str, Any]:
    """tfstep.trace(): forward, backward, update, everything kept."""
    import tfstep

    scenario = drawn(task)
    cold, warm, trace = timed(lambda: tfstep.trace(scenario).run(), task["runs"])  # a large one waits until it is read
    most, (every, wanted) = peak(), held(trace)
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
        "held": sum(every.values()),
        "peak": most,
        "bytes": sum(every.values()) / sum(wanted.values()),
        "edit": to_loss / warm,
        "edit_grads": to_gradients / warm,
    }


def less_side(task: dict[str, Any]) -> dict[str, Any]:
    """The same with less kept: the loss, and every parameter's gradient and new value, each read and let go."""
    import tfstep

    scenario = drawn(task).keeping("less")
    plan = scenario.plan
    learned = [node for node in plan.nodes if plan.new(node) is not None]
    learned.sort(key=lambda node: plan.gradient(node).slot)  # from the last part to the first

    def run() -> Any:
        trace = tfstep.trace(scenario)
        trace.value(plan.paths["loss"].slot)
        for node in learned:
            trace.value(plan.gradient(node).slot)
            trace.value(plan.new(node).slot)
        return trace

    cold, warm, trace = timed(run, task["runs"])
    most = peak()
    kept = sum(held(tfstep.trace(scenario).run())[0].values())
    return {"cold": cold, "warm": warm, "loss": float(trace["loss"].value), "peak": most, "held": kept}


def products_side(task: dict[str, Any]) -> dict[str, Any]:
    """Its matrix products alone, each into memory of its own: y = x W, ∂W = xᵀ ∂y and ∂x = ∂y Wᵀ, and those of the heads."""
    n, d, t, heads, ff = (task[key] for key in ("layers", "d", "tokens", "heads", "ff"))
    draw = np.random.default_rng(0)

    def matrix(*shape: int) -> np.ndarray:
        return draw.standard_normal(shape, np.float32)

    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(n):
        for a, b in ((d, d),) * 4 + ((d, ff), (ff, d)):
            pairs += _three(matrix(t, a), matrix(a, b), matrix(t, b))
        q, weights = matrix(heads, t, d // heads), matrix(heads, t, t)
        pairs += _three(q, matrix(heads, d // heads, t), weights)
        pairs += _three(weights, q, matrix(heads, t, d // heads))
    pairs += _three(matrix(t, d), matrix(d, task["vocab"]), matrix(t, task["vocab"]))
    outs: list[np.ndarray] = []

    def run() -> None:
        if not outs:  # the first run pays for its memory, as that of a trace does
            outs.extend(np.empty((*a.shape[:-1], b.shape[-1]), np.float32) for a, b in pairs)
        for (a, b), out in zip(pairs, outs, strict=True):
            np.matmul(a, b, out=out)

    cold, warm, _ = timed(run, task["runs"])
    return {"cold": cold, "warm": warm}


def _three(x: np.ndarray, W: np.ndarray, g: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(x, W), (x.swapaxes(-1, -2), g), (g, W.swapaxes(-1, -2))]


def held(trace: Any) -> tuple[dict[int, int], dict[int, int]]:
    """Bytes of all memory that a trace keeps alive, and those of its distinct tensors (views counted once).

    A gradient's share by use, ``P.grad/CONSUMER``, is held but is none of the tensors.
    """
    every: dict[int, int] = {}
    wanted: dict[int, int] = {}
    for node in trace.plan.nodes:
        owner = trace.values[node.slot]
        if owner is None:
            continue
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        memory = owner if owner.base is None else owner.base  # a part of a chunk of memory
        every[id(memory)] = memory.nbytes
        if ".grad/" not in node.path:
            wanted[id(memory)] = memory.nbytes
    return every, wanted


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
