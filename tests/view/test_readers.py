"""Where a number goes: the cell of a reading step that is shown has a part of it, and few are tried for that."""

import json

import pytest

import tfstep
from tfstep.engine.trace import Tensor
from tfstep.scenario.scenario import load_text
from tfstep.view.cell import readers
from tfstep.view.cell.readers import reading_cell


def first(tensor: Tensor) -> tuple[int, ...]:
    return (0,) * tensor.value.ndim


@pytest.mark.parametrize(
    ("cell", "path", "reads"),
    [
        ("out.logits[0,2,1]", "out.probs", (0, 2, 1)),  # through the steps inside a softmax
        ("enc0.attn.masked[0,0,2,1]", "enc0.attn.weights", (0, 0, 2, 1)),
        ("src.x[0,1,2]", "enc0.attn.q_proj", (0, 1, 2)),
        ("src.x[0,1,2]", "enc0.add1", (0, 1, 2)),
        ("enc0.attn.W_Q[1,2]", "enc0.attn.q_proj", (0, 0, 2)),
        ("src.E[2,1]", "src.embed", (0, 1, 1)),
        ("out.logits[0,2,1]", "loss", ()),
    ],
)
def test_the_cell_that_is_shown_of_a_reader_has_the_number_in_it(cell: str, path: str, reads: tuple[int, ...]) -> None:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    assert reading_cell(trace, path, cell, first) == reads
    assert reading_cell(trace, path, cell, lambda _: reads) == reads


def test_of_a_large_vocabulary_few_cells_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is made of as many terms as there are words."""
    words = {"target": ["1", "2"], "labels": ["2", "3"]}
    model = {"kind": "decoder", "layers": 1, "d_model": 2, "heads": 1, "d_ff": 2}
    trace = tfstep.trace(load_text(json.dumps({"tfstep": 1, "model": model, "vocab": 9000, "input": words})))
    explained, explain = [], readers.explain

    def noted(*args: object) -> object:
        explained.append(args)
        return explain(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(readers, "explain", noted)
    assert reading_cell(trace, "out.probs", "out.logits[0,1,8000]", first) == (0, 1, 8000)
    assert len(explained) < 20
