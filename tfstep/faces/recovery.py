"""Where the diaries of sessions lie, and what is offered when one was cut off."""

from __future__ import annotations

import time
from pathlib import Path

from platformdirs import user_state_path

from tfstep.commands.language.registry import is_change
from tfstep.commands.language.session import Session
from tfstep.scenario.file import catalog
from tfstep.session.change.crash_log import Diary, Leftover, leftovers
from tfstep.text import Bilingual

KEPT = 8  # sessions that were left unsaved, of one scenario


def diaries() -> Path:
    """The folder of the diaries."""
    return Path(user_state_path("tfstep")) / "sessions"


def left_behind(session: Session) -> list[Leftover]:
    """The earlier sessions on this scenario with changes that `recover` can take up."""
    return [left for left in leftovers(diaries(), session.scenario) if any(map(is_change, left.lines))]


def begin(session: Session) -> Bilingual | None:
    """Keep a diary of this session from now on; returns an offer where an earlier one was cut off."""
    session.leftovers = left_behind(session)
    session.diary = Diary(diaries(), session.scenario)
    if not session.leftovers:
        return None
    last, more = session.leftovers[0], len(session.leftovers) - 1
    changed = [line for line in last.lines if is_change(line)]
    return Bilingual(
        "`recover` takes up the session on {name} {how} with {changes} ({when}), the last `{line}`{more}",
        "`recover` 可恢复 {name} 上{how}的会话（{when}，{changes}，最后一处是 `{line}`）{more}",
        when=time.strftime("%Y-%m-%d %H:%M", time.localtime(last.written)),
        name=session.scenario.name,
        how=Bilingual("left", "未保存就退出") if last.left else Bilingual("cut off", "中断"),
        changes=Bilingual("one change", "1 处改动")
        if len(changed) == 1
        else Bilingual("{n} changes", "{n} 处改动", n=len(changed)),
        line=changed[-1][:60],
        more=Bilingual(" (and {more} older: `info sessions`)", "（更早的还有 {more} 次：`info sessions`）", more=more)
        if more
        else "",
    )


def leave(session: Session) -> Bilingual | None:
    """The user leaves; changes that were not saved stay on disk, for `recover` in a later session, and it is told."""
    unsaved = any(journal.unsaved for journal in session.journals.values())
    if not unsaved or session.diary is None or not session.diary.leave():
        end(session)
        return None
    for each in [left for left in session.leftovers if left.left][KEPT - 1 :]:  # the oldest make room
        each.path.unlink(missing_ok=True)
    return Bilingual(
        "your changes were not saved: `tfstep run {name}`, then `recover` brings them back",
        "改动没有保存：运行 `tfstep run {name}` 后执行 `recover` 即可找回",
        name=scenario_name(session),
    )


def scenario_name(session: Session) -> str:
    """What the command line calls the scenario: a bare name, or a file."""
    path, place = session.scenario.path, catalog.folder()
    return session.scenario.name if path is None or path.parent == place else str(path)


def end(session: Session) -> None:
    """The session ends by itself."""
    if session.diary is not None:
        session.diary.end()
