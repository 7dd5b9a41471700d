"""How long a diagnosis takes beside one trace of the same model: a run of GPT-2 small's shape over 32 tokens.

    python benchmarks/diagnose.py [--layers 12] [--shape gpt2,llama] [--kind K]… [--place first,middle,last,outside]
                                  [--every] [--right] [--unrelated] [--figures FILE]

Each kind of mistake that a diagnosis knows is planted at each step where it can be made, in the first, the middle and
the last layer and outside of the layers, in a run of about 40 arrays a layer, gradients included; with mistakes of
gradients and of the update those of the parameters are recorded, too. Told is for each the time of the diagnosis beside
that of one trace (forward, backward and update), and at the end the worst of each kind. ``--every`` plants every way in
which a mistake is made, not only the first; ``--right`` nothing at all; ``--unrelated`` measures instead how long it takes
to say that a recording has nothing in common with a small model: the seconds of the processor.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import figures
import numpy as np
from msgspec import Struct, field

import tfstep
from tfstep.compare.book import Book
from tfstep.compare.causes.table import Step, ways
from tfstep.compare.layout import role
from tfstep.compare.plant import Patch, Site, forward_nodes, planted
from tfstep.compare.recorded.recorder import of
from tfstep.compare.tolerance import rounded
from tfstep.compare.walk import Walk
from tfstep.engine.op import Array
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text

KEYS = {
    "gpt2": "d_ff: 3072, activation: gelu_tanh, norm_position: pre, positional: learned",
    "llama": "d_ff: 2048, activation: swiglu, norm_position: pre, norm: rms, positional: rope, bias: false",
}
SHAPE = """
tfstep: 1
title: GPT-2 small's shape
model: {{kind: decoder, layers: {layers}, d_model: 768, heads: 12, dtype: float32, {keys}}}
vocab: 512
input: {{target: [{words}], labels: [{words}]}}
weights: {{seed: 0, init: {{normal: 0.02}}}}
train: {{optimizer: {optimizer}, lr: 0.001}}
"""
PLACES = ("first", "middle", "last", "outside")
Rows = dict[str, np.ndarray]
Change = Callable[[np.ndarray], np.ndarray]
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Mistake(Struct, frozen=True, eq=False):
    """One mistake: its kind, the step and the place where it is made; what is made otherwise, and which results of the
    steps after the forward pass are changed."""

    kind: str
    path: str
    place: str
    patches: Mapping[str, Patch] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)


def started(shape: str, layers: int, optimizer: str = "sgd") -> Trace:
    """A trace of the model, with weights of which none is one or zero."""
    words = ", ".join(f"'{n}'" for n in range(32))
    scenario = load_text(SHAPE.format(layers=layers, words=words, keys=KEYS[shape], optimizer=optimizer))
    start, rng = scenario.program.trace(), np.random.default_rng(1)
    moved = {
        n.path: start.value(n.slot) + rng.normal(0, 0.1, n.shape)
        for n in start.plan.nodes
        if n.kind == "parameter" and len(n.shape) == 1
    }
    return start.edit(moved).run()


def rows_of(trace: Trace, mistake: Mistake | None) -> Rows:
    """What a run with this mistake writes down: the forward pass and its gradients; those of the parameters and their new
    values where the mistake is one of these."""
    plan, changes = trace.plan, {} if mistake is None else mistake.changes
    scenario = plan.origin
    if mistake is not None and mistake.patches:
        plan = planted(plan, mistake.patches, scenario.model, scenario.train)
    values: list[Any] = [None] * len(plan.nodes)
    for node in plan.nodes:
        if node.op is None:
            known = node.path in trace.plan.paths
            values[node.slot] = trace.value(trace.plan.paths[node.path].slot) if known else plan.leaves[node.slot]
            continue
        args = [values[s] if isinstance(s, int) else s.value for s in node.inputs]
        with np.errstate(all="ignore"):  # a mistake may give what is not finite
            values[node.slot] = np.asarray(node.op.forward(*args, **node.attrs)).astype(node.dtype, copy=False)
        if node.path in changes:
            values[node.slot] = changes[node.path](values[node.slot])
    kept = [n for n in plan.nodes if n.phase == "forward" and n.dtype.kind == "f" and n.path in trace.plan.paths]
    if changes:
        kept += [n for n in plan.nodes if n.kind == "parameter"]
    grads = [g for n in kept if (g := plan.gradient(n)) is not None]
    news = [n for n in plan.nodes if n.role.name == "new"] if changes else []
    return {n.path: np.array(values[n.slot]) for n in (*kept, *grads, *news)}


def mistakes(trace: Trace, every: bool) -> Iterator[Mistake]:
    """Every kind of mistake, at every step where it can be made."""
    plan, scenario = trace.plan, trace.plan.origin
    layers = scenario.model.decoder_layers
    at = {f"dec{k}": place for place, k in (("last", layers - 1), ("middle", layers // 2), ("first", 0))}
    there = Walk(plan, [trace.value(n.slot) for n in plan.nodes])
    empty = Book.of(of({"x": np.zeros(3)}), scenario.model)
    for node in forward_nodes(plan):
        layer = node.path.partition(".")[0]
        place = at.get(layer, "" if layer[-1].isdigit() else "outside")
        if node.op is None or node.kind != "step" or not place:
            continue
        known = set()
        for way in ways(Step(node, plan, there, empty, scenario.model, scenario.inputs)):
            if (every or way.kind not in known) and _tells(trace, way.patches):
                known.add(way.kind)
                yield Mistake(way.kind, way.path, place, way.patches)
        if role(node.path) in ("weights", "act", "out") and place != "outside":
            yield Mistake("dropout", node.path, place, {node.path: _dropped})
            yield Mistake("dtype", node.path, place, {node.path: _in_half(trace.value(node.slot))})
            g = plan.gradient(node)
            assert g is not None
            yield Mistake("grad-missing", g.path, place, changes={g.path: np.zeros_like})
    yield from _gradients(trace)


def _tells(trace: Trace, patches: Mapping[str, Patch]) -> bool:
    """Whether a mistake can be planted here, and changes any number."""
    try:
        plan = planted(trace.plan, patches, trace.plan.origin.model)
    except (KeyError, ValueError, AttributeError, IndexError, TypeError):
        return False
    last = max(plan.paths[path].slot for path in patches)
    values: list[Any] = [None] * len(plan.nodes)
    for node in plan.nodes[: last + 1]:
        known = trace.plan.paths.get(node.path)
        if node.op is None:
            values[node.slot] = plan.leaves[node.slot] if known is None else trace.value(known.slot)
        elif known is not None and node.path not in patches:
            values[node.slot] = trace.value(known.slot)
        else:
            args = [values[s] if isinstance(s, int) else s.value for s in node.inputs]
            with np.errstate(all="ignore"):
                values[node.slot] = np.asarray(node.op.forward(*args, **node.attrs))
    pairs = ((values[plan.paths[p].slot], trace.value(trace.plan.paths[p].slot)) for p in patches)
    return any(a.shape == b.shape and not np.allclose(a, b, rtol=1e-3, atol=1e-6) for a, b in pairs)


def _dropped(at: Site) -> Array:
    kept = np.random.default_rng(3).random(at.node.shape) > 0.1
    return at.usual() * at.constant((kept / 0.9).astype(at.node.dtype))


def _in_half(value: np.ndarray) -> Patch:
    change = (rounded(value, "float16") - value).astype(value.dtype)
    return lambda at: at.usual() + at.constant(change)


def _gradients(trace: Trace) -> Iterator[Mistake]:
    """Mistakes of all gradients of parameters."""
    grads = [g for n in trace.plan.nodes if n.kind == "parameter" and (g := trace.plan.gradient(n)) is not None]
    for kind, factor in (("grad-accumulated", 2.0), ("grad-clipped", 0.1)):
        yield Mistake(kind, "", "outside", changes={g.path: _times(factor) for g in grads})


def updates(trace: Trace) -> Iterator[Mistake]:
    """Mistakes of Adam."""
    train = trace.plan.origin.train
    (b1, b2), lr = train.betas, train.lr

    def adam(
        p: np.ndarray, g: np.ndarray, decay: float = 0.0, eps: float = train.eps, fixed: bool = True
    ) -> np.ndarray:
        g = g + decay * p
        m, v = (1 - b1) * g, (1 - b2) * g * g
        m, v = (m / (1 - b1), v / (1 - b2)) if fixed else (m, v)
        return p - lr * m / (np.sqrt(v) + eps)

    rules: dict[str, Rule] = {
        "weight-decay": lambda p, g: adam(p, g, decay=0.01),
        "optimizer-eps": lambda p, g: adam(p, g, eps=1e-4),
        "optimizer-bias": lambda p, g: adam(p, g, fixed=False),
        "momentum": lambda p, g: p - lr * g / (1 - b1) / (np.abs(g) + train.eps),
    }
    for kind, rule in rules.items():
        yield Mistake(kind, "", "outside", changes=dict(_news(trace, rule)))


def _news(trace: Trace, rule: Rule) -> Iterator[tuple[str, Change]]:
    """Every new value by this rule."""
    for node in trace.plan.nodes:
        g, new = trace.plan.gradient(node), trace.plan.new(node)
        if node.kind == "parameter" and g is not None and new is not None:
            yield new.path, _ruled(trace.value(node.slot), trace.value(g.slot), rule)


def _ruled(p: np.ndarray, g: np.ndarray, rule: Rule) -> Change:
    return lambda y: np.asarray(rule(p, g), y.dtype)


def _times(factor: float) -> Change:
    return lambda y: np.asarray(factor * y, y.dtype)


def traced(trace: Trace) -> float:
    """The seconds of one trace."""
    leaves = {n.slot: trace.value(n.slot) for n in trace.plan.nodes if n.op is None}
    begin = time.perf_counter()
    Trace.start(trace.plan, leaves).run()
    return time.perf_counter() - begin


def timed(trace: Trace, rows: Rows) -> tuple[tfstep.Diagnosis, float]:
    """A diagnosis, and its seconds."""
    begin = time.perf_counter()
    found = tfstep.diagnose(trace, rows)
    return found, time.perf_counter() - begin


SMALL = """
tfstep: 1
title: Two layers
model: {kind: encoder, layers: 2, d_model: 8, heads: 2, d_ff: 12, activation: gelu_tanh}
vocab: {source: [<pad>, a, b, c, d, e], target: [<pad>, p, q, r]}
input: {source: [c a d, a b c d e], labels: [r p q, p q r p q]}
weights: {seed: 4, init: {normal: .4}}
"""


def unrelated() -> Iterator[tuple[str, Rows]]:
    """Recordings that have nothing in common with two layers of an encoder."""
    rng = np.random.default_rng(0)
    steps = [n for n in load_text(SMALL).program.plan.steps if n.phase == "forward" and n.dtype.kind == "f"]
    yield "one array", {"q": rng.normal(size=(2, 5, 8))}
    yield "5,000 arrays", {f"a{k}": rng.normal(size=steps[k % len(steps)].shape) for k in range(5000)}
    yield (
        "64 million numbers",
        {**{f"a{k}": rng.normal(size=(4000, 4000)) for k in range(4)}, "q": rng.normal(size=(2, 5, 8))},
    )


def refused(rows: Rows) -> float:
    """The seconds of the processor after which it is said that there is nothing to compare."""
    scenario, begin = load_text(SMALL), time.process_time()
    try:
        tfstep.diagnose(scenario, rows)
    except tfstep.TfstepError:
        return time.process_time() - begin
    raise SystemExit("something unrelated was found to be a tensor of the model")


def warm(trace: Trace) -> float:
    """A first trace and a first diagnosis, which pay for fresh memory and for what is imported when it is needed."""
    timed(trace, rows_of(trace, None))
    return traced(trace)


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--layers", type=int, default=12)
    asked.add_argument("--shape", choices=tuple(KEYS), default="gpt2")
    asked.add_argument("--kind", action="append", help="only this kind of mistake")
    asked.add_argument("--place", choices=PLACES, action="append", help="only there")
    asked.add_argument("--every", action="store_true", help="every way in which a mistake is made")
    asked.add_argument("--right", action="store_true", help="only a right run")
    asked.add_argument("--unrelated", action="store_true", help="recordings with nothing in common with a small model")
    figures.option(asked)
    options = asked.parse_args()
    kept = figures.Figures("diagnose", options.figures)
    if options.unrelated:
        for name, rows in unrelated():
            kept.add("nothing in common with two layers", name, [refused(rows) for _ in range(3)], "s", aim=8)
        return
    case = f"{options.shape}, {options.layers} layers"
    worst: dict[str, tuple[float, Mistake]] = {}
    sides = [("sgd", lambda trace: mistakes(trace, options.every)), ("adam", updates)]
    for optimizer, made in sides[: 1 if options.place and "outside" not in options.place else 2]:
        trace = started(options.shape, options.layers, optimizer)
        one = [warm(trace), *(traced(trace) for _ in range(5))][1:]
        right = [timed(trace, rows_of(trace, None))[1] / statistics.median(one) for _ in range(3)]
        kept.add(f"{case}, {optimizer}", "one trace", one, "s")
        kept.add(f"{case}, {optimizer}", "a right run beside one trace", right, aim=3)
        for mistake in () if options.right else made(trace):
            if (options.kind and mistake.kind not in options.kind) or (
                options.place and mistake.place not in options.place
            ):
                continue
            rows = rows_of(trace, mistake)
            one.append(traced(trace))
            found, took = timed(trace, rows)
            ratio = took / statistics.median(one[-5:])
            said = ", ".join(f"{cause.kind} {cause.path}" for cause in found.causes) or "no cause"
            print(f"  {ratio:5.2f}  {mistake.kind:20} {mistake.path:22} {len(rows)} arrays, {said}", flush=True)
            if ratio > worst.get(mistake.kind, (0.0, mistake))[0]:
                worst[mistake.kind] = ratio, mistake
    for kind, (ratio, mistake) in sorted(worst.items()):
        kept.add(f"{case}, {kind}", f"worst beside one trace, {mistake.place}", ratio, aim=3)
    if worst:
        kept.add(case, "the worst mistake beside one trace", max(ratio for ratio, _ in worst.values()), aim=3)


if __name__ == "__main__":
    main()
