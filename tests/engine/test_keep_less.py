"""Keeping less: what was let go is computed again, with the same bits, and little is there at the same time."""

import json
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.engine.less import LESS, Kept
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.scenario.file.catalog import shipped
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.view.frame.frame import Camera
from tfstep.view.frame.view_state import ViewState

SHIPPED = shipped()


def deep(layers: int = 6, **changes: object) -> Scenario:
    words = ["a", "b", "c"]
    scenario = {
        "tfstep": 1,
        "model": {"kind": "encoder-decoder", "layers": layers, "d_model": 8, "heads": 2, "d_ff": 16},
        "vocab": ["<pad>", "<sos>", *words],
        "input": {"source": words * 3, "target": ["<sos>", "a", "b"], "labels": ["a", "b", "c"]},
        **changes,
    }
    return load_text(json.dumps(scenario))


def less(scenario: Scenario) -> Trace:
    """A trace that keeps less, and forgets at once whatever it may."""
    trace = tfstep.trace(scenario, keep=LESS)
    plan = trace.plan
    assert plan.kept is not None
    plan.__dict__["kept"] = Kept(plan.kept.slots, 0)
    return Trace(plan, trace.values, trace.pins)


def there(trace: Trace) -> int:
    """The bytes of what a trace holds beside what it starts from."""
    nodes = trace.plan.nodes
    held = [n for n in nodes if n.op is not None and trace.values[n.slot] is not None]
    return sum(node.nbytes for node in held)


def same(one: Trace, other: Trace, backwards: bool = False) -> None:
    nodes = one.plan.nodes
    for node in reversed(nodes) if backwards else nodes:
        a, b = one.value(node.slot), other.value(other.plan.paths[node.path].slot)
        assert (a.dtype, a.tobytes()) == (b.dtype, b.tobytes()), node.path


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_of_every_scenario_has_the_same_bits(name: str) -> None:
    scenario = load(name)
    same(tfstep.trace(scenario), less(scenario))
    same(tfstep.trace(scenario), less(scenario), backwards=True)


SMALL = {"layers": 2, "d_model": 8, "heads": 2, "d_ff": 16}
SAID = {"target": ["<sos>", "a", "b"], "labels": ["a", "b", "c"]}
CHANGES: list[dict[str, object]] = [
    {"train": {"optimizer": "adam", "clip_norm": 0.1}},
    {"model": {"kind": "decoder", **SMALL, "norm_position": "pre", "tie": [["tgt.E", "out.W"]]}, "input": SAID},
    {"model": {"kind": "decoder", **SMALL, "experts": {"count": 4, "top": 1}}, "input": SAID},
]


@pytest.mark.slow
@pytest.mark.parametrize("changes", CHANGES, ids=["adam", "tied", "experts"])
def test_optimizers_ties_and_experts_too(changes: dict[str, object]) -> None:
    scenario = deep(**changes)
    same(tfstep.trace(scenario), less(scenario))


def test_what_is_kept_are_the_hand_overs_and_their_gradients() -> None:
    plan = tfstep.trace(deep(2), keep=LESS).plan
    assert plan.kept is not None
    kept = {plan.nodes[slot].path for slot in plan.kept.slots if plan.nodes[slot].op is not None}
    handed = {"src.x", "enc0.norm2", "enc1.norm2", "tgt.x", "dec0.norm3", "dec1.norm3", "loss"}
    shares = {f"enc1.norm2.grad/dec{i}.cross.{name}_proj" for i in (0, 1) for name in "kv"}
    assert kept == handed | {f"{path}.grad" for path in handed} | shares


@pytest.mark.slow
def test_little_is_there_at_the_same_time() -> None:
    scenario = deep(12)
    whole = there(tfstep.trace(scenario).run())
    trace = tfstep.trace(scenario, keep=LESS)
    most = 0
    for node in reversed(trace.plan.nodes):
        trace.value(node.slot)
        most = max(most, there(trace))
    assert most < 0.25 * whole


