"""Where the diaries of sessions lie, and what is offered when one was cut off."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_state_path

from tfstep.commands.language.registry import find
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.scenario.file import catalog
from tfstep.session.change.crash_log import Diary, leftovers
from tfstep.text import Bilingual


def diaries() -> Path:
    """The folder of the diaries."""
    return Path(user_state_path("tfstep")) / "sessions"


def begin(session: Session) -> Bilingual | None:
    """Keep a diary of this session from now on; returns an offer where an earlier one was cut off."""
    folder = diaries()
    session.leftovers = [left for left in leftovers(folder, session.scenario) if any(map(changes, left.lines))]
    session.diary = Diary(folder, session.scenario)
    if not session.leftovers or session.leftovers[0].left:
        return None
    return Bilingual(
        "a session on {name} was cut off after {n} lines; `recover` takes it up again",
        "{name} 上有一次会话在 {n} 行之后中断；`recover` 可恢复",
        name=session.scenario.name,
        n=len(session.leftovers[0].lines),
    )


def changes(line: str) -> bool:
    """Whether a line that was typed is worth taking up: a change, or training; walking about is not."""
    words = line.split(maxsplit=1)
    try:
        return bool(words) and find(words[0]).changes
    except CommandError:
        return False


def leave(session: Session) -> Bilingual | None:
    """The user leaves; changes that were not saved stay on disk, for `recover` in a later session, and it is told."""
    unsaved = any(journal.unsaved for journal in session.journals.values())
    if not unsaved or session.diary is None or not session.diary.leave():
        end(session)
        return None
    for each in session.leftovers:  # of all that were left only the last is kept
        if each.left:
            each.path.unlink(missing_ok=True)
    return Bilingual(
        "your changes were not saved: `tfstep run {name}`, then `recover` brings them back",
        "改动没有保存：运行 `tfstep run {name}` 后执行 `recover` 即可找回",
        name=called(session),
    )


def called(session: Session) -> str:
    """What the command line calls the scenario: a bare name, or a file."""
    path, place = session.scenario.path, catalog.folder()
    return session.scenario.name if path is None or path.parent == place else str(path)


def end(session: Session) -> None:
    """The session ends by itself."""
    if session.diary is not None:
        session.diary.end()
