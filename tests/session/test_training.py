"""What `train:` can ask for: each key moves what it says, what does not go together is refused, and a session goes on."""

from __future__ import annotations

import numpy as np
import pytest

from tfstep.errors import TfstepError
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.session.change.rebuild import rebuilt
from tfstep.session.change.training import Training

MLP = "model: {kind: mlp, sizes: [2, 3, 1], activation: tanh}\ninput: {x: [[1, 2], [0.5, -1]]}\nloss: {target: [[0.5], [1]]}\n"
WORDS = (
    "vocab: [<pad>, a, b, c]\ninput: {source: a b c, labels: b c a}\nmodel: {kind: encoder, d_model: 4, d_ff: 6%s}\n"
)
EXAMPLES = (
    "{source: a b, labels: b a}, {source: c a, labels: a b}, {source: b b, labels: c c}, {source: c b, labels: a a}"
)


def mlp(train: str) -> Scenario:
    return load_text(f"{MLP}train: {{{train}}}\n")


def words(train: str = "", model: str = "") -> Scenario:
    return load_text(WORDS % model + f"train: {{{train}}}\n")


def trained(scenario: Scenario, n: int) -> dict[str, np.ndarray]:
    training = Training(scenario)
    training.run(n)
    return training.parameters()


@pytest.mark.parametrize(
    ("train", "said"),
    [
        ("nesterov: true", "nesterov without momentum"),
        ("optimizer: adam, momentum: 0.9, nesterov: true", "nesterov without momentum"),
        ("momentum: 0.9, nesterov: true, dampening: 0.1", "nesterov with dampening"),
        ("dampening: 0.1", "dampening without momentum"),
        ("clip_norm: 1, clip_value: 1", "clip_norm and clip_value at once"),
        ("schedule: {kind: noam, warmup: 3}", "which has no d_model"),
        ("schedule: {kind: cosine, warmup: 100}", "a warm-up of 100 updates of 100"),
        ("schedule: {kind: constant, warmup: 2, total: 9}", "total with schedule constant"),
        ("schedule: {kind: cosin}", "cosine"),
        ("freeze: [layer0.w]", "fits no parameter of this model"),
        ("freeze: ['enc*']", "fits no parameter of this model"),
        ("accumulate: 0", "accumulate"),
        ("weight_decay: -1", "weight_decay"),
    ],
)
def test_what_does_not_go_together_is_refused(train: str, said: str) -> None:
    with pytest.raises(TfstepError, match=said):
        _ = mlp(train).program


def test_more_micro_batches_than_examples_are_refused() -> None:
    with pytest.raises(Mistakes, match="5 micro-batches of 4 examples"):
        words(f"accumulate: 5, data: [{EXAMPLES}]")


def test_micro_batches_of_as_many_labels_give_the_update_of_the_whole_batch() -> None:
    keys = "optimizer: adam, eps: 0.001, lr: 0.05, clip_norm: 0.4, data: [" + EXAMPLES + "]"
    whole, parts = trained(words(keys), 3), trained(words(f"{keys}, accumulate: 2"), 6)
    for path, array in whole.items():
        np.testing.assert_allclose(parts[path], array, rtol=0, atol=1e-14, err_msg=path)


def test_micro_batches_of_unequal_labels_weigh_each_micro_batch_alike() -> None:
    data = "data: [{source: a b c, labels: b a c}, {source: c, labels: a}]"
    scenario = words(f"lr: 1, accumulate: 2, {data}")
    start = Training(scenario).trace()["out.b"].value
    got = start - trained(scenario, 2)["out.b"]
    alone = [
        start - trained(words(f"lr: 1, data: [{one}]"), 1)["out.b"]
        for one in ("{source: a b c, labels: b a c}", "{source: c, labels: a}")
    ]
    np.testing.assert_allclose(got, (alone[0] + alone[1]) / 2, atol=1e-15)
    together = start - trained(words(f"lr: 1, {data}"), 1)["out.b"]
    assert np.abs(got - together).max() > 0.01


def test_only_the_last_micro_batch_moves_anything() -> None:
    scenario, training = mlp("optimizer: adam, accumulate: 3"), Training(mlp("optimizer: adam, accumulate: 3"))
    start = scenario.program.trace()["layer0.W"].value
    for number in (1, 2, 3):
        training.run(1)
        now = training.parameters()
        moved = bool((now["layer0.W"] != start).any())
        assert moved is (number == 3)
        assert int(now["update.done"]) == (number == 3)
        assert bool(now["layer0.W.m_before"].any()) is (number == 3)
        assert bool(now["layer0.W.accumulated_before"].any()) is (number < 3)


