"""The manual page, in English and in Chinese: what `man tfstep` shows, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from making.command_line import COMPLETION, STATUS
from tfstep import __version__
from tfstep.faces.cli.group import ABOUT, PROGRAM
from tfstep.faces.cli.options import common_options
from tfstep.faces.cli.table import COMMANDS
from tfstep.text import Bilingual

HERE = Path(__file__).resolve().parents[1] / "man"
NAME = Bilingual("step through the math of a Transformer", "单步走过 Transformer 的数学")


def file(language: str) -> Path:
    """Where the manual page of a language lies."""
    return HERE / ("tfstep.1" if language == "en" else f"tfstep.{language}.1")


def page(language: str) -> Iterator[str]:
    """The lines of the page, in the macros of man(7)."""
    yield f'.TH TFSTEP 1 "" "tfstep {__version__}"'
    yield from _section(Bilingual("NAME", "名称"), [f"tfstep \\- {NAME.in_(language)}"], language)
    usage = Bilingual("[OPTIONS] COMMAND …", "[选项] 命令 …").in_(language)
    yield from _section(Bilingual("SYNOPSIS", "用法"), [f"\\fBtfstep\\fR {usage}"], language)
    yield from _section(Bilingual("DESCRIPTION", "说明"), [_plain(ABOUT.in_(language))], language)
    common = {option.name for option in common_options()}
    yield f".SH {Bilingual('OPTIONS', '选项').in_(language)}"
    yield from _options([p for p in PROGRAM.params if p.name in common or p.name == "version"], language)
    yield f".SH {Bilingual('COMMANDS', '命令').in_(language)}"
    for name in COMMANDS:
        with click.Context(PROGRAM, info_name="tfstep") as context:
            found = PROGRAM.get_command(context, name)
        assert found is not None
        metavars = [p.make_metavar(click.Context(found)) for p in found.params if isinstance(p, click.Argument)]
        yield f".SS {' '.join(['tfstep', name, *metavars])}"
        yield _plain(getattr(found, "about").in_(language))  # noqa: B009  # click's own type does not know it
        yield from _options([p for p in found.params if p.name not in common], language)
    yield from _section(Bilingual("EXIT STATUS", "退出码"), [_plain(STATUS.in_(language))], language)
    lines = [f"{shell}: {line}\n.br" for shell, _, line in COMPLETION]
    yield from _section(Bilingual("COMPLETION", "命令行补全"), [_plain(line) for line in lines], language)


def _section(title: Bilingual, lines: Iterable[str], language: str) -> Iterator[str]:
    yield f".SH {title.in_(language)}"
    yield from lines


def _options(parameters: Iterable[click.Parameter], language: str) -> Iterator[str]:
    for each in parameters:
        if isinstance(each, click.Option):
            spelled = ", ".join(sorted(each.opts, key=len))
            metavar = "" if each.is_flag else f" {each.make_metavar(click.Context(PROGRAM))}"
            yield f".TP\n\\fB{_plain(spelled)}\\fR{_plain(metavar)}"
        else:
            yield f".TP\n{_plain(each.make_metavar(click.Context(PROGRAM)))}"
        yield _plain(getattr(each, "about").in_(language))  # noqa: B009  # click's own type does not know it


def _plain(text: str) -> str:
    """Text as roff reads it: no mark-up, backslashes and dashes spelled, no line that begins like a request."""
    text = re.sub(r"`([^`]*)`", r"\1", text).replace("\\", "\\e").replace("-", "\\-")
    text = text.replace("\n\n", "\n.PP\n")
    return re.sub(r"^([.'])(?!PP$|br$)", r"\\&\1", text, flags=re.MULTILINE)
