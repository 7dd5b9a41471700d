"""The exam: what it covers, that its keys are right, and that wrong answers are told the misconception they fit."""

import math
import re
from collections import Counter
from collections.abc import Callable

import pytest

from tfstep.commands.language.session import Session
from tfstep.lessons.exam.bank import HALVES, bank
from tfstep.lessons.exam.grade import grade, mark, points, read_answers
from tfstep.lessons.exam.paper import Paper, paper
from tfstep.lessons.exam.render import html, markdown, report
from tfstep.lessons.format.catalog import shipped
from tfstep.lessons.player.answers import ExpectedChoice, ExpectedNumber
from tfstep.scenario.scenario import load
from tfstep.text import LANGUAGES, set_language

SEEDS = range(30)
ROWS = range(1, 26)  # of the syllabus


def softmax(scores: list[float]) -> list[float]:
    """In plain Python."""
    parts = [math.exp(s) for s in scores]
    return [part / sum(parts) for part in parts]


def sigmoid(a: float) -> float:
    """In plain Python."""
    return 1 / (1 + math.exp(-a))


def chain(d: dict[str, float]) -> float:
    """∂loss/∂w4 of the 2-2-1 network, from its file's numbers."""
    trace = Session(load("backprop-by-hand")).trace
    n = {name: float(trace[name].value) for name in ("x1", "y", "w1", "w2", "w3", "w4", "w5", "b1", "b2", "b3")}
    y1 = sigmoid(n["w1"] * n["x1"] + n["w2"] * d["z"] + n["b1"])
    y2 = sigmoid(n["w3"] * n["x1"] + n["w4"] * d["z"] + n["b2"])
    y3 = sigmoid(n["w5"] * y1 + d["w"] * y2 + n["b3"])
    return (y3 - n["y"]) * y3 * (1 - y3) * d["w"] * y2 * (1 - y2) * d["z"]


KEYS: dict[str, Callable[[dict[str, float]], float]] = {
    "sum": lambda d: d["w"] + d["v"] + d["b"],
    "origin": lambda d: 0.5,
    "step": lambda d: d["px"] * (1 - 2 * d["lr"]),
    "mse": lambda d: ((d["a"] - d["s"]) ** 2 + (d["b"] - d["t"]) ** 2) / 2,
    "add-or-concatenate": lambda d: d["d"],
    "dot": lambda d: d["a"] * d["c"] + d["b"] * d["d"] + 2,
    "share": lambda d: softmax([d["a"], d["b"], d["c"]])[2],
    "zero": lambda d: softmax([d["a"], d["b"], 0])[2],
    "average": lambda d: sum(w * v for w, v in zip([d["a"], d["b"], d["c"], d["r"]], [1.5, 0.5, 1, 0.5], strict=True)),
    "root": lambda d: d["s"] / d["r"],
    "heads": lambda d: d["m"] ** 2,
    "pad-row": lambda d: 1,
    "straight-road": lambda d: 1 + d["d"],
    "norm-numbers": lambda d: d["f"],
    "causal": lambda d: d["r"] + 1,
    "cost": lambda d: math.log(1 / d["p"]),
    "chain": chain,
    "update": lambda d: d["w"] - d["lr"] * d["g"],
    "axis": lambda d: softmax([d["a"], d["c"]])[0] + softmax([d["b"], 1])[0],
    "softmax-gradient": lambda d: d["p"] * (1 - d["p"]) * (d["u"] - d["v"]),
    "p-minus-y": lambda d: -(1 - d["p"]) / d["n"],
    "dV": lambda d: d["p"] * d["u"] + d["q"] * d["v"],
    "dW": lambda d: d["a"] * d["u"] + d["b"] * d["v"],
    "db": lambda d: d["u"] + d["v"] + d["w"],
    "key-bias": lambda d: 0,
    "rotation": lambda d: math.sin(d["m"] - d["n"]),
    "pad-weight": lambda d: 1 / (1 + math.exp(d["b"] - d["a"])),
    "last-row": lambda d: 0,
    "labels": lambda d: 1,
    "passes": lambda d: 1,
}
"""The key of every question with a number, in plain Python, from what was drawn alone."""


