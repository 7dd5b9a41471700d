"""How the trained scenarios end: what they say, and where they look."""

from __future__ import annotations

import numpy as np
import pytest
from shipped_runs import grad, loss, run, said, trained, value

import tfstep

STEVE = "steve-builds-a-house"


def test_steve_says_the_sentence_and_looks_where_it_should() -> None:
    trace = trained(STEVE)
    cross = trace["dec0.cross.weights"]
    assert cross.labels == {"query": [["<sos>", "Steve", "builds", "a", "house"]], "key": [["史蒂夫", "建造", "房子"]]}
    weights = cross.value[0, 0]
    assert weights[[0, 1, 3], [0, 1, 2]].min() > 0.6
    assert said(STEVE, trace) == "Steve builds a house <eos>"
    assert loss(trace) < 0.002


def test_it_learned_to_translate_all_27() -> None:
    trace = trained(STEVE)
    for example in tfstep.load(STEVE).train.data:
        assert example.source is not None
        assert example.labels is not None
        assert said(STEVE, trace, source=" ".join(example.source.words[0])) == " ".join(example.labels.words[0])


def test_one_sentence_teaches_the_words_and_not_the_alignment() -> None:
    trace = trained(STEVE, "one-sentence")
    assert loss(trace) < 0.002
    assert said(STEVE, trace, "one-sentence", source="鲍勃 购买 桥") == "Steve builds a house <eos>"
    weights = value(trace, "dec0.cross.weights")[0, 0]
    assert weights[[0, 1], [0, 1]].max() < 0.5


def test_without_the_causal_mask_it_learned_to_copy() -> None:
    trace = trained(STEVE, "no-causal-mask")
    assert loss(trace) < 0.002
    assert said(STEVE, trace, "no-causal-mask") == "<eos>"


@pytest.mark.parametrize("variant", ["free-running", "output-from-zero"])
def test_other_ways_of_training_end_the_same(variant: str) -> None:
    trace = trained(STEVE, variant)
    assert said(STEVE, trace, variant) == "Steve builds a house <eos>"
    assert value(trace, "dec0.cross.weights")[0, 0, [0, 1, 3], [0, 1, 2]].min() > 0.6


def test_a_or_an_makes_the_article_look_at_the_noun() -> None:
    trace = trained(STEVE, "a-or-an")
    assert value(trace, "dec0.cross.weights")[0, 0, 2].argmax() == 2
    assert said(STEVE, trace, "a-or-an", source="鲍勃 购买 公寓") == "Bob buys an apartment <eos>"
    assert said(STEVE, trace, "a-or-an", source="鲍勃 购买 桥") == "Bob buys a bridge <eos>"


def test_milk_looks_at_the_verb_then_the_animal_not_at_the_colour() -> None:
    before, after = (value(trace, "enc0.attn.weights")[0, 0, 5] for trace in (run("milk"), trained("milk")))
    the, black, cat, drank, the2, milk = after
    assert drank > 0.5
    assert cat > max(0.08, the, black, the2, milk)
    assert black < 0.05
    assert before.argmax() == 0  # untrained, it looks at The
    assert before[3] < 1 / 6
    assert value(trained("milk"), "enc0.attn.weights")[0, 0, 3, 5] < 0.01  # drank asks for other things


def test_the_same_odds_come_from_another_row_of_weights() -> None:
    one, other = trained("milk"), trained("milk", "another-seed")
    slowly = [value(trace, "out.probs")[0, 5, 11] for trace in (one, other)]
    assert np.allclose(slowly, 2 / 3, atol=0.01)
    assert value(other, "enc0.attn.weights")[0, 0, 5, 3] < 0.1


def test_milk_has_36_sentences_in_which_the_odds_are_two_to_one() -> None:
    said_after: dict[tuple[str, str], list[str]] = {}
    for example in tfstep.load("milk").train.data:
        assert example.source is not None
        assert example.labels is not None
        _, _, animal, verb, _, _ = example.source.words[0]
        assert set(example.labels.words[0][:5]) == {"<pad>"}
        said_after.setdefault((animal, verb), []).append(example.labels.words[0][5])
    assert sum(map(len, said_after.values())) == 36
    assert len(said_after) == 6
    for words in said_after.values():
        assert sorted(words.count(word) for word in set(words)) == [2, 4]


def test_telling_moves_nothing_but_the_way_to_the_weights() -> None:
    before, after = run("milk", "told"), trained("milk", "told")
    moved = {
        node.path
        for node in before.plan.nodes
        if node.kind == "parameter" and not np.allclose(before.value(node.slot), value(after, node.path), atol=1e-6)
    }
    assert moved == {"src.E", "enc0.attn.W_Q", "enc0.attn.b_Q", "enc0.attn.W_K"}
    assert np.abs(grad(before, "enc0.attn.b_K")).max() < 1e-15
    assert before["enc0.attn.W_V"].grad is None
    np.testing.assert_allclose(value(after, "enc0.attn.weights")[0, 0, 5], [0, 0, 0.3, 0.7, 0, 0], atol=0.01)
