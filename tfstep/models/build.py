"""From a checked model section to a plan: forward, loss, backward, update."""

from __future__ import annotations

from functools import cache, partial

from msgspec.structs import replace

from tfstep.engine.accel.collector import paused
from tfstep.engine.backward import backward
from tfstep.engine.plan import Plan
from tfstep.engine.tape import Scope, Tape
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import Inputs, LossConfig, ModelConfig, Sentences, TrainConfig
from tfstep.models.keys.kinds import forward
from tfstep.models.objective import objective
from tfstep.models.switched_off import switched_off, without_update
from tfstep.models.tie import owners, tied_view
from tfstep.models.update import update, with_scale
from tfstep.ops.primitive.shape import accumulate, seed
from tfstep.text import Bilingual


@paused()
def build(model: ModelConfig, inputs: Inputs, loss: LossConfig, train: TrainConfig) -> Plan:
    """Record the whole timeline of a scenario. Raises ScenarioError where loss and model do not fit."""
    inputs = with_positions(inputs, train.data)
    tape = Tape()
    tape.rounds, tape.master = model.half, train.master
    _refuse(model, train)
    if model.tie:
        untied = Tape()
        forward(Scope(untied), inputs, model)
        for path, owner in owners(model.tie, untied).items():
            tape.views[path] = partial(tied_view, tape, path, owner=owner)
    root = Scope(tape)
    out = forward(root, inputs, model)
    if train.master or train.loss_scale is not None:  # the loss itself has no place in a half type
        tape.rounds = ""
    goal = objective(root, out, inputs, loss)
    if goal is not None:
        if train.loss_scale is not None:
            goal = with_scale(root, goal, train.loss_scale)
        grads = backward(tape, goal, seed, accumulate)
        tape.rounds = "" if train.master else model.half
        update(tape, grads, train, model.d_model)
    plan = tape.plan()
    plan.elsewhere = partial(_elsewhere, plan)
    plan.switched_off = cache(lambda: (*without_update(plan), *switched_off(model, inputs, plan.paths)))
    return plan


def _elsewhere(plan: Plan, name: str) -> str | None:
    """The path of what a family of checkpoints calls so."""
    from tfstep.families.names import our_path  # which only names that are not ours need

    return our_path(plan, name)


def _refuse(model: ModelConfig, train: TrainConfig) -> None:
    """Raises ModelBuildError where master weights would be the weights."""
    if train.master and not model.half:
        raise ModelBuildError(
            ("train", "master"),
            Bilingual(
                "master weights are float32 beside a model in half precision, and model.dtype is {dtype}; "
                "write model.dtype: float16 or bfloat16, or leave train.master out",
                "主权重是半精度模型旁边的 float32 权重，而 model.dtype 是 {dtype}；请写 model.dtype: float16 或 bfloat16，"
                "或去掉 train.master",
                dtype=model.dtype,
            ),
        )


def with_positions(inputs: Inputs, others: tuple[Inputs, ...]) -> Inputs:
    """The inputs with position tables long enough for every example that the model is shown or trained on."""
    examples = (inputs, *others)

    def longest(sides: list[Sentences | None]) -> int:
        return max((side.ids.shape[1] for side in sides if side is not None), default=0)

    ahead = max(example.offset for example in examples)
    sides = ([e.source for e in examples], [e.target for e in examples])
    return replace(inputs, rows=(ahead + longest(sides[0]), ahead + longest(sides[1])))
