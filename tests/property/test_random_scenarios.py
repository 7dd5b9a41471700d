"""Random scenarios of every kind: gradients, unfoldings, explanations, pins and replays agree on each."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import tfstep
from tfstep.address.grammar import cell_name
from tfstep.engine.node import Node
from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import load_text

EXAMPLES = settings(max_examples=25, deadline=None)
WORDS = ["<pad>", "<sos>", "a", "b", "c", "d"]
SMOOTH = ["gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "identity"]  # finite differences need no kinks


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """A scenario file as a dict; small, so that everything about it can be checked."""
    kind = draw(st.sampled_from(["encoder", "decoder", "encoder-decoder", "attention", "mlp"]))
    heads = draw(st.sampled_from([1, 2]))
    model: dict[str, Any] = {"kind": kind}
    scenario: dict[str, Any] = {
        "tfstep": 1,
        "title": "random",
        "model": model,
        "weights": {"seed": draw(st.integers(0, 99))},
    }
    scenario["weights"]["init"] = {"normal": 0.7}
    numbers = st.floats(-1.5, 1.5, allow_nan=False).map(lambda x: round(x, 3))
    if kind == "mlp":
        sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
        model |= {"sizes": sizes, "activation": draw(st.sampled_from(SMOOTH)), "bias": draw(st.booleans())}
        batch = draw(st.integers(1, 3))
        scenario["input"] = {"x": draw(_matrix(numbers, batch, sizes[0]))}
        target = draw(_matrix(numbers, batch, sizes[-1]))
        scenario["loss"] = {"kind": draw(st.sampled_from(["mse", "half_mse"])), "target": target}
        return scenario
    model |= {"heads": heads, "scale": draw(st.booleans()), "bias": draw(st.booleans())}
    if kind == "attention":
        width = 2 * heads
        model |= {
            "d_model": width,
            "output": draw(st.booleans()),
            "positional": draw(st.sampled_from(["none", "rope"])),
        }
        scenario["input"] = {"x": draw(_matrix(numbers, draw(st.integers(1, 4)), width))}
        scenario["loss"] = {"kind": "sum", "of": "attn.weights"} if draw(st.booleans()) else {"kind": "sum"}
        return scenario
    model |= {
        "layers": draw(st.integers(1, 2)),
        "d_model": 4,
        "d_ff": draw(st.integers(1, 5)),
        "activation": draw(st.sampled_from([*SMOOTH, "swiglu"])),
        "norm": draw(st.sampled_from(["layer", "rms", "batch", "none"])),
        "norm_position": draw(st.sampled_from(["post", "pre"])),
        "residual": draw(st.booleans()),
        "positional": draw(st.sampled_from(["sinusoidal", "learned", "rope", "none"])),
        "embed_scale": draw(st.booleans()),
        "mask": {"padding": draw(st.booleans()), "causal": draw(st.booleans())},
        "eps": 0.1,
    }
    model |= draw(more(model))
    for key in idle(model):
        model.pop(key, None)
    if model["positional"] == "rope":
        model["rope"] = {"pairs": draw(st.sampled_from(["interleaved", "half"]))}
    scenario["vocab"] = WORDS
    words = st.lists(st.sampled_from(WORDS[1:]), min_size=2, max_size=3).map(" ".join)
    offset = draw(st.integers(0, 3))
    scenario["input"] = {"offset": offset} if model["positional"] in ("sinusoidal", "learned", "rope") else {}
    if kind != "decoder":
        scenario["input"]["source"] = draw(words)
    if kind != "encoder":
        scenario["input"]["target"] = draw(words)
    reader = scenario["input"]["source" if kind == "encoder" else "target"]
    labels = draw(st.lists(st.sampled_from(WORDS), min_size=len(reader.split()), max_size=len(reader.split())))
    scenario["input"]["labels"] = [*labels[:-1], "a"]
    if kind != "encoder" and "d_embed" not in model and draw(st.booleans()):
        model["tie"] = [["tgt.E", "out.W"]]
    return scenario


def idle(model: dict[str, Any]) -> list[str]:
    """What nothing in this model obeys, and is refused."""
    none = [] if model["norm"] != "none" else ["eps", "norm_offset", "final_norm"]
    flat = [] if model["positional"] == "sinusoidal" else ["sinusoids"]
    return none + flat + ([] if model["residual"] else ["residual_scale"])


@st.composite
def more(draw: st.DrawFn, model: dict[str, Any]) -> dict[str, Any]:
    """Some of the keys of today's models, those that go with the rest."""
    normed = model["norm"] in ("layer", "rms")
    of_norm = {} if model["norm"] == "none" else {"norm": not normed}
    choices: dict[str, list[Any]] = {
        "norm_position": ["both", "output"],
        "final_norm": [True, False],
        "norm_offset": [1],
        "residual_scale": [0.5],
        "scale": [0.4],
        "score_softcap": [1.5],
        "clip_qkv": [0.4],
        "logit_softcap": [2.5],
        "logit_scale": [0.5],
        "embed_scale": [1.5],
        "window": [1, 2],
        "chunk": [2],
        "sinks": [True],
        "attn_gate": [True],
        "positional": ["alibi", "relative"],
        "sinusoids": ["halved"],
        "d_embed": [3],
        "bias": [{"qkv": False, "head": False}, {"out": False, "ffn": False} | of_norm],
        "layer_pattern": [[{"window": 1}, {}], [{"scale": False}, {"sinks": True}]],
        "qk_norm": ["head", "heads", "all", "weightless"] if normed else ["weightless"],
    }
    if model["norm"] != "none":
        choices["embed_norm"] = [True]
    if model["activation"] != "swiglu":
        choices |= {"gated": [True], "head_transform": [True]}
    return {
        name: draw(st.sampled_from(choices[name]))
        for name in draw(st.sets(st.sampled_from(sorted(choices)), max_size=4))
    }


