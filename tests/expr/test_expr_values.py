"""Expressions against NumPy: one by one, and made at random from the grammar."""

import re

import numpy as np
import pytest
from expr_values import ARRAYS, SAID, WEIGHTS, finder, outcome, value
from hypothesis import given, settings
from hypothesis import strategies as st

from tfstep.errors import ExpressionError
from tfstep.expr import parse

A, B, C, v, u, s = (ARRAYS[name] for name in "ABCvus")
GAMMA = ARRAYS["enc0.norm1.gamma"]


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


CASES = [
    ("1 + 2*3**2", 19),
    ("-2**2", -4),
    ("2**-1", 0.5),
    ("2**3**2", 512),
    ("-A", -A),
    ("1 - 2 - 3", -4),
    ("12 / 2 / 3", 2.0),
    ("2 - -3", 5),
    ("1 < 2 < 3", True),
    ("1 < 2 > 3", False),
    ("not 1 < 2", False),
    ("True and not False or False", True),
    ("False and False or True", True),
    ("True or False and False", True),
    ("A > 0 and A < 1", (A > 0) & (A < 1)),
    ("0 < A <= 1", (A > 0) & (A <= 1)),
    ("pi + e", np.pi + np.e),
    ("1 / 0", np.inf),
    ("-1 / 0", -np.inf),
    ("-inf < 0", True),
    ("nan == nan", False),
    ("9007199254740992 + 1", 9007199254740993.0),
    ("A @ B", A @ B),
    ("A @ v", A @ v),
    ("u @ A", u @ A),
    ("v @ v", v @ v),
    ("C @ B", C @ B),
    ("A.T", A.T),
    ("C.T", C.swapaxes(-1, -2)),
    ("C.T.shape", (2, 4, 3)),
    ("v.T", v),
    ("A.shape[1] + A.ndim + A.size", 18),
    ("A.shape == [3, 4]", True),
    ("A.shape != C.shape", True),
    ("[[1, 2], [3, 4]] @ [1, 1]", np.array([3.0, 7.0])),
    ("[1, 2] == [1, 3]", False),
    ("[1, 2.5]", np.array([1, 2.5])),
    ("A[0]", A[0]),
    ("A[-1, 1:]", A[-1, 1:]),
    ("A[:, ::2]", A[:, ::2]),
    ("A[::-1]", A[::-1]),
    ("A[5:]", A[5:]),
    ("C[..., 0]", C[..., 0]),
    ("C[0, ..., 1]", C[0, ..., 1]),
    ("C[1][2][3]", C[1, 2, 3]),
    ("A[[0, 2]]", A[[0, 2]]),
    ("A[argmax(u)]", A[np.argmax(u)]),
    ("A[ids[0], 1]", A[[2, 0, 1], 1]),
    ("A[2 - 1]", A[1]),
    ("A[A.shape[0] - 1]", A[2]),
    ("ids + 1", np.array([[3, 1, 2]])),
    ("ids / 2", np.array([[1, 0, 0.5]])),
    ("sum(ids == 2)", 1),
    ("mean(A > 0)", np.mean(A > 0)),
    ("(A > 0) * A", np.maximum(A, 0)),
    ("sum(A)", A.sum()),
    ("sum(A, axis=0)", A.sum(0)),
    ("sum(A, 0, True)", A.sum(0, keepdims=True)),
    ("sum(C, axis=[0, 2])", C.sum((0, 2))),
    ("mean(A, axis=-1, keepdims=True)", A.mean(-1, keepdims=True)),
    ("max(A, axis=1)", A.max(1)),
    ("min(C)", C.min()),
    ("var(A, axis=0)", A.var(0)),
    ("std(A)", A.std()),
    ("norm(A)", np.linalg.norm(A)),
    ("norm(A, axis=1)", np.linalg.norm(A, axis=1)),
    ("cosine(v, enc0.norm1.gamma)", v @ GAMMA / np.linalg.norm(v) / np.linalg.norm(GAMMA)),
    ("entropy([0.5, 0.5, 0])", np.log(2)),
    ("softmax(A)", softmax(A)),
    ("softmax(C, axis=1)", softmax(C, 1)),
    ("log_softmax(A, axis=0)", np.log(softmax(A, 0))),
    ("exp(A) + log(abs(A)) + sqrt(abs(A))", np.exp(A) + np.log(np.abs(A)) + np.sqrt(np.abs(A))),
    ("sin(A) * cos(A) - tanh(A)", np.sin(A) * np.cos(A) - np.tanh(A)),
    ("sigmoid(A)", 1 / (1 + np.exp(-A))),
    ("relu(A) + silu(A)", np.maximum(A, 0) + A / (1 + np.exp(-A))),
    ("gelu(1)", 0.8413447460685429),
    ("erf(0.5)", 0.5204998778130465),
    ("floor(A) + round(A) + sign(A)", np.floor(A) + np.round(A) + np.sign(A)),
    ("where(A > 0, A, -1)", np.where(A > 0, A, -1)),
    ("where(A > 0, 1, 0)", np.where(A > 0, 1.0, 0.0)),
    ("maximum(A, 0.1) - minimum(A, v)", np.maximum(A, 0.1) - np.minimum(A, v)),
    ("clip(A, -0.5, 0.5)", np.clip(A, -0.5, 0.5)),
    ("argmax(A)", np.argmax(A)),
    ("argmin(A, axis=0)", np.argmin(A, axis=0)),
    ("sort(A)", np.sort(A)),
    ("argsort(v)", np.argsort(v)),
    ("topk(A, 2)", -np.sort(-A)[:, :2]),
    ("any(A > 2) or all(isnan(A))", False),
    ("isinf([1, inf])", np.array([False, True])),
    ("isclose(v, v + 1e-12)", np.full(4, True)),
    ("allclose(v, v + 1)", False),
    ("concat(A, A, axis=1)", np.concatenate([A, A], 1)),
    ("reshape(A, 2, -1)", A.reshape(2, -1)),
    ("reshape(A, [4, 3])", A.reshape(4, 3)),
    ("transpose(C)", C.transpose()),
    ("transpose(C, [1, 0, 2])", C.transpose(1, 0, 2)),
    ("dot(A, B)", A @ B),
    ("outer(u, v)", np.outer(u, v)),
    ("zeros(2, 3) + ones([2, 3]) + full(A.shape, 2)[:2, :3]", np.full((2, 3), 3.0)),
    ("randn(2, 3, seed=5)", np.random.default_rng(5).standard_normal((2, 3))),
    ("eye(3) + arange(3) + linspace(0, 1, 3)", np.eye(3) + np.arange(3) + np.linspace(0, 1, 3)),
    ("arange(2, 11, 3)", np.array([2, 5, 8])),
    ("has_nan(A)", False),
    ("has_inf([1, -inf])", True),
    ("`enc0.attn.weights/exp` / 2", 2.0),
    ("`swapped:enc0.attn.weights`[1]", 6.0),
    ("enc0.norm1.gamma", GAMMA),
    ("enc0.norm1.gamma.grad.shape", (4,)),
    ("enc0.norm1 * enc0.norm1.gamma", ARRAYS["enc0.norm1"] * GAMMA),
    ("$1 * 2 + $_[1]", 8.0),
    ("$name and True", True),
    ("it[0, 1]", ARRAYS["it"][0, 1]),
    (" A\n  [0] ", A[0]),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_it_comes_to_what_numpy_says(text: str, expected: object) -> None:
    found = value(text)
    if isinstance(expected, bool | tuple):
        assert found == expected
        assert type(found) is type(expected)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


def test_a_single_number_is_a_python_number() -> None:
    assert type(value("sum(A)")) is float
    assert type(value("argmax(A)")) is int
    assert type(value("any(A > 0)")) is bool
    assert type(value("1 + 1")) is int


def test_a_word_is_an_index() -> None:
    first, second = SAID.index("他"), 3
    assert value("w[0, 0, '我', '他']") == WEIGHTS[0, 0, 2, first]
    assert value('w[0, 0, "我", "他#2"]') == WEIGHTS[0, 0, 2, second]
    assert value("(w - 1).T[0, 1, '走', '要']") == WEIGHTS[0, 1, 4, 5] - 1
    assert value("w[0][1]['我']['走']") == WEIGHTS[0, 1, 2, 5]
    assert value("w[0, :, 2:, '他']").shape == (2, 4)
    assert value("w[0, 0, 2:]['他', 0]") == WEIGHTS[0, 0, 3, 0]  # the first 他 is cut off


def test_a_word_is_looked_up_in_its_own_sentence() -> None:
    assert value("two[0, '你', 0]") == 4
    assert value("two[1, '你', 0]") == 6
    assert value("two[1]['你', 0]") == 6
    assert value("two[-1, '你', 1]") == 7
    assert value("two[:, '爱', 0]").tolist() == [2, 8]  # at the same place in both
    with pytest.raises(ExpressionError, match="give the sentence first"):
        value("two[:, '你', 0]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("saturated([[0.999, 0.001], [0.5, 0.5]])", True),
        ("saturated([[0.9, 0.1], [0.5, 0.5]])", False),
        ("saturated([[1, 0, 0], [0.5, 0.5, 0]])", False),  # the first row of a causal mask has no choice
        ("saturated([0.5, 0.001])", True),
        ("saturated([-0.999, 0.5])", True),
        ("saturated([5, -7])", False),
        ("saturated([[0.9, 0.1]], above=0.8)", True),
        ("dead([[0, 1], [0, 0]])", 0.5),
        ("vanishing([1e-9, -1e-8])", True),
        ("vanishing([1e-9, 1e-3])", False),
    ],
)
def test_ready_made_questions(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        ("w", ["batch", "head", "query", "key"], {2: SAID, 3: SAID}),
        ("sum(w, axis=-1)[0]", ["head", "query"], {1: SAID}),
        ("softmax(w.T, axis=1)[0, 0, 2:]", ["key", "query"], {0: SAID[2:], 1: SAID}),
        ("(w * 2 - 1)[0, 1, '我'] > 0", ["key"], {0: SAID}),
        ("two[1]", ["position", "model"], {0: ("你", "爱", "我")}),
        ("sum(w)", [], {}),
        ("[1, 2]", [""], {}),
    ],
)
def test_a_value_keeps_its_axes_and_words(text: str, names: list[str], words: dict[int, tuple[str, ...]]) -> None:
    found, axes = parse(text).evaluate_labelled(finder())
    assert [axis.name for axis in axes] == names
    assert {k: axis.words() for k, axis in enumerate(axes) if axis.labels} == words
    for axis, n in zip(axes, np.shape(found), strict=True):
        assert axis.labels is None or {len(line) for line in axis.labels} == {n}


