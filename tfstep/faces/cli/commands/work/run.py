"""``tfstep run``: the screen."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfstep.errors import CommandError
from tfstep.faces import curtain
from tfstep.faces.cli.command import Option
from tfstep.faces.cli.opening import keeping, load, reading
from tfstep.faces.cli.options import command, paths, scenario, scripts, variant
from tfstep.faces.cli.settings import Settings, has_screen
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.scenario import Scenario


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str,
    variant: str | None,
    at: str | None,
    files: Sequence[Path],
    lines: Sequence[str],
    record: Path | None,
) -> int:
    if not has_screen():
        _ = load(settings, scenario, variant).program  # what is wrong with it is told first
        raise CommandError(
            Bilingual(
                "the screen needs a terminal; without one, `tfstep dump {name}` prints tensors, `tfstep steps {name}` "
                "the timeline, `tfstep explain {name} CELL` why a number is what it is, and `tfstep repl {name}` reads "
                "commands",
                "屏幕界面需要终端；没有终端时，`tfstep dump {name}` 输出张量，`tfstep steps {name}` 输出时间线，"
                "`tfstep explain {name} CELL` 解释一个数的来历，`tfstep repl {name}` 读取命令",
                name=scenario,
            )
        )
    curtain.up(scenario)
    try:
        run, loaded = open_screen(settings, scenario, variant)
        colour = settings.colored(sys.stdout)
        return run(loaded, at=at, scripts=files, commands=lines, colour=colour, record=record)
    finally:
        gc.enable()
        curtain.down()


def open_screen(settings: Settings, name: str, variant: str | None) -> tuple[Callable[..., int], Scenario]:
    """What runs the screen, and the scenario, loaded without a look for garbage: all of it stays. The first Frame ends
    that (`IdleWork.after`).

    Raises TfstepError.
    """
    gc.disable()
    from tfstep.faces.tui.start import run

    return run, load(settings, name, variant)


COMMAND = command(
    "run",
    Bilingual("Step through a scenario on the screen, forward and backward.", "在屏幕上单步走完一个场景，可进可退。"),
    [
        scenario(),
        *reading(),
        keeping(),
        variant(),
        Option(
            ["--at"],
            Bilingual("begin at this tensor", "从这个张量开始"),
            type=click.STRING,
            metavar="PATH",
            shell_complete=paths,
        ),
        *scripts(),
        Option(
            ["--record"],
            Bilingual(
                "record the session: FILE.cast for asciinema, FILE.svg that moves, FILE.tfs that does it again; "
                "`--record FILE.gif` draws a GIF, too (`pip install 'tfstep[gif]'`)",
                "录制这次会话：FILE.cast 供 asciinema 播放，FILE.svg 是动图，FILE.tfs 可重做；"
                "`--record FILE.gif` 另画一份 GIF（`pip install 'tfstep[gif]'`）",
            ),
            type=click.Path(path_type=Path),
            metavar="FILE",
        ),
    ],
    _run,
)
