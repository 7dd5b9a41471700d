"""Starting the screen on a lesson."""

from __future__ import annotations

import sys

from tfstep.commands.language.session import Session
from tfstep.faces import ending
from tfstep.faces.ending import is_signal
from tfstep.faces.tui.keys.own import with_own_keys
from tfstep.faces.tui.lesson.app import NEXT, LessonApp
from tfstep.faces.tui.lesson.keys import LESSON_ACTIONS
from tfstep.faces.tui.start import manner
from tfstep.lessons.format.catalog import load_lesson, scenario_of, shipped
from tfstep.lessons.format.lesson import Lesson
from tfstep.lessons.player.player import Player
from tfstep.lessons.player.progress import Progress
from tfstep.text import Bilingual


def opened(lesson: Lesson, session: Session, progress: Progress, again: bool = False) -> Player:
    """The player of a lesson, at the step that its reader comes to next, or ``again`` at the first."""
    player = Player(lesson, session)
    reached = progress.of(lesson.name)
    if not again and reached is not None and 0 < reached.step < len(lesson.steps):
        player.resume(reached.step)
    return player


def read(lesson: Lesson, colour: bool | None = None, again: bool = False) -> int:
    """Read a lesson from where the reader left it, or ``again`` from its beginning, and those after it as long as the
    reader wants the next; returns the exit status. Raises TfstepError.
    """
    progress, drawing = Progress(), manner(colour)
    while True:
        session = Session(scenario_of(lesson))
        actions, told = with_own_keys(LESSON_ACTIONS)
        app = LessonApp(opened(lesson, session, progress, again), progress, **drawing, actions=actions)
        app.state.status = told
        code = app.run() or 0
        ending.catch()
        if app.return_code and is_signal(app.return_code):
            return app.return_code
        if app.return_code and code != NEXT:
            broke = Bilingual(
                "the screen broke down; your place is kept: `tfstep learn {name}`",
                "界面意外中止；进度已保存：`tfstep learn {name}`",
                name=lesson.name,
            )
            sys.stderr.write(f"{broke}\n")
            return app.return_code
        following = after(lesson)
        if code != NEXT or following is None:
            return 0
        lesson, again = load_lesson(following), False


def after(lesson: Lesson) -> str | None:
    """The name of the lesson after this one."""
    names = shipped()
    at = names.index(lesson.name) + 1 if lesson.name in names else len(names)
    return names[at] if at < len(names) else None
