"""What is said of a number over which a mask has had its say, whatever the mask value."""

import pytest

import tfstep
from tfstep.view.report.nesting import with_reason

CAUSAL = "causal: the key comes after the query, which must not see it"


def run(mask_value: float, target: str = "a b c") -> tfstep.Trace:
    document = {
        "model": {"kind": "decoder", "d_model": 4, "mask_value": mask_value},
        "vocab": ["<pad>", "a", "b", "c"],
        "input": {"target": [target.split()], "labels": [["b", "c", "a"]]},
        "weights": {"seed": 1},
    }
    return tfstep.trace(tfstep.Scenario.from_dict(document))


def said(trace: tfstep.Trace, cell: str) -> str | None:
    note = with_reason(trace, trace.explain(cell)).note
    return None if note is None else str(note)


@pytest.mark.parametrize("mask_value", [-1e9, float("-inf"), -5.0])
@pytest.mark.parametrize("path", ["masked", "weights", "weights/exp", "scaled.grad"])
def test_a_masked_cell_names_its_reason(mask_value: float, path: str) -> None:
    trace = run(mask_value)
    note = said(trace, f"dec0.attn.{path}[0,0,0,1]")
    assert note is not None
    assert note.startswith(CAUSAL)
    left = trace["dec0.attn.weights"][0, 0, 0, 1]
    assert ("is left" in note) == (path == "weights" and mask_value == -5)
    assert (f"a weight of {left:.4g} is left" in note) == (path == "weights" and mask_value == -5)
    assert said(trace, f"dec0.attn.{path}[0,0,1,0]") is None


def test_a_pinned_score_is_not_the_weights_matter() -> None:
    trace = run(-1e9)
    pinned = trace.edit({"dec0.attn.scores[0,0,0,1]": 3.0})
    assert said(pinned, "dec0.attn.weights[0,0,0,1]") == CAUSAL
    assert "pinned" in str(said(pinned, "dec0.attn.scores[0,0,0,1]"))


def test_a_row_with_nothing_left_is_told_to_be_one() -> None:
    trace = run(-1e9, "<pad> a b")
    note = said(trace, "dec0.attn.weights[0,0,0,0]")
    assert note is not None
    assert "nothing is left" in note
