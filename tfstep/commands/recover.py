"""recover: take a killed session up again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tfstep.commands.language.line import split
from tfstep.commands.language.registry import command, find
from tfstep.errors import CommandError, TfstepError
from tfstep.session.results import Message, Result
from tfstep.session.state import State
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session

_AGAIN = {
    "print",
    "display",
    "undisplay",
    "train",
    "rewind",
    "baseline",
}  # run again, though their groups are not
_WHOLE = ("move", "stop", "change")


def nothing_left(state: State) -> Bilingual | None:
    """Why there is nothing to take up, if there is nothing."""
    if not state.leftovers:
        return Bilingual(
            "no session on this scenario was cut off or left unsaved", "这个场景没有中断或未保存就退出的会话"
        )
    if any(journal.changes for journal in state.journals.values()):
        return Bilingual("this session has changes of its own; start a new one", "当前会话已有改动；请另开一个会话")
    return None


@command(
    "keep",
    "recover [N]",
    about=Bilingual(
        "Take up the last session on this scenario that was cut off (killed, or the terminal closed), or that was left "
        "with changes not saved. `recover N` takes the Nth of those that `info sessions` lists.",
        "恢复这个场景上一次中断的会话（被杀死或终端关闭），或未保存就退出的会话。"
        "`recover N` 恢复 `info sessions` 列出的第 N 个。",
    ),
    refused=nothing_left,
    files=True,
)
def _recover(session: Session, rest: str) -> Result:
    number = rest.strip() or "1"
    if not number.isdecimal() or len(number) > 4 or not 1 <= int(number) <= len(session.leftovers):
        raise CommandError(
            Bilingual(
                "{number}: there are {n} sessions to take up; `info sessions` lists them",
                "{number}：可恢复的会话有 {n} 个；`info sessions` 列出它们",
                number=number[:40],
                n=len(session.leftovers),
            )
        )
    left = session.leftovers[int(number) - 1]
    if left.variant != session.variant:
        session.run(f"variant {left.variant}")  # refused where it is gone; the diary then stays where it is
    session.leftovers.remove(left)
    count = 0
    for line in left.lines:
        if _matters(line):
            with suppress(TfstepError):  # it was refused then as well
                session.run(line)
            count += 1
    left.path.unlink(missing_ok=True)
    changes = sum(len(journal.changes) for journal in session.journals.values())
    return Message(
        (
            Bilingual(
                "taken up again: {lines} lines; changes that hold: {changes}",
                "已恢复：共 {lines} 行，现有 {changes} 处改动",
                lines=count,
                changes=changes,
            ),
        )
    )


def _matters(line: str) -> bool:
    """Whether a line has left anything behind: it moved, stopped, changed, trained or named something."""
    try:
        word, _ = split(line)
        found = find(word) if word else None
    except CommandError:
        return False
    if found is None or found.name in ("recover", "source", "quit"):
        return False
    return found.group in _WHOLE or found.name in _AGAIN or found.name in ("variant", "set")
