"""The process of one visitor: the screen on a scenario. `python -m tfstep.faces.web.serve.visitor`."""

from __future__ import annotations

import sys
from pathlib import Path

from tfstep import reach
from tfstep.errors import TfstepError
from tfstep.text import Bilingual, set_language

CONFINED = Bilingual("this is a class: sessions read and write no files", "这是课堂模式：会话不读写任何文件")


def main(arguments: list[str]) -> int:
    """Show ``NAME VARIANT LANGUAGE``; with ``class`` behind them no file is read or written. Returns the exit status."""
    name, variant, language, *manner = arguments
    set_language(language)
    reach.hold(True)
    try:
        return _class(name, variant) if manner == ["class"] else _own(name, variant)
    except TfstepError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _own(name: str, variant: str) -> int:
    from tfstep.faces.tui.start import run
    from tfstep.scenario.scenario import load

    return run(load(name, variant), colour=True)


def _class(name: str, variant: str) -> int:
    from tfstep.commands.language.session import Session
    from tfstep.faces.tui.app import Debugger
    from tfstep.faces.tui.start import manner
    from tfstep.faces.web.serve.guard import bound, guard
    from tfstep.scenario.scenario import load

    bound()
    scenario = load(name, variant)
    session = Session(scenario)
    session.confined = CONFINED
    app = Debugger(session, **manner(True))
    read = (scenario.path, *(scenario.with_variant(each).weights.file for each in scenario.variants))
    guard(each for each in read if isinstance(each, Path))
    return app.run() or app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
