"""Where mathematics leaves a choice, or a shape does not fit: kinks, ties, empty rows, literals, axis names."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tfstep.ops  # noqa: F401  # enters the ops in the catalogue
from tfstep.engine.axis import Axis, Spec
from tfstep.engine.node import Literal
from tfstep.engine.op import CATALOGUE
from tfstep.engine.tape import Tape, Traced
from tfstep.engine.trace import Trace
from tfstep.models.keys.sections import RopePart
from tfstep.models.parts.positions import rope_tables
from tfstep.ops.attention import REASONS, mask_fill, softmax
from tfstep.ops.rotate import rope
from tfstep.scenario.scenario import load_text

OPS = CATALOGUE.ops


def test_slopes_at_kinks_are_0() -> None:
    zero, g = np.zeros(2), np.array([3.0, -3.0])
    for name in ("relu", "abs"):
        np.testing.assert_array_equal(OPS[name].vjp_x(g, zero, zero), [0, 0])


KINKS = [  # y, x, and the gradient that torch 2.13 gives of sum(y)
    ("norm(x)", [0.0, 0.0], [0, 0]),
    ("1/std(x)", [1.0, 1.0, 1.0], [0, 0, 0]),
    ("log(std(x))", [1.0, 1.0, 1.0], [0, 0, 0]),
    ("std(x)", [1.0, 1.0, 1.0], [0, 0, 0]),
    ("1/norm(x)", [0.0, 0.0], [np.nan, np.nan]),
    ("abs(x)", [0.0, -2.0], [0, -1]),
    ("relu(x)", [0.0, 2.0], [0, 1]),
    ("1/relu(x)", [0.0, 2.0], [0, -0.25]),
    ("clip(x, 0, 1)", [0.0, 1.0, 2.0, -1.0, 0.5], [1, 1, 0, 0, 1]),
    ("max(x)", [1.0, 1.0], [0.5, 0.5]),
    ("maximum(x, 0)", [0.0, 1.0], [0.5, 1]),
    ("x**0", [0.0, 2.0], [0, 0]),
    ("x**x", [0.0, 2.0], [0, 4 * (1 + np.log(2))]),
    ("0.5*x**1", [0.0], [0.5]),
    ("x**2", [0.0], [0]),
    ("x**0.5", [0.0, 4.0], [np.inf, 0.25]),
    ("sqrt(x)", [0.0, 4.0], [np.inf, 0.25]),
    ("log(x)", [0.0, 4.0], [np.inf, 0.25]),
    ("where(x > 0, sqrt(x), 5*x)", [0.0, 4.0], [np.nan, 0.25]),
    ("var(x)", [1.0, 1.0], [0, 0]),
]


@pytest.mark.parametrize(("y", "x", "gradient"), KINKS, ids=[y for y, *_ in KINKS])
def test_slopes_at_kinks_are_those_of_pytorch(y: str, x: list[float], gradient: list[float]) -> None:
    told = {"model": {"kind": "formula", "parameters": {"x": x}, "steps": {"y": y}}, "loss": "sum(y)"}
    trace = load_text(json.dumps(told)).program.trace()
    np.testing.assert_allclose(np.asarray(trace["x.grad"].value), gradient, rtol=1e-14)


def test_ties_share_the_gradient() -> None:
    x, g = np.array([[2.0, 5.0, 5.0, 5.0]]), np.array([[6.0]])
    np.testing.assert_array_equal(OPS["max"].vjp_x(g, np.array([[5.0]]), x), [[0, 2, 2, 2]])
    a, b, g = np.array([1.0, 2.0, np.inf]), np.array([1.0, 3.0, np.inf]), np.array([8.0, 8.0, 8.0])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(OPS["maximum"].vjp_a(g, b, a, b), [4, 0, 4])
        np.testing.assert_array_equal(OPS["maximum"].vjp_b(g, b, a, b), [4, 8, 4])
        np.testing.assert_array_equal(OPS["minimum"].vjp_a(g, a, a, b), [4, 8, 4])
        np.testing.assert_array_equal(OPS["minimum"].vjp_b(g, a, a, b), [4, 0, 4])


def test_the_largest_of_a_tie_is_explained_by_the_first() -> None:
    tape = Tape()
    x = tape.leaf("x", "input", Spec((1, 3), np.dtype(float), (Axis("a"), Axis("b"))))
    y = OPS["max"](x)
    tape.name(tape.nodes[y.slot], "y")
    trace = Trace.start(tape.plan(), {x.slot: np.array([[1.0, 4.0, 4.0]])}).run()
    assert trace.explain("y[0,0]").terms[0].factors[0].cell == "x[0,1]"


def test_softmax_stays_sound_far_out() -> None:
    y = softmax(np.array([[1e4, 0.0, -1e4], [-1e9, -1e9, -1e9]]))
    np.testing.assert_allclose(y, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-15)


def test_a_masked_cell_is_given_one_value_and_names_its_reason() -> None:
    mask = np.array([[[[0, 1, 2, 3]]]], np.int8)
    tape = Tape()
    spec = Spec((1, 1, 1, 4), np.dtype(float), (Axis("batch"), Axis("head"), Axis("query"), Axis("key")))
    x = tape.leaf("x", "input", spec)
    m = tape.leaf("mask", "constant", Spec(spec.shape, mask.dtype, spec.axes), mask)
    y = mask_fill(x, m, value=-np.inf)
    tape.name(tape.nodes[y.slot], "y")
    trace = Trace.start(tape.plan(), {x.slot: np.ones(spec.shape), m.slot: mask}).run()
    np.testing.assert_array_equal(trace["y"].value[0, 0, 0], [1, -np.inf, -np.inf, -np.inf])
    assert trace.explain("y[0,0,0,0]").note is None
    for k in (1, 2, 3):
        e = trace.explain(f"y[0,0,0,{k}]")
        assert e.note is REASONS[k]
        assert e.rule == "masked"
        assert e.holds


def test_rope_depends_on_the_distance_of_positions_alone() -> None:
    rng = np.random.default_rng(5)
    q, k = rng.normal(size=(2, 6))
    for pairs in ("interleaved", "half"):
        cos, sin = rope_tables(np.arange(12), 6, RopePart(base=100.0, pairs=pairs))
        turn = lambda x, n, pairs=pairs, cos=cos, sin=sin: rope(x[None], cos[n : n + 1], sin[n : n + 1], pairs=pairs)[0]  # noqa: E731  # as in the paper: R_n x
        near = [turn(q, n + 3) @ turn(k, n) for n in range(8)]
        np.testing.assert_allclose(near, near[0], rtol=1e-12)
        assert abs(turn(q, 4) @ turn(k, 0) - near[0]) > 1e-3


def test_rope_turns_as_published() -> None:
    """Su et al. 2021, eq. 34, for position 2 and d = 4."""
    x = np.array([[1.0, 2.0, 3.0, 4.0]])
    cos, sin = (t[2:] for t in rope_tables(np.arange(3), 4, RopePart()))
    c, s, c2, s2 = np.cos(2), np.sin(2), np.cos(0.02), np.sin(0.02)
    wanted = [[c - 2 * s, 2 * c + s, 3 * c2 - 4 * s2, 4 * c2 + 3 * s2]]
    np.testing.assert_allclose(rope(x, cos, sin, pairs="interleaved"), wanted, rtol=1e-15)
    cos, sin = (t[2:] for t in rope_tables(np.arange(3), 4, RopePart(pairs="half")))
    wanted = [[c - 3 * s, 2 * c2 - 4 * s2, 3 * c + s, 4 * c2 + 2 * s2]]
    np.testing.assert_allclose(rope(x, cos, sin, pairs="half"), wanted, rtol=1e-15)


@pytest.mark.parametrize(
    ("write", "wanted", "formula"),
    [
        (lambda x: 2 * x, 6, "y = 2 · x"),
        (lambda x: x * 2, 6, "y = x · 2"),
        (lambda x: 1 - x, -2, "y = 1 − x"),
        (lambda x: x - 1, 2, "y = x − 1"),
        (lambda x: 1 + x, 4, "y = 1 + x"),
        (lambda x: x / 2, 1.5, "y = x / 2"),
        (lambda x: 6 / x, 2, "y = 6 / x"),
        (lambda x: x**2, 9, "y = x^2"),
        (lambda x: 2**x, 8, "y = 2^x"),
        (lambda x: -x, -3, "y = −x"),
    ],
)
def test_numbers_stand_on_either_side(write: object, wanted: float, formula: str) -> None:
    assert callable(write)
    tape = Tape()
    x = tape.leaf("x", "input", Spec((), np.dtype(np.float32), ()))
    y: Traced = write(x)
    tape.name(tape.nodes[y.slot], "y")
    trace = Trace.start(tape.plan(), {x.slot: np.array(3.0, np.float32)}).run()
    assert trace["y"].value == wanted
    assert trace["y"].value.dtype == np.float32
    assert trace["y"].formula == formula
    assert trace.explain("y").holds


def named_leaf(tape: Tape, *names_and_sizes: tuple[str, int]) -> Traced:
    shape = tuple(n for _, n in names_and_sizes)
    return tape.leaf(
        "x" * (len(tape.nodes) + 1), "input", Spec(shape, np.dtype(float), tuple(Axis(a) for a, _ in names_and_sizes))
    )


def test_axes_keep_their_names() -> None:
    tape = Tape()
    Q = named_leaf(tape, ("batch", 1), ("head", 2), ("query", 3), ("d_k", 4))
    K = named_leaf(tape, ("batch", 1), ("head", 2), ("key", 5), ("d_k", 4))
    bias = named_leaf(tape, ("key", 5))
    scores = OPS["matmul"](Q, K, bt=True)
    assert [a.name for a in scores.axes] == ["batch", "head", "query", "key"]
    assert [a.name for a in (scores + bias).axes] == ["batch", "head", "query", "key"]
    assert [a.name for a in OPS["sum"](scores, axis=(0, 2), keepdims=False).axes] == ["head", "key"]
    assert [a.name for a in OPS["transpose"](scores, order=(0, 2, 1, 3)).axes] == ["batch", "query", "head", "key"]


def test_shapes_that_do_not_fit_are_refused_when_recorded() -> None:
    tape = Tape()
    a, b = named_leaf(tape, ("", 2), ("", 3)), named_leaf(tape, ("", 4), ("", 2))
    with pytest.raises(ValueError, match=r"matmul: \(2, 3\) @ \(4, 2\)"):
        OPS["matmul"](a, b)
    with pytest.raises(ValueError, match="broadcast"):
        a + b


def test_a_body_must_record_what_it_returns() -> None:
    tape = Tape()
    with pytest.raises(TypeError, match="not recorded"):
        tape.spec(Literal(3.0))
