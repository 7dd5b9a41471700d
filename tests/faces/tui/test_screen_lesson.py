"""A lesson on the screen, key by key: reading, answering in every way, hints, playing and coming back, resuming."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from screens import shown
from textual.pilot import Pilot

import tfstep
from tfstep.commands.language.session import Session
from tfstep.faces.tui.lesson.app import NEXT, LessonApp
from tfstep.faces.tui.lesson.start import opened
from tfstep.faces.tui.widgets.help import Pages
from tfstep.lessons.format.catalog import load_lesson, scenario_of
from tfstep.lessons.format.reader import read_lesson
from tfstep.lessons.player.progress import Progress
from tfstep.text import set_language

LESSON = """---
title: Who looks at whom
about: A lesson for tests.
scenario: wo-ai-ni
minutes: 5
order: 1
---

## One

The row of 我 is {{ enc0.attn.weights[0,0,0] | .2f }}.

```tfstep
goto enc0.attn.weights
```

```question
kind: number
ask: What do the weights of a row add up to?
answer: sum(enc0.attn.weights[0,0,0])
hints:
  - They come out of a softmax.
  - A whole.
reveal: enc0.attn.weights[0,0,0,1]
because: To 1.
```

## Two

```question
kind: word
ask: At which word does 你 look most?
answer: argmax(enc0.attn.weights[0,0,'你'])
words: enc0.attn.weights
```

```question
kind: cell
ask: Which weight is the largest?
of: enc0.attn.weights[0,0]
answer: enc0.attn.weights[0,0] == max(enc0.attn.weights)
```

## Three

```question
kind: order
ask: Is the first score larger than the second?
first: 1
second: 2
```

```question
kind: choice
ask: Which is it?
choices:
  - {text: "One.", when: "1 > 2"}
  - {text: "Another.", when: "2 > 1"}
```

```tfstep
show enc0.attn.Q
```

Read.

```tfstep
show enc0.attn.K
```

```try
set enc0.attn.scores[0,0,0,2] = 9
show enc0.attn.weights
```
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    for language in ("en", "zh"):
        (tmp_path / f"mine.{language}.md").write_text(LESSON, "utf-8")
    return tmp_path / "mine.en.md"


