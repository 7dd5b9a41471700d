"""Worksheets: thirty seeds give thirty sheets, and every answer follows from the printed numbers, by NumPy alone."""

import re
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from tfstep.errors import CommandError
from tfstep.lessons.worksheet.exercise import Exercise, Grid, Sheet
from tfstep.lessons.worksheet.make import worksheet
from tfstep.lessons.worksheet.pick import LEVELS
from tfstep.lessons.worksheet.render import FORMATS, _printed, html, latex, markdown
from tfstep.scenario.file.catalog import shipped
from tfstep.scenario.scenario import load
from tfstep.text import set_language

SEEDS = range(30)
SCENARIOS = list(shipped())


def printed(grid: Grid) -> np.ndarray:
    """The numbers as a reader has them: what stands on the paper, read again."""
    return np.array([[float(_printed(value)) for value in row] for row in grid.numbers])


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def recomputed(exercise: Exercise) -> np.ndarray:
    """The result from the given tables alone."""
    a, *rest = map(printed, exercise.given)
    transposed = bool(exercise.attrs.get("bt"))
    match exercise.op:
        case "linear":
            return a @ rest[0] + (rest[1] if len(rest) > 1 else 0)
        case "matmul":
            b = rest[0] if rest else a
            return a @ (b.T if transposed else b)
        case "softmax":
            return softmax(a)
        case "mask_fill":
            return np.where(rest[0] != 0, exercise.attrs["value"], a)
        case "linear_vjp_W":
            return rest[0].T @ a
        case "linear_vjp_x":
            return a @ rest[0].T
        case "matmul_vjp_a":
            return a @ (rest[0] if transposed else rest[0].T)
        case "matmul_vjp_b":
            return a.T @ rest[0] if transposed else rest[0].T @ a
        case "sgd":
            return a - exercise.attrs["lr"] * rest[0]
    raise AssertionError(f"no rule for {exercise.op}")


def of_formula(exercise: Exercise) -> np.ndarray:
    """The same of a step of a formula, by what is written on the sheet."""
    numbers = {grid.name.removesuffix(".grad") + "_" * (".grad" in grid.name): printed(grid) for grid in exercise.given}
    text = re.sub(r"∂(\w+)", r"\1_", exercise.formula.partition(" = ")[2]).replace("·", "*").replace("−", "-")
    known = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softmax": softmax, "sum": np.sum}
    return eval(text, known | numbers)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_thirty_seeds_are_thirty_sheets_and_every_answer_follows_from_what_is_printed(name: str) -> None:
    scenario = load(name)
    sheets = [worksheet(scenario, seed, rounded=bool(seed % 2)) for seed in SEEDS]
    unlike = len({markdown(sheet, key=False).partition("\n")[2] for sheet in sheets})
    assert unlike == len(SEEDS) or (name == "half-precision" and unlike >= 25), "which has few numbers to draw"
    for seed, exercise in ((sheet.seed, exercise) for sheet in sheets for exercise in sheet.exercises):
        blanks = exercise.result.blank
        right = (of_formula if exercise.op.startswith("formula") else recomputed)(exercise)[blanks]
        answers = [answer.value for answer in exercise.answers]
        assert len(answers) == blanks.sum() > 0
        np.testing.assert_allclose(answers, right, rtol=1e-9, atol=1e-12, err_msg=f"seed {seed}: {exercise.path}")
        np.testing.assert_allclose(answers, exercise.result.numbers[blanks], rtol=1e-12, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["self-attention", "softmax"])
def test_what_is_asked_for_is_worth_asking(name: str) -> None:
    for seed in SEEDS:
        sheet = worksheet(load(name), seed, rounded=True)
        assert not re.search(r"\de-1[4-9]", markdown(sheet, key=True)), "what is left of a sum that is 0 on paper"
        for exercise in sheet.exercises:
            blank, numbers = exercise.result.blank, np.round(exercise.result.numbers, 12)
            if exercise.level == "softmax":
                assert blank.all(axis=1).any(), "the row that is left out, in full"
            elif exercise.level == "gradients":
                assert numbers[blank].all() or not numbers[~blank].any(), "a 0 is left out before what is none"


def test_the_working_ends_in_the_answer() -> None:
    for exercise in worksheet(load("attention"), 5).exercises:
        for answer in exercise.answers:
            assert answer.working[-1].endswith(f"= {float(_printed(np.float64(answer.value))):.6g}")


def test_a_seed_gives_the_same_sheet_again() -> None:
    first, again = (markdown(worksheet(load("wo-ai-ni"), 4), key=True) for _ in range(2))
    assert first == again


def test_round_numbers_are_round() -> None:
    for exercise in worksheet(load("attention"), 1, rounded=True).exercises:
        for grid in exercise.given:
            np.testing.assert_array_equal(np.round(grid.numbers, 1), grid.numbers)


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_gives_only_its_exercises(level: str) -> None:
    sheet = (
        worksheet(load("causal-mask"), 2, (level,)) if level != "updates" else worksheet(load("neuron"), 2, (level,))
    )
    assert {exercise.level for exercise in sheet.exercises} == {level}