# -- random ones -----------------------------------------------------------------------------------

NUMPY = {
    "exp": lambda x: np.exp(np.minimum(x, 3)),
    "relu": lambda x: np.maximum(x, 0),
    "softmax": softmax,
    "tanh": lambda x: np.tanh(1.0 * x),
    "abs": np.abs,
    "sigmoid": lambda x: 1 / (1 + np.exp(-1.0 * x)),
    "sum": lambda x, axis=None: np.sum(x, axis=axis),
    "mean": lambda x, axis=None: np.mean(x, axis=axis),
    "max": lambda x, axis=None: np.max(x, axis=axis),
    "where": np.where,
    "maximum": np.maximum,
    "Number": np.float64,
    **{name: ARRAYS[name] for name in "ABCvus"},
}
leaves = st.sampled_from(["A", "B", "C", "v", "u", "s", "2", "0.5", "3.25", "1"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "@"]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
        st.builds("({}) ** {}".format, inner, st.sampled_from(["2", "3", "0.5", "-1"])),
        st.builds("-{}".format, inner),
        st.builds("(1.0 * ({} {} {}))".format, inner, st.sampled_from(["<", ">=", "=="]), inner),  # 1 + 1, not True
        st.builds("{}({})".format, st.sampled_from(["tanh", "relu", "abs", "sigmoid", "sum", "mean", "max"]), inner),
        st.builds("{}({} - {}, axis={})".format, st.sampled_from(["sum", "mean"]), inner, inner, st.integers(-2, 1)),
        st.builds("where({} > 0, {}, {})".format, inner, inner, inner),
        st.builds("({})[{}]".format, inner, st.sampled_from(["0", "-1", "1:", "..., 0", ":, 1", "::-1", "0, 1"])),
    )


