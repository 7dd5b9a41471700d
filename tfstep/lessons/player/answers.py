"""What is right for a question, worked out in the live session, and whether an answer is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.indices import Index
from tfstep.commands.language.line import half_width
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError, did_you_mean
from tfstep.lessons.format.filled import fill, mistakes_at, number_of, value_of, words_along
from tfstep.lessons.format.lesson import Line, Question
from tfstep.lessons.format.misconceptions import named
from tfstep.scenario.file.mistakes import Place, fault
from tfstep.session.address.target import cell, part, target
from tfstep.session.evaluate import evaluate
from tfstep.text import Bilingual
from tfstep.view.export.indices import in_words
from tfstep.view.text.number import brief

_NEAR = 4  # times the tolerance: it was rounded too early


class AnswerError(TfstepError):
    """An answer that is no answer to the question: a word where a number is asked for."""


class NoNumberError(AnswerError):
    """What is no number, nor an expression: it may be a command."""


class Expected(Struct, frozen=True):
    """The right answer, as text that would be accepted and as it is shown."""

    accepted: str
    shown: Bilingual

    @property
    def revealed(self) -> Bilingual:
        """What is said to a reader who wants to be told."""
        return self.shown

    def judge(self, session: Session, text: str) -> bool:
        """Whether an answer is right. Raises AnswerError where it is none."""
        raise NotImplementedError

    def near(self, session: Session, text: str) -> bool:
        """Whether a wrong answer is almost right."""
        return False


class ExpectedNumber(Expected, frozen=True):
    """A number within a tolerance."""

    value: float = 0.0
    tolerance: float = 0.0

    def judge(self, session: Session, text: str) -> bool:
        given = _number(session, text)
        return given == self.value or abs(given - self.value) <= self.tolerance * (1 + 1e-9)

    def near(self, session: Session, text: str) -> bool:
        return abs(_number(session, text) - self.value) <= _NEAR * self.tolerance


class ExpectedWord(Expected, frozen=True):
    """One of the words along an axis."""

    words: tuple[str, ...] = ()

    def judge(self, session: Session, text: str) -> bool:
        given = _bare(text)
        folded = {word.casefold(): word for word in self.words}
        found = given if given in self.words else folded.get(given.casefold())
        if found is None:
            raise AnswerError(
                Bilingual(
                    "{text!r} is none of the words{near}: {words}",
                    "{text!r} 不在这些词里{near}：{words}",
                    text=text[:40],
                    words=" ".join(self.words[:30]),
                    near=did_you_mean(text, self.words),
                )
            )
        return found == self.accepted


class ExpectedCell(Expected, frozen=True):
    """Any of some cells of a tensor, by their place when all its cells are counted; ``index`` is what is given."""

    path: str = ""
    index: Index = ()
    places: frozenset[int] = frozenset()

    def judge(self, session: Session, text: str) -> bool:
        text = half_width(text)
        asked = text if "[" in text else self._in_full(text)
        try:
            tensor, at = cell(session, asked)
        except TfstepError as error:
            raise AnswerError(error.message) from None
        if tensor.path != self.path:
            message = Bilingual("a cell of {path} is asked for", "要的是 {path} 的一个单元格", path=self.path)
            raise AnswerError(message)
        return int(np.ravel_multi_index(at, tensor.shape)) in self.places

    def _in_full(self, text: str) -> str:
        given = [item.strip() for item in text.strip("() ").split(",")]
        free = sum(isinstance(item, slice) for item in self.index)
        if len(given) != free or not all(given):
            raise AnswerError(
                Bilingual(
                    "a cell has {n} indices here, such as {it}", "这里的单元格有 {n} 个下标，如 {it}", n=free, it="1,0"
                )
            )
        rest = iter(given)
        return f"{self.path}[{','.join(next(rest) if isinstance(i, slice) else str(i) for i in self.index)}]"


class ExpectedChoice(Expected, frozen=True):
    """One of ``n`` choices, counted from 1."""

    n: int = 0

    def judge(self, session: Session, text: str) -> bool:
        given = half_width(_bare(text)).casefold().strip("()., ")
        if len(given) == 1 and "a" <= given <= "z":
            given = str(ord(given) - ord("a") + 1)
        if not given.isdecimal() or len(given) > 4 or not 1 <= int(given) <= self.n:
            raise AnswerError(Bilingual("answer with a number from 1 to {n}", "请回答 1 到 {n} 的一个编号", n=self.n))
        return given == self.accepted


ORDER = {
    "larger": (">", "larger", "greater", "more", "up", "大", "更大", "变大", "大于"),
    "smaller": ("<", "smaller", "less", "down", "小", "更小", "变小", "小于"),
    "same": ("=", "==", "same", "equal", "一样", "相等", "不变", "相同", "一样大"),
}
"""What may be answered to larger or smaller."""
_NAMED = {
    "larger": Bilingual("larger", "更大"),
    "smaller": Bilingual("smaller", "更小"),
    "same": Bilingual("the same", "一样"),
}


class ExpectedOrder(Expected, frozen=True):
    """Larger, smaller or the same."""

    def judge(self, session: Session, text: str) -> bool:
        given = half_width(_bare(text)).casefold()
        meant = next((name for name, spellings in ORDER.items() if given in spellings), None)
        if meant is None:
            message = Bilingual("answer with larger, smaller or same (> < =)", "请回答 大、小 或 一样（> < =）")
            raise AnswerError(message)
        return meant == self.accepted


def expected(session: Session, question: Question) -> Expected:
    """The right answer now. Raises `Mistakes` where the lesson's own expressions do not give one."""
    match question.kind:
        case "number":
            return _expected_number(session, question)
        case "word":
            return _expected_word(session, question)
        case "cell":
            return _expected_cell(session, question)
        case "choice":
            return _expected_choice(session, question)
    return _expected_order(session, question)


