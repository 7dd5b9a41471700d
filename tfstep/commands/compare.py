"""Comparing: variants at the same step, runs beside each other, checkpoints."""

from __future__ import annotations

import os

from tfstep.commands.change import travel_result
from tfstep.commands.info import variants
from tfstep.commands.language.line import none
from tfstep.commands.language.registry import command, topic
from tfstep.commands.language.session import Session
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError, did_you_mean
from tfstep.files import typed_path
from tfstep.session.results import Compared, Diagnosed, Listing, Message, Result, Switched
from tfstep.session.state import State
from tfstep.session.study.compare import compare
from tfstep.text import Bilingual


@command(
    "compare",
    "variant [NAME]",
    replayed=True,
    lasts="model",
    completes=("variant",),
    about=Bilingual(
        "Another variant at the same step. Changes stay with the variant they were made in. Without NAME: list them.",
        "在同一步显示另一个变体。改动留在各自的变体里。不写 NAME 则列出变体。",
    ),
)
def _variant(session: Session, rest: str) -> Result:
    if not rest:
        return variants(session)
    left, kept = session.variant, len(session.journal.changes)
    found = session.switch(rest)
    return Switched(
        left, kept, session.variant, len(session.journal.changes), session.scenario.title, found, session.current
    )


@command(
    "compare",
    "diff [NAME]",
    lasts="long",
    completes=("variant", "file"),
    about=Bilingual(
        "What differs from the baseline, from variant or checkpoint NAME, or from the recording in a file: the first step, "
        "and by how much each.",
        "与基线（或变体、检查点 NAME，或文件里的一次记录）有何不同：第一个不同的步骤，以及各步相差多少。",
    ),
)
def _diff(session: Session, rest: str) -> Result:
    name = rest or str(Bilingual("baseline", "基线"))
    if not rest:
        other = session.baseline
    elif rest in session.checkpoints:
        other = session.checkpoints[rest].trace
    elif recorded(rest):
        other = _run_in(session, rest)
    else:
        other = session.trace_of(rest)
    now = str(Bilingual("now", "现在"))
    here = session.current
    there = other[here.path] if here.path in other.plan.paths else None
    return Compared(compare(session.trace, other), (now, name), here, there)


@command(
    "compare",
    "baseline [FILE]",
    replayed=True,
    lasts="long",
    completes=("file",),
    aliases=("base",),
    about=Bilingual(
        "Take the numbers as they are now for what `diff` compares with, or those of the recording in FILE; `baseline clear`: "
        "the unedited ones again.",
        "把当前的数（或 FILE 中记录的数）设为 `diff` 的比较基线；`baseline clear` 恢复为未改动的数。",
    ),
)
def _baseline(session: Session, rest: str) -> Result:
    if rest == "clear":
        session.chosen_baseline = None
        return Message((Bilingual("the baseline is the unedited run", "基线为未改动的运行"),))
    if recorded(rest):
        session.chosen_baseline = _run_in(session, rest)
        return Message((Bilingual("the baseline is the run in {file}", "基线为 {file} 中的运行", file=rest),))
    none(rest, "baseline [FILE]")
    session.chosen_baseline = session.trace
    return Message((Bilingual("the baseline is the run as it is now", "基线为当前的运行"),))


def recorded(name: str) -> bool:
    """Whether a name is that of a recording: a file of arrays, or a folder."""
    path = typed_path(name) if name else None
    return path is not None and (path.suffix in (".npz", ".safetensors") or os.path.isdir(path))  # noqa: PTH112  Path.is_dir raises where a name is too long


def _run_in(session: Session, file: str) -> Trace:
    """A run with the numbers of a recording wherever they are found, and else as it is now. Raises RecordingError."""
    from tfstep.compare.diagnose import diagnose

    path, now = typed_path(file), session.trace
    session.speaker.check_read(path)
    beside = diagnose(now, path).beside
    assert beside is not None
    values = [now.value(node.slot) for node in now.plan.nodes]
    for node in now.plan.nodes:
        both = beside.at(node.path)
        if both is not None and both.name:
            values[node.slot] = both.theirs.astype(node.dtype)
    return Trace(now.plan, values, dict(now.pins))


def no_checkpoints(state: State) -> Bilingual | None:
    """Why there is nothing to restore, if there is nothing."""
    return None if state.checkpoints else Bilingual("there are no checkpoints", "没有检查点")


@command(
    "change",
    "checkpoint [NAME]",
    aliases=("ckpt",),
    about=Bilingual(
        "Give the numbers as they are now a name, to branch off from with `restore NAME`. Without NAME: list them.",
        "给当前的数取一个名字，之后可用 `restore NAME` 回到这里另走一支。不写则列出。",
    ),
)
def _checkpoint(session: Session, rest: str) -> Result:
    if not rest:
        return checkpoints(session)
    if not rest.replace("-", "_").isidentifier():
        raise CommandError(
            Bilingual("a name is one word, not {name!r}", "名称须为一个词，而不是 {name!r}", name=rest[:40])
        )
    session.checkpoints[rest] = session.journal.now.changed(f"restore {rest}")
    session.checkpoint_variants[rest] = session.variant
    return Message((Bilingual("checkpoint {name}", "检查点 {name}", name=rest),))


@command(
    "change",
    "restore NAME",
    aliases=("res",),
    completes=("checkpoint",),
    about=Bilingual("Back to a checkpoint; `undo` comes back from there.", "回到检查点；`undo` 可再回来。"),
    refused=no_checkpoints,
)
def _restore(session: Session, name: str) -> Result:
    if name not in session.checkpoints:
        raise CommandError(
            Bilingual(
                "no checkpoint {name}{near}; there are {known}",
                "没有检查点 {name}{near}；现有：{known}",
                name=name[:40],
                near=did_you_mean(name, session.checkpoints),
                known=", ".join(session.checkpoints),
            )
        )
    if session.variant != session.checkpoint_variants[name]:
        session.switch(session.checkpoint_variants[name])
    before = session.trace
    session.record(session.checkpoints[name])
    return travel_result(session, before, (f"restore {name}",))


@topic("checkpoints", Bilingual("the checkpoints to go back to", "可以回到的检查点"))
def checkpoints(session: Session) -> Result:
    """The checkpoints, with their variant and the update they were made at."""
    return Listing(
        Bilingual("checkpoints", "检查点"),
        (Bilingual("name", "名称"), Bilingual("variant", "变体"), Bilingual("update", "更新")),
        tuple(
            (name, session.checkpoint_variants[name], str(len(entry.past)))
            for name, entry in session.checkpoints.items()
        ),
        Bilingual("there are no checkpoints", "没有检查点"),
    )


@command(
    "compare",
    "diagnose FILE",
    files=True,
    completes=("file",),
    lasts="long",
    about=Bilingual(
        "Which step of your own code is wrong? FILE holds the arrays of your run (`.npz`, `.safetensors`, a folder of "
        "`.npy`); each is found among these tensors by its numbers, and the first step that is computed otherwise is "
        "named, with the mistake.",
        "自己的代码哪一步错了？FILE 里是你运行得到的数组（`.npz`、`.safetensors` 或放 `.npy` 的文件夹）；"
        "按数值找出每个数组对应哪个张量，指出最先算得不同的一步和错在哪里。",
    ),
)
def _diagnose(session: Session, file: str) -> Result:
    from tfstep.compare.diagnose import diagnose

    path = typed_path(file)
    session.speaker.check_read(path)
    session.diagnosis = diagnose(session.trace, path)
    return Diagnosed(session.diagnosis)
