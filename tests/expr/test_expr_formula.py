"""An expression as one step of a model: its gradient, its inside, its explanation, its notation."""

from collections.abc import Mapping

import numpy as np
import pytest

from tfstep.address.grammar import cell_name
from tfstep.engine.axis import Axis, spec_of
from tfstep.engine.backward import backward
from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.engine.trace import Trace
from tfstep.errors import ExpressionError, PathError
from tfstep.expr.formula import STEPS, formula
from tfstep.ops.primitive.shape import accumulate, seed

Values = Mapping[str, object]


def traced(given: Values, parameters: Values, steps: Mapping[str, str], dtype: str = "float64") -> Trace:
    """A model of formulas, the last of them its loss, forward and backward."""
    tape = Tape()
    root, names = Scope(tape), dict[str, Traced]()
    for kind, values in (("constant", given), ("parameter", parameters)):
        for name, value in values.items():
            array = np.asarray(value, dtype)
            names[name] = tape.leaf(name, kind, spec_of(array), array)
    for name, text in steps.items():
        names[name] = formula(text, names)
        setattr(root, name, names[name])
    backward(tape, names[list(steps)[-1]], seed, accumulate)
    plan = tape.plan()
    return Trace.start(plan, plan.leaves).run()


def check(trace: Trace) -> None:
    """Every cell's explanation holds, every inside gives the same bits, every gradient is a finite difference."""
    loss = next(n.vjp_of or n.slot for n in trace.plan.steps if n.op is seed)
    path = trace.plan.nodes[loss].path.removesuffix(".grad")
    for node in trace.plan.steps:
        for cell in np.ndindex(*node.shape):
            explanation = trace.explain(cell_name(node.path, cell))
            assert explanation.holds, explanation
        inside = trace.substeps(node.slot)
        if inside is not None:
            assert inside.value(inside.plan.result).tobytes() == trace.value(node.slot).tobytes(), node.path
    for node in [n for n in trace.plan.nodes if n.kind == "parameter"]:
        value, gradient = trace[node.path].value, trace[node.path].grad
        for cell in np.ndindex(*node.shape):
            moved = []
            for h in (1e-6, -1e-6):
                at = np.array(value)
                at[cell] += h
                moved.append(float(trace.edit({node.path: at})[path].value))
            difference = (moved[0] - moved[1]) / 2e-6
            found = 0.0 if gradient is None else gradient[cell]
            assert abs(found - difference) <= 1e-6 * max(1, abs(difference)), (node.path, cell, found, difference)


NETWORK = {
    "a1": "w1*x1 + w2*x2 + b1",
    "a2": "w3*x1 + w4*x2 + b2",
    "y1": "sigmoid(a1)",
    "y2": "sigmoid(a2)",
    "a3": "w5*y1 + w6*y2 + b3",
    "y3": "sigmoid(a3)",
    "loss": "0.5*(y3 - y)**2",
}
NINE = {"w1": 0.15, "w2": 0.2, "w3": 0.25, "w4": 0.3, "w5": 0.4, "w6": 0.45, "b1": 0.35, "b2": 0.36, "b3": 0.6}


@pytest.fixture(scope="module")
def network() -> Trace:
    """A 2-2-1 network of nine parameters, each a number, written out by hand."""
    return traced({"x1": 0.05, "x2": 0.1, "y": 0.01}, NINE, NETWORK)


def test_back_propagation_by_hand(network: Trace) -> None:
    check(network)
    value = {name: float(network[name].value) for name in (*NINE, *NETWORK, "x1", "x2", "y")}

    def slope(y: float) -> float:
        return y * (1 - y)

    d3 = (value["y3"] - value["y"]) * slope(value["y3"])
    d2 = d3 * value["w6"] * slope(value["y2"])
    assert network["w6"].grad == pytest.approx(d3 * value["y2"], rel=1e-14)
    assert network["w4"].grad == pytest.approx(d2 * value["x2"], rel=1e-14)
    assert network["b2"].grad == pytest.approx(d2, rel=1e-14)


