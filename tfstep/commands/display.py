"""display: what is shown after every move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.commands.info import topic
from tfstep.commands.language.motion import displayed, numbered
from tfstep.commands.language.registry import command
from tfstep.errors import CommandError
from tfstep.session.results import Listing, Message, Ran, Result
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session


@command(
    "look",
    "display [EXPR]",
    aliases=("disp",),
    completes=("expr",),
    about=Bilingual(
        "Show EXPR now and after every move; without EXPR: show what is displayed. `undisplay` ends it.",
        "现在以及每次移动后显示 EXPR；不写则显示现有各项。`undisplay` 取消。",
    ),
)
def _display(session: Session, rest: str) -> Result:
    if not rest:
        return Ran(tuple(displayed(session)))
    line = f"output {rest}"
    result = session.run_within(line)
    number = max(session.displays, default=0) + 1
    session.displays[number] = line
    return numbered(number, result)


@command(
    "look",
    "undisplay [NUMBER]",
    aliases=("undisp",),
    about=Bilingual("End a display; without NUMBER all of them.", "取消一项显示；不写编号则全部取消。"),
)
def _undisplay(session: Session, rest: str) -> Result:
    if not rest:
        session.displays.clear()
    elif rest.isdecimal() and len(rest) < 16 and int(rest) in session.displays:
        del session.displays[int(rest)]
    else:
        known = ", ".join(map(str, session.displays)) or "-"
        raise CommandError(
            Bilingual(
                "no display {rest}; there are {known}", "没有显示项 {rest}；现有：{known}", rest=rest[:40], known=known
            )
        )
    rows = ", ".join(line.partition(" ")[2] for line in session.displays.values()) or "-"
    return Message((Bilingual("displayed: {rows}", "显示中：{rows}", rows=rows),))


@topic("display", Bilingual("what is displayed after every move", "每次移动后显示的各项"))
def shown(session: Session) -> Result:
    """What is displayed after every move, by the number that `undisplay` takes."""
    rows = tuple((str(number), line.partition(" ")[2]) for number, line in session.displays.items())
    return Listing(
        Bilingual("displayed after every move", "每次移动后显示"),
        (Bilingual("", ""), Bilingual("what", "内容")),
        rows,
        Bilingual("nothing is displayed", "没有显示项"),
    )
