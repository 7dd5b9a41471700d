"""Blocks without attention or without the feed-forward network: what is left, and what is said of what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.errors import TfstepError
from tfstep.scenario.scenario import Scenario
from tfstep.session.study.checks import check

SAID = "b c a"


def scenario(kind: str, **model: Any) -> Scenario:
    sides = {"encoder": ("source",), "decoder": ("target",), "encoder-decoder": ("source", "target")}[kind]
    words = dict.fromkeys(sides, "a b c")
    return Scenario.from_dict(
        {
            "model": {"kind": kind, "d_model": 4, "heads": 2, "layers": 2, **model},
            "vocab": ["<pad>", "a", "b", "c"],
            "input": {**words, "labels": SAID},
            "weights": {"seed": 1},
        }
    )


KINDS = ["encoder", "decoder", "encoder-decoder"]


@pytest.mark.slow
@pytest.mark.parametrize("off", ["ffn", "attention"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["post", "pre"])
def test_a_block_without_one_of_its_parts(kind: str, off: str, place: str) -> None:
    found = scenario(kind, **{off: False, "norm_position": place})
    trace = found.program.trace()
    gone = {"ffn": ".ffn.", "attention": ".attn."}[off]
    assert not [path for path in trace.paths() if gone in path]
    whole = scenario(kind, norm_position=place).program.trace()
    missing = [path for path in whole.paths() if gone in path and ".grad" not in path and ".new" not in path]
    assert missing
    told = dict(trace.plan.switched_off())
    for path in missing:
        assert told[path] == f"model.{off}", path
    assert check(found).ok


def test_attention_alone_is_x_plus_attention() -> None:
    trace = scenario("encoder", ffn=False, norm="none", layers=1).program.trace()
    np.testing.assert_array_equal(trace["enc0.add1"].value, trace["src.x"].value + trace["enc0.attn.out"].value)
    np.testing.assert_array_equal(
        trace["out.logits"].value,
        trace["enc0.add1"].value @ trace["out.W"].value + trace["out.b"].value,
    )


def test_without_attention_a_word_reads_no_other() -> None:
    one = scenario("encoder", attention=False).program.trace()
    other = scenario("encoder", attention=False).with_changes({"input": {"source": "a c b"}}).program.trace()
    np.testing.assert_array_equal(one["out.logits"].value[0, 0], other["out.logits"].value[0, 0])


def test_every_other_layer_may_lack_its_network() -> None:
    trace = scenario("decoder", layer_pattern=[{"ffn": False}, {}]).program.trace()
    assert "dec1.ffn.out" in trace
    assert "dec0.ffn.out" not in trace
    with pytest.raises(TfstepError, match=r"dec0\.ffn\.out"):
        _ = trace["dec0.ffn.out"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"ffn": False, "attention": False}, "has nothing"),
        ({"ffn": False, "parallel": "own", "norm_position": "pre"}, "ffn is switched off"),
        ({"attention": False, "parallel": "shared", "norm_position": "pre"}, "attention is switched off"),
    ],
)
def test_what_makes_no_block_is_refused(model: dict[str, Any], said: str) -> None:
    with pytest.raises(TfstepError, match=said):
        _ = scenario("decoder", **model).program


@pytest.mark.slow
@pytest.mark.parametrize("off", ["ffn", "attention"])
def test_such_a_decoder_generates_with_and_without_a_cache(off: str) -> None:
    session = tfstep.Session(scenario("decoder", **{off: False}))
    assert "pass1" in str(session.run("generate 2 beams 2"))
