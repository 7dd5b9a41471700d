"""Very long sums: the largest terms, and the rest as one number, agree with the whole explanation."""

import numpy as np
import pytest

import tfstep
from tfstep.view.cell.sums import LongSum, explain_cell
from tfstep.view.frame.frame import Camera
from tfstep.view.frame.view_state import ViewState


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> tfstep.Session:
    path = tmp_path_factory.mktemp("wide") / "wide.yaml"
    model = "{kind: encoder, layers: 1, d_model: 160, heads: 1, d_ff: 8}"
    vocab = "{source: [<pad>, a, b], target: [a, b]}"
    path.write_text(f"tfstep: 1\nmodel: {model}\nvocab: {vocab}\ninput: {{source: a b, labels: a b}}\n", "utf-8")
    return tfstep.Session(tfstep.load(path))


@pytest.mark.parametrize("path", ["enc0.attn.q_proj", "enc0.attn.scores", "enc0.attn.out"])
def test_the_terms_are_the_largest_of_the_whole_sum(wide: tfstep.Session, path: str) -> None:
    wide.run(f"goto {path}")
    tensor = wide.current
    wide.cursor.move_to(tensor, tuple(size - 1 for size in tensor.shape))
    found = explain_cell(tensor, wide.cell, wide.cursor.on)
    name = f"{path}[{','.join(map(str, wide.cell))}]"
    whole = wide.trace.explain(name)
    assert found.value == whole.value
    assert found.holds
    assert isinstance(found, LongSum)
    known = {tuple(factor.cell for factor in term.factors): term.value for term in whole.terms}
    assert all(known[tuple(factor.cell for factor in term.factors)] == term.value for term in found.terms)
    assert len(found.terms) + found.more == len(whole.terms)
    assert np.isclose(found.rest + sum(term.value for term in found.terms), whole.total)


def test_the_screen_folds_them(wide: tfstep.Session) -> None:
    wide.run("goto enc0.attn.q_proj")
    frame = Camera().frame(wide, ViewState())
    assert isinstance(explain_cell(wide.current, wide.cell, wide.cursor.on), LongSum)
    text = "".join(span.text for line in frame.account.lines(100, 20) for span in line)
    assert "155 more" in text or "154 more" in text
