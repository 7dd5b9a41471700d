"""The process of one visitor: the screen on a scenario. `python -m tfstep.faces.web.serve.visitor`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import json

from tfstep import reach
from tfstep.errors import TfstepError
from tfstep.scenario.opening.reading import Reading
from tfstep.scenario.scenario import Scenario, load_as_asked
from tfstep.text import Bilingual, language, set_language

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session

CONFINED = Bilingual("this is a class: sessions read and write no files", "这是课堂模式：会话不读写任何文件")


def main(arguments: list[str]) -> int:
    """Show ``run|learn NAME VARIANT LANGUAGE READING``, the last one what the model is given to read, as JSON; with
    ``class`` behind them no file is read or written. Returns the exit status.
    """
    kind, name, variant, chosen, asked, *manner = arguments
    set_language(chosen)
    reach.hold(True)
    confined = manner == ["class"]
    try:
        if kind == "learn":
            return _lesson(name, confined)
        scenario = partial(load_as_asked, name, variant, json.decode(asked, type=Reading))
        return _class(scenario) if confined else _own(scenario)
    except TfstepError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _own(scenario: Callable[[], Scenario]) -> int:
    from tfstep.faces.tui.start import run

    return run(scenario(), colour=True)


def _class(opened: Callable[[], Scenario]) -> int:
    from tfstep.commands.language.session import Session
    from tfstep.faces.tui.app import Debugger
    from tfstep.faces.tui.start import manner
    from tfstep.faces.web.serve.guard import bound

    bound()
    scenario = opened()
    session = Session(scenario)
    app = Debugger(session, **manner(True))  # it reads the reader's keys, before the wall stands
    _confine(session, scenario)
    return app.run() or app.return_code or 0


def _lesson(name: str, confined: bool) -> int:
    """One lesson. Where its reader wants the next, the browser goes there; a class remembers nobody's progress."""
    from tfstep.commands.language.session import Session
    from tfstep.faces.tui.lesson.app import LessonApp
    from tfstep.faces.tui.lesson.start import after, opened
    from tfstep.faces.tui.start import manner
    from tfstep.faces.web.serve.guard import bound
    from tfstep.lessons.format.catalog import load_lesson, scenario_of
    from tfstep.lessons.player.progress import Forgetful, Progress

    if confined:
        bound()
    lesson = load_lesson(name)
    scenario = scenario_of(lesson)
    progress = Forgetful() if confined else Progress()
    session = Session(scenario)
    app = LessonApp(opened(lesson, session, progress), progress, **manner(True))
    if (following := after(lesson)) is not None:
        app.onward = lambda: app.open_url(f"/learn/{quote(following)}?lang={language()}", new_tab=False)
    if confined:
        _confine(session, scenario, *lesson.path.parent.glob("*.md"))
    return app.run() or app.return_code or 0


def _confine(session: Session, scenario: Scenario, *readable: Path) -> None:
    """From here on no files are touched but those of the scenario, and ``readable``."""
    from tfstep.faces.web.serve.guard import guard

    session.confined = CONFINED
    guard((*_read(scenario), *readable))


def _read(scenario: Scenario) -> Iterator[Path]:
    """The files that a scenario reads: its own, its weights, and what lies beside the weights of an opened model."""
    yield from filter(None, [scenario.path])
    for weights in filter(None, (scenario.with_variant(each).weights.file for each in scenario.variants)):
        yield weights
        yield from (
            each for each in weights.parent.iterdir() if each.suffix in (".safetensors", ".json", ".model", ".txt")
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