@pytest.mark.parametrize(("kind", "backwards"), [("encoder", 1), ("encoder-decoder", 2)])
def test_one_pass_back_computes_the_forward_steps_once_more_and_no_more(kind: str, backwards: int) -> None:
    words = {"source": ["a", "b", "c"], "labels": ["a", "b", "c"]}
    model = {"kind": kind, "layers": 8, "d_model": 8, "heads": 2, "d_ff": 16}
    trace = tfstep.trace(deep(model=model, **({"input": words} if kind == "encoder" else {})), keep=LESS)
    plan = trace.plan
    float(trace["loss"])
    forward = trace.runs
    gradients = [g for n in plan.nodes if n.kind == "parameter" and (g := plan.gradient(n)) is not None]
    for node in sorted(gradients, key=lambda node: node.slot):
        trace.value(node.slot)
    backward = sum(node.phase == "backward" for node in plan.steps)
    assert trace.runs <= 2 * forward + backwards * backward


def test_a_run_computes_what_is_kept() -> None:
    trace = tfstep.trace(deep(2), keep=LESS)
    assert trace.stale(trace["loss"].node.slot)
    trace.run()
    assert trace.plan.kept is not None
    assert not any(trace.stale(slot) for slot in trace.plan.kept.slots)


def test_edits_pins_and_updates() -> None:
    scenario = deep(3)
    whole, part = tfstep.trace(scenario), less(scenario)
    part.run()
    edit = {"enc1.ffn.W_1[0,0]": 2.0, "enc1.attn.weights[0,0,1]": 0.25, "dec2.attn.scores[0,0,0,0]": 3.0}
    same(whole.edit(edit), part.edit(edit))
    same(whole.edit(edit).release("enc1.attn.weights"), part.edit(edit).release("enc1.attn.weights"))
    same(whole.edit(edit).advance().advance(), part.edit(edit).advance().advance())


@pytest.mark.slow
def test_explanations_hold_and_lead_to_the_inputs() -> None:
    scenario = deep(2)
    whole, part = tfstep.trace(scenario), less(scenario)
    for cell in ("dec0.attn.weights[0,0,1,0]", "enc0.attn.W_Q.grad[1,2]", "enc1.norm2.gamma.new[3]"):
        assert str(whole.explain(cell, 4)) == str(part.explain(cell, 4))
    asked = "why out.logits[0,0,2]"
    one, other = (tfstep.Session(each).run(asked) for each in (scenario, scenario.keeping(LESS)))
    assert str(one) == str(other)


def test_a_session_keeps_less_in_every_variant_and_after_a_change(tmp_path: Path) -> None:
    session = tfstep.Session(load("wo-ai-ni").keeping(LESS))
    for line in ("variant swapped", "model heads 1", "set enc0.attn.W_Q[0,0] = 1", "train 3", "rewind 2"):
        session.run(line)
        assert session.trace.plan.keep == LESS, line


def test_the_screen_shows_the_same_and_settles() -> None:
    shown = []
    for keep in ("all", LESS):
        session = tfstep.Session(deep(2).keeping(keep))
        session.run("set enc1.ffn.W_1[0,0] = 2")
        session.run("goto dec0.attn.scores")
        camera = Camera()
        camera.frame(session, ViewState())
        while camera.settle():  # ends: what is not kept does not wait
            pass
        frame = camera.frame(session, ViewState())
        shown.append((frame.header, frame.heading, frame.rows, str(frame.account), str(frame.since)))
    assert shown[0] == shown[1]


def test_plan_and_weights_are_shared_where_they_are_there() -> None:
    scenario = deep(1)
    program = scenario.program
    other = scenario.keeping(LESS)
    assert other.program.leaves is program.leaves
    assert other.plan.nodes is program.plan.nodes
    assert scenario.keeping(LESS) is other
    assert other.keeping("all") is not other


def test_another_word_is_refused() -> None:
    with pytest.raises(TfstepError, match="keep is all or less, not 'none'"):
        tfstep.trace(deep(1), keep="none")


def test_numbers_are_read_only_and_stay_as_they_were_read() -> None:
    trace = less(deep(2))
    first = trace["enc0.attn.weights"].value
    before = first.copy()
    for path in trace:
        trace.value(trace[path].node.slot)
    assert np.array_equal(first, before)
    assert not first.flags.writeable
