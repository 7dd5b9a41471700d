"""Every name of a cell that is shown can be given back, and means the same cell."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

import tfstep
from tfstep.address.grammar import cell_name
from tfstep.commands.language.session import Session
from tfstep.engine.trace import Tensor, Trace, cell_of
from tfstep.errors import PathError, TfstepError
from tfstep.scenario.file.catalog import shipped
from tfstep.session.address.target import cell
from tfstep.view.cell.equation import name_of
from tfstep.view.report.explanation import in_cell

STEPS, CELLS = 24, 2


@cache
def session(scenario: str) -> Session:
    return Session(tfstep.load(scenario))


def in_sight(here: Session, text: str) -> bool:
    """Whether a cell is of the sentence and the head that the screen shows, whose numbers it leaves out."""
    tensor, index = cell_of(here.trace, text)
    under = here.cursor.on(tensor)
    return all(index[k] == under[k] for k, name in enumerate(tensor.axes) if name in ("batch", "head"))


def sampled(trace: Trace) -> Iterator[tuple[Tensor, tuple[int, ...]]]:
    """Some tensors of a run, inner ones included, each with some of its cells."""
    nodes = [node for node in trace.plan.nodes if node.spec.size]
    for node in nodes[:: max(1, len(nodes) // STEPS)]:
        tensors = [trace[node.path]]
        inside = trace.substeps(node.slot)
        if inside is not None and inside.plan.steps:
            tensors.append(trace[inside.prefix + inside.plan.steps[0].path])
        for tensor in tensors:
            for flat in {0, tensor.value.size - 1}:
                yield tensor, tuple(map(int, np.unravel_index(flat, tensor.shape)))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", shipped())
def test_what_an_explanation_prints_means_the_same_cell(scenario: str) -> None:
    trace = session(scenario).trace
    seen = 0
    for tensor, index in sampled(trace):
        found = trace.explain(cell_name(tensor.path, index))
        cells = [found.cell, *[f.cell for term in found.terms[:3] for f in term.factors if f.cell]]
        for each in cells:
            there, at = cell_of(trace, each)
            assert cell_name(there.path, at) == each
            spoken, same = cell_of(trace, in_cell(trace, each))
            assert (spoken.path, same) == (there.path, at), in_cell(trace, each)
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("scenario", shipped())
def test_what_the_screen_calls_a_cell_means_it_there(scenario: str) -> None:
    here = session(scenario)
    for tensor, index in sampled(here.trace):
        if tensor.step is None:
            continue
        here.run(f"goto {tensor.path}")
        here.cursor.move_to(tensor, index)
        name = name_of(here.trace, cell_name(tensor.path, index))
        found, at = cell(here, name)
        assert (found.path, at) == (tensor.path, index), name
        for term in here.trace.explain(cell_name(tensor.path, index)).terms[:2]:
            for factor in term.factors:
                if factor.cell is not None and in_sight(here, factor.cell):
                    found, at = cell(here, name_of(here.trace, factor.cell))
                    assert cell_name(found.path, at) == factor.cell


def test_a_name_inside_a_step_is_found_from_anywhere() -> None:
    trace = session("steve-builds-a-house").trace
    assert trace.explain("logsumexp[builds,0]").cell == "loss/logsumexp[2,0]"
    assert trace["p_minus_y"].path == "out.logits.grad/p_minus_y"
    with pytest.raises(PathError, match=r"exp: which one[?] enc0.attn.weights/exp, dec0.attn.weights/exp, "):
        trace.explain("exp[0,1]")


def test_a_cell_of_too_few_indices_is_told_what_a_cell_looks_like() -> None:
    with pytest.raises(
        PathError, match=r"\(batch 2, head 1, .*2 indices were given; a cell is .*weights\[0,0,今天,今天\]"
    ):
        session("padding").trace.explain("weights[我,想]")


@pytest.mark.parametrize(
    ("scenario", "cell", "same"),
    [
        ("wo-ai-ni", "weights[我,爱]", "enc0.attn.weights[0,0,0,1]"),
        ("wo-ai-ni", "W_Q[i0,o1]", "enc0.attn.W_Q[0,1]"),
        ("wo-ai-ni", "src.x[爱,i1]", "src.x[0,1,1]"),
        ("wo-ai-ni", "src.x[爱,d1]", "src.x[0,1,1]"),
        ("wo-ai-ni", "enc0.attn.q_proj.grad[你,o2]", "enc0.attn.q_proj.grad[0,2,2]"),
        ("multi-head", "weights[0,他#2,我]", "enc0.attn.weights[0,0,4,2]"),
        ("steve-builds-a-house", "dec0.cross.weights[<sos>,史蒂夫]", "dec0.cross.weights[0,0,0,0]"),
        ("steve-builds-a-house", "dec0.attn.weights[builds⇒a,<sos>]", "dec0.attn.weights[0,0,2,0]"),
    ],
)
def test_a_cell_is_written_the_same_way_in_every_command_and_in_expressions(
    scenario: str, cell: str, same: str
) -> None:
    here = session(scenario)
    value = float(here.run(f"print {same}").values)
    assert float(here.run(f"print {cell}").values) == value
    assert float(here.run(f"print 2 * {cell} - `{same.partition('[')[0]}`[{same.partition('[')[2]}").values) == value
    assert here.run(f"explain {cell}").explanation.value == value
    here.run(f"expect {cell} == {same}")
    here.run(f"goto {same}")
    here.run(f"break if {cell} == {same}")
    here.run("delete")


def test_names_of_tensors_in_brackets_stay_names() -> None:
    here = session("wo-ai-ni")
    with pytest.raises(TfstepError, match="an index is a whole number, a word"):
        here.run("print src.E[W_Q]")
    here.run("set $n = 1")
    assert here.run("print W_Q[$n, 0:2]").values.shape == (2,)
    with pytest.raises(TfstepError, match="axis key has no word 她; it has 我 爱 你"):
        here.run("print weights[我,她]")
