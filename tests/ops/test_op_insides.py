"""What a step shows when it is stepped into, under the names that the body gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from op_case import Case, draw
from op_cases import CASES
from op_plans import timeline

from tfstep.engine.op import Array, Op
from tfstep.engine.tape import Traced
from tfstep.engine.trace import Trace

FORWARD = {
    "softmax": ["max", "shift", "exp", "sum", "div"],
    "log_softmax": ["max", "shift", "exp", "sum", "logsumexp", "sub"],
    "layer_norm": ["mean", "centred", "variance", "std", "xhat", "add"],
    "batch_norm": ["mean", "centred", "variance", "std", "xhat", "add"],
    "rms_norm": ["square", "mean", "rms", "xhat", "mul"],
    "linear": ["matmul", "add"],
    "cross_entropy": ["max", "shift", "exp", "sum", "picked", "logsumexp", "mean"],
    "gelu": ["Phi", "mul"],
    "gelu_tanh": ["tanh", "gate", "mul"],
    "silu": ["sigmoid", "mul"],
    "swiglu": ["silu", "mul"],
    "mse": ["error", "mean"],
    "half_mse": ["error", "sum"],
    "bias_correct": ["remaining", "div"],
    "adam_new": ["denominator", "sub"],
}
BACKWARD = {
    ("softmax", 0): ["g_y", "average", "above", "mul"],
    ("layer_norm", 0): ["mean", "centred", "variance", "std", "xhat", "ghat", "along", "ghat_mean", "sideways", "div"],
    ("rms_norm", 0): ["square", "mean", "rms", "xhat", "ghat", "along", "sideways", "div"],
    ("cross_entropy", 0): ["max", "shift", "exp", "sum", "p", "p_minus_y"],
}


def record(body: Callable[..., Array], *args: Traced) -> Traced:
    """A body as one step."""

    class Written(Op):
        def forward(self, x: Array, w: Array) -> Array:
            return body(x, w)

        def vjp_x(self, g: Array, y: Array, x: Array, w: Array) -> Array:
            return g

        def vjp_w(self, g: Array, y: Array, x: Array, w: Array) -> Array:
            return g

    return args[0].tape.record(Written(), args, {})


def opened(name: str) -> Trace:
    return timeline(next(case for case in CASES if case.name == name))


def inner_names(trace: Trace, path: str) -> list[str]:
    inside = trace.substeps(trace.plan.paths[path].slot)
    assert inside is not None
    return [node.path.split("#")[0] for node in inside.plan.steps]


def in_order(wanted: list[str], found: list[str]) -> bool:
    rest = iter(found)
    return all(name in rest for name in wanted)


@pytest.mark.parametrize("name", FORWARD)
def test_forward_unfolds_under_these_names(name: str) -> None:
    found = inner_names(opened(name), "y")
    assert in_order(FORWARD[name], found), found
    assert found[-1] == FORWARD[name][-1]


@pytest.mark.parametrize(("name", "index"), BACKWARD)
def test_vjps_unfold_under_these_names(name: str, index: int) -> None:
    found = inner_names(opened(name), f"x{index}.grad")
    assert in_order(BACKWARD[name, index], found), found


def test_inner_steps_have_numbers_under_that_of_their_step() -> None:
    trace = opened("softmax")
    outer = trace["y"].step
    assert [trace[f"y/{name}"].step for name in ("max", "shift", "exp", "sum")] == [
        f"{outer}.{n}" for n in (1, 2, 3, 4)
    ]


def test_a_composite_inside_a_composite_can_be_stepped_into_too() -> None:
    trace = opened("swiglu")
    gate = trace["x0"].value
    np.testing.assert_allclose(trace["y/silu/sigmoid"].value, 1 / (1 + np.exp(-gate)), rtol=1e-15)
    assert trace["y/silu/sigmoid"].step == f"{trace['y'].step}.1.1"


def test_explanations_read_as_the_paper_does() -> None:
    read = {}
    for name in ("linear", "layer_norm", "softmax", "rope", "scale"):
        trace = opened(name)
        node = trace.plan.nodes[trace.plan.result]
        cell = ",".join("1" for _ in node.shape)
        e = trace.explain(f"y[{cell}]")
        read[name] = e.rule, [[(f.name, f.power) for f in term.factors] for term in e.terms]
    assert read["linear"] == ("sum", [[("x0", 1), ("x1", 1)]] * 4 + [[("x2", 1)]])
    assert read["layer_norm"] == ("sum", [[("y/xhat", 1), ("x1", 1)], [("x2", 1)]])
    assert read["softmax"] == ("quotient", [[("y/exp", 1), ("y/sum", -1)]])
    assert read["rope"] == ("sum", [[("x0", 1), ("x1", 1)], [("x0", 1), ("x2", 1)]])
    assert read["scale"][0] == "quotient"


def test_products_merge_and_a_sum_among_other_factors_stays_one() -> None:
    def body(x: Array, w: Array) -> Array:
        return 0.5 * (w * (2 * (x - w)))

    case = Case("mul", (draw("a", 2), draw("b", 2)), title="body")
    trace = timeline(case, call=lambda x, w: record(body, x, w))
    e = trace.explain("y[1]")
    assert [[(f.name, f.value) for f in t.factors if f.cell is None] for t in e.terms] == [[("0.5", 0.5), ("2", 2)]]
    assert [[f.name for f in t.factors if f.cell is not None] for t in e.terms] == [["x1", "y/sub"]]
    assert e.rule == "product"


def test_an_inner_step_explains_itself_by_named_steps() -> None:
    trace = opened("layer_norm")
    e = trace.explain("x0.grad/sideways[0,0,0]")
    assert [[f.name.removeprefix("x0.grad/") for f in t.factors] for t in e.terms] == [
        ["ghat"],
        ["−1", "ghat_mean"],
        ["−1", "xhat", "along"],
    ]


def test_sums_inside_a_body_are_flattened_and_named_steps_are_not() -> None:
    trace = opened("mse")
    e = trace.explain("y")
    assert e.rule == "mean"
    assert len(e.terms) == trace["x0"].value.size
    assert {tuple((f.name, f.power) for f in t.factors) for t in e.terms} == {
        (("y/error", 1), ("y/error", 1), ("n", -1)),
    }