texts = st.recursive(leaves, grown, max_leaves=8)


def by_numpy(text: str) -> object:
    """What Python and NumPy make of the same text; its whole numbers made floats outside of brackets."""
    parts = re.split(r"(\[[^]]*\]|axis=-?\d)", text)
    floats = [p if k % 2 else re.sub(r"(?<![\w.])\d+(\.\d+)?", r"Number(\g<0>)", p) for k, p in enumerate(parts)]
    with np.errstate(all="ignore"):
        return eval("".join(floats), {"__builtins__": {}}, NUMPY)


@settings(max_examples=250)
@given(texts)
def test_random_expressions_agree_with_numpy(text: str) -> None:
    try:
        expected = by_numpy(text)
    except (ValueError, IndexError, TypeError, np.exceptions.AxisError):
        expected = None  # shapes that do not fit, and numbers indexed
    if expected is None or np.asarray(expected).dtype == object:
        return
    found = outcome(text)
    if isinstance(found, ExpressionError):
        # powers of bare numbers end at 1.8e308; NumPy lets a single number be summed along axis 0
        assert "beyond float64" in str(found) or "the value has 0" in str(found), text
        return
    assert np.shape(found) == np.shape(expected), text
    np.testing.assert_allclose(
        np.asarray(found, float), np.asarray(expected, float), rtol=1e-9, atol=1e-12, err_msg=text
    )


@settings(max_examples=100)
@given(texts)
def test_what_numpy_refuses_is_refused(text: str) -> None:
    try:
        by_numpy(text)
    except (ValueError, IndexError, np.exceptions.AxisError):
        with pytest.raises(ExpressionError):
            value(text)
    except TypeError:
        pass  # NumPy does not negate booleans; here they count as 0 and 1