@asynccontextmanager
async def reading(file: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[tuple[LessonApp, Pilot[int]]]:
    lesson = read_lesson(file)
    progress = Progress(file.parent / "progress.json")
    app = LessonApp(opened(lesson, Session(scenario_of(lesson)), progress), progress)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def text(app: LessonApp) -> str:
    return shown(app, "lesson-text")


async def answered(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_the_text_stands_beside_the_matrices_and_its_cells_are_lit(file: Path) -> None:
    async with reading(file) as (app, _pilot):
        assert "step 1/3" in shown(app, "lesson-title")
        assert "The row of 我 is" in text(app)
        board = shown(app, "board")
        assert "weights query × key" in board
        assert board.count("▸") == 2, "the row that is spoken of, but for the cell under the cursor"
        assert app.session.cell == (0, 0, 0, 0)


async def test_a_number_is_typed_and_judged(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await answered(pilot, *"0.5", "enter")
        assert "› 0.5" in text(app)
        assert "Have another look" in text(app)
        await answered(pilot, "enter", *"2/2", "enter")
        assert "Right: 1" in text(app)
        assert "weights[我,爱] = " in text(app), "the working"
        assert app.session.cell == (0, 0, 0, 1)
        assert "To 1." in text(app)
        assert "next step" in shown(app, "lesson-keys")


async def test_what_is_no_answer_is_told_and_asked_again(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await answered(pilot, "enter", *"large", "enter")
        assert "a number is asked for" in shown(app, "status")
        assert app.player.question is not None


async def test_hints_then_the_answer(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await answered(pilot, "question_mark")
        assert "Hint: They come out of a softmax." in text(app)
        await answered(pilot, "question_mark", "question_mark")
        assert "no other hint" in shown(app, "status")
        await answered(pilot, "exclamation_mark")
        assert "The answer: 1" in text(app)
        assert app.player.question is None


async def test_the_keys_of_hint_and_answer_may_be_typed_as_well(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await answered(pilot, "enter")
        assert "Esc later" in shown(app, "lesson-keys")
        await answered(pilot, "question_mark", "enter")
        assert "Hint: They come out" in text(app)
        await answered(pilot, "enter", "escape", "enter", "exclamation_mark", "enter")
        assert "The answer: 1" in text(app)


async def test_help_is_there_all_the_same(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await answered(pilot, "f1")
        assert isinstance(app.screen, Pages)


async def second_step(pilot: Pilot[int]) -> None:
    await answered(pilot, "exclamation_mark", "enter")


async def test_a_word_by_one_key_and_a_cell_by_the_cursor(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await second_step(pilot)
        assert "step 2/3" in shown(app, "lesson-title")
        assert "1 我" in text(app)
        weights = app.session.trace["enc0.attn.weights"].value[0, 0]
        await answered(pilot, str(int(weights[2].argmax()) + 1))
        assert "Right:" in text(app)
        await answered(pilot, "enter")
        row, column = divmod(int(weights.argmax()), 3)
        wrong = "right" if column == 0 else "home"
        await answered(pilot, *["down"] * row, wrong, "enter")
        assert "Have another look" in text(app)
        await answered(pilot, "home", *["right"] * column, "enter")
        assert "Right: enc0.attn.weights[" in text(app)


async def third_step(pilot: Pilot[int]) -> None:
    await second_step(pilot)
    await answered(pilot, "exclamation_mark", "enter", "exclamation_mark", "enter")


async def test_larger_or_smaller_and_choices_by_one_key(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await third_step(pilot)
        await answered(pilot, "greater_than_sign")
        assert "Have another look" in text(app)
        assert app.state.nudge == 0.1
        await answered(pilot, "less_than_sign")
        assert "Right: smaller" in text(app)
        await answered(pilot, "less_than_sign")
        assert app.state.nudge == 0.01, "nothing is asked: the debugger's key"
        await answered(pilot, "enter", "7", "2")
        assert "Right: 2. Another." in text(app)


async def test_each_thing_stands_on_the_board_while_it_is_spoken_of(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await third_step(pilot)
        await answered(pilot, "less_than_sign", "enter", "2", "enter")
        assert app.session.current.path == "enc0.attn.Q"
        assert "Read." in text(app)
        await answered(pilot, "enter")
        assert app.session.current.path == "enc0.attn.K"


async def test_what_was_looked_at_stays_on_the_board_in_the_next_step(file: Path) -> None:
    file.write_text(LESSON.replace("goto enc0.attn.weights", "show enc0.attn.weights"), "utf-8")
    async with reading(file) as (app, pilot):
        await second_step(pilot)
        assert "At which word" in text(app)
        assert app.session.current.path == "enc0.attn.weights"


async def test_the_lines_to_try_and_the_end(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await third_step(pilot)
        await answered(pilot, "less_than_sign", "enter", "2", "enter", "enter")
        await answered(pilot, "y")
        assert app.session.trace["enc0.attn.scores"].value[0, 0, 0, 2] == 9
        assert "✓ set enc0.attn.scores[0,0,0,2] = 9" in text(app)
        assert "next lesson" in shown(app, "lesson-keys")
        await answered(pilot, "enter")
    assert app.return_value == NEXT
    assert app.progress.of("mine") is not None
    assert app.progress.of("mine").done


async def test_free_play_and_back(file: Path) -> None:
    async with reading(file) as (app, pilot):
        before = app.session.trace
        await answered(pilot, "s", "o", "plus", "n", "g")
        assert app.session.trace is not before
        assert "the lesson's numbers" in shown(app, "lesson-keys")
        await answered(pilot, "escape")
        assert app.session.trace is before
        assert app.session.current.path == "enc0.attn.weights"
        assert "yours are kept" in " ".join(text(app).split())


async def test_the_step_before(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await second_step(pilot)
        await answered(pilot, "P")
        assert "step 1/3" in shown(app, "lesson-title")
        assert app.player.question is not None


async def test_it_goes_on_where_the_reader_left(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await second_step(pilot)
        await answered(pilot, "q")
    assert app.return_value == 0
    async with reading(file) as (app, _pilot):
        assert "step 2/3" in shown(app, "lesson-title")
        assert "At which word" in text(app)


async def test_the_text_stands_under_the_matrices_on_a_small_screen(file: Path) -> None:
    async with reading(file, (80, 24)) as (app, pilot):
        assert "▐" in shown(app, "board")
        assert "The row of 我" in text(app)
        await answered(pilot, "question_mark", "question_mark", "exclamation_mark")
        assert "To 1." in text(app), "what came last is seen"
        assert "The row of 我" not in text(app)
        await answered(pilot, "pageup", "pageup")
        assert "The row of 我" in text(app)
        assert "more" in shown(app, "lesson-keys")
        while "more" in shown(app, "lesson-keys"):
            await answered(pilot, "enter")
        assert "step 1/3" in shown(app, "lesson-title"), "Enter turns the pages first"
        assert "next step" in shown(app, "lesson-keys")


async def test_the_other_language_from_the_beginning_of_the_step(file: Path) -> None:
    async with reading(file) as (app, pilot):
        await answered(pilot, "L")
        assert "第 1/3 步" in shown(app, "lesson-title").replace("  ", " ")
        assert app.player.lesson.language == "zh"
        assert app.player.question is not None


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_lesson_that_ships_is_read_from_end_to_end(tmp_path: Path, size: tuple[int, int]) -> None:
    set_language("zh")
    lesson = load_lesson("softmax")
    progress = Progress(tmp_path / "progress.json")
    app = LessonApp(opened(lesson, Session(scenario_of(lesson)), progress), progress)
    async with app.run_test(size=size) as pilot:
        for _ in range(200):
            await pilot.pause()
            if app.player.done and "下一课" in shown(app, "lesson-keys").replace("  ", ""):
                break
            await pilot.press("exclamation_mark" if app.state.page.asked else "enter")
            await app.workers.wait_for_complete()
            assert not any(span.role == "bad" for each in app.state.status for span in each), app.state.status
        assert app.player.done
        assert f"第 {len(lesson.steps)}/{len(lesson.steps)} 步" in shown(app, "lesson-title").replace("  ", " ")


OWN = """---
title: Your own
about: A lesson for tests.
scenario: attention
minutes: 5
order: 1
---

## One

```question
kind: recording
ask: Is it right?
file: mine.npz
needs: [attn.scores, attn.scaled, attn.weights]
```

## Two

```question
kind: number
ask: How large?
answer: loss
```

```try
print loss
```
"""


async def test_a_program_of_ones_own_is_read_and_judged_step_by_step(tmp_path: Path, monkeypatch) -> None:
    for language in ("en", "zh"):
        (tmp_path / f"mine.{language}.md").write_text(OWN, "utf-8")
    monkeypatch.chdir(tmp_path)
    run = tfstep.trace(tfstep.load("attention"))
    scores = run["attn.scores"].value
    async with reading(tmp_path / "mine.en.md") as (app, pilot):
        assert "press Enter" in text(app)
        await answered(pilot, "enter")
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "there is no mine.npz" in shown(app, "status")
        np.savez("mine.npz", s=scores, c=scores / 2)
        await pilot.press("escape", "enter", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "attn.scaled; yours is c" in " ".join(text(app).split())
        assert app.session.current.path == "attn.scaled", "the board stands at the step"
        await answered(pilot, "question_mark")
        assert "A factor" in text(app)
        np.savez("mine.npz", s=scores, c=run["attn.scaled"].value, w=run["attn.weights"].value)
        await pilot.press("enter", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "every step agrees" in text(app)
        assert app.player.question is None


@pytest.mark.parametrize(
    ("right", "wrong", "said", "line"),
    [
        ("goto enc0.attn.weights", "goto enc0.attn.waits", "there is no tensor 'enc0.attn.waits'", 14),
        ("answer: sum(enc0.attn.weights[0,0,0])", "answer: nonsense[0]", "there is no tensor 'nonsense'", 20),
        ("is {{ enc0.attn.weights[0,0,0] | .2f }}", "is {{ enc0.attn.waits }}", "there is no tensor", 11),
    ],
)
async def test_a_mistake_in_a_lesson_stands_on_its_page(
    tmp_path: Path, right: str, wrong: str, said: str, line: int
) -> None:
    for language in ("en", "zh"):
        (tmp_path / f"mine.{language}.md").write_text(LESSON.replace(right, wrong), "utf-8")
    async with reading(tmp_path / "mine.en.md") as (app, pilot):
        for _ in range(2):
            page = " ".join(text(app).split())
            assert f"mine.en.md:{line}:" in page.replace(" ", "")
            assert said.replace(" ", "") in page.replace(" ", "")
            assert "mend the file" in page
            if line > 11:
                assert "The row of 我 is" in page, "what comes before it is read"
            await pilot.press("right")
        await pilot.press("enter")
        assert app.is_running, "and one can go on behind it"
