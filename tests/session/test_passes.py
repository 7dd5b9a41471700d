"""The passes of generating with a cache: computed by the steps of the ones before, the same as if each were recorded."""

import pickle
from collections.abc import Sequence

import numpy as np
import pytest

from tfstep.engine.trace import Trace
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.session.study import decoding
from tfstep.session.study.beams import search
from tfstep.session.study.decoding import generate

MODELS = [
    "",
    "positional: rope, kv_heads: 1",
    "positional: rope, window: 3, norm: rms",
    "positional: learned, positions: 20, dtype: float32",
    "positional: alibi",
    "positional: relative, relative: {buckets: 4, distance: 8}",
    "positional: rope, chunk: 4, dtype: bfloat16",
    "positional: none, layer_pattern: [{window: 2}, {positional: rope}], tie: [[tgt.E, out.W]]",
    "mask: {prefix: 2}, dtype: float16",
    "kind: encoder-decoder",
]
EACH_RECORDED = [
    "positional: learned",  # a table as long as the words
    "experts: {count: 2, top: 1}",  # numbers say which steps there are
]


def scenario(keys: str) -> Scenario:
    kind = "" if "kind:" in keys else "kind: decoder, "
    source = "source: [b, c, d], " if "encoder" in keys else ""
    return load_text(
        f"tfstep: 1\nmodel: {{{kind}layers: 2, d_model: 8, heads: 2, d_ff: 8, {keys}}}\n"
        f"vocab: [<pad>, a, b, c, d]\ninput: {{{source}target: [a, b, c], labels: [b, c, d]}}\nweights: {{seed: 3}}\n"
    )


def parameters(given: Scenario) -> dict[str, np.ndarray]:
    program = given.program
    return {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}


def recorded(trace: Trace) -> bool:
    return "plan" in vars(trace)


def assert_same(found: Sequence[Trace], expected: Sequence[Trace]) -> None:
    for one, two in zip(found, expected, strict=True):
        for a, b in zip(one.plan.nodes, two.plan.nodes, strict=True):
            assert (a.path, a.kind, a.op, a.inputs, a.attrs, a.spec) == (
                b.path,
                b.kind,
                b.op,
                b.inputs,
                b.attrs,
                b.spec,
            )
            x, y = one.value(a.slot), two.value(b.slot)
            assert x.dtype == y.dtype
            assert x.tobytes() == y.tobytes(), a.path
            assert not x.flags.writeable


@pytest.mark.parametrize("keys", MODELS)
def test_a_pass_that_was_not_recorded_is_the_pass_that_is(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = scenario(keys)
    found = [word.trace for word in generate(given, parameters(given), 9, cache=True)]
    assert [recorded(trace) for trace in found] == [True] * 3 + [False] * 6
    monkeypatch.setattr(decoding, "longer", lambda *_: None)
    expected = [word.trace for word in generate(given, parameters(given), 9, cache=True)]
    assert all(map(recorded, expected))
    assert_same(found, expected)


@pytest.mark.parametrize("keys", EACH_RECORDED)
def test_where_sizes_alone_do_not_say_the_steps_each_pass_is_recorded(keys: str) -> None:
    given = scenario(keys)
    numbers = {path: np.pad(a, ((0, 20), (0, 0))) if path == "tgt.pos" else a for path, a in parameters(given).items()}
    assert all(recorded(word.trace) for word in generate(given, numbers, 8, cache=True))


def test_beams_of_one_length_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    given = scenario("")
    found = search(given, parameters(given), 3, 6, cache=True)
    assert not all(recorded(each.trace) for each in found.passes)
    monkeypatch.setattr(decoding, "longer", lambda *_: None)
    expected = search(given, parameters(given), 3, 6, cache=True)
    assert_same([each.trace for each in found.passes], [each.trace for each in expected.passes])


def test_a_pass_is_edited_and_explains_itself_as_any_other() -> None:
    given = scenario("positional: rope")
    last = list(generate(given, parameters(given), 6, cache=True))[-1].trace
    cell = "dec1.attn.scores[0,1,0,6]"
    assert last.explain(cell).total == pytest.approx(last["dec1.attn.scores"].value[0, 1, 0, 6], rel=1e-12)
    assert_same([pickle.loads(pickle.dumps(last))], [last])
    edited = last.edit({"dec0.attn.V_past[0,0,2,1]": 3.0})
    assert not (edited["out.logits"].value == last["out.logits"].value).all()
    assert last["dec0.attn.weights"].labels["key"] == [[*last.plan.origin.inputs.past.read.words[0]]]


def test_numbers_of_other_steps_than_a_pass_has_are_not_read() -> None:
    given = scenario("")
    last = list(generate(given, parameters(given), 6, cache=True))[-1].trace
    last.values[last.like.paths["dec0.attn.mask"].slot] = np.ones((1, 1, 1, 8), np.int8)
    with pytest.raises(AssertionError, match="other steps"):
        last.explain("out.logits[0,0,1]")
