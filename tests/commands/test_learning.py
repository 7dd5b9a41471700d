"""Training and going back, other words and models, curves, reasons, comparisons."""

import numpy as np
import pytest

import tfstep
from tfstep import work
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError, PathError, TfstepError
from tfstep.scenario.scenario import load_text
from tfstep.session.change import updates
from tfstep.session.change.training import Training
from tfstep.session.results import Compared, Drawn, Pictured, Plotted, Reasoned, Result, Swept, Trained
from tfstep.view.result.lines import text


@pytest.fixture
def session() -> Session:
    return Session(tfstep.load("wo-ai-ni"))


def bits(session: Session) -> bytes:
    return b"".join(session.trace.value(n.slot).tobytes() for n in session.trace.plan.nodes)


def loss(session: Session) -> float:
    return float(session.trace["loss"].value)


def trained(session: Session, line: str) -> Trained:
    result = session.run(line)
    assert isinstance(result, Trained)
    return result


@pytest.mark.parametrize("name", ["wo-ai-ni", "milk"])
def test_rewind_and_training_again_are_exact(name: str) -> None:
    session = Session(tfstep.load(name))
    stages = [bits(session)]
    for _ in range(4):
        session.run("train 1")
        stages.append(bits(session))
    assert len(set(stages)) == 5
    session.run("rewind 3")
    assert bits(session) == stages[1]
    session.run("train 3")
    assert bits(session) == stages[4]
    session.run("goto update 2")
    assert bits(session) == stages[2]
    session.run("goto update 4")
    assert bits(session) == stages[4]
    session.run("undo 4")  # going to and fro between updates is one change
    assert bits(session) == stages[3]


def test_an_update_that_was_never_made_is_not_trained_for(session: Session) -> None:
    session.run("train 3")
    session.run("rewind 2")
    session.run("goto update 3")
    with pytest.raises(TfstepError, match="3 updates were made up to now; `train 897`"):
        session.run("goto update 900")
    assert session.update == 3


def test_updates_that_are_not_kept_are_run_again_to_the_bit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "KEPT_BYTES", 1)
    session.run("train 2")
    session.run("set enc0.attn.W_Q[0,0] = 3")
    seventh = b""
    session.run("train 9")
    assert sum(moment.carried is not None for moment in session.journal.now.past) == 2, "the first of each run"
    session.run("goto update 7")
    seventh = bits(session)
    session.run("undo 2")
    monkeypatch.undo()
    session.run("train 5")
    assert bits(session) == seventh


def test_train_agrees_with_training_from_the_file(session: Session) -> None:
    session.run("train 5")
    training = Training(session.scenario)
    training.run(5)
    for path, value in training.parameters().items():
        assert np.array_equal(session.trace[path].value, value), path


def test_an_edited_parameter_trains_on_and_a_pin_stays(session: Session) -> None:
    session.run("set enc0.attn.weights[0,0,0] = [1,0,0]")
    session.run("set out.b[0] = 3")
    before = loss(session)
    session.run("train 10")
    assert loss(session) < before
    assert session.trace["enc0.attn.weights"].value[0, 0, 0].tolist() == [1, 0, 0]
    assert "not set again" in text(session.run("rewind 10"), session.trace) or session.update == 0


def test_an_interruption_keeps_what_is_done(session: Session) -> None:
    class Stop(work.Watcher):
        def tell(self, done: int, of: int, note: object) -> None:
            if (done, of) == (3, 100):
                raise KeyboardInterrupt

    with work.watched(Stop()):
        result = trained(session, "train 100")
    assert session.update == 3
    assert session.journal.changes == ("train 3",)
    assert "stopped" in text(result, session.trace)
    interrupted = bits(session)
    session.run("undo")
    session.run("train 3")
    assert bits(session) == interrupted


def test_what_cannot_be_trained_says_why() -> None:
    session = Session(load_text("tfstep: 1\nmodel: {kind: attention, d_model: 2}\ninput: {x: [[1, 0], [0, 1]]}\n"))
    with pytest.raises(CommandError, match=r"no loss|no parameter"):
        session.run("train")
    with pytest.raises(CommandError, match="no update"):
        session.run("rewind")
    with pytest.raises(CommandError):
        session.run("generate")


# -- other words, other models ---------------------------------------------------------------------


def test_other_words_give_the_numbers_of_the_variant(session: Session) -> None:
    session.run("tokens source 你 爱 我 labels you love I")
    assert bits(session) == bits_of("swapped")
    session.run("undo")
    assert bits(session) == bits_of("base")


def bits_of(variant: str) -> bytes:
    return bits(Session(tfstep.load("wo-ai-ni", variant=variant)))


def test_a_model_key_gives_the_numbers_of_the_variant(session: Session) -> None:
    session.run("model positional none")
    assert bits(session) == bits_of("no-position")


