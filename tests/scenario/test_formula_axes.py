"""Names of axes in equations that an author wrote."""

import tfstep

X, W = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]]


def test_attention_written_as_equations_has_queries_and_keys() -> None:
    document = {
        "model": {
            "kind": "formula",
            "given": {"x": X},
            "parameters": {"W_Q": W, "W_K": W, "W_V": W},
            "steps": {
                "Q": "x @ W_Q",
                "K": "x @ W_K",
                "scores": "Q @ K.T",
                "weights": "softmax(scores / sqrt(2))",
                "out": "weights @ (x @ W_V)",
                "same": "softmax(x @ W_Q @ (x @ W_K).T / sqrt(2)) @ x",
            },
        },
        "loss": "sum(out) + sum(same)",
    }
    trace = tfstep.trace(tfstep.Scenario.from_dict(document))
    for path in ("scores", "weights", "scores.grad", "weights.grad"):
        assert trace[path].axes == ("query", "key"), path
    assert trace["Q"].axes == trace["K"].axes == ("batch", "out")
    assert trace["out"].axes == ("query", "out")
    assert trace["same"].axes == ("query", "in")
    assert trace["W_Q.grad"].axes == ("in", "out")
    assert trace["Q.grad"].axes == ("batch", "out")
    assert trace.check().ok


def test_rows_of_parameters_against_rows_are_queries_and_keys() -> None:
    document = {
        "model": {
            "kind": "formula",
            "parameters": {"Q": X, "K": X[::-1], "V": X, "W": W},
            "steps": {"S": "Q @ K.T", "P": "softmax(S)", "O": "P @ V", "gram": "Q.T @ K", "y": "O @ W @ W"},
        },
        "loss": "sum(y) + sum(gram)",
    }
    trace = tfstep.trace(tfstep.Scenario.from_dict(document))
    for path in ("S", "P", "S.grad", "P.grad"):
        assert trace[path].axes == ("query", "key"), path
    assert trace["O"].axes == trace["y"].axes == ("query", "out")
    assert trace["gram"].axes == ("out", "out"), "columns against columns are features"
    assert trace["Q.grad"].axes == trace["W.grad"].axes == ("in", "out")