@pytest.fixture(scope="module")
def papers() -> list[Paper]:
    return [paper(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(load("neuron"))


def test_there_are_twenty_five_of_each_difficulty() -> None:
    assert Counter(item.half for item in bank()) == dict.fromkeys(HALVES, 25)
    assert len({item.name for item in bank()}) == 50


def test_every_row_of_the_syllabus_is_covered_and_every_lesson_is_there() -> None:
    assert {row for item in bank() for row in item.rows} == set(ROWS)
    assert {item.lesson for item in bank()} <= set(shipped())


def test_every_wrong_choice_names_its_misconception() -> None:
    for item in bank():
        assert bool(item.options) != (item.answer is not None)
        assert len(item.slips) >= 1 or sum(option.why is not None for option in item.options) == len(item.options) - 1


def test_every_key_is_that_of_plain_python(papers: list[Paper]) -> None:
    asked = [each for made in papers for each in made.questions if isinstance(each.right, ExpectedNumber)]
    assert {each.item.name for each in asked} == set(KEYS)
    assert len(asked) == len(SEEDS) * len(KEYS)
    for each in asked:
        assert isinstance(each.right, ExpectedNumber)
        assert each.right.value == pytest.approx(KEYS[each.item.name](each.draws), abs=1e-9), each.ask


def test_no_two_seeds_ask_the_same(papers: list[Paper]) -> None:
    assert len({tuple(sorted(each.ask for each in made.questions)) for made in papers}) == len(papers)
    assert markdown(paper(7), True) == markdown(papers[7], True), "one seed, one paper"


def test_no_question_is_always_the_same(papers: list[Paper]) -> None:
    asked: dict[str, set[tuple[str, ...]]] = {item.name: set() for item in bank()}
    for made in papers:
        for each in made.questions:
            asked[each.item.name].add((each.ask, *sorted(each.choices)))
    assert {name: len(found) for name, found in asked.items() if len(found) < 3} == {}


def test_the_right_choices_are_spread_over_their_places(papers: list[Paper]) -> None:
    right = [
        each.right.accepted for made in papers for each in made.questions if isinstance(each.right, ExpectedChoice)
    ]
    shares = [count / len(right) for count in Counter(right).values()]
    assert len(shares) == 3
    assert min(shares) > 0.2
    assert max(shares) < 0.45


def test_what_is_right_is_taken_and_every_mistake_is_told(papers: list[Paper], session: Session) -> None:
    for made in papers[:5]:
        for each in made.questions:
            assert mark(each, each.right.accepted, session).right
            for wrong in each.wrong:
                found = mark(each, wrong.answer.accepted, session)
                assert not found.right
                assert (found.why, found.fits) == (wrong.told(), wrong.fits)


def test_a_paper_is_graded_by_halves_and_names_what_went_wrong(papers: list[Paper], session: Session) -> None:
    made = papers[3]
    answers = {each.number: each.right.accepted for each in made.questions}
    assert points(grade(made, answers, session)) == {"first": (25, 25), "second": (25, 25)}
    slip = next(each for each in made.questions if each.item.name == "axis")
    answers[slip.number], answers[1] = "1", ""
    marked = grade(made, answers, session)
    assert sum(each.right for each in marked) == 48
    text = "\n".join(report(marked))
    assert "wrong axis" in text
    assert "tfstep learn softmax" in text
    assert "24 of 25" in text


def test_what_is_no_answer_is_wrong_and_nothing_more(papers: list[Paper], session: Session) -> None:
    answers = dict.fromkeys(range(1, 51), "no idea")
    assert not any(each.right for each in grade(papers[0], answers, session))


def test_answers_are_read_with_numbers_or_in_order() -> None:
    assert read_answers(f"{'9' * 5000}: 1\n2: b") == {1: f"{'9' * 5000}: 1", 2: "b"}
    assert read_answers("# Ann\n0.5\n\n3: 2\n４：１．５\n") == {1: "0.5", 2: "", 3: "2", 4: "１．５"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paper_prints_in_both_languages_with_its_key_apart(language: str) -> None:
    set_language(language)
    try:
        made = paper(1)
        alone, key = markdown(made, False), markdown(made, True)
        page = html(made, True)
    finally:
        set_language("en")
    assert key.startswith(alone)
    assert len(key) > len(alone) + 2000
    for each in made.questions:
        assert each.ask in alone.replace("\\<", "<")
        assert not each.wrong or each.wrong[0].why in key.replace("\\<", "<")
        assert each.wrong[0].why not in alone
    assert not re.findall(r"(?<!\\)<\w", re.sub("`[^`]*`", "", key)), "a word such as <pad> would vanish as a tag"
    assert page.count("<section>") == 100
    assert ("答案" in page) == (language == "zh")


def test_the_debugger_at_hand_has_the_numbers_of_the_question(papers: list[Paper]) -> None:
    one = next(each for each in papers[2].questions if each.item.name == "sum")
    assert float(one.session().trace["layer0.a"].value[3, 0]) == pytest.approx(KEYS["sum"](one.draws))
