"""What a stack of equal layers costs to plan: what is alike in them is worked out once."""

import gc
import json
from collections.abc import Callable

import pytest

from tfstep.engine.accel.collector import paused
from tfstep.engine.op import Op, Vjp
from tfstep.engine.plan import Plan
from tfstep.scenario.scenario import load_text


def plan(layers: int, **model: object) -> Plan:
    words = ["a", "b", "c"]
    scenario = {
        "tfstep": 1,
        "model": {"kind": "encoder-decoder", "layers": layers, "d_model": 4, "heads": 2, "d_ff": 8, **model},
        "vocab": ["<pad>", "<sos>", *words],
        "input": {"source": words, "target": ["<sos>", "a"], "labels": ["a", "b"]},
    }
    return load_text(json.dumps(scenario)).program.plan


def bodies(monkeypatch: pytest.MonkeyPatch, layers: int) -> int:
    """How many bodies are unfolded while a plan is made."""
    count = 0
    vjp, infer = Vjp.__init__, Op.infer

    def counted_vjp(*args: object, **kwargs: object) -> None:
        nonlocal count
        count += 1
        vjp(*args, **kwargs)  # type: ignore[arg-type]  # whatever it was called with is handed on

    def counted_infer(*args: object, **kwargs: object) -> object:
        nonlocal count
        count += 1
        return infer(*args, **kwargs)  # type: ignore[arg-type]  # whatever it was called with is handed on

    with monkeypatch.context() as patch:
        patch.setattr(Vjp, "__init__", counted_vjp)
        patch.setattr(Op, "infer", counted_infer)
        plan(layers)
    return count


def test_no_body_is_unfolded_again_for_another_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bodies(monkeypatch, 9) == bodies(monkeypatch, 3)


@pytest.mark.parametrize("changed", [{"causal": False}, {"padding": False}])
def test_what_is_alike_but_for_an_attribute_or_a_shape_is_kept_apart(changed: dict[str, bool]) -> None:
    made = plan(2, mask=changed)
    for node in made.steps:
        if isinstance(node.op, Vjp):
            of = made.nodes[node.vjp_of or 0]
            assert (node.op.op, node.attrs) == (of.op, of.attrs), node.path
            assert node.op.formula == of.op.vjp_notation(node.op.argument, of.attrs), node.path
            shapes = [a.shape for a in node.op.template[1:2]]
            assert shapes == [of.shape], node.path


def fail(collecting: Callable[[], bool]) -> None:
    with paused():
        assert not collecting()
        raise ZeroDivisionError


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_as_it_was_after_a_plan_whatever_happens(on: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        plan(2)
        assert gc.isenabled() == on
        with pytest.raises(ZeroDivisionError):
            fail(gc.isenabled)
        assert gc.isenabled() == on
    finally:
        (gc.enable if was else gc.disable)()
