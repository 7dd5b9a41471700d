"""What is 0 but for rounding looks like 0 and says so; words' numbers are not shaded; marks go where their cells go."""

import re

import numpy as np
import pytest

import tfstep
from tfstep.commands.language.session import Session
from tfstep.engine.trace import Trace
from tfstep.view.export.html import page
from tfstep.view.export.shade import LEGEND, MASKED, shade
from tfstep.view.export.slices import slices
from tfstep.view.export.svg import picture
from tfstep.view.export.tables import tables
from tfstep.view.matrix.noise import noise
from tfstep.view.matrix.plane import plane
from tfstep.view.matrix.summary import summary
from tfstep.view.text.spans import plain


@pytest.fixture(scope="module")
def trace() -> Trace:
    return tfstep.trace(tfstep.load("padding"))


def test_a_gradient_that_is_nothing_but_rounding_is_shown_as_0(trace: Trace) -> None:
    node = trace["enc0.attn.b_K.grad"].node
    value = trace.value(node.slot)
    assert 0 < np.abs(value).max() < 1e-15
    found = noise(trace, node)
    assert found is not None
    assert found.all()
    grid = plane(trace, node, (0,))
    assert not grid.values.any()
    assert set(grid.levels(0, 0, grid.breadth)) == {0}
    assert plain(summary(grid, 60)) == "0 but for rounding"
    assert trace.value(node.slot) is value, "the number itself stays what it is"


def test_small_numbers_that_are_no_rounding_stay() -> None:
    session = Session(tfstep.load("padding"))
    session.run("set enc0.attn.W_Q = 1e-9 * enc0.attn.W_Q")
    trace = session.trace
    for path in ("enc0.attn.W_Q", "enc0.attn.q_proj", "enc0.attn.W_K.grad", "enc0.attn.W_Q.grad"):
        node = trace[path].node
        found = noise(trace, node)
        assert found is None or not found.all(), path


def test_reports_and_pages_show_it_and_say_so(trace: Trace) -> None:
    tensor = trace["enc0.attn.b_K"]
    told = "\n".join(map(plain, tables([tensor], True)))
    assert "shown as 0: 4 (0 but for rounding)" in told
    assert "e-1" not in told
    _, gradient = next(slices(tensor, True, 4))
    assert {shade(gradient, 0, k) for k in range(4)} == {"#ffffff"}
    assert gradient.caption == "gradient · 0 but for rounding"


def test_numbers_of_words_are_no_amounts(trace: Trace) -> None:
    (ids,) = next(slices(trace["src.tokens"], True, 4))
    assert {shade(ids, 0, k) for k in range(len(ids.columns))} == {"#ffffff"}


def test_pages_and_pictures_have_a_legend_and_mark_what_is_masked(trace: Trace) -> None:
    weights = trace["enc0.attn.weights"]
    hidden = trace["enc0.attn.mask"].value[:, 0] != 0
    html = "".join(page("t", [weights], True, 4))
    svg = picture("t", [weights], True, 4)
    assert str(LEGEND) in html
    assert "grey and ▒: masked" in re.sub(r"<[^>]*>\s*", " ", svg)
    parts = [each[0] for each in slices(weights, False, 4)]
    for part in parts:
        for r, c in np.ndindex(hidden.shape[1:]):
            assert (shade(part, r, c) == MASKED) == hidden[part.index[0], r, c]
    marked = sum(int(hidden[part.index[0]].sum()) for part in parts)
    assert marked > 0
    assert html.count(">▒ ") == marked


@pytest.mark.parametrize("path", ["enc0.attn.weights", "enc0.attn.scores.grad", "enc0.attn.masked.grad"])
def test_hatching_goes_where_its_cells_go(trace: Trace, path: str) -> None:
    tensor = trace[path]
    masked = trace["enc0.attn.mask"].value[:, 0] != 0
    for sentence in range(tensor.shape[0]):
        for turned in (False, True):
            grid = plane(trace, tensor.node, (sentence, 0, 0, 0), turned=turned)
            expected = masked[sentence].T if turned else masked[sentence]
            assert (grid.hidden is not None) == bool(expected.any())
            if grid.hidden is not None:
                assert np.array_equal(grid.hidden != 0, expected)
                assert not grid.values[expected].any()
