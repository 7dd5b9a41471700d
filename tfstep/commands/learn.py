"""Learning: train, rewind, generate, check."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from tfstep.commands.language.motion import arrival
from tfstep.commands.language.registry import command, topic
from tfstep.commands.language.session import Session
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.scenario import empty_rows
from tfstep.session.change import updates as kept
from tfstep.session.change.undo_history import Entry
from tfstep.session.results import Checked, Listing, Result, Trained
from tfstep.session.state import State
from tfstep.session.stop.halts import Halts
from tfstep.session.study.checks import check
from tfstep.text import Bilingual

MOST = 1_000_000  # updates of one command


def untrainable(state: State) -> Bilingual | None:
    """Why there is nothing to train, if there is nothing."""
    if "loss" not in state.trace.plan.paths:
        return Bilingual("this scenario has no loss", "本场景没有损失")
    if not state.trace.plan.carry:
        return Bilingual("no parameter leads to the loss", "没有参数影响损失")
    return None


def why_no_update(state: State) -> Bilingual | None:
    """Why there is no update to go back over, if there is none."""
    return None if state.update else Bilingual("no update was made yet", "还没有做过参数更新")


@command(
    "learn",
    "train [n]",
    replayed=True,
    lasts="several",
    aliases=("t",),
    repeats=True,
    about=Bilingual(
        "Make n updates (as many as the file's train.steps). Every one of them is kept, for `rewind` and `goto update "
        "N`. Ctrl-C keeps what is done. Stops early where what is watched changes, or the condition of a breakpoint or "
        "watchpoint comes to hold.",
        "做 n 次参数更新（默认按文件的 train.steps）。每次都保留，可用 `rewind` 和 `goto update N` 回到。"
        "Ctrl-C 保留已做的部分。所监视的值变化，或断点、监视点的条件开始成立时，提前停下。",
    ),
    refused=untrainable,
)
def _train(session: Session, n: int | None = None) -> Result:
    n = min(session.scenario.train.steps if n is None else n, MOST)
    if not n:
        raise CommandError(
            Bilingual("train.steps is 0: `train 20` makes 20 updates", "train.steps 为 0：`train 20` 做 20 次更新")
        )
    halts, at = Halts(session), session.position
    empty = None if session.update else empty_rows.told(session.scenario)
    result = train(session, n, f"train {n}", halts)
    result = replace(result, notes=(*([empty] if empty is not None else []), *result.notes))
    if not halts.stops:
        return replace(
            result, notes=(*result.notes, *(_held_before(number, path) for number, path in halts.held.items()))
        )
    session.position = halts.position or at
    left = n - (result.update - result.start)
    notes = (*result.notes, _goes_on(left, halts.stops[0].number)) if left else result.notes
    return replace(result, notes=notes, moved=arrival(session, at, halts.stops))


def _goes_on(left: int, number: int) -> Bilingual:
    return Bilingual(
        "stopped early: `train {left}` makes the updates that are left, `disable {number}` lets it run through",
        "提前停下：`train {left}` 做完剩下的更新，`disable {number}` 让训练不再为此停下",
        number=number,
        left=left,
    )


def _held_before(number: int, path: str) -> Bilingual:
    return Bilingual(
        "breakpoint {number} did not stop it: its condition held before already, at {path}",
        "断点 {number} 没有让训练停下：它的条件之前已在 {path} 成立",
        number=number,
        path=path,
    )


def train(session: Session, n: int, line: str, halts: Halts | None = None) -> Trained:
    """Make ``n`` updates, fewer where ``halts`` stop them, and enter them in the journal as one change."""
    before, start = session.trace, session.update

    def reached(trace: Trace, done: int) -> bool:
        return halts is not None and halts.reached(trace, start + done)

    trace, moments, whole = kept.train(session.scenario, before, n, reached if halts else None)
    if moments:
        past = (*session.journal.now.past, *moments)
        kept.make_room(past)
        done = line if len(moments) == n else f"train {len(moments)}"
        session.record(session.journal.now.changed(done, trace=trace, past=past), instead=_walks(session, line))
    losses = [*(moment.loss for moment in moments), kept.loss(session.scenario, session.trace)]
    notes = () if whole else (Bilingual("stopped; what is done is kept", "已停止；保留已完成的部分"),)
    return Trained(
        (line,),
        loss=(losses[0], losses[-1]),
        notes=notes,
        start=start,
        update=session.update,
        losses=np.array(losses),
        data=bool(session.scenario.train.data),
    )


@command(
    "learn",
    "rewind [n]",
    replayed=True,
    lasts="model",
    aliases=("rw",),
    repeats=True,
    about=Bilingual("Back over the last n updates (1), to the bit.", "回退最近 n 次参数更新（默认 1），精确到比特。"),
    refused=why_no_update,
)
def _rewind(session: Session, n: int = 1) -> Result:
    return rewind(session, max(0, session.update - n), "rewind" if n == 1 else f"rewind {n}")


def rewind(session: Session, update: int, line: str) -> Trained:
    """Go back to what this update started from."""
    now, start = session.journal.now, session.update
    trace = kept.with_carried(now.trace, kept.start_of(now.past, update))
    later = any(_sets_parameter(session, entry) and len(entry.past) > update for entry in session.journal.held)
    session.record(now.changed(line, trace=trace, past=now.past[:update]), instead=_walks(session, line))
    gone = Bilingual(
        "parameters set after update {n} are not set again; `undo` goes back to them",
        "在第 {n} 次更新之后设置的参数不会重新设置；`undo` 可回到那时",
        n=update,
    )
    return Trained(
        (line,),
        notes=(gone,) if later else (),
        start=start,
        update=update,
        losses=np.array([kept.loss(session.scenario, trace)]),
        data=bool(session.scenario.train.data),
    )


def _walks(session: Session, line: str) -> bool:
    """Whether one walks from update to update: all of that is one change."""
    return all(each.startswith("goto update ") for each in (line, session.journal.now.line))


def _sets_parameter(session: Session, entry: Entry) -> bool:
    word, _, rest = entry.line.partition(" ")
    node = session.trace.plan.paths.get(rest.partition("=")[0].partition("[")[0].strip())
    return word == "set" and node is not None and node.op is None


def to_update(session: Session, text: str) -> Result:
    """`goto update N`: back, or on to one that was made before. Raises CommandError."""
    if not text.isdecimal() or len(text) > 7:
        raise CommandError(
            Bilingual("{text!r} is not the number of an update", "{text!r} 不是更新的编号", text=text[:40])
        )
    update, line = int(text), f"goto update {text}"
    if update < session.update:
        return rewind(session, update, line)
    if update == session.update:
        return Trained((), start=update, update=update, losses=np.array([]))
    made = max(len(entry.past) for entry in session.journal.entries)
    if update > made:
        raise CommandError(
            Bilingual(
                "{made} updates were made up to now; `train {n}` makes those up to {update}",
                "到现在只做过 {made} 次更新；`train {n}` 可做到第 {update} 次",
                made=made,
                n=update - session.update,
                update=update,
            )
        )
    if (reason := untrainable(session)) is not None:
        raise CommandError(reason)
    return train(session, update - session.update, line)


@topic(
    "updates",
    Bilingual("the updates made, with the loss before each and now", "做过的参数更新，以及每次更新前和现在的损失"),
)
def updates(session: Session) -> Result:
    """The updates made so far, with the loss that each started from, and the loss now."""
    past = session.journal.now.past
    shown = range(0, len(past), max(1, len(past) // 40))
    losses = {k: past[k].loss for k in shown}
    if past:
        losses[len(past)] = kept.loss(session.scenario, session.trace)
    return Listing(
        Bilingual("updates: {n}", "参数更新：{n} 次", n=len(past)),
        (Bilingual("update", "更新"), Bilingual("loss", "损失")),
        tuple((str(k), f"{loss:.6g}") for k, loss in losses.items()),
        Bilingual("no update was made yet", "还没有做过参数更新"),
    )


@command(
    "learn",
    "check",
    lasts="long",
    aliases=("chk",),
    about=Bilingual(
        "Gradients against finite differences, and what must hold of this kind of model, with the numbers as they are.",
        "用有限差分核对梯度，并检查这类模型必须满足的性质，均以当前的数为准。",
    ),
)
def _check(session: Session) -> Result:
    return Checked(check(session.scenario, session.trace))
