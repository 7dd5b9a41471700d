"""What is nearly right is told with what was meant."""

import pytest

from tfstep.errors import ScenarioError
from tfstep.scenario.scenario import load_text

WORDS = (
    "tfstep: 1\nmodel: {kind: decoder, layers: 1, d_model: 4, heads: 1, d_ff: 4}\n"
    "vocab: [<pad>, a, b, c]\ninput: {target: a b, labels: b c}\n"
)
FORMULA = "tfstep: 1\nmodel: {kind: formula, given: {x: 1}, parameters: {w: 2}, steps: {error: w*x}}\n"


def mistakes(text: str) -> str:
    with pytest.raises(ScenarioError) as error:
        load_text(text, "f.yaml")
    return str(error.value)


def test_a_loss_that_is_misspelt_is_told_with_the_nearest_beside_other_mistakes() -> None:
    told = mistakes(WORDS + "loss: crossentropy\ntrain: {lrr: 1}\n")
    assert "f.yaml:5:7: loss is 'crossentropy' (did you mean cross_entropy?); allowed: cross_entropy, mse" in told
    assert "unknown key lrr" in told


@pytest.mark.parametrize("loss", ["error", "x", "w", "0.5*error**2", "sum"])
def test_a_loss_that_names_a_tensor_or_computes_stays_one(loss: str) -> None:
    load_text(FORMULA + f"loss: {loss}\n", "f.yaml")


def test_a_word_where_keys_belong_is_told_these_keys() -> None:
    told = mistakes(WORDS.replace("d_ff: 4", "d_ff: 4, mask: causal"))
    keys = "padding, causal, corner, prefix, custom, cross, …"
    assert f"model.mask is 'causal'; allowed: a group of keys ({keys}), such as {{causal: true}}" in told


def test_words_without_commas_are_one_mistake_that_shows_the_commas() -> None:
    told = mistakes(WORDS.replace("[<pad>, a, b, c]", "[<pad> a b c]"))
    assert (
        told
        == "f.yaml:3:9: '<pad> a b c' is no word (did you mean <pad>, a, b, c?); a word has no spaces and is not empty"
    )


@pytest.mark.parametrize(
    ("loss", "meant"),
    [
        ("cross-entropy", "cross_entropy"),
        ("CrossEntropyLoss", "cross_entropy"),
        ("NLLLoss", "cross_entropy"),
        ("ce", "cross_entropy"),
        ("MSELoss", "mse"),
        ("BCEWithLogitsLoss", "bce"),
        ("kl-div", "kl"),
    ],
)
def test_a_loss_as_others_call_it_is_told_with_our_name(loss: str, meant: str) -> None:
    assert f"loss is {loss!r} (did you mean {meant}?)" in mistakes(WORDS + f"loss: {loss}\n")


def test_a_difference_of_two_tensors_is_no_misspelt_loss() -> None:
    load_text(FORMULA + "loss: error-w\n", "f.yaml")
