"""help and quit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.commands.line import none
from tfstep.commands.registry import command, find, in_groups
from tfstep.session.results import Help, Quit, Result
from tfstep.text import Text

if TYPE_CHECKING:
    from tfstep.commands.session import Session


@command(
    "look",
    "help [COMMAND]",
    aliases=("h",),
    key="?",
    completes=("command",),
    about=Text("All commands, or one in full.", "列出全部命令，或详细说明一个。"),
)
def _help(session: Session, rest: str) -> Result:
    if rest:
        return Help((find(rest.split()[0]).entry(session),), full=True)
    return Help(tuple(each.entry(session) for _, commands in in_groups() for each in commands))


@command(
    "keep",
    "quit",
    aliases=("q", "exit"),
    key="q",
    about=Text("Leave.", "退出。"),
)
def _quit(session: Session, rest: str) -> Result:
    none(rest, "quit")
    return Quit()
