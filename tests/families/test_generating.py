"""Generating with what the passes before have left: the same numbers as reading everything anew, step by step."""

import json
from itertools import pairwise

import numpy as np
import pytest
from recorded import MODELS, is_decoder, names

import tfstep
from tfstep import work
from tfstep.scenario.scenario import load_text
from tfstep.session.study.decoding import Sampling, generate, say

DECODERS = [name for name in names() if is_decoder(json.loads((MODELS / name / "config.json").read_text()))]
PAIRS = ["bart", "marian", "t5", "t5-v1.1"]


def parameters(scenario: tfstep.Scenario) -> dict[str, np.ndarray]:
    program = scenario.program
    return {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*DECODERS, *PAIRS])
def test_a_pass_with_a_cache_has_the_numbers_of_one_without(name: str) -> None:
    asked = {"target_ids": [0, 4]} if name in PAIRS else {}
    scenario = tfstep.load(MODELS / name, ids=[5, 17, 9, 4, 6, 8], dtype="float64", labels="none", **asked)
    given = parameters(scenario)
    kept, anew = (list(generate(scenario, given, 4, cache=cache)) for cache in (True, False))
    assert [word.said for word in kept] == [word.said for word in anew]
    for one, two in zip(kept, anew, strict=True):
        a, b = one.trace["out.logits"].value[0, -1], two.trace["out.logits"].value[0, -1]
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * np.abs(b).max())
    if name not in ("llama-dynamic", "phi4-mini"):  # whose angles change with the length
        assert "dec0.attn.K_past" in kept[-1].trace
        assert kept[-1].trace["dec0.attn.weights"].shape[2] == 1
        for before, after in pairwise(kept):
            n = after.trace["dec0.attn.K_past"].shape[2]
            assert (
                after.trace["dec0.attn.K_past"].value
                == before.trace["dec0.attn.scores"].trace.value(before.trace.plan.paths["dec0.attn.scores"].slots[1])[
                    :, :, :n
                ]
            ).all()


def test_a_step_over_the_cache_explains_itself() -> None:
    scenario = tfstep.load(MODELS / "llama", ids=[5, 17, 9], dtype="float64", labels="none")
    last = list(generate(scenario, parameters(scenario), 2))[-1].trace
    found = last.explain("dec0.attn.scores[0,0,0,1]")
    assert found.total == pytest.approx(last["dec0.attn.scores"].value[0, 0, 0, 1], rel=1e-12)
    assert found.terms[0].factors[1].cell == "dec0.attn.K_all[0,0,1,0]"
    assert last.explain("dec0.attn.K_all[0,0,1,0]").terms[0].factors[0].cell == "dec0.attn.K_past[0,0,1,0]"


def test_words_are_drawn_by_their_shares() -> None:
    logits = np.array([2.0, 1.0, 0.0, -1.0, -9.0])
    p = np.exp(logits / 0.5) / np.exp(logits / 0.5).sum()
    np.testing.assert_allclose(Sampling(0.5).shares(logits), p, rtol=1e-12)
    two = Sampling(0.5, top_k=2).shares(logits)
    np.testing.assert_allclose(two, [*(p[:2] / p[:2].sum()), 0, 0, 0], rtol=1e-12)
    plain = np.exp(logits) / np.exp(logits).sum()
    most = Sampling(1.0, top_p=0.7).shares(logits)  # .644, then .237: the one that passes 0.7 is in
    np.testing.assert_allclose(most, [*(plain[:2] / plain[:2].sum()), 0, 0, 0], rtol=1e-12)
    assert Sampling(1.0, top_p=1e-9).shares(logits).tolist() == [1, 0, 0, 0, 0]


def test_the_same_seed_says_the_same() -> None:
    scenario = tfstep.load(MODELS / "gpt2", ids=[5, 17], labels="none")
    given = parameters(scenario)

    def said(seed: int) -> list[str]:
        return [word.said for word in generate(scenario, given, 8, Sampling(2.0, seed=seed))]

    assert said(1) == said(1)
    assert len({tuple(said(seed)) for seed in range(6)}) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2", "opt", "gpt2-scaled", "bart"])
@pytest.mark.parametrize("cache", [True, False])
def test_words_said_before_positions_end_stay_and_the_end_is_told(name: str, cache: bool) -> None:
    asked = {"target_ids": [0, 4]} if name == "bart" else {}
    scenario = tfstep.load(MODELS / name, ids=[5, 17, 9], labels="none", **asked)
    scenario = scenario.with_changes({"vocab": {"size": 37}})  # none ends a text, so that only positions do
    config = json.loads((MODELS / name / "config.json").read_text())
    rows = config.get("n_positions", config.get("max_position_embeddings"))
    read = 2 if name == "bart" else 3
    fit = rows - read + 1  # the last word said has no position of its own: nobody reads it
    found = say(scenario, parameters(scenario), 1000, cache=cache, asked="--max")
    assert len(found.words) == fit
    assert found.end is not None
    assert found.end.in_("en") == (
        f"stopped after {fit} of 1000 words: the model's learned positions end at {rows}; --max {fit} asks for no more"
    )
    exactly = say(scenario, parameters(scenario), fit, cache=cache)
    assert exactly.end is None
    assert [word.said for word in exactly.words] == [word.said for word in found.words]


def test_a_table_as_long_as_the_words_ends_with_them() -> None:
    text = (
        "tfstep: 1\nmodel: {kind: decoder, d_model: 4, heads: 1, d_ff: 4, positional: learned, head: true}\n"
        "vocab: [a, b, c]\ninput: {target: a b c}\n"
    )
    scenario = load_text(text)
    found = say(scenario, parameters(scenario), 5)
    assert len(found.words) == 1
    assert found.end is not None
    assert "stopped after 1 of 5 words: the model's learned positions end at 3; generate 1" in found.end.in_("en")


def test_words_said_before_it_is_stopped_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = tfstep.load(MODELS / "llama", ids=[5, 17, 9], labels="none")

    class Third(work.Watcher):
        def tell(self, done: int, of: int, note: object) -> None:
            self.up = done == 2

    with work.watched(Third()):
        found = say(scenario, parameters(scenario), 9)
    assert len(found.words) == 2
    assert found.end is not None
    assert found.end.in_("en") == "stopped after 2 words"
    assert found.stopped