def test_each_equation_is_one_step(network: Trace) -> None:
    forward = [n.path for n in network.plan.steps if n.phase == "forward"]
    assert forward == list(NETWORK)
    assert [n for n in network.plan.steps if n.path == "w1.grad"]


def test_terms_are_those_of_the_equation(network: Trace) -> None:
    def terms(cell: str) -> list[tuple[str | None, list[str | None]]]:
        return [(t.fn, [f.cell for f in t.factors]) for t in network.explain(cell).terms]

    assert terms("a1") == [(None, ["w1", "x1"]), (None, ["w2", "x2"]), (None, ["b1"])]
    assert terms("y1") == [("sigmoid", ["a1"])]
    assert terms("w1.grad") == [(None, ["a1.grad", "x1"])]
    assert terms("b1.grad") == [(None, ["a1.grad"])]
    assert terms("a1.grad") == [(None, ["y1.grad", "y1", "a1.grad/one_minus_y"])]


def test_the_chain_rule_reads_as_it_is_written(network: Trace) -> None:
    assert network["a1"].formula == "a1 = w1*x1 + w2*x2 + b1"
    assert network["w4"].trace["w4.grad"].formula == "∂w4 = ∂a2 · x2"
    assert network["a1.grad"].formula == "∂a1 = ∂y1 · y1 · (1 − y1)"
    assert network["y3.grad"].formula == "∂y3 = ∂loss · 0.5 · 2 · (y3 − y)"
    assert network["b3.grad"].formula == "∂b3 = ∂a3"


RNG = np.random.default_rng(5)
X, W, b, v = (RNG.normal(size=size) for size in ((3, 4), (4, 5), (5,), (5,)))
EQUATIONS = [
    "sum(X @ W + b)",
    "mean(tanh(X @ W)**2)",
    "sum((X @ W) @ v)",
    "v @ b",
    "dot(W, v) @ [1, -2, 3, 0.5]",
    "sum(softmax(W, axis=0) * W)",
    "sum(log_softmax(W.T)[1:, 0])",
    "sum(softmax(v)**0.5) - sum(v / (b**2 + 1))",
    "sum(where(W > 0, W, 0.1*W))",
    "sum((W > 0) * W)",
    "max(W) + min(v) - norm(b)",
    "std(W) * var(v, axis=0) + mean(b)",
    "cosine(v, b) + entropy(softmax(b))",
    "sum(gelu(W)[0, 1:3] + relu(W)[-1, 0] - silu(v)[::2][0])",
    "sum(reshape(concat(v, b), 2, -1)**3)",
    "sum(clip(v, -0.5, 0.5)) + sum(maximum(v, b)) + sum(minimum(v, 0.3))",
    "sum(abs(v)) + sum(sqrt(abs(b) + 1)) + sum(exp(v) * log(b**2 + 1)) + sum(erf(v))",
    "sum(2**v) + sum((b**2 + 1)**v)",
    "sum(sin(v) * cos(b)) / v.size",
    "sum(outer(v, b) * eye(5)) + sum(transpose(W)[0])",
    "sum(-(v - b) * (v + b)) - (-2)**2 * v[0]",
    "sum(sum(W, axis=0) * v) + mean(W, axis=1)[2] + sum(W[..., 1])",
]


@pytest.mark.parametrize("text", EQUATIONS)
def test_any_equation_is_differentiated_and_explained(text: str) -> None:
    check(traced({"X": X}, {"W": W, "b": b, "v": v}, {"out": text}))


def test_a_tensor_that_is_used_twice_gets_both_gradients() -> None:
    trace = traced({}, {"a": 3.0, "b": 2.0}, {"c": "a*b + a**2", "out": "c*a"})
    check(trace)
    assert float(trace["a.grad"].value) == 2 * 3 * 2 + 3 * 3**2
    assert trace["a.grad/c"].formula == "∂a/c = ∂c · b + ∂c · 2 · a"
    assert trace["a.grad"].formula == "∂a = ∂a/out + ∂a/c"


