"""``tfstep`` alone: choose a lesson or a scenario on the screen, and open it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tfstep.faces.cli.commands import learn, run
from tfstep.faces.cli.settings import Settings
from tfstep.faces.tui.picker import Offer, pick
from tfstep.lessons.catalog import summaries as lessons
from tfstep.scenario.catalog import summaries as scenarios
from tfstep.text import Text


def start(settings: Settings) -> int:
    """Open one after another until the user chooses none. Returns the exit status."""
    colour = not os.environ.get("NO_COLOR") if settings.color == "auto" else settings.color == "always"
    offers = list(_offers())
    while (chosen := pick(offers, colour)) is not None:
        command = learn.COMMAND if chosen.kind == "lesson" else run.COMMAND
        status = command.main([chosen.name], prog_name=f"tfstep {command.name}", standalone_mode=False, obj=settings)
        if status:
            return int(status)
    return 0


def _offers() -> Iterator[Offer]:
    for lesson in lessons():
        yield Offer("lesson", lesson.name, str(lesson.title), str(Text("{n} min", "{n} 分钟", n=lesson.minutes)))
    for scenario in scenarios():
        yield Offer("scenario", scenario.name, str(scenario.title), scenario.kind)
