"""The player: goes through a lesson step by step, asks, computes what is right, and compares.

It knows no screen: each of its methods returns the `events` to be shown. Between two of them the reader may run
anything in the session; before the lesson goes on, its own numbers are brought back.
"""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.address.indices import whole
from tfstep.commands.language.session import Session
from tfstep.compare.recorded.recording import Recording
from tfstep.engine.why import Explanation
from tfstep.engine.why import explain as explanation_of
from tfstep.errors import TfstepError
from tfstep.lessons.format.filled import fill, mistakes_at
from tfstep.lessons.format.lesson import (
    Block,
    Claims,
    Commands,
    Lesson,
    Line,
    Look,
    Number,
    Pieces,
    Prose,
    Question,
    Try,
)
from tfstep.lessons.player.ahead import Ahead, invited, run_all
from tfstep.lessons.player.answers import Expected
from tfstep.lessons.player.asking import fill_question
from tfstep.lessons.player.branch import MINE, Branch
from tfstep.lessons.player.events import (
    Asked,
    Began,
    Ended,
    Event,
    Hinted,
    Invited,
    Judged,
    Looked,
    Returned,
    Revealed,
    Said,
    Worked,
)
from tfstep.lessons.player.looking import looks
from tfstep.lessons.player.recorded import ExpectedRecording, Verdict
from tfstep.scenario.file.mistakes import fault
from tfstep.session.address.target import part, target
from tfstep.session.evaluate import evaluate
from tfstep.text import Bilingual