@pytest.mark.parametrize(
    ("text", "gradient"),
    [
        ("-(a - b)", "−∂out"),
        ("1 / a", "−(∂out · out / a)"),
        ("(a + b) * b", "∂out · b"),
        ("b / (b - a)", "−(−(∂out · out / (b − a)))"),
        ("a * b / (a * b)", "∂out / (a · b) · b + −(∂out · out / (a · b)) · b"),
        ("exp(a) * b", "∂out · b · exp(a)"),
        ("tanh(a)", "∂out · (1 − out · out)"),
        ("a ** 3", "∂out · 3 · a^2"),
        ("(a + b) ** 2", "∂out · 2 · (a + b)"),
    ],
)
def test_a_gradient_is_written_with_the_parentheses_that_it_needs(text: str, gradient: str) -> None:
    trace = traced({}, {"a": 3.0, "b": 2.0}, {"out": text})
    assert trace["a.grad"].formula == f"∂a = {gradient}"


def test_what_only_decides_gets_no_gradient() -> None:
    trace = traced({}, {"a": 3.0, "b": 2.0}, {"out": "where(a > 0, b, 2*b)"})
    assert trace["a"].grad is None
    assert float(trace["b.grad"].value) == 1


def test_a_formula_may_use_names_that_mean_something_else_in_it() -> None:
    trace = traced({"y": 2.0, "g": 5.0}, {"e": 3.0, "m": 0.5}, {"out": "e*y*g + m"})
    check(trace)
    assert float(trace["out"].value) == 30.5
    assert trace["e.grad"].formula == "∂e = ∂out · g · y"
    assert trace["m.grad"].formula == "∂m = ∂out"


def test_a_float32_model_stays_float32() -> None:
    trace = traced(
        {"X": X}, {"W": W}, {"h": "X @ W * 2.5 + [1, 2, 3, 4, 5.5]", "out": "sum(h * eye(5)[:3])"}, "float32"
    )
    assert {node.dtype for node in trace.plan.nodes} == {np.dtype(np.float32)}
    assert {trace[node.path].value.dtype for node in trace.plan.nodes} == {np.dtype(np.float32)}


def test_pins_work_on_formulas() -> None:
    pinned = traced({"x": 2.0}, {"w": 3.0}, {"a": "w*x", "out": "a**2"}).edit({"a": 1.0})
    assert float(pinned["out"].value) == 1
    assert float(pinned["a/computed"].value) == 6
    assert float(pinned["w.grad"].value) == 0


def test_words_are_indices_in_a_loss() -> None:
    tape = Tape()
    words = ("我", "爱", "你")
    p = tape.leaf("out.probs", "parameter", spec_of(np.zeros(3)), np.array([0.2, 0.3, 0.5])).with_axes(
        Axis("vocab", (words,))
    )
    root = Scope(tape)
    root.loss = formula("-log(out.probs['爱'])", {"out.probs": p})
    backward(tape, root.loss, seed, accumulate)
    plan = tape.plan()
    trace = Trace.start(plan, plan.leaves).run()
    assert float(trace["loss"].value) == -np.log(0.3)
    np.testing.assert_allclose(trace["out.probs"].grad, [0, -1 / 0.3, 0])


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("argmax(v)", 0, "argmax has no derivative"),
        ("1 + sort(v)[0]", 4, "sort has no derivative"),
        ("round(v)", 0, "round has no derivative"),
        ("3 + pi", 0, "reads no tensor"),
        ("v.shape[0]", 0, "reads no tensor"),
        ("zeros(3)", 0, "reads no tensor"),
        ("v + `base:v`", 4, "its own variant only"),
        ("v + nope", 4, "there is no nope"),
        ("v @ X", 2, "last axis on the left"),
        ("+".join(["v"] * (STEPS + 2)), 0, "make several steps of it"),
    ],
)
def test_what_cannot_be_a_step_is_refused(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        traced({"X": X}, {"v": v}, {"out": text})
    assert caught.value.column == column


def test_an_unknown_name_is_a_path_error_too() -> None:
    with pytest.raises(PathError, match="did you mean w12"):
        traced({}, {"w12": 1.0}, {"out": "w13*2"})
