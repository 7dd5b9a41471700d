"""``steps``: the timeline, number by number."""

import pytest

import tfstep
from tfstep.engine.trace import Trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    return tfstep.trace(tfstep.load("wo-ai-ni"))


def test_json_is_the_timeline(tfstep, trace):
    rows = tfstep("steps", "wo-ai-ni", "--json").json
    assert [row["step"] for row in rows] == list(range(1, len(trace.plan.steps) + 1))
    for row, node in zip(rows, trace.plan.steps, strict=True):
        assert list(row) == ["step", "path", "phase", "op", "depth", "inputs", "shape"]
        assert (row["path"], row["phase"], row["shape"]) == (node.path, node.phase, list(node.shape))
        assert row["depth"] == 1
        assert row["op"] == trace[node.path].op
        assert row["inputs"] == [trace.plan.nodes[slot].path for slot in node.slots]
    phases = [row["phase"] for row in rows]
    assert phases == sorted(phases, key=["forward", "backward", "update"].index)


def test_every_input_comes_before(tfstep, trace):
    rows = tfstep("steps", "wo-ai-ni", "--json", "--depth", "9").json
    known = {node.path for node in trace.plan.nodes if node.op is None}
    for row in (row for row in rows if row["depth"] == 1):
        assert set(row["inputs"]) <= known
        known.add(row["path"])


def test_inner_steps_follow_theirs_and_are_numbered_under_it(tfstep):
    rows = tfstep("steps", "wo-ai-ni", "--json", "--depth", "2").json
    softmax = [row for row in rows if str(row["step"]).partition(".")[0] == "12"]
    assert [(row["step"], row["path"].rpartition("/")[2]) for row in softmax[:5]] == [
        (12, "enc0.attn.weights"),
        ("12.1", "max"),
        ("12.2", "shift"),
        ("12.3", "exp"),
        ("12.4", "sum"),
    ]
    assert [row["depth"] for row in softmax] == [1] + [2] * (len(softmax) - 1)
    assert {row["phase"] for row in softmax} == {"forward"}
    assert softmax[2]["inputs"] == ["enc0.attn.masked", "enc0.attn.weights/max"]
    backward = [row for row in rows if row["depth"] == 2 and row["phase"] == "backward"]
    assert backward


def test_the_tree_names_phases_and_parts(tfstep, trace):
    lines = tfstep("steps", "wo-ai-ni").out.splitlines()
    assert [line for line in lines if line[0] != " "] == ["forward", "backward", "update"]
    assert "  enc0.attn" in lines
    numbered = [line.split()[0] for line in lines if line.split()[0].isdigit()]
    assert numbered == [str(node.number) for node in trace.plan.steps]
    assert any("scores = Q Kᵀ" in line for line in lines)


def test_ascii_spells_the_symbols_out(tfstep):
    lines = tfstep("steps", "wo-ai-ni", "--ascii").out
    assert "scores = Q K^T" in lines
    assert lines.isascii()
    assert not tfstep("steps", "wo-ai-ni").out.isascii()


def test_without_a_loss_there_is_no_backward_phase_and_it_says_so(tfstep, tmp_path):
    file = tmp_path / "free.yaml"
    file.write_text("tfstep: 1\nmodel: {kind: mlp, sizes: [2, 1]}\ninput: {x: [[1, 2]]}\n")
    done = tfstep("steps", str(file), "--json")
    assert done.status == 0
    assert {row["phase"] for row in done.json} == {"forward"}
    assert "no backward phase" in done.err