class Wrong(Struct, frozen=True):
    """A wrong answer that is foreseen: what is said of the mistake behind it, and the misconception that it fits."""

    answer: Expected
    why: str
    fits: str = ""

    def told(self) -> str:
        """What is said to whoever gives it."""
        return str(named(self.why, self.fits)) if self.fits else self.why


def mistakes_of(session: Session, question: Question) -> Iterator[Wrong]:
    """The answers that certain mistakes lead to now. Raises `Mistakes`, also where one is no wrong answer."""
    right = expected(session, question)
    for number, choice in enumerate(question.choices, 1):
        if choice.why:
            shown = Bilingual("{n}", "{n}", n=number)
            wrong = _wrong(right, ExpectedChoice(str(number), shown, len(question.choices)), choice.when)
            yield Wrong(wrong, fill(session, choice.why), choice.fits)
    for each in question.mistaken:
        if question.kind == "order":
            if each.answer.text not in ORDER:
                raise fault(each.answer.place, Bilingual("larger, smaller or same", "应为 larger、smaller 或 same"))
            found: Expected = ExpectedOrder(each.answer.text, _NAMED[each.answer.text])
        else:
            found = expected(session, replace(question, answer=each.answer))
        yield Wrong(_wrong(right, found, each.answer), fill(session, each.why), each.fits)


def _wrong(right: Expected, found: Expected, line: Line) -> Expected:
    """What was found, seen to be no right answer."""
    apart = right.accepted != found.accepted
    if isinstance(right, ExpectedNumber) and isinstance(found, ExpectedNumber):
        apart = abs(right.value - found.value) > 2 * right.tolerance
    if not apart:
        message = Bilingual(
            "this mistake leads to {it}, which is taken as right", "这个误解得出 {it}，它会被判为对", it=found.shown
        )
        raise fault(line.place, message)
    return found


def _line(line: Line | None) -> Line:
    assert line is not None, "the reader demands it"
    return line


def _expected_number(session: Session, question: Question) -> Expected:
    value = number_of(session, _line(question.answer))
    if value != value:
        raise fault(_line(question.answer).place, Bilingual("the answer is not a number", "答案不是数（NaN）"))
    tolerance = 0.005 + 0.005 * abs(value) if question.tolerance is None else question.tolerance
    shown = brief(value)
    return ExpectedNumber(repr(value), Bilingual("{it}", "{it}", it=shown), value, tolerance)


