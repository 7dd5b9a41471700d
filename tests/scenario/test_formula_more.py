"""Formulas as people write them: corners, new axes, several axes at once, numbers that are made, choices by rank."""

import json
from typing import Any

import numpy as np
import pytest

from tfstep.errors import TfstepError
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.session.study.checks import check

X = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9.5]])
W = np.array([1.0, 2, 3])


def formula(steps: dict[str, str], given: Any = None, parameters: Any = None) -> Scenario:
    model = {
        "kind": "formula",
        "given": {"x": X.tolist()} if given is None else given,
        "parameters": {"w": W.tolist()} if parameters is None else parameters,
        "steps": steps,
    }
    return load_text(json.dumps({"model": model, "loss": "sum(y)"}))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tril(x) * w", np.tril(X) * W),
        ("tril(x, -1) * w", np.tril(X, -1) * W),
        ("triu(x, k=1) * w", np.triu(X, 1) * W),
        ("where(tril(ones(3, 3)) > 0, x * w, -5)", np.where(np.tri(3) > 0, X * W, -5)),
        ("w[:, None] * x", W[:, None] * X),
        ("w[None, :, None] * x[:, None, 0:2]", W[None, :, None] * X[:, None, 0:2]),
        ("x[..., None, 1] * w", X[..., None, 1] * W),
        ("x[0, None] * w", X[0, None] * W),
        ("sum(x * w, axis=(0, 1))", np.sum(X * W)),
        ("mean(x[None] * w, axis=(1, 2), keepdims=True)", np.mean(X[None] * W, (1, 2), keepdims=True)),
        ("max(x * w, axis=(0, 1))", np.max(X * W)),
        ("where(x * w >= topk(x * w, 2)[:, 1:2], x * w, 0)", np.where(np.sort(X * W)[:, 1:2] <= X * W, X * W, 0)),
    ],
)
def test_a_step_is_numpys_and_has_its_gradient(text: str, wanted: np.ndarray) -> None:
    told = formula({"y": text})
    trace = told.program.trace()
    value = np.asarray(trace["y"].value)
    np.testing.assert_allclose(value, wanted, rtol=1e-14)
    assert value.shape == np.shape(wanted)
    found = check(told, trace)
    assert found.gradient is not None
    assert found.gradient.max_error < 1e-6
    for cell in np.ndindex(value.shape):
        assert trace.explain(f"y[{','.join(map(str, cell))}]" if cell else "y").holds


def test_numbers_may_be_made() -> None:
    told = formula(
        {"c": "2 + 1", "y": "x @ w / c"},
        given={"n": 2, "x": "eye(3) * n", "m": "tril(ones(3, 3))"},
        parameters={"w": "0.5 * randn(3, 2, seed=4)", "b": "sum(m, axis=0)"},
    )
    trace = told.program.trace()
    w = 0.5 * np.random.default_rng(4).standard_normal((3, 2))
    np.testing.assert_array_equal(np.asarray(trace["w"].value), w)
    np.testing.assert_array_equal(np.asarray(trace["b"].value), [3, 2, 1])
    np.testing.assert_allclose(np.asarray(trace["y"].value), 2 * w / 3, rtol=1e-14)
    assert trace["w"].node.kind == "parameter"
    assert trace["c"].node.kind == "constant"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("1 / 0", "numbers that are not finite"),
        ("later + 1", "there is no tensor 'later' before this step"),
        ("eye(", "where"),
        ("randn(100000, 100000)", "one result may have"),
    ],
)
def test_what_cannot_be_made_is_told_where_it_stands(given: str, said: str) -> None:
    with pytest.raises(TfstepError, match=r"scenario:1:\d+") as caught:
        formula({"y": "x * w"}, given={"x": given, "later": 1})
    assert said in str(caught.value)


def test_axes_of_one_are_bounded() -> None:
    with pytest.raises(TfstepError, match="more than 8 axes"):
        formula({"y": f"x[{', '.join(['None'] * 9)}] * w"}).program.trace()


def test_a_choice_of_what_is_best_still_has_no_gradient() -> None:
    with pytest.raises(TfstepError, match="topk has no derivative"):
        formula({"y": "topk(x * w, 2)"}).program.trace()