def test_what_was_set_and_pinned_is_kept_under_other_words(session: Session) -> None:
    session.run("set enc0.attn.W_Q[0,0] = 5")
    session.run("set enc0.attn.weights[0,0,0] = [1,0,0]")
    session.run("tokens source 你 爱 我")
    assert session.trace["enc0.attn.W_Q"].value[0, 0] == 5
    assert session.trace["enc0.attn.weights"].value[0, 0, 0].tolist() == [1, 0, 0]


def test_what_has_no_place_any_more_is_told(session: Session) -> None:
    session.run("goto enc0.norm1")
    session.run("set enc0.norm1.gamma[0] = 2")
    shown = text(session.run("model norm none"), session.trace)
    assert "enc0.norm1.gamma" in shown
    assert "enc0.norm1 is not there any more" in shown


def test_a_models_value_is_written_as_in_a_file(session: Session) -> None:
    session.run("model mask_value -.inf")
    assert session.scenario.model.mask_value == -np.inf
    session.run("model layers {encoder: 2}")
    assert "enc1.attn.weights" in session.trace.plan.paths
    session.run("model positional rope")
    session.run("model rope {base: 100, pairs: half}")
    model = session.scenario.document()["model"]
    assert isinstance(model, dict)
    assert model["rope"] == {"base": 100, "pairs": "half"}


@pytest.mark.parametrize(
    "line",
    [
        "tokens",
        "tokens 我",
        "tokens source 猫",
        "tokens source 我",
        "model",
        "model scale",
        "model scal false",
        "model heads 3",
        "model layers {",
        "model layers 1000",
        "model layers a: b",
        "model d_model !!python/object:os.system 1",
    ],
)
def test_what_the_scenario_refuses_changes_nothing(session: Session, line: str) -> None:
    before = session.trace
    with pytest.raises(TfstepError):
        session.run(line)
    assert session.trace is before


# -- curves ----------------------------------------------------------------------------------------


def test_a_plot_has_every_update(session: Session) -> None:
    losses = [loss(session)]
    for _ in range(5):
        session.run("train 1")
        losses.append(loss(session))
    result = session.run("plot loss")
    assert isinstance(result, Plotted)
    assert result.values[:, 0].tolist() == losses
    assert isinstance(session.run("plot out.b"), Plotted)


def test_an_arrow_is_how_much_a_word_attends_to_another() -> None:
    session = Session(tfstep.load("milk"))
    session.run("train 5")
    result, row = session.run("plot milk→drank"), session.trace["enc0.attn.weights"].value[0, 0]
    assert isinstance(result, Plotted)
    words = session.trace["enc0.attn.weights"].labels["query"][0]
    assert result.values[-1, 0] == row[words.index("milk"), words.index("drank")]
    assert result.values.shape == (6, 1)
    assert result.title == "enc0.attn.weights[0,:,'milk','drank']"
    with pytest.raises(PathError, match="in no attention is milk a query and tea a key"):
        session.run("plot milk->tea")


def test_more_numbers_than_curves_are_a_picture(session: Session) -> None:
    row = session.run("plot out.probs[0,1]")
    assert isinstance(row, Pictured)
    assert row.values.shape == (3,)
    assert [each.split()[0] for each in text(row, session.trace).splitlines()[1:]] == ["I", "love", "you"]
    session.run("train 2")
    assert isinstance(session.run("plot out.probs[0,1]"), Plotted)
    assert isinstance(session.run("plot out.probs[0,1] now"), Pictured)
    found = session.run("plot enc0.attn.W_Q")
    assert isinstance(found, Pictured)
    assert found.values.shape == (4, 4)
    plane = session.run("plot enc0.attn.weights now")
    assert isinstance(plane, Pictured)
    assert plane.title == "enc0.attn.weights[0,0,:,:]"
    assert plane.values.sum() == pytest.approx(3)
    assert isinstance(session.run("plot enc0.attn.W_Q @ enc0.attn.W_K.T"), Pictured)


def test_a_sweep_has_the_gradient_as_its_tangent(session: Session) -> None:
    result = session.run("sweep enc0.attn.W_Q[0,0] 0.999 1.001 3")
    assert isinstance(result, Swept)
    found = result.sweep
    assert found.losses[1] == found.loss
    assert (found.losses[2] - found.losses[0]) / 0.002 == pytest.approx(found.gradient, rel=1e-5)
    assert found.tangent[1] == found.loss


def test_a_landscape_has_the_path_of_the_descent() -> None:
    session = Session(tfstep.load("hill", variant="right"))
    session.run("train 10")
    result = session.run("landscape x y")
    assert isinstance(result, Drawn)
    found = result.landscape
    assert found.path[0].tolist() == [1, 2]
    assert found.path.shape == (11, 2)
    expected = found.xs[None, :] ** 2 + 0.75 * found.ys[:, None] ** 2
    assert np.allclose(found.losses, expected, atol=1e-12)
    assert "X" in text(result, session.trace)


