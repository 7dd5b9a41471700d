"""A tensor of another variant, bare where a command takes a PATH."""

import pytest

import tfstep
from tfstep.errors import TfstepError
from tfstep.session.results import Checked, Explained, Generated, Reasoned, Value
from tfstep.view.result.lines import lines
from tfstep.view.text.spans import plain


@pytest.fixture
def session() -> tfstep.Session:
    return tfstep.Session(tfstep.load("wo-ai-ni"))


@pytest.mark.parametrize("written", ["swapped:enc0.attn.weights", "`swapped:enc0.attn.weights`"])
def test_show_takes_a_tensor_of_another_variant_and_knows_its_words(session: tfstep.Session, written: str) -> None:
    shown = session.run(f"show {written}[0,0,'你']")
    other = tfstep.trace(tfstep.load("wo-ai-ni", variant="swapped"))["enc0.attn.weights"]
    assert isinstance(shown, Value)
    assert shown.values.tobytes() == other.value[0, 0, 0].tobytes()
    assert shown.part is not None
    assert list(shown.part[0].labels["key"][0]) == ["你", "爱", "我"]


@pytest.mark.parametrize("line", ["set swapped:loss = 1", "sweep swapped:enc0.attn.W_Q[0,0] 0 1"])
def test_what_only_goes_on_here_says_how_to_go_there(session: tfstep.Session, line: str) -> None:
    with pytest.raises(TfstepError, match="`variant swapped`"):
        session.run(line)


def test_a_variant_that_is_not_there_is_named(session: tfstep.Session) -> None:
    with pytest.raises(TfstepError, match="no variant 'nope'"):
        session.run("show nope:loss")


def test_a_cell_of_another_variant_is_asked_why_from_here(session: tfstep.Session) -> None:
    other = tfstep.trace(tfstep.load("wo-ai-ni", variant="swapped"))
    explained = session.run("explain swapped:loss")
    assert isinstance(explained, Explained)
    assert explained.explanation.value == float(other["loss"]) != float(session.trace["loss"])
    reasoned = session.run("why swapped:enc0.attn.weights[0,0,1,2]")
    assert isinstance(reasoned, Reasoned)
    assert session.variant == "base"


def test_goto_goes_over_to_another_variant(session: tfstep.Session) -> None:
    session.run("goto swapped:enc0.attn.weights")
    assert (session.variant, session.current.path) == ("swapped", "enc0.attn.weights")


def test_every_pass_of_a_generation_is_walked_asked_changed_and_compared_like_any_run() -> None:
    session = tfstep.Session(tfstep.load("steve-builds-a-house"))
    said = session.run("generate 3")
    assert isinstance(said, Generated)
    second = said.words[1].trace
    session.run("goto pass2:dec0.attn.weights")
    assert session.variant == "pass2"
    assert session.current.value.tobytes() == second["dec0.attn.weights"].value.tobytes()
    session.run("goto start")
    session.run("next 5")
    checked = session.run("check")
    assert isinstance(checked, Checked)
    assert checked.report.ok
    explained = session.run("explain pass3:out.probs[0,-1,4]")
    assert isinstance(explained, Explained)
    assert explained.explanation.value == said.words[2].trace["out.probs"].value[0, -1, 4]
    session.run("set dec0.attn.W_Q[0,0] = 3")
    assert session.trace["out.probs"].value.tobytes() != second["out.probs"].value.tobytes()
    session.run("undo")
    assert session.trace["out.probs"].value.tobytes() == second["out.probs"].value.tobytes()
    session.run("diff pass1")
    session.run("variant base")
    assert "loss" in session.trace.plan.paths


@pytest.mark.slow
@pytest.mark.parametrize("line", ["save x.yaml", "tokens target a", "model scale false", "generate", "train"])
def test_a_pass_has_no_file_words_or_loss_of_its_own(line: str) -> None:
    session = tfstep.Session(tfstep.load("steve-builds-a-house"))
    session.run("generate 2")
    session.run("variant pass2")
    with pytest.raises(TfstepError, match=r"a pass of `generate`|no loss"):
        session.run(line)


def test_new_words_have_new_passes() -> None:
    session = tfstep.Session(tfstep.load("steve-builds-a-house"))
    session.run("generate 3")
    session.run("explain pass3:out.probs[0,-1,4]")
    session.run("generate 1")
    with pytest.raises(TfstepError, match="no variant 'pass3'"):
        session.run("explain pass3:out.probs[0,-1,4]")


def test_a_pass_that_is_not_there_is_told_which_are() -> None:
    session = tfstep.Session(tfstep.load("steve-builds-a-house"))
    session.run("generate 2")
    for line in ("goto pass9:out.probs", "diff pass9", "variant pass9", "explain pass9:out.probs[0,0,0]"):
        with pytest.raises(
            TfstepError, match=r"^no variant 'pass9' \(did you mean pass\d[?]\); there are base, .*pass1, pass2$"
        ):
            session.run(line)


def test_a_tensor_of_another_shape_in_the_other_run_is_said_to_be_so() -> None:
    session = tfstep.Session(tfstep.load("steve-builds-a-house"))
    session.run("generate 2")
    session.run("goto pass2:dec0.attn.weights")
    text = "\n".join(map(plain, lines(session.run("diff pass1"), session.trace)))
    assert "dec0.attn.weights is 1×1×2×2 here, 1×1×1×1 there" in text
    assert "only here" not in text