class Player:
    """One lesson being played in a session.

    ``step`` counts from 0; ``question`` is the one that waits, or None; ``cells`` are those spoken of last. A ``calm``
    one stops before it looks elsewhere a second time, so that a screen can show each thing while it is spoken of.
    """

    def __init__(self, lesson: Lesson, session: Session) -> None:
        self.lesson, self.session = lesson, session
        self.step, self.at = 0, 0
        self.question: Question | None = None
        self.cells: tuple[str, ...] = ()
        self.done = False
        self.calm = False
        self._given: list[str] = []  # the hints to this question so far
        self._verdict: Verdict | None = None  # on the reader's own run
        self._ahead: Ahead | None = None  # the question that waits, worked out
        self._own = Branch.of(session)  # the lesson's numbers, as it left them
        self._starts = [self._own]  # and as they were before each step so far

    # -- going through -----------------------------------------------------------------------------

    def advance(self) -> Iterator[Event]:
        """On to the next question, pause or end of a step. Raises `Mistakes` where the lesson is wrong.

        While a question waits this does nothing.
        """
        if self.question is not None or self.done:
            return
        yield from self._return()
        step = self.lesson.steps[self.step]
        if self.at == 0:
            yield Began(self.step + 1, len(self.lesson.steps), step.title)
        looked = False
        while self.at < len(step.blocks):
            block = step.blocks[self.at]
            if self.calm and looks(block):
                if looked:
                    return
                looked = True
            self.at += 1
            if isinstance(block, Question):
                yield self._ask(block)
                return
            yield from self._block(block)
        yield from self._end()

    def _end(self) -> Iterator[Event]:
        self._own = Branch.of(self.session)
        last = self.step + 1 == len(self.lesson.steps)
        if last:
            self.done = True
        else:
            self.step, self.at = self.step + 1, 0
            self._starts[self.step :] = [self._own]
        yield Ended(last)

    def _block(self, block: Block) -> Iterator[Event]:
        match block:
            case Prose():
                yield self._said(block.pieces, block.verbatim)
            case Commands(lines):
                yield from run_all(self.session, lines)
            case Claims(lines):
                for line in lines:
                    self._claim(line)
            case Look(lines):
                self.cells = self._there(lines)
                yield Looked(self.cells)
            case Try(lines):
                yield Invited(tuple(map(invited, lines)))
        self._own = Branch.of(self.session)

    def _there(self, lines: tuple[Line, ...]) -> tuple[str, ...]:
        """The cells that are to be lit. Raises `Mistakes` where there is no such tensor, or no such place in it."""
        for line in lines:
            with mistakes_at(line.place):
                part(*target(self.session, line.text))
        return tuple(line.text for line in lines)

    def _said(self, pieces: Pieces, verbatim: bool = False) -> Said:
        cells = self._meant(pieces)
        self.cells = cells or self.cells
        return Said(fill(self.session, pieces), verbatim, cells)

    def _meant(self, pieces: Pieces) -> tuple[str, ...]:
        """The cells whose numbers a text has."""
        return tuple(p.expr for p in pieces if isinstance(p, Number) and self._is_target(p.expr))

    def _is_target(self, text: str) -> bool:
        try:
            target(self.session, text)
        except TfstepError:
            return False
        return True

    def _claim(self, line: Line) -> None:
        with mistakes_at(line.place):
            holds = bool(evaluate(self.session, line.text).all())
        if not holds:
            message = Bilingual("what the text says does not hold: {it}", "正文所说不成立：{it}", it=line.text)
            raise fault(line.place, message)

    def _return(self) -> Iterator[Event]:
        """Bring the lesson's own numbers back."""
        strayed = self._own.strayed(self.session)
        self._own.restore(self.session)
        if strayed:
            message = Bilingual(
                "the lesson goes on from its own numbers; yours are kept: `restore {name}`",
                "课程从自己的数继续；你的改动已保存：`restore {name}` 可取回",
                name=MINE,
            )
            yield Returned(message)

    def home(self) -> Iterator[Event]:
        """Away from what the reader changed, back to the lesson's own numbers and place."""
        yield from self._return()

    def keep_cursor(self) -> None:
        """Let the cursor stay where a face has put it, on what the lesson speaks of, when the lesson goes on."""
        self._own = self._own.with_cursor(self.session.cursor)

    @property
    def strayed(self) -> bool:
        """Whether the reader has changed numbers since the lesson stopped."""
        return self._own.strayed(self.session)

    @property
    def ending(self) -> bool:
        """Whether nothing more is to be seen of the step that we are in the middle of."""
        rest = self.lesson.steps[self.step].blocks[self.at :]
        return (
            self.at > 0 and not self.done and self.question is None and all(isinstance(block, Claims) for block in rest)
        )

    def back(self) -> Iterator[Event]:
        """To the beginning of this step, or if we are there, of the one before; then on from there."""
        at_start = self.at == 0 or (self.at == 1 and self.question is not None)
        yield from self.go(max(0, self.step - 1) if at_start and not self.done else self.step)

    def go(self, step: int) -> Iterator[Event]:
        """To the beginning of a step that was reached before, and on from there."""
        step = max(0, min(step, len(self._starts) - 1))
        self.step, self.at, self.question, self.done = step, 0, None, False
        self._own = self._starts[step]
        yield from self.advance()

    def resume(self, step: int) -> None:
        """Go to a step without showing those before it: their commands run. Raises `Mistakes`."""
        while self.step < min(step, len(self.lesson.steps) - 1):
            for _ in self.advance():
                pass
            if self.question is not None:
                for _ in self._after(self.question):
                    pass

    @property
    def over(self) -> int:
        """The step (from 1) that has just come to its end, or 0 in the middle of one."""
        return self.step + 1 if self.done else self.step if self.at == 0 else 0

    # -- a question --------------------------------------------------------------------------------

    def _ask(self, question: Question) -> Asked:
        self.question, self._given, self._verdict, self._ahead = question, [], None, None
        cells = self._meant(question.ask)
        if question.show:
            cells = self._there(question.show)
        self.cells = cells or self.cells
        self._own = Branch.of(self.session)
        self._ahead = Ahead.of(self.session, self._own, question)
        return fill_question(self.session, question, self._ahead, cells)

    def answer(self, text: str) -> Iterator[Event]:
        """The reader's answer. A right one goes on to what comes after it. Raises AnswerError for none at all."""
        question = self._waiting()
        right = self._expected()
        if isinstance(right, ExpectedRecording):
            yield from self._judged(right.verdict(self.session, text))
        elif self._worked().judge(self.session, text):
            yield Judged(True, Bilingual("Right: {it}", "对：{it}", it=right.shown))
            yield from self._after(question)
        else:
            yield Judged(False, self._wrong(question, text))

    def examine(self, theirs: Recording) -> Iterator[Event]:
        """Arrays of a program in place of the file that they would stand in. Raises TfstepError where none can be compared."""
        right = self._expected()
        assert isinstance(right, ExpectedRecording), "only a question of this kind is asked so"
        yield from self._judged(right.of(theirs))

    def _judged(self, found: Verdict) -> Iterator[Event]:
        """A verdict on the reader's own run: on from a right one; else to the step that it names."""
        question, before = self._waiting(), self._verdict
        self._verdict = found
        if before is not None and before.hints != found.hints:  # another mistake: begin with its first hint
            self._given = [each for each in self._given if each not in before.hints]
        if found.right:
            yield Judged(True, found.said)
            yield from self._after(question)
            return
        left = Bilingual("Mend it, run it, press Enter again.", "改好，重新运行，再按回车。")
        if self._hints_left():
            left = Bilingual(
                "? gives a hint. Mend it, run it, press Enter again.", "按 ? 看提示。改好，重新运行，再按回车。"
            )
        yield Judged(False, Bilingual("{said} {left}", "{said}{left}", said=found.said, left=left))
        if found.path:
            yield Looked((found.path,))

    def _wrong(self, question: Question, text: str) -> Bilingual:
        """What is said to a wrong answer: the mistake that leads to it, if it is one that is known."""
        left = Bilingual("! shows the answer.", "按 ! 看答案。")
        if self._hints_left():
            left = Bilingual("? gives a hint, ! shows the answer.", "按 ? 看提示，按 ! 看答案。")
        why = self._worked().mistake(self.session, text)
        if why:
            return Bilingual("No. {why} {left}", "不对。{why}{left}", why=why, left=left)
        if self._expected().near(self.session, text):
            return Bilingual("Close; reckon it more exactly. {left}", "接近了，再算准一点。{left}", left=left)
        return Bilingual("No. Have another look; {left}", "不对，再看看。{left}", left=left)

    def _worked(self) -> Ahead:
        """The question that waits, worked out."""
        assert self._ahead is not None, "a question that waits has been worked out"
        return self._ahead

    def _expected(self) -> Expected:
        """What is right, worked out behind the question's own commands; the session is as before afterwards."""
        return self._worked().right

    def hint(self) -> Hinted | None:
        """The next hint, or None where there is none left."""
        if self.question is None or not (left := self._hints_left()):
            return None
        self._given.append(left[0])
        return Hinted(left[0], len(left) - 1)

    def _hints_left(self) -> list[str]:
        """The hints that were not given yet: to the mistake in the reader's own run first."""
        own = self._verdict.hints if self._verdict is not None else ()
        return [each for each in (*own, *self._worked().hints) if each not in self._given]

    def reveal(self) -> Iterator[Event]:
        """The answer with its working; then on to what comes after it."""
        question = self._waiting()
        yield Revealed(self._expected().revealed, question.kind == "recording")
        yield from self._after(question)

    def _working(self, question: Question) -> Iterator[Explanation]:
        for line in question.reveal:
            with mistakes_at(line.place):
                tensor, index = target(self.session, line.text)
                cell = whole(tensor, index or ())
                yield explanation_of(tensor.trace, tensor.node.slot, cell)

    def _after(self, question: Question) -> Iterator[Event]:
        """What follows an answered question: its commands, the working, what the lesson has to say."""
        self.question = None
        yield from self._return()
        yield from self._worked().enter(self.session)
        if question.reveal:
            yield Worked(tuple(self._working(question)), self.session.trace)
        if question.because:
            yield self._said(question.because)
        self._own = Branch.of(self.session)

    def _waiting(self) -> Question:
        assert self.question is not None, "a face asks only while a question waits"
        return self.question

    def expected(self) -> Expected:
        """What is right for the question that waits. Raises `Mistakes`."""
        self._waiting()
        return self._expected()

    def worked(self) -> Ahead:
        """The question that waits, worked out: what is right, what may be answered, what mistakes lead to."""
        self._waiting()
        return self._worked()
