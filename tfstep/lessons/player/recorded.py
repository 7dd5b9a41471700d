"""A reader's own run judged: which step, then what sort of mistake, then the equation. Never how it is done right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from msgspec import Struct

from tfstep.commands.language.line import half_width
from tfstep.commands.language.session import Session
from tfstep.compare.causes.table import SORTS
from tfstep.compare.diagnose import diagnose
from tfstep.compare.diagnosis import Diagnosis, First
from tfstep.compare.names import affinity
from tfstep.compare.recorded.reading import read
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.tolerance import apart
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.files import typed_path
from tfstep.lessons.format.filled import fill, mistakes_at, value_of
from tfstep.lessons.format.lesson import Line, Question
from tfstep.lessons.player.answers import AnswerError, Expected, Wrong
from tfstep.scenario.file.mistakes import fault
from tfstep.session.address.target import target
from tfstep.text import Bilingual

ALIKE = 1e-6  # of the largest number: so near to what a mistake gives is that mistake
FEW = 6  # names that are written out


class Made(Expected, frozen=True, eq=False):
    """What a certain mistake makes of one tensor. Nobody types that."""

    path: str
    value: np.ndarray

    def judge(self, session: Session, text: str) -> bool:
        return False


class Verdict(Struct, frozen=True):
    """Whether a run is right; if not, which step of ours it computes otherwise (or lacks), and the hints to be given
    one by one."""

    right: bool
    said: Bilingual
    path: str = ""
    hints: tuple[str, ...] = ()


class ExpectedRecording(Expected, frozen=True, eq=False):
    """Arrays of a run of the reader's own, ``accepted`` the file that they are looked for in: each of ``needs`` has to
    be among them, and no step may differ. ``run`` is ours."""

    run: Trace
    needs: tuple[str, ...]
    mistakes: tuple[Wrong, ...] = ()

    @property
    def revealed(self) -> Bilingual:
        """The reader's own program is not written for them."""
        return Bilingual("This one is yours, and stays open: come back to it.", "这一题留给你自己：以后再回来做。")

    def judge(self, session: Session, text: str) -> bool:
        return self.verdict(session, text).right

    def verdict(self, session: Session, text: str) -> Verdict:
        """The verdict on the file that the reader names, or on the usual one. Raises AnswerError where there is none,
        or nothing in it that could be compared."""
        if session.confined is not None:
            raise AnswerError(session.confined)
        path = typed_path(half_width(text).strip() or self.accepted)
        if not path.exists():
            raise AnswerError(
                Bilingual(
                    "there is no {path} in {folder}: let your program write it, then press Enter again",
                    "{folder} 里没有 {path}：先让你的程序写出它，再按回车",
                    path=path,
                    folder=Path.cwd(),
                )
            )
        try:
            return self.of(read(path))
        except TfstepError as error:
            raise AnswerError(error.message) from None

    def of(self, theirs: Recording) -> Verdict:
        """The verdict on arrays. Raises TfstepError where nothing can be compared."""
        found = diagnose(self.run, theirs)
        lacking = self._lacking(found)
        if found.agrees and lacking and found.unmatched:
            nearer = self._before(found, theirs, lacking[0])
            found = found if nearer is None or nearer.agrees else nearer
        if found.first is not None:
            return self._differs(found, found.first, theirs)
        if lacking:
            return _incomplete(found, lacking, self.run[lacking[0]].shape, theirs)
        said = Bilingual(
            "Right: {n} arrays, and every step agrees.", "对：{n} 个数组，每一步都一致。", n=len(found.matched)
        )
        return Verdict(True, said)

    def ours(self, mistake: Made | None = None) -> Recording:
        """What a right run would record; with a mistake, up to the step where it is made."""
        kept, nodes = Recording(), self.run.plan.paths
        for path in self.needs:
            if mistake is None or nodes[path].slot < nodes[mistake.path].slot:
                kept.add(path, self.run[path].value)
        if mistake is not None:
            kept.add(mistake.path, mistake.value)
        return kept

    def _lacking(self, found: Diagnosis) -> list[str]:
        """What was not found, in the order of the steps."""
        beside, nodes = found.beside, self.run.plan.paths
        return sorted(
            (path for path in self.needs if beside is None or not beside.has(path)), key=lambda path: nodes[path].slot
        )

    def _before(self, found: Diagnosis, theirs: Recording, path: str) -> Diagnosis | None:
        """Once more without what comes behind a step that is missing: it may agree all the same, as softmax does with
        another b_K, and would clear what is before it."""
        limit, paths = self.run.plan.paths[path].slot, self.run.plan.paths
        later = {m.name for m in found.matched if m.path in paths and paths[m.path].slot > limit}
        kept = Recording({n: a for n, a in theirs.arrays.items() if n not in later}, theirs.notes)
        try:
            return diagnose(self.run, kept) if later and kept.arrays else None
        except TfstepError:
            return None

    def _differs(self, found: Diagnosis, first: First, theirs: Recording) -> Verdict:
        yours = f"{first.name}  {first.line}".strip()
        if first.name and first.inputs:
            said = Bilingual(
                "The first step that is computed otherwise is {path}; yours is {name}. What it reads agrees: {inputs}.",
                "最先算得不同的是 {path}，你写的是 {name}。它读的数都对：{inputs}。",
                path=first.path,
                name=yours,
                inputs=", ".join(first.inputs[:FEW]),
            )
        elif first.name:
            said = Bilingual(
                "The first step that is computed otherwise is {path}; yours is {name}.",
                "最先算得不同的是 {path}，你写的是 {name}。",
                path=first.path,
                name=yours,
            )
        else:
            said = Bilingual(
                "The first step that is computed otherwise is {path}.", "最先算得不同的是 {path}。", path=first.path
            )
        return Verdict(False, said, first.path, tuple(self._hints(found, first, theirs)))

    def _hints(self, found: Diagnosis, first: First, theirs: Recording) -> Iterator[str]:
        """The sort of mistake, then the mistake itself, or what the numbers show of one that nobody knows."""
        cause = next((each for each in found.causes if first.path in (each.path, *each.also)), None)
        own = next((each for each in self.mistakes if _made(each.answer, found, first, theirs)), None)
        if cause is not None:
            yield str(SORTS[cause.kind])
        if own is not None:
            yield own.told()
        if cause is not None:
            text = Bilingual("Yours is {it}.", "你算的是：{it}。", it=cause.detail)
            yield f"{text}"
        elif own is None:
            shown = found.shown or (Bilingual("no known mistake gives these numbers", "没有已知错误能得到这些数"),)
            yield "; ".join(str(each) for each in shown)


