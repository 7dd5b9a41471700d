"""The pages that --help prints, in the chosen language and in columns that Chinese fits."""

from __future__ import annotations

from collections.abc import Iterable
from shutil import get_terminal_size
from typing import NamedTuple

import click

from tfstep.text import Bilingual
from tfstep.view.text.symbols import plain
from tfstep.view.text.width import left, width, wrap

MARGIN = 2
LEFT = 30  # the most columns that a name takes before its help goes on a line of its own


class Help(NamedTuple):
    """What a page says beyond the parameters: what the command does, and the commands under it."""

    about: Bilingual
    commands: tuple[tuple[str, Bilingual], ...] = ()


def help_page(ctx: click.Context, page: Help) -> str:
    """The help of one command."""
    columns = max(40, min(100, get_terminal_size().columns))
    usage = Bilingual("Usage: {usage}", "用法：{usage}", usage=" ".join(_usage(ctx)))
    blocks = [[str(usage)], wrap(str(page.about), columns)]
    if page.commands:
        blocks.append(_section(Bilingual("Commands:", "命令："), page.commands, columns))
    arguments = [p for p in ctx.command.get_params(ctx) if isinstance(p, click.Argument)]
    options = [p for p in ctx.command.get_params(ctx) if isinstance(p, click.Option) and not p.hidden]
    if arguments:
        rows = [(argument.make_metavar(ctx), _about(argument)) for argument in arguments]
        blocks.append(_section(Bilingual("Arguments:", "参数："), rows, columns))
    rows = [(_spelling(option, ctx), _about(option)) for option in options]
    blocks.append(_section(Bilingual("Options:", "选项："), rows, columns))
    return plain_lines("\n\n".join("\n".join(block) for block in blocks))


def plain_lines(text: str) -> str:
    """Text fit to be shown, line by line."""
    return "\n".join(map(plain, text.split("\n")))


def _usage(ctx: click.Context) -> list[str]:
    path = [*ctx.command_path.split(), str(Bilingual("[OPTIONS]", "[选项]"))]
    arguments = [p.make_metavar(ctx) for p in ctx.command.get_params(ctx) if isinstance(p, click.Argument)]
    if isinstance(ctx.command, click.Group):
        arguments = [str(Bilingual("COMMAND …", "命令 …"))]
    return path + arguments


def _about(param: click.Parameter) -> Bilingual:
    about = getattr(param, "about", None)
    assert isinstance(about, Bilingual), param.name
    return about


def _spelling(option: click.Option, ctx: click.Context) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag else f"{names} {option.make_metavar(ctx)}"


def _section(title: Bilingual, rows: Iterable[tuple[str, Bilingual]], columns: int) -> list[str]:
    rows = list(rows)
    first = min(LEFT, max(width(name) for name, _ in rows)) + MARGIN
    lines = [str(title)]
    for name, about in rows:
        text = wrap(str(about), columns - MARGIN - first)
        if width(name) + MARGIN > first:
            lines.append(" " * MARGIN + name)
        else:
            lines.append(" " * MARGIN + left(name, first) + text.pop(0))
        lines += [" " * (MARGIN + first) + each for each in text]
    return lines
