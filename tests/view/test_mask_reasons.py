"""What is said of a number over which a mask has had its say, whatever the mask value."""

import pytest

import tfstep
from tfstep.scenario.scenario import load_text
from tfstep.session.study.decoding import generate
from tfstep.view.frame.frame import Camera
from tfstep.view.frame.view_state import ViewState
from tfstep.view.report.nesting import with_reason
from tfstep.view.result.lines import lines
from tfstep.view.text.spans import plain

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


WORDS = "a b c d a b"
WINDOW = "hidden by the window: key 0 is 4 before query 4, the window holds 3"
SIDES = "hidden by the window: key 5 is 4 away from query 1, the window reaches 3 to each side"
CHUNK = "hidden by the chunk: key 0 is in chunk 0, query 4 in chunk 1; a chunk holds 4"
DOCUMENT = "hidden as of another document: key 0 belongs to document 1, query 4 to document 2"


def long(kind: str, keys: str, more: str = "") -> tfstep.Trace:
    side = "source" if kind == "encoder" else "target"
    text = f"tfstep: 1\nmodel: {{kind: {kind}, layers: 2, {keys}}}\nvocab: [<pad>, a, b, c, d]\n"
    return tfstep.trace(load_text(f"{text}input: {{{side}: {WORDS}{more}}}\nloss: {{kind: none}}\n"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "keys", "more", "cell", "words"),
    [
        ("decoder", "window: 3", "", "dec1.attn.{}[0,0,4,0]", WINDOW),
        ("decoder", "layer_pattern: [{}, {window: 3}]", "", "dec1.attn.{}[0,0,4,0]", WINDOW),
        ("encoder", "window: 3", "", "enc0.attn.{}[0,0,1,5]", SIDES),
        ("decoder", "chunk: 4", "", "dec0.attn.{}[0,0,4,0]", CHUNK),
        ("decoder", "window: 3, chunk: 4", "", "dec0.attn.{}[0,0,4,0]", f"{WINDOW}; {CHUNK}"),
        ("decoder", "mask: {padding: true}", ", documents: [1, 1, 1, 2, 2, 2]", "dec0.attn.{}[0,0,4,0]", DOCUMENT),
        ("decoder", "window: 3", "", "dec0.attn.{}[0,0,1,5]", CAUSAL),
    ],
)
def test_what_a_window_a_chunk_or_a_document_hides_is_told_with_its_numbers(
    kind: str, keys: str, more: str, cell: str, words: str
) -> None:
    trace = long(kind, keys, more)
    for path in ("masked", "weights", "weights/exp"):
        assert said(trace, cell.format(path)) == words
    session = tfstep.Session(trace.plan.origin)
    for line in ("why", "explain"):
        shown = [plain(each).strip() for each in lines(session.run(f"{line} {cell.format('weights')}"), session.trace)]
        assert words in shown, line


def test_a_pass_with_a_cache_counts_its_words_from_the_first() -> None:
    trace = long("decoder", "window: 3, head: true")
    scenario, program = trace.plan.origin, trace.plan.origin.program
    given = {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}
    last = list(generate(scenario, given, 2, cache=True))[-1].trace
    assert last["dec0.attn.weights"].shape[2:] == (1, 7)
    words = "hidden by the window: key 3 is 3 before query 6, the window holds 3"
    assert said(last, "dec0.attn.weights[0,0,0,3]") == words


def test_the_panel_of_a_hidden_cell_says_the_window() -> None:
    session = tfstep.Session(long("decoder", "window: 3").plan.origin)
    for path in ("masked", "weights"):
        session.run(f"goto dec0.attn.{path}[0,0,4,0]")
        panel = Camera().frame(session, ViewState()).account
        assert panel.cell == f"dec0.attn.{path}[0,0,4,0]"
        assert panel.note == WINDOW
