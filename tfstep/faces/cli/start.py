"""``tfstep`` alone: choose a lesson or a scenario on the screen, and open it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tfstep.faces.cli.commands.teaching import learn
from tfstep.faces.cli.commands.work import run
from tfstep.faces.cli.settings import Settings
from tfstep.faces.tui.widgets.picker import pick
from tfstep.faces.tui.widgets.preview import Offer
from tfstep.lessons.format.catalog import summaries as lessons
from tfstep.lessons.player.progress import Progress
from tfstep.scenario.file.catalog import summaries as scenarios
from tfstep.text import Bilingual


def start(settings: Settings) -> int:
    """Open one after another until the user chooses none. Returns the exit status."""
    colour = not os.environ.get("NO_COLOR") if settings.color == "auto" else settings.color == "always"
    chosen: Offer | None = None
    while (chosen := pick(list(_offers()), colour, chosen)) is not None:
        command = learn.COMMAND if chosen.kind == "lesson" else run.COMMAND
        status = command.main([chosen.name], prog_name=f"tfstep {command.name}", standalone_mode=False, obj=settings)
        if status:
            return int(status)
    return 0


def _offers() -> Iterator[Offer]:
    progress = Progress()
    for lesson in lessons():
        minutes = Bilingual("{n} min", "{n} 分钟", n=lesson.minutes)
        reached = progress.of(lesson.name)
        tags: tuple[Bilingual, ...] = ()
        if reached is not None and not reached.done and reached.step:
            tags = (Bilingual("begun: {n} of {of}", "已学到第 {n} 步，共 {of} 步", n=reached.step, of=reached.of),)
        elif reached is not None and reached.done:
            tags = (Bilingual("done", "已完成"),)
        done = reached is not None and reached.done
        yield Offer("lesson", lesson.name, lesson.title, minutes, lesson.about, lesson.scenario, tags, done)
    for scenario in scenarios():
        yield Offer("scenario", scenario.name, scenario.title, scenario.kind, tags=scenario.variants)
