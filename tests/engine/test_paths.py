"""Paths and cells: what they find, and what is said when they find nothing."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import encoder

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.address.indices import whole
from tfstep.engine.trace import Trace
from tfstep.errors import PathError
from tfstep.scenario.scenario import load_text


@pytest.fixture(scope="module")
def trace() -> Trace:
    return encoder(source=("我爱你", "你爱"), labels=("爱你我", "爱你"), scale=False)


def test_a_tensor_tells_what_it_is(trace: Trace) -> None:
    t = trace["enc0.attn.weights"]
    assert t.path == "enc0.attn.weights"
    assert t.shape == t.value.shape == (2, 2, 3, 3)
    assert t.axes == ("batch", "head", "query", "key")
    assert t.labels["query"] == t.labels["key"] == [["我", "爱", "你"], ["你", "爱", "<pad>"]]
    assert (t.op, t.phase, t.inputs) == ("softmax", "forward", ("enc0.attn.masked",))
    assert t.formula == "weights = softmax(masked)"
    assert t.step == [n.path for n in trace.plan.steps].index("enc0.attn.weights") + 1
    assert t.grad is not None
    assert t.grad.shape == t.shape
    assert t.new is None
    assert repr(t).startswith("<Tensor enc0.attn.weights 2×2×3×3 ∈[0, 0.")
    assert repr(trace["loss"]) == "<Tensor loss = 1.306>"


def test_leaves_have_no_step(trace: Trace) -> None:
    for path, kind in (("enc0.attn.W_Q", "parameter"), ("src.pos", "constant"), ("src.tokens", "input")):
        t = trace[path]
        assert (t.step, t.phase, t.op, t.formula, t.inputs) == (None, None, None, None, ())
        assert t.node.kind == kind
    assert trace["enc0.attn.W_Q"].new is trace["enc0.attn.W_Q.new"].value
    assert trace["src.pos"].grad is None


def test_gradients_are_tensors_like_any_other(trace: Trace) -> None:
    t = trace["enc0.attn.scores.grad"]
    assert t.phase == "backward"
    assert t.axes == trace["enc0.attn.scores"].axes
    assert t.labels == trace["enc0.attn.scores"].labels
    assert t.value is trace["enc0.attn.scores"].grad


def test_paths_inside_steps_go_down_to_any_depth(trace: Trace) -> None:
    outer = trace["enc0.attn.weights"].step
    t = trace["enc0.attn.weights/exp"]
    assert (t.path, t.step) == ("enc0.attn.weights/exp", f"{outer}.3")
    assert t.inputs == ("enc0.attn.weights/shift",)
    assert t.formula == "exp = exp(shift)"
    np.testing.assert_array_equal(t.value, np.exp(trace["enc0.attn.weights/shift"].value))
    back = trace["enc0.norm1.grad/enc0.ffn.hidden"]
    assert back.phase == "backward"
    assert isinstance(back.step, int)
    assert trace["enc0.attn.masked.grad/average"].step == f"{trace['enc0.attn.masked.grad'].step}.2"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("enc0.attn.wieghts", "there is no tensor 'enc0.attn.wieghts' (did you mean enc0.attn.weights?)"),
        ("ENC0.attn.weights", "there is no tensor 'ENC0.attn.weights' (did you mean enc0.attn.weights?)"),
        ("enc0.attn.weights/epx", "inside enc0.attn.weights there is no step 'epx' (did you mean exp?)"),
        ("enc0.attn.scores/sum", "enc0.attn.scores/sum: there is nothing inside enc0.attn.scores (matmul)"),
        ("src.E/row", "src.E/row: there is nothing inside src.E (parameter)"),
        ("enc0.attn.scaled", "enc0.attn.scaled: this scenario switches it off with `model.scale`"),
        ("enc0.attn.scaled.grad", "enc0.attn.scaled.grad: this scenario switches it off with `model.scale`"),
        ("src.pos.grad", "src.pos.grad: src.pos is given, not learned; gradients are recorded for parameters"),
        ("src.tokens.grad", "src.tokens is given, not learned"),
        ("out.probs.grad", "no path leads from out.probs to the loss"),
        ("", "there is no tensor ''"),
        ("/", "there is no tensor '/'"),
        ("enc0.attn.weights/", "inside enc0.attn.weights there is no step ''"),
        ("qwertyuiop", "there is no tensor 'qwertyuiop'"),
    ],
)
def test_what_is_said_of_paths_that_lead_nowhere(trace: Trace, path: str, says: str) -> None:
    with pytest.raises(PathError) as error:
        trace[path]
    assert says in str(error.value)
    assert "did you mean" in says or "did you mean" not in str(error.value) or path in ("", "/", "enc0.attn.weights/")


def test_cells_are_counted_numpy_s_way(trace: Trace) -> None:
    value = trace["enc0.attn.scores"].value
    assert trace.explain("enc0.attn.scores[1,0,-1,2]").value == value[1, 0, -1, 2]
    assert trace.explain("enc0.attn.scores[1,0,-1,2]").cell == "enc0.attn.scores[1,0,2,2]"
    assert trace.explain(" enc0.attn.scores[ 1, 0,2 ,-3 ] ").cell == "enc0.attn.scores[1,0,2,0]"
    assert trace.explain("loss").cell == "loss"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (
            "enc0.attn.scores",
            "has 4 axes (batch 2, head 2, query 3, key 3), no index was given; a cell is enc0.attn.scores[",
        ),
        (
            "enc0.attn.scores[0,0]",
            "(batch 2, head 2, query 3, key 3), 2 indices were given; a cell is enc0.attn.scores[",
        ),
        ("enc0.attn.scores[x]", "(batch 2, head 2, query 3, key 3), 1 index was given; a cell is enc0.attn.scores["),
        ("loss[0]", "loss is one number: it takes no indices"),
        ("enc0.attn.scores[0,2,0,0]", "index 2 is outside of axis head, which has 2 (0 to 1)"),
        ("enc0.attn.scores[0,0,-4,0]", "index -4 is outside of axis query, which has 3 (0 to 2)"),
        ("enc0.attn.scores[0,0,x,0]", "'x' is neither a whole number nor a word of axis query"),
        ("enc0.attn.scores[0,0,1.0,0]", "'1.0' is neither a whole number"),
        ("enc0.attn.scores[0,0,:,0]", "is more than one cell"),
        ("enc0.attn.scores[0,0,-:,0]", "'-:' is neither a whole number nor a word of axis query"),
        ("enc0.attn.scores[0,0,0,1:-", "the bracket is not closed"),
        ("enc0.attn.scores[]", "no list of indices"),
        ("enc0.attn.scores[0,0,0,0", "the bracket is not closed\n  enc0.attn.scores[0,0,0,0\n                  ^"),
        ("enc0.attn.scores[0,0,0,0]]", "after the indices stands .grad"),
        ("enc0.attn.scores[0,0,0,99999999999999999999]", "'99999999999999999999' is neither"),
    ],
)
def test_what_is_said_of_cells_that_are_not_there(trace: Trace, cell: str, says: str) -> None:
    with pytest.raises(PathError) as error:
        trace.explain(cell)
    assert says in str(error.value)


def test_a_cell_and_its_name_are_each_other_s_inverse(trace: Trace) -> None:
    for path, cell in (("a.b", (1, 0, 12)), ("loss", ()), ("x.grad/y", (0,))):
        name, index = parse_cell(cell_name(path, cell))
        assert (name, index or ()) == (path, cell)
    assert whole(trace["src.x"], (-1, -1, -1)) == (1, 2, 3)


def test_slices_are_parsed_where_they_are_allowed() -> None:
    assert parse_cell("x[:,1:-1,0]", slices=True) == ("x", (slice(None), slice(1, -1), 0))
    assert parse_cell("x[::2]", slices=True) == ("x", (slice(None, None, 2),))
    with pytest.raises(PathError):
        parse_cell("x[::0]", slices=True)


@pytest.mark.parametrize(
    ("keys", "path", "key"),
    [
        ("", "dec0.attn.Q_rot", "model.positional"),
        ("positional: rope", "tgt.pos", "model.positional"),
        ("", "dec0.ffn.gate", "model.gated"),
        ("", "dec.norm.gamma", "model.final_norm"),
        ("norm: none", "dec1.norm2", "model.norm"),
        ("norm: rms", "dec1.norm2.beta", "model.norm"),
        ("residual: false", "dec0.add1", "model.residual"),
        ("projections: false", "dec0.attn.W_Q", "model.projections"),
        ("output: false", "dec0.attn.out", "model.output"),
        ("bias: false, head: true", "out.b", "model.bias"),
        ("bias: false, output: false", "dec0.attn.b_O", "model.bias"),
        ("scale: false", "dec1.attn.scaled.grad", "model.scale"),
        ("mask: {padding: false, causal: false}", "dec0.attn.masked", "model.mask"),
        ("head: false", "out.logits", "model.head"),
        ("", "dec1.cross.b_Q", "model.kind"),
    ],
)
def test_a_part_that_is_switched_off_names_the_key_that_would_bring_it(keys: str, path: str, key: str) -> None:
    text = (
        f"model: {{kind: decoder, layers: 2, heads: 2, {keys}}}\nvocab: [<pad>, a]\ninput: {{target: a a}}\nloss: sum\n"
    )
    trace = load_text(text).program.trace()
    with pytest.raises(PathError, match=f"this scenario switches it off with `{key}`"):
        trace[path]
    with pytest.raises(PathError, match="no tensor"):
        trace[path.replace("dec", "enc") if "dec" in path else "dec2.attn.scaled"]