def test_the_norm_is_that_of_all_gradients_that_are_followed() -> None:
    trace = mlp("clip_norm: 0.1, freeze: ['layer0.*']").program.trace()
    gradients = [np.asarray(trace[f"layer1.{name}"].grad) for name in "Wb"]
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    assert trace["update.norm"].value == pytest.approx(norm, rel=1e-15)
    assert trace["layer1.W.clipped"].value == pytest.approx(gradients[0] * 0.1 / (norm + 1e-6), rel=1e-15)
    assert trace["layer0.W"].grad is not None
    assert "layer0.W.new" not in trace.plan.paths
    assert ("layer0.W.new", "train.freeze") in trace.plan.switched_off()


def test_a_tied_parameter_is_frozen_by_either_of_its_names() -> None:
    keys = "model: {kind: decoder, d_model: 4, d_ff: 6, tie: [[tgt.E, out.W]]}\nvocab: [<pad>, a, b]\n"
    scenario = load_text(keys + "input: {target: a b, labels: b a}\ntrain: {freeze: [out.W]}\n")
    assert "tgt.E.new" not in scenario.program.plan.paths


def test_another_rate_goes_on_with_what_the_optimizer_remembers() -> None:
    old = mlp("optimizer: adam, lr: 0.1")
    training = Training(old)
    training.run(3)
    moved = training.trace()
    new = old.with_changes({"train": {"lr": 0.001}})
    found = rebuilt(old, moved, new)
    assert not found.lost
    assert int(found.trace["update.t"].value) == 4
    m_hat, v_hat = (found.trace[f"layer0.W.{name}"].value for name in ("m_hat", "v_hat"))
    wanted = moved["layer0.W"].value - 0.001 * m_hat / (np.sqrt(v_hat) + 1e-8)
    np.testing.assert_allclose(found.trace["layer0.W.new"].value, wanted, rtol=1e-15)


def test_dropout_is_drawn_anew_with_every_pass_and_the_same_when_run_again() -> None:
    scenario = words(model=", dropout: 0.5")
    masks = []
    for passes in range(3):
        training = Training(scenario)
        training.run(passes)
        masks.append(training.trace()["enc0.ffn.drop.keep"].value)
        again = Training(scenario)
        again.run(passes)
        np.testing.assert_array_equal(masks[-1], again.trace()["enc0.ffn.drop.keep"].value)
    assert (masks[0] != masks[1]).any()
    assert (masks[1] != masks[2]).any()
    assert set(np.unique(masks)) == {0.0, 2.0}


def test_dropout_keeps_the_share_that_it_should() -> None:
    scenario = load_text(
        "model: {kind: encoder, d_model: 64, dropout: {residual: 0.3}}\nvocab: 4\n"
        "input: {source: 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3}\n"
    )
    keep = scenario.program.trace()["enc0.drop1.keep"].value
    assert abs((keep == 0).mean() - 0.3) < 0.05
    assert "enc0.attn.drop.keep" not in scenario.program.plan.paths


def test_evaluation_drops_nothing_and_generating_is_evaluation() -> None:
    plain = words().program.trace()
    evaluated = words(model=", dropout: 0.5, mode: eval").program.trace()
    assert list(plain.plan.paths) == list(evaluated.plan.paths)
    np.testing.assert_array_equal(plain["loss"].value, evaluated["loss"].value)


def test_a_mask_of_dropout_explains_itself_and_can_be_pinned() -> None:
    trace = words(model=", dropout: 0.5").program.trace()
    cell = next(zip(*np.nonzero(trace["enc0.drop1.keep"].value), strict=True))
    why = trace.explain(f"enc0.drop1.keep{[int(i) for i in cell]}")
    assert (why.rule, why.value, why.total) == ("drawn", 2.0, 2.0)
    pinned = load_text(WORDS % ", dropout: 0.5" + "pins: {enc0.drop1.keep: 0}\n").program.trace()
    np.testing.assert_array_equal(pinned["enc0.add1"].value, pinned["src.drop"].value)