def test_of_a_large_step_a_part_is_printed() -> None:
    sheet = worksheet(load("gpt"), 3, ("masks", "gradients"))
    masked = next(exercise for exercise in sheet.exercises if exercise.level == "masks")
    assert [grid.numbers.shape for grid in (*masked.given, masked.result)] == [(4, 4)] * 3
    assert masked.result.rows == masked.given[0].rows
    assert ((masked.given[1].numbers > 0) == np.triu(np.ones((4, 4), bool), 1)).all(), "the edge of the triangle"
    assert "parts of larger ones" in markdown(sheet, key=False)
    assert "parts of larger ones" not in markdown(worksheet(load("attention"), 3), key=False)


def test_a_scenario_without_such_steps_says_so(tmp_path) -> None:
    wide = tmp_path / "wide.yaml"
    wide.write_text("model: {kind: mlp, sizes: [20, 20]}\ninput: {x: [[" + "1, " * 19 + "1]]}\n", "utf-8")
    with pytest.raises(CommandError, match="no more than 8 rows"):
        worksheet(load(str(wide)), 0)
    with pytest.raises(CommandError, match="levels: products"):
        worksheet(load("neuron"), 0, ("masks",))


@pytest.mark.parametrize("form", FORMATS)
def test_the_sheet_hides_what_the_key_tells(form: str) -> None:
    sheet = worksheet(load("attention"), 11, ("products",))
    without, with_key = (FORMATS[form](sheet, key) for key in (False, True))
    shown = "______" if form != "latex" else r"\_" * 6
    assert without.count(shown) == sum(len(exercise.answers) for exercise in sheet.exercises)
    assert "Key" not in without
    assert "Key" in with_key
    assert with_key.startswith(
        without.removesuffix("\n").removesuffix("</html>").removesuffix("\\end{document}").rstrip()
    )


def test_latex_escapes_and_takes_the_chinese_class() -> None:
    sheet: Sheet = worksheet(load("wo-ai-ni"), 0, ("products",))
    text = latex(sheet, key=True)
    assert r"\documentclass[a4paper]{ctexart}" in text
    assert "enc0.attn.W_" not in text
    set_language("zh")
    assert "练习卷" in latex(sheet, key=False)


def test_the_command_line_prints_and_writes(tmp_path) -> None:
    file = tmp_path / "sheet.html"
    line = ["worksheet", "attention", "--seed", "7", "--key", "--format", "html", "-o", str(file)]
    done = subprocess.run([sys.executable, "-m", "tfstep", *line], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "Worksheet 7" in file.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attention", "wo-ai-ni", "neuron", "causal-mask"])
def test_no_exercise_gives_away_the_answer_to_another(name: str) -> None:
    scenario = load(name)
    for seed in SEEDS:
        exercises = worksheet(scenario, seed).exercises
        asked = {exercise.path for exercise in exercises}
        given = {grid.name.partition("[")[0] for exercise in exercises for grid in exercise.given}
        assert len(asked) == len(exercises) > 2
        assert not asked & given, seed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["self-attention", "wo-ai-ni"])
def test_a_learner_who_rounds_as_the_sheet_says_is_right_and_one_who_is_wrong_is_not(name: str) -> None:
    rows = 0
    for seed in SEEDS:
        for exercise in worksheet(load(name), seed).exercises:
            places = exercise.places
            for answer in exercise.answers if places is not None else ():
                assert exercise.accepts(answer, float(exercise.asked(answer.value)))
                assert not exercise.accepts(answer, float(exercise.asked(answer.value)) + 2.2 * 10.0**-places)
            if exercise.op != "softmax":
                continue
            assert places is not None
            (row,) = [k for k in range(len(exercise.result.blank)) if exercise.result.blank[k].all()]
            powers = np.round(np.exp(printed(exercise.given[0])[row]), places + 2)
            given = np.round(powers / np.round(powers.sum(), places + 2), places)
            rows += 1
            for answer, number in zip(exercise.answers, given, strict=True):
                assert exercise.accepts(answer, float(number)), (seed, answer.cell, number)
    assert rows > 10


@pytest.mark.parametrize("form", [markdown, html, latex])
def test_a_sheet_says_how_far_to_round_and_the_key_gives_so_many_decimals(form: Callable[..., str]) -> None:
    sheet = worksheet(load("wo-ai-ni"), 0)
    text = form(sheet, key=True)
    assert "round at the end" in text
    for exercise in sheet.exercises:
        assert f"Answers to {exercise.places} decimals." in text
        for answer in exercise.answers:
            assert f"= {answer.value:.{exercise.places}f}" in text
