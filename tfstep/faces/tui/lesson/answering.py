"""Answers: by one key, by the cursor, or typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.address.grammar import cell_name
from tfstep.faces.tui.lesson.page import offered
from tfstep.faces.tui.lesson.pane import Pane
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.faces.tui.lesson.app import LessonApp


def begin(app: LessonApp) -> None:
    """Enter: the cell under the cursor where a cell is asked for, else the prompt."""
    asked = app.page.asked
    if asked is not None and asked.kind == "cell" and app.frame is not None:
        give(app, cell_name(app.frame.focus, app.frame.cell))
    else:
        ask(app, "")


def key(app: LessonApp, digit: str) -> None:
    """A digit: the answer with that key, or the first of a number."""
    asked = app.page.asked
    if asked is None:
        return
    answers = offered(asked)
    if asked.kind == "number" or (asked.kind == "word" and not answers):
        ask(app, digit)
    elif digit in answers:
        give(app, digit if asked.choices else answers[digit])


def ask(app: LessonApp, text: str) -> None:
    """Let an answer be typed that begins so."""
    asked = app.page.asked
    words = asked.words if asked is not None else ()

    def ways(before: str) -> list[tuple[str, int, str]]:
        start = before.strip().casefold()
        return [(word, len(before), "") for word in words if word.casefold().startswith(start)]

    sign = str(Bilingual("your answer", "你的答案"))
    app.query_one(Pane).prompt.ask("answer", sign, text, [], ways, begun=True)
    app.redraw()


def typed(app: LessonApp, text: str) -> None:
    """An answer was typed: the key of a word is taken as well, and those of hint and answer are what they are."""
    asked = app.page.asked
    if text in ("?", "？"):
        app.action_hint()
    elif text in ("!", "！"):
        app.action_reveal()
    elif asked is not None:
        give(app, offered(asked).get(text, text) if asked.words else text)


def give(app: LessonApp, text: str) -> None:
    """Judge an answer."""
    app.page.given = text
    app.take(lambda: app.player.answer(text))
