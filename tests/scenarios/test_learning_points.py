"""What the scenarios on neurons, descent, fitting, backpropagation and softmax are there to show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from shipped_runs import grad, loss, run, trained, value


def test_neuron_without_a_bias_goes_through_the_origin() -> None:
    for weights in (2.0, -7.0, 0.1):
        trace = run("neuron", "no-bias").edit({"layer0.W": [[weights], [weights]]})
        assert value(trace, "layer0.y")[0, 0] == 0.5
    assert np.allclose(value(trained("neuron", "no-bias"), "layer0.y"), 0.5, atol=1e-6)
    assert loss(trained("neuron")) < 0.03
    assert value(run("neuron"), "layer0.y")[0, 0] < 0.1


def test_neuron_without_an_activation_is_a_plane() -> None:
    for trace in (run("neuron", "no-activation"), trained("neuron", "no-activation")):
        y = value(trace, "layer0.y")[:, 0]
        assert y[0] + y[3] == pytest.approx(y[1] + y[2], abs=1e-12)
    y = value(run("neuron"), "layer0.y")[:, 0]
    assert abs(y[0] + y[3] - y[1] - y[2]) > 0.1


def test_relu_cuts_off_what_is_below_0_and_learns_and() -> None:
    trace = run("neuron", "relu")
    assert np.array_equal(value(trace, "layer0.y"), np.maximum(value(trace, "layer0.a"), 0))
    assert loss(trained("neuron", "relu")) < 1e-9


def test_hill_one_step_down_and_one_up() -> None:
    down, up = run("hill"), run("hill", "uphill")
    assert (grad(down, "x"), grad(down, "y")) == (2, 3)
    assert (down["x"].new, down["y"].new) == (-1, -1)
    assert (up["x"].new, up["y"].new) == (3, 5)


def test_hill_by_learning_rate() -> None:
    ends = {v: loss(trained("hill", v)) for v in ("too-small", "right", "base", "diverging")}
    assert {v: float(f"{end:.3g}") for v, end in ends.items()} == {
        "too-small": 2.08,
        "right": 0.00464,
        "base": 1,
        "diverging": 1470,
    }
    trace, seen = run("hill"), []
    for _ in range(4):
        trace = trace.advance()
        seen.append(float(value(trace, "x")))
    assert seen == [-1, 1, -1, 1]


def test_house_price() -> None:
    start, end = run("house-price"), trained("house-price")
    assert loss(end) < loss(start) / 1000
    assert loss(trained("house-price", "area-only")) > 5 * loss(end)
    area, rooms, age = value(end, "layer0.W")[:, 0]
    assert area > 0
    assert rooms > 0
    assert age < 0
    assert not loss(trained("house-price", "square-metres", 20)) < 1e20


def test_area_alone_ends_where_least_squares_does() -> None:
    trace = trained("house-price", "area-only")
    x, y = value(trace, "x"), value(trace, "loss.target")[:, 0]
    best, *_ = np.linalg.lstsq(np.column_stack([x[:, 0], np.ones(5)]), y, rcond=None)
    found = value(trace, "layer0.W")[0, 0], value(trace, "layer0.b")[0]
    np.testing.assert_allclose(found, best, atol=0.01)


def test_backprop_by_hand_is_the_chain_rule_step_by_step() -> None:
    trace = run("backprop-by-hand")
    v = {
        name: float(value(trace, name)) for name in trace.plan.paths if trace.plan.paths[name].phase in ("", "forward")
    }
    y3 = v["y3"] - v["y"]
    a3 = y3 * v["y3"] * (1 - v["y3"])
    a2 = a3 * v["w6"] * v["y2"] * (1 - v["y2"])
    a1 = a3 * v["w5"] * v["y1"] * (1 - v["y1"])
    by_hand = {
        "y3": y3,
        "a3": a3,
        "y2": a3 * v["w6"],
        "y1": a3 * v["w5"],
        "a2": a2,
        "a1": a1,
        "w6": a3 * v["y2"],
        "w5": a3 * v["y1"],
        "b3": a3,
        "w4": a2 * v["x2"],
        "w3": a2 * v["x1"],
        "b2": a2,
        "w2": a1 * v["x2"],
        "w1": a1 * v["x1"],
        "b1": a1,
    }
    for name, expected in by_hand.items():
        assert float(grad(trace, name)) == pytest.approx(expected, rel=1e-12), name
        assert trace[f"{name}.grad"].step is not None
    for name in ("w1", "w2", "w3", "w4", "w5", "w6", "b1", "b2", "b3"):
        assert float(trace[f"{name}.new"].value) == pytest.approx(v[name] - 0.5 * by_hand[name], rel=1e-12)


def test_the_forward_steps_stand_in_the_order_of_the_text() -> None:
    steps = [node.path for node in run("backprop-by-hand").plan.steps]
    assert steps[:7] == ["a1", "y1", "a2", "y2", "a3", "y3", "loss"]
    factors = [steps.index(path) for path in ("y3.grad", "a3.grad", "y2.grad", "a2.grad", "w4.grad", "w4.new")]
    assert factors == sorted(factors)


def test_why_w4_reads_as_the_chain_rule() -> None:
    explanation = run("backprop-by-hand").explain("w4.grad", 9)
    met = []
    while explanation is not None:
        assert explanation.holds
        (term,) = explanation.terms[:1]
        met.append({factor.cell for factor in term.factors})
        explanation = next((f.why for f in term.factors if f.cell and f.cell.endswith(".grad")), None)
    assert {"a2.grad", "x2"} <= met[0]
    assert {"y2.grad", "y2"} <= met[1]
    assert {"a3.grad", "w6"} <= met[2]
    assert {"y3.grad", "y3"} <= met[3]


def test_sure_and_saturated() -> None:
    sure, saturated = run("backprop-by-hand", "sure"), run("backprop-by-hand", "saturated")
    assert float(value(sure, "y3")) == pytest.approx(0.95, abs=1e-12)
    assert loss(sure) == pytest.approx(0.00125, abs=1e-12)
    assert loss(saturated) > 0.49
    assert abs(float(grad(saturated, "a3"))) < 1e-4
    assert loss(trained("backprop-by-hand", "saturated")) > 0.49


def test_softmax_turns_differences_into_ratios() -> None:
    p = {v: value(run("softmax", v), "p") for v in ("base", "hot", "cold", "zero-is-no-zero", "shifted")}
    assert all(math.isclose(row.sum(), 1, rel_tol=1e-12) for row in p.values())
    assert p["base"][2] / p["base"][1] == pytest.approx(math.e)
    assert p["zero-is-no-zero"].round(2).tolist() == [0.79, 0.18, 0.04]
    assert p["hot"].round(2).tolist() == [0.3, 0.33, 0.37]
    assert p["cold"].round(2).tolist() == [0, 0, 1]
    np.testing.assert_allclose(p["shifted"], p["base"], rtol=1e-12)
    np.testing.assert_allclose(grad(run("softmax"), "z"), p["base"] - [0, 0, 1], rtol=1e-12)
