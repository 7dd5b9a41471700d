"""Beam search and the repetition penalty against what transformers' `generate` recorded (`record_beams.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from record_beams_cases import CASES, ENDS, IDS, START, WIDER
from recorded import MODELS

import tfstep
from tfstep.errors import CommandError
from tfstep.session.study.beams import Branch, search
from tfstep.session.study.decoding import Sampling, generate, penalised
from tfstep.view.report.beams import tree, tree_json
from tfstep.view.text.spans import plain

RECORDED = json.loads((Path(__file__).parent / "beams.json").read_text())
EVERY = [(name, title) for name in ENDS for title in CASES]


def wider(name: str) -> tuple[tfstep.Scenario, dict[str, np.ndarray]]:
    """A tiny model with its words' ends, and its weights made larger."""
    asked = {"target_ids": [START]} if name == "t5" else {}
    scenario = tfstep.load(MODELS / name, ids=[IDS], dtype="float64", labels="none", **asked)
    vocab = {side: replace(each, ends=frozenset(ENDS[name])) for side, each in scenario.vocab.items()}
    program = scenario.program
    given = {program.plan.nodes[slot].path: WIDER * value for slot, value in program.leaves.items()}
    return replace(scenario, vocab=vocab), given


def ids(branch: Branch) -> list[int]:
    found = [] if branch.parent is None else ids(branch.parent)
    return [*found, branch.read[-1]]


@pytest.mark.slow
@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("name", "title"), EVERY)
def test_it_says_what_transformers_says(name: str, title: str, cache: bool) -> None:
    scenario, given = wider(name)
    told: dict[str, Any] = CASES[title]
    recorded, penalty = RECORDED[f"{name}.{title}"], told.get("repetition_penalty", 1.0)
    if told["num_beams"] == 1:
        said = generate(scenario, given, 7, Sampling(penalty=penalty), cache)
        assert [int(word.probabilities.argmax()) for word in said] == recorded["said"][0]
        return
    found = search(scenario, given, told["num_beams"], 7, told.get("length_penalty", 1.0), penalty, cache)
    assert [ids(branch) for branch in found.hypotheses] == recorded["said"]
    bound = 3e-5 if name == "llama" else 2e-6  # its norms and softmax are float32 whatever is asked for
    np.testing.assert_allclose([branch.score for branch in found.hypotheses], recorded["scores"], rtol=bound)


def test_some_recorded_sentences_end_and_some_are_cut() -> None:
    lengths = {len(said) for title in RECORDED if "." in title for said in RECORDED[title]["said"]}
    assert 7 in lengths
    assert min(lengths) < 4


def trained() -> tuple[tfstep.Scenario, dict[str, np.ndarray]]:
    scenario = tfstep.load("causal-mask")
    session = tfstep.Session(scenario)
    session.run("train 50")
    plan = session.trace.plan
    return scenario, {node.path: session.trace.value(node.slot) for node in plan.nodes if node.kind == "parameter"}


def test_all_sentences_are_tried_where_there_are_beams_for_all() -> None:
    """With more beams than there are prefixes the best is the best of all, counted one by one."""
    scenario, given = trained()
    found = search(scenario, given, beams=64, most=3, length_penalty=0.0)
    best: dict[tuple[str, ...], float] = {}

    def every(read: tuple[str, ...], said: tuple[str, ...], total: float) -> None:
        asked = scenario.with_changes({"input": {"target": " ".join(read), "labels": None}, "model": {"head": True}})
        trace = asked.program.trace().edit(given)
        for word, p in zip(scenario.vocab["target"].words, trace["out.probs"].value[0, -1], strict=True):
            sum_ = total + float(np.log(p))
            if word == "<eos>" or len(said) == 2:
                best[(*said, word)] = sum_
            else:
                every((*read, word), (*said, word), sum_)

    every(("<sos>",), (), 0.0)
    ranked = sorted(best, key=lambda said: -best[said])
    assert [branch.words for branch in found.hypotheses[:40]] == ranked[:40]
    for branch in found.hypotheses[:40]:
        assert branch.total == pytest.approx(best[branch.words], rel=1e-9)


def test_one_beam_without_a_length_is_greedy() -> None:
    scenario, given = trained()
    said = [word.said for word in generate(scenario, given, 6)]
    assert list(search(scenario, given, 1, 6).hypotheses[0].words) == said


def test_the_tree_names_the_pass_that_goes_on_and_the_sum_of_what_was_said() -> None:
    scenario, given = trained()
    found = search(scenario, given, 3, 6)
    said = tree_json(found)
    for row in said["tree"]:
        before = 0.0 if row["parent"] is None else said["tree"][row["parent"]]["total"]
        assert row["total"] == pytest.approx(before + row["log_probability"])
        probs = found.passes[row["pass"] - 1].trace["out.probs"].value[0, -1]
        word = scenario.vocab["target"].words.index(row["said"])
        assert np.exp(row["log_probability"]) == pytest.approx(probs[word], rel=1e-9)
    states = [row["state"] for row in said["tree"]]
    assert {"kept", "ended", "dropped"} == set(states)
    assert sorted(row["rank"] for row in said["tree"] if row["rank"]) == [1, 2, 3]
    lines = [plain(each) for each in tree(found)]
    assert lines[0] == "<sos>  pass1"
    assert sum(line.endswith("  1.") for line in lines) == 1
    assert "1. 我 爱 你" in "\n".join(lines)


def test_passes_of_a_search_can_be_gone_to() -> None:
    session = tfstep.Session(tfstep.load("causal-mask"))
    session.run("train 50")
    session.run("generate 4 beams 2 length 0.5 penalty 1.1")
    assert "pass3" in session.passes
    session.run("goto pass3:out.probs")
    assert session.variant == "pass3"
    assert session.current.path == "out.probs"


@pytest.mark.parametrize(
    "line",
    [
        "generate beams",
        "generate beams 0",
        "generate beams 2.5",
        "generate beams 65",
        "generate 3 length 1",
        "generate penalty 0",
        "generate penalty nan",
        "generate beams 2 beams 3",
        "generate 0",
        "generate rays 3",
        "generate 3 4",
    ],
)
def test_what_is_no_search_is_refused(line: str) -> None:
    with pytest.raises(CommandError, match="usage"):
        tfstep.Session(tfstep.load("causal-mask")).run(line)


def test_a_penalty_meets_each_word_once_by_its_sign() -> None:
    scores = np.array([2.0, -2.0, 1.0, 0.0])
    np.testing.assert_array_equal(penalised(scores, np.array([0, 1, 3]), 2.0), [1.0, -4.0, 1.0, 0.0])
    np.testing.assert_array_equal(penalised(scores, np.array([0, 1]), 1.0), scores)