def expected_recording(session: Session, question: Question) -> ExpectedRecording:
    """What is to be recorded, from the session's numbers. Raises `Mistakes` where the lesson asks for what is not there."""
    needs = tuple(_needed(session, each) for each in question.needs)
    mistakes = []
    for each in question.mistaken:
        assert each.of is not None, "the reader demands it"
        path, value = _needed(session, each.of), value_of(session, each.answer)
        tensor = session.trace[path]
        if path not in needs or value.shape != tensor.shape or not apart(value, tensor.value).max(initial=0.0):
            raise fault(
                each.of.place,
                Bilingual(
                    "{path} must be one of `needs`, and the answer another array of its shape, {shape}",
                    "{path} 须在 `needs` 里，而 answer 须是另一个同形状 {shape} 的数组",
                    path=path,
                    shape=tensor.shape,
                ),
            )
        shown = Bilingual("{path} = {expr}", "{path} = {expr}", path=path, expr=each.answer.text)
        mistakes.append(Wrong(Made(each.answer.text, shown, path, value), fill(session, each.why), each.fits))
    shown = Bilingual("{file} with {needs}", "{file}，内有 {needs}", file=question.file, needs=", ".join(needs))
    return ExpectedRecording(question.file, shown, session.trace, needs, tuple(mistakes))


def _needed(session: Session, line: Line) -> str:
    with mistakes_at(line.place):
        tensor, index = target(session, line.text)
    if index or tensor.trace is not session.trace:
        raise fault(
            line.place,
            Bilingual("{it} is no whole tensor of the run", "{it} 不是这次运行的一个完整张量", it=line.text),
        )
    return tensor.path


def _made(mistake: Expected, found: Diagnosis, first: First, theirs: Recording) -> bool:
    """Whether theirs at the first step that differs is what a mistake makes of it."""
    if not isinstance(mistake, Made) or mistake.path != first.path:
        return False
    both = None if found.beside is None else found.beside.at(first.path)
    named = theirs.arrays.get(first.name)
    value = both.theirs if both is not None and both.name else named
    if value is None or value.size != mistake.value.size:
        return False
    far = apart(value.reshape(mistake.value.shape), mistake.value)
    return bool(far.max(initial=0.0) <= ALIKE * np.abs(mistake.value).max(initial=0.0))


def _incomplete(found: Diagnosis, lacking: list[str], shape: tuple[int, ...], theirs: Recording) -> Verdict:
    names = ", ".join(lacking[:FEW]) + (" …" if len(lacking) > FEW else "")
    if found.unmatched:
        said = Bilingual(
            "What was found agrees ({n} arrays). Missing: {names}; and none of ours: {unmatched}.",
            "找到的都对（{n} 个数组）。还缺：{names}；而这些跟哪一步都对不上：{unmatched}。",
            n=len(found.matched),
            names=names,
            unmatched=", ".join(found.unmatched[:FEW]),
        )
    else:
        said = Bilingual(
            "What is there agrees ({n} arrays). Still missing: {names}.",
            "已有的都对（{n} 个数组）。还缺：{names}。",
            n=len(found.matched),
            names=names,
        )
    near = max(found.unmatched, key=lambda name: affinity(name, lacking[0]), default="")
    hints: tuple[str, ...] = ()
    if near and affinity(near, lacking[0]):
        text = Bilingual(
            "If {name} is to be {path}: it is {theirs}, where {ours} is right.",
            "如果 {name} 就是 {path}：它的形状是 {theirs}，应当是 {ours}。",
            name=near,
            path=lacking[0],
            theirs=" × ".join(map(str, theirs.arrays[near].shape)) or "1",
            ours=" × ".join(map(str, shape)) or "1",
        )
        hints = (str(text),)
    return Verdict(False, said, lacking[0], hints)
