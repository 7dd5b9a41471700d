"""The process of one visitor: the screen on a scenario. `python -m tfstep.faces.web.serve.visitor`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from msgspec import json

from tfstep.errors import TfstepError
from tfstep.scenario.opening.reading import Reading
from tfstep.scenario.scenario import Scenario, load_as_asked
from tfstep.text import Bilingual, set_language

CONFINED = Bilingual("this is a class: sessions read and write no files", "这是课堂模式：会话不读写任何文件")


def main(arguments: list[str]) -> int:
    """Show ``NAME VARIANT LANGUAGE READING``, the last one what the model is given to read, as JSON; with ``class``
    behind them no file is read or written. Returns the exit status.
    """
    name, variant, language, asked, *manner = arguments
    set_language(language)
    try:
        scenario = partial(load_as_asked, name, variant, json.decode(asked, type=Reading))
        return _class(scenario) if manner == ["class"] else _own(scenario)
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
    from tfstep.faces.web.serve.guard import bound, guard

    bound()
    scenario = opened()
    session = Session(scenario)
    session.confined = CONFINED
    app = Debugger(session, **manner(True))
    guard(_read(scenario))
    return app.run() or app.return_code or 0


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