def _matrix(numbers: st.SearchStrategy[float], n: int, m: int) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(st.lists(numbers, min_size=m, max_size=m), min_size=n, max_size=n)


def traced(scenario: dict[str, Any]) -> Trace:
    return tfstep.trace(load_text(json.dumps(scenario), "random"))


def differentiable(trace: Trace) -> list[Node]:
    """The tensors whose gradients finite differences can reach: parameters, inputs and forward steps."""
    nodes = trace.plan.nodes
    return [n for n in nodes if n.path + ".grad" in trace.plan.paths and n.kind != "view" and n.path != "loss"]


def slope(trace: Trace, cell: str, h: float = 1e-5) -> float:
    """∂loss/∂cell by central differences; a step's cell is pinned to move it."""
    path, _, _ = cell.partition("[")
    value = float(trace[path].value[_index(cell)])
    up, down = (float(trace.edit({cell: value + s})["loss"].value) for s in (h, -h))
    return (up - down) / (2 * h)


def _index(cell: str) -> tuple[int, ...]:
    return tuple(int(i) for i in cell[cell.index("[") + 1 : -1].split(",")) if "[" in cell else ()


def some_cell(data: st.DataObject, node: Node) -> str:
    return cell_name(node.path, tuple(data.draw(st.integers(0, n - 1)) for n in node.shape))


@EXAMPLES
@given(scenarios(), st.data())
def test_gradients_are_those_of_finite_differences(scenario: dict[str, Any], data: st.DataObject) -> None:
    trace = traced(scenario)
    for node in data.draw(st.lists(st.sampled_from(differentiable(trace)), max_size=6, unique=True)):
        cell = some_cell(data, node)
        grad = float(trace[node.path + ".grad"].value[_index(cell)])
        assert abs(slope(trace, cell) - grad) <= 1e-6 * max(1, abs(grad)), cell


@EXAMPLES
@given(scenarios(), st.data())
def test_gradients_past_a_pin_are_those_of_finite_differences(scenario: dict[str, Any], data: st.DataObject) -> None:
    trace = traced(scenario)
    steps = [n for n in differentiable(trace) if n.kind == "step"]
    cell = some_cell(data, data.draw(st.sampled_from(steps)))
    held = trace.edit({cell: data.draw(st.floats(-1, 1))})
    for node in data.draw(st.lists(st.sampled_from(differentiable(held)), max_size=4, unique=True)):
        other = some_cell(data, node)
        if other == cell:
            continue
        path = cell.partition("[")[0]
        if node.path == path:
            continue  # another cell of the pinned tensor: pinning it too is another function
        grad = float(held[node.path + ".grad"].value[_index(other)])
        assert abs(slope(held, other) - grad) <= 1e-6 * max(1, abs(grad)), (cell, other)


@EXAMPLES
@given(scenarios())
def test_every_step_unfolds_to_its_own_bits(scenario: dict[str, Any]) -> None:
    trace = traced(scenario)
    for node in trace.plan.steps:
        inside = trace.substeps(node.slot)
        if inside is not None:
            assert inside.value(inside.plan.result).tobytes() == trace.value(node.slot).tobytes(), node.path


@EXAMPLES
@given(scenarios(), st.data())
def test_explanations_add_up(scenario: dict[str, Any], data: st.DataObject) -> None:
    trace = traced(scenario)
    for node in data.draw(st.lists(st.sampled_from(trace.plan.nodes), min_size=8, max_size=8)):
        explanation = trace.explain(some_cell(data, node), depth=3)
        assert explanation.holds, explanation


@EXAMPLES
@given(scenarios(), st.data())
def test_an_edit_replays_what_a_fresh_run_gives(scenario: dict[str, Any], data: st.DataObject) -> None:
    trace = traced(scenario)
    node = data.draw(st.sampled_from([n for n in trace.plan.nodes if n.kind == "parameter"]))
    edited = trace.edit({some_cell(data, node): 0.25})
    fresh = Trace.start(trace.plan, {n.slot: edited.value(n.slot) for n in trace.plan.nodes if n.op is None}).run()
    last = trace.plan.steps[-1]
    assert edited.value(last.slot).tobytes() == fresh.value(last.slot).tobytes()
    for step in trace.plan.steps:
        assert edited.value(step.slot).tobytes() == fresh.value(step.slot).tobytes(), step.path
    assert traced(scenario)[last.path].value.tobytes() == trace[last.path].value.tobytes()