@pytest.mark.parametrize(
    "line",
    [
        "sweep",
        "sweep loss",
        "sweep out.b[0] 0",
        "sweep out.b[0] 0 1 1",
        "sweep out.b[0] 1 1",
        "sweep out.b[0] 0 nan",
        "landscape out.b[0]",
        "landscape out.b[0] out.b[0]",
        "landscape out.b[0] out.b[1] 0",
        "landscape out.b[0] out.b[1] -1",
        "sweep out.b[0] -1e308 1e308",
        "sweep src.tokens[0,0] 0 1",
    ],
)
def test_what_cannot_be_drawn_is_refused(session: Session, line: str) -> None:
    with pytest.raises(TfstepError):
        session.run(line)


# -- reasons, comparisons --------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["enc0.attn.weights[0,0,1,2]", "enc0.attn.W_Q.grad[0,0]", "loss", "src.E[1,0]"])
def test_the_shares_of_the_sources_add_up_to_one(session: Session, cell: str) -> None:
    result = session.run(f"why {cell}")
    assert isinstance(result, Reasoned)
    found = result.reasons
    assert sum(each.share for each in found.sources) + found.constants + found.unfollowed == pytest.approx(1)
    shares = [each.share for each in found.sources]
    assert shares == sorted(shares, reverse=True)
    assert found.chain[-1].explanation.rule == "leaf"
    for each in found.sources:
        tensor = session.trace[each.cell.partition("[")[0]]
        assert tensor.trace.plan.nodes[tensor.node.slot].op is None or not tensor.inputs


def compared(session: Session, line: str) -> Compared:
    result = session.run(line)
    assert isinstance(result, Compared)
    return result


def test_diff_with_baseline_variant_and_checkpoint(session: Session) -> None:
    assert compared(session, "diff").comparison.equal
    session.run("checkpoint start")
    session.run("set enc0.attn.W_Q[0,0] = 2")
    first = compared(session, "diff start").comparison.first
    assert first is not None
    assert first.path == "enc0.attn.q_proj"
    session.run("baseline")
    assert compared(session, "diff").comparison.equal
    assert not compared(session, "diff swapped").comparison.equal
    session.run("baseline clear")
    assert not compared(session, "diff").comparison.equal
    with pytest.raises(TfstepError):
        session.run("diff nothing")


def test_a_checkpoint_brings_back_variant_update_and_numbers(session: Session) -> None:
    session.run("train 3")
    session.run("checkpoint three")
    three = bits(session)
    session.run("train 2")
    session.run("variant swapped")
    session.run("restore three")
    assert (session.variant, session.update, bits(session)) == ("base", 3, three)
    session.run("undo")
    assert session.update == 5
    with pytest.raises(CommandError, match=r"no checkpoint tree \(did you mean three"):
        session.run("restore tree")


def test_the_sentence_is_learned_and_said() -> None:
    session = Session(tfstep.load("steve-builds-a-house"))
    session.run("train 150")
    result: Result = session.run("generate")
    assert text(result, session.trace).splitlines()[-1] == "Steve builds a house"


def test_the_loss_over_train_data_is_that_of_the_update_reached() -> None:
    session = Session(tfstep.load("steve-builds-a-house"))
    first, second = trained(session, "train 3"), trained(session, "train 1")
    assert first.losses.size == 4
    assert second.losses.size == 2
    assert first.losses[-1] == second.losses[0]
    plotted = session.run("plot")
    assert isinstance(plotted, Plotted)
    assert plotted.updates.tolist() == [0, 1, 2, 3, 4]
    assert plotted.values[-1, 0] == second.losses[-1]
    back = trained(session, "rewind 1")
    assert back.data
    assert back.losses[0] == first.losses[-1]


def test_the_loss_now_can_be_plotted_too(session: Session) -> None:
    session.run("train 2")
    now = session.run("plot now")
    assert isinstance(now, Pictured)
    assert now.values.ravel().tolist() == [loss(session)]


def test_words_of_an_untrained_model_are_told_to_be_such() -> None:
    session = Session(tfstep.load("steve-builds-a-house"))
    session.run("generate 1")
    assert ["`tfstep generate` first makes 200, as `train`" in str(each) for each in session.asides] == [True]
    session.run("train 2")
    session.run("generate 1")
    assert not session.asides


def test_the_losses_of_all_updates_are_listed_the_one_now_too() -> None:
    scenario = tfstep.load("wo-ai-ni").with_changes({"train": {"steps": 7}})
    session = tfstep.Session(scenario)
    session.run("train")
    assert session.update == 7
    rows = session.run("info updates").rows
    assert [int(row[0]) for row in rows] == [*range(8)], "the loss now is among them"
    assert float(rows[-1][1]) == pytest.approx(float(session.trace["loss"].value), rel=1e-5)
