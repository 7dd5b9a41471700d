"""The help, written out: all commands by group, or one in full."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.session.results import GROUPS, Help, HelpEntry
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, line, span
from tfstep.view.text.width import left, wrap


def help_lines(result: Help, cells: int) -> Iterator[Line]:
    """The lines of the help, at most ``cells`` wide."""
    if result.full:
        for entry in result.entries:
            yield from _in_full(entry, cells)
        return
    if result.brief:
        yield from _names(result, cells)
        return
    wide = max(len(entry.usage) for entry in result.entries) + 2
    group = None
    for entry in result.entries:
        if entry.group != group:
            group = entry.group
            yield line(span(GROUPS[group], "accent"))
        first, *rest = wrap(str(entry.about), max(30, cells - wide - 2))
        yield line("  ", span(left(entry.usage, wide), "name"), first)
        for more in rest:
            yield line(" " * (wide + 2), more)
    yield line(
        span(
            Bilingual("`help COMMAND` tells more; an empty line repeats", "`help 命令` 查看详情；空行重复上一条命令"),
            "dim",
        )
    )


def _names(result: Help, cells: int) -> Iterator[Line]:
    """The names of the commands by group, each with the shortest that it goes by."""
    for group, title in GROUPS.items():
        entries = [entry for entry in result.entries if entry.group == group]
        names = [f"{each.name} ({min(each.aliases, key=len)})" if each.aliases else each.name for each in entries]
        yield line(span(title, "accent"), span(f"  help {group}", "dim"))
        for row in wrap(", ".join(names), max(30, cells - 2)):
            yield line("  ", span(row, "name"))
    text = Bilingual(
        "`help COMMAND` tells more, `help all` of all; an empty line repeats",
        "`help 命令` 查看详情，`help all` 查看全部；空行重复上一条命令",
    )
    yield line(span(text, "dim"))


def _in_full(entry: HelpEntry, cells: int) -> Iterator[Line]:
    yield line(span(entry.usage, "name"))
    for each in wrap(str(entry.about), max(30, cells - 2)):
        yield line(f"  {each}")
    if entry.aliases:
        short = ", ".join(entry.aliases)
        yield line(span(Bilingual("  short: {short}", "  简写：{short}", short=short), "dim"))
    if entry.key:
        yield line(span(Bilingual("  key: {key}", "  按键：{key}", key=entry.key), "dim"))
    if entry.refused is not None:
        yield line(span(Bilingual("  not now: {reason}", "  现在不可用：{reason}", reason=entry.refused), "accent"))
