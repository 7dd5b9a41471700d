"""The update: one step of the optimizer for every parameter that the loss depends on, each of its tensors a step."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.wildcard import matcher, nearest_pattern
from tfstep.engine.axis import Spec
from tfstep.engine.node import Node
from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.errors import meant
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import TrainConfig
from tfstep.models.keys.train import LossScalePart
from tfstep.models.optimizers import OPTIMIZERS, Clock, before
from tfstep.models.parts.dropped import PASSES
from tfstep.ops.optim import accumulated, clip_share, clip_value, global_norm, held, next_part, next_step
from tfstep.ops.precision import in_a_row, kept, next_scale, overflow, scaled_loss, unscaled
from tfstep.ops.rate import scheduled_rate
from tfstep.text import Bilingual

SCALE = "loss.scale"
"""The factor of the loss; the gradients of its parameters are those of the scaled loss."""


def update(tape: Tape, grads: dict[str, Traced], train: TrainConfig, width: int = 1) -> None:
    """Record ``P.new`` for every parameter P with a gradient that is not frozen.

    What an optimizer remembers from the update before is a constant of this one (``P.m_before``), and the plan's
    ``carry`` says which step it comes from next time. ``width`` is d_model, for the schedule that asks for it.
    """
    frozen = _frozen(tape, train)
    tape.phase = "update"
    optimizer, root = OPTIMIZERS[train.optimizer], Scope(tape, "update")
    learning = [node for node in tape.nodes if node.kind == "parameter" and node.path in grads]
    learning = [node for node in learning if node.path not in frozen]
    scale = tape.find(SCALE) if train.loss_scale is not None else None
    part = _part(root, train.accumulate) if train.accumulate > 1 else None
    if PASSES in tape.paths:
        _next_pass(tape)
    found = {node.slot: grads[node.path] for node in learning}
    if part is not None:
        found = {node.slot: _added(_at(tape, node), found[node.slot], part, train) for node in learning}
    turn = Turn(part, train.accumulate)
    if scale is not None and learning:
        turn = _scaled_back(root, learning, found, scale, turn, train)
    t = _count(root, turn) if optimizer.counts(train) or train.schedule else None
    clock = Clock(t, _rate(root, t, train, width, learning) if train.schedule and learning else None)
    share = _share(root, list(found.values()), train) if train.clip_norm is not None and learning else None
    for node in learning:
        at, p, g = _at(tape, node), Traced(tape, node.slot, node.spec), found[node.slot]
        if share is not None:
            g = at.clipped = g * share
        if train.clip_value is not None:
            g = at.clipped = clip_value(g, most=train.clip_value)
        new = optimizer.step(at, p, g, clock, train)
        at.new = turn.taken(at, new, p, "stepped")
        tape.carry.append((node.slot, at.new.slot))
        for name in optimizer.memory:
            if at.path(name) in tape.paths:
                _remember(at, name, turn)


class Turn(Struct, frozen=True, eq=False):
    """When what an update makes is taken over: with the last of the micro-batches, and where no gradient overflowed."""

    part: Traced | None = None
    parts: int = 1
    overflow: Traced | None = None

    def taken(self, at: Scope, made: Traced, last: Traced, name: str) -> Traced:
        """What was made, or what there was; in between, under ``name``, what an overflow leaves of it."""
        if self.overflow is not None:
            _named(at, "moved", made)
            made = kept(made, last, self.overflow)
        if self.part is not None:
            _named(at, name, made)
            made = held(made, last, self.part, parts=self.parts)
        return made


def _named(at: Scope, name: str, made: Traced) -> None:
    if not at.tape.nodes[made.slot].path:
        setattr(at, name, made)


def with_scale(root: Scope, goal: Traced, scale: float | LossScalePart) -> Traced:
    """The loss times its factor, from which the gradients start."""
    at = root.scope("loss")
    start = scale.start if isinstance(scale, LossScalePart) else scale
    factor = at.constant("scale", np.asarray(start, goal.dtype), ())
    at.scaled = scaled_loss(goal, factor)
    return at.scaled


def _at(tape: Tape, node: Node) -> Scope:
    return Scope(tape, node.path, node.slot)


def _frozen(tape: Tape, train: TrainConfig) -> set[str]:
    """The parameters that stay as they are; a tied one with its owner. Raises ModelBuildError for a pattern of none."""
    found: set[str] = set()
    own = {node.path: node.path for node in tape.nodes if node.kind == "parameter"}
    views = {node.path: tape.nodes[node.slots[0]].path for node in tape.nodes if node.kind == "view"}
    for pattern in train.freeze:
        matches = matcher(pattern)
        hit = {owner for path, owner in {**own, **views}.items() if matches(path)}
        if not hit:
            raise ModelBuildError(
                ("train", "freeze"),
                Bilingual(
                    "{path!r} fits no parameter of this model{near}",
                    "{path!r} 不对应这个模型的任何参数{near}",
                    path=pattern,
                    near=meant(nearest_pattern(pattern, own)),
                ),
            )
        found |= hit
    return found


def _count(root: Scope, turn: Turn) -> Traced:
    """The number of this update, counted from 1."""
    done = root.constant("done", np.zeros((), np.int64), ())
    root.t = next_step(done)
    _carry(root, done, root.t, turn, "t")
    return root.t


def _next_pass(tape: Tape) -> None:
    """The next pass drops other cells."""
    done = tape.find(PASSES)
    setattr(Scope(tape), f"{PASSES}_next", next_step(done))
    tape.carry.append((done.slot, tape.find(f"{PASSES}_next").slot))


def _part(root: Scope, parts: int) -> Traced:
    """The number of this micro-batch, counted from 1."""
    last = root.constant("part_before", np.zeros((), np.int64), ())
    root.part = next_part(last, parts=parts)
    root.tape.carry.append((last.slot, root.part.slot))
    return root.part


def _added(at: Scope, g: Traced, part: Traced, train: TrainConfig) -> Traced:
    """The gradients of the micro-batches up to this one; the next update begins with none again."""
    last = before(at, "accumulated", g.spec)
    at.accumulated = accumulated(last, g, parts=train.accumulate)
    at.accumulated_next = held(0.0, at.accumulated, part, parts=train.accumulate)
    at.tape.carry.append((last.slot, at.accumulated_next.slot))
    return at.accumulated


def _remember(at: Scope, name: str, turn: Turn) -> None:
    """What the optimizer keeps for the update after."""
    last = at.tape.find(at.path(f"{name}_before"))
    _carry(at, last, at.tape.find(at.path(name)), turn, name)


def _carry(at: Scope, leaf: Traced, made: Traced, turn: Turn, name: str) -> None:
    """The leaf begins the next update as what was made, where that is taken over."""
    taken = turn.taken(at, made, leaf, f"{name}_kept")
    if taken is not made:
        setattr(at, f"{name}_next", taken)
    at.tape.carry.append((leaf.slot, taken.slot))


def _scaled_back(
    root: Scope, learning: list[Node], found: dict[int, Traced], scale: Traced, turn: Turn, train: TrainConfig
) -> Turn:
    """The gradients in ``found`` without the factor of the loss, in float32, and whether one of them overflowed."""
    tape, s = root.tape, train.loss_scale
    half, tape.rounds = tape.rounds, ""
    for node in learning:
        at = _at(tape, node)
        found[node.slot] = at.unscaled = unscaled(found[node.slot], scale)
    root.overflow = overflow(*(found[node.slot] for node in learning))
    if isinstance(s, LossScalePart):
        before = root.constant("good_before", np.zeros((), np.int64), ())
        root.good = in_a_row(before, root.overflow, every=s.every)
        root.scale = next_scale(scale, before, root.overflow, growth=s.growth, backoff=s.backoff, every=s.every)
        _carry(root, before, root.good, turn, "good")
        _carry(root, scale, root.scale, turn, "scale")
    tape.rounds = half
    return replace(turn, overflow=root.overflow)


def _rate(root: Scope, t: Traced | None, train: TrainConfig, width: int, learning: list[Node]) -> Traced:
    """The learning rate of this update."""
    s = train.schedule
    assert s is not None
    root.lr = scheduled_rate(
        t,
        kind=s.kind,
        lr=train.lr,
        warmup=s.warmup,
        total=s.total or max(1, train.steps),
        least=s.least,
        width=width,
        first=s.first,
        dtype=str(learning[0].dtype),
    )
    return root.lr


def _share(root: Scope, gradients: list[Traced], train: TrainConfig) -> Traced:
    """What is left of the gradients so that all together are no longer than allowed."""
    spec: Spec = gradients[0].spec
    root.norm = root.tape.record(global_norm, gradients, {}, Spec((), spec.dtype, ()))
    root.clip = clip_share(root.norm, most=train.clip_norm)
    return root.clip