def _expected_word(session: Session, question: Question) -> Expected:
    words = words_along(session, _line(question.words))
    at = number_of(session, _line(question.answer))
    if at != int(at) or not 0 <= at < len(words):
        message = Bilingual(
            "the answer is place {at}; there are {n} words", "答案是位置 {at}；一共 {n} 个词", at=at, n=len(words)
        )
        raise fault(_line(question.answer).place, message)
    word = words[int(at)]
    return ExpectedWord(word, Bilingual("{it}", "{it}", it=word), tuple(words))


def _expected_cell(session: Session, question: Question) -> Expected:
    of, answer = _line(question.of), _line(question.answer)
    with mistakes_at(of.place):
        tensor, index = target(session, of.text)
        found = part(tensor, index)
    mask = value_of(session, answer)
    full: Index = tuple(index or ()) + (slice(None),) * (len(tensor.shape) - len(index or ()))
    if mask.dtype.kind != "b" or mask.shape != found.shape or not mask.any():
        message = Bilingual(
            "{text} must say for each cell of {of} whether it is right, and be true of one at least",
            "{text} 须对 {of} 的每个单元格说明对错，且至少有一个是对的",
            text=answer.text,
            of=of.text,
        )
        raise fault(answer.place, message)
    places = np.arange(tensor.value.size).reshape(tensor.shape)[full][mask].tolist()
    first = tuple(int(k) for k in np.unravel_index(places[0], tensor.shape))
    names = ",".join(in_words(tensor, first))
    accepted = f"{tensor.path}[{','.join(map(str, first))}]"
    return ExpectedCell(
        accepted, Bilingual("{it}", "{it}", it=f"{tensor.path}[{names}]"), tensor.path, full, frozenset(places)
    )


def _expected_choice(session: Session, question: Question) -> Expected:
    holds = [bool(value_of(session, choice.when).all()) for choice in question.choices]
    if sum(holds) != 1:
        right = [k + 1 for k, each in enumerate(holds) if each]
        message = Bilingual(
            "exactly one choice must be right; these are: {right}",
            "须恰有一个选项为对；现在对的是：{right}",
            right=right,
        )
        raise fault(question.place, message)
    at = holds.index(True)
    text = fill(session, question.choices[at].text)
    return ExpectedChoice(str(at + 1), Bilingual("{n}. {text}", "{n}. {text}", n=at + 1, text=text), len(holds))


def _expected_order(session: Session, question: Question) -> Expected:
    first, second = number_of(session, _line(question.first)), number_of(session, _line(question.second))
    apart = first - second
    numbers = {"a": brief(first), "b": brief(second)}
    if abs(apart) <= (question.tolerance or 0.0):
        return ExpectedOrder("same", Bilingual("the same: {a} and {b}", "一样：{a} 和 {b}", **numbers))
    if apart > 0:
        return ExpectedOrder("larger", Bilingual("larger: {a} > {b}", "更大：{a} > {b}", **numbers))
    if apart < 0:
        return ExpectedOrder("smaller", Bilingual("smaller: {a} < {b}", "更小：{a} < {b}", **numbers))
    raise fault(_at(question), Bilingual("one of the two is not a number", "两者之一不是数（NaN）"))


def _at(question: Question) -> Place:
    return question.first.place if question.first else question.place


def _bare(text: str) -> str:
    return text.strip().strip("'\"“”‘’`。")


def _number(session: Session, text: str) -> float:
    """A number as people type it, or an expression that comes to one."""
    plain = half_width(_bare(text)).replace("−", "-").rstrip(".")
    try:
        if plain.endswith("%"):
            return float(plain[:-1]) / 100
        return float(plain)
    except ValueError:
        pass
    try:
        value = evaluate(session, plain)
    except TfstepError as error:
        raise NoNumberError(
            Bilingual(
                "a number is asked for; {text!r} is none ({error})",
                "要回答一个数；{text!r} 不是数（{error}）",
                text=text[:40],
                error=str(error).partition("\n")[0],  # without the lines that show the place
            )
        ) from None
    if value.size != 1:
        raise AnswerError(Bilingual("a single number is asked for", "要回答一个数，而不是数组"))
    return float(value.item())
