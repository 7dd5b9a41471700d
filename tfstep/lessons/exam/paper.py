"""A paper: every question of the bank with the numbers that a seed gives it, and what is right then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zlib import crc32

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.commands.language.session import Session
from tfstep.lessons.exam.bank import HALVES, Drawn, Item, Texts, bank
from tfstep.lessons.format.filled import fill, number_of, value_of
from tfstep.lessons.format.lesson import Line, Number
from tfstep.lessons.player.ahead import run_line
from tfstep.lessons.player.answers import Expected, ExpectedChoice, ExpectedNumber, Wrong
from tfstep.lessons.player.branch import Branch
from tfstep.scenario.file.mistakes import Place, fault
from tfstep.scenario.scenario import load
from tfstep.text import Bilingual, language
from tfstep.view.text.number import brief

_NAME = re.compile(r"\$(\w+)")
_TRIES = 200  # draws until no misconception happens to lead to the right number


class Asked(Struct, frozen=True, eq=False):
    """One question of a paper, in the language that was chosen when it was made."""

    number: int
    item: Item
    draws: dict[str, Drawn]
    ask: str
    choices: tuple[str, ...]
    right: Expected
    wrong: tuple[Wrong, ...]

    def commands(self) -> Iterator[str]:
        """What brings a session of the question's scenario to its numbers."""
        yield from (_put(line, self.draws).text for line in self.item.then)

    def session(self) -> Session:
        """A session with the numbers of the question, to look at."""
        found = Session(load(self.item.scenario))
        for line in self.commands():
            found.run_within(line)
        return found


class Paper(Struct, frozen=True, eq=False):
    """A whole exam."""

    seed: int
    questions: tuple[Asked, ...]


def paper(seed: int, halves: tuple[str, ...] = HALVES) -> Paper:
    """The paper of a seed: the questions of each half in an order of its own. Raises `Mistakes`."""
    sessions: dict[str, Session] = {}
    found: list[Asked] = []
    for half in halves:
        items = [item for item in bank() if item.half == half]
        for k in _rng(seed, half).permutation(len(items)):
            item = items[k]
            if item.scenario not in sessions:
                sessions[item.scenario] = Session(load(item.scenario))
            session = sessions[item.scenario]
            start = Branch.of(session)
            found.append(_asked(len(found) + 1, item, session, _rng(seed, item.name)))
            start.restore(session, keep=False)
    return Paper(seed, tuple(found))


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(name.encode())])


def _asked(number: int, item: Item, session: Session, rng: np.random.Generator) -> Asked:
    start = Branch.of(session)
    for _ in range(_TRIES):
        start.restore(session, keep=False)
        draws = {name: values[rng.integers(len(values))] for name, values in item.draw.items()}
        for name, line in item.let.items():
            draws[name] = round(number_of(session, _put(line, draws)), 12)
        for line in item.then:
            run_line(session, _put(line, draws))
        asked = (_number if item.answer is not None else _choice)(number, item, draws, session, rng)
        if asked is not None:
            return asked
    message = Bilingual(
        "{name}: no draw keeps the mistakes apart from what is right",
        "{name}：怎样抽数都无法让误解的结果与正确答案不同",
        name=item.name,
    )
    raise fault(item.answer.place if item.answer is not None else Place(""), message)


def _number(
    number: int, item: Item, draws: dict[str, Drawn], session: Session, rng: np.random.Generator
) -> Asked | None:
    """With a number for an answer; None where a mistake would be taken for right."""
    assert item.answer is not None
    right = _expected(number_of(session, _put(item.answer, draws)), item.tolerance)
    wrong = []
    for slip in item.slips:
        value = number_of(session, _put(slip.answer, draws))
        wrong.append(Wrong(_expected(value, item.tolerance), _said(session, slip.why, draws), slip.fits))
    values = [right.value, *(each.answer.value for each in wrong if isinstance(each.answer, ExpectedNumber))]
    if not np.isfinite(values).all():
        return None
    apart = [abs(one - other) for k, one in enumerate(values) for other in values[:k]]
    if min(apart, default=1.0) <= 2.5 * right.tolerance:
        return None
    return Asked(number, item, draws, _said(session, item.ask, draws), (), right, tuple(wrong))


def _choice(number: int, item: Item, draws: dict[str, Drawn], session: Session, rng: np.random.Generator) -> Asked:
    """With choices, in an order of the seed's own."""
    order = [item.options[k] for k in rng.permutation(len(item.options))]
    holds = [bool(value_of(session, _put(option.when, draws)).all()) for option in order]
    if sum(holds) != 1 or order[holds.index(True)].why is not None:
        message = Bilingual(
            "{name}: exactly one choice must be right, and it has no `why`",
            "{name}：须恰有一个选项为对，且它没有 `why`",
            name=item.name,
        )
        raise fault(order[0].when.place, message)
    texts = tuple(_said(session, option.text, draws) for option in order)
    each = [
        ExpectedChoice(str(n), Bilingual("{n}. {text}", "{n}. {text}", n=n, text=text), len(order))
        for n, text in enumerate(texts, 1)
    ]
    wrong = tuple(
        Wrong(answer, _said(session, option.why, draws), option.fits)
        for answer, option in zip(each, order, strict=True)
        if option.why is not None
    )
    return Asked(number, item, draws, _said(session, item.ask, draws), texts, each[holds.index(True)], wrong)


def _expected(value: float, tolerance: float | None) -> ExpectedNumber:
    within = 0.005 + 0.005 * abs(value) if tolerance is None else tolerance
    return ExpectedNumber(repr(value), Bilingual("{it}", "{it}", it=brief(value)), value, within)


def _said(session: Session, texts: Texts, draws: dict[str, Drawn]) -> str:
    return fill(session, tuple(p if isinstance(p, str) else _with(p, draws) for p in texts[language()]))


def _with(number: Number, draws: dict[str, Drawn]) -> Number | str:
    """A number of the text with what was drawn in the place of its name; drawn words stand there themselves."""
    drawn = draws.get(number.expr.removeprefix("$"))
    return drawn if isinstance(drawn, str) else replace(number, expr=_put(Line(number.expr, number.place), draws).text)


def _put(line: Line, draws: dict[str, Drawn]) -> Line:
    """A line with what was drawn in the place of its names: words as they are, numbers in brackets but in a list."""

    def number(found: re.Match[str]) -> str:
        drawn = draws.get(found[1], found[0])
        if isinstance(drawn, str):
            return drawn
        text = f"{drawn:.12g}"
        before, after = line.text[: found.start()].rstrip(), line.text[found.end() :].lstrip()
        return text if before.endswith(("[", ",")) and after.startswith((",", "]")) else f"({text})"

    return Line(_NAME.sub(number, line.text), line.place)
