"""The reference of the command line: every command with what it takes, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from making.markdown import code, head, table
from tfstep.faces.cli.group import ABOUT, PROGRAM
from tfstep.faces.cli.options import common_options
from tfstep.faces.cli.table import COMMANDS
from tfstep.text import Bilingual

TITLE = Bilingual("The command line", "命令行")
STATUS = Bilingual(
    "The exit status is 0 where all is done, 1 where a check or a comparison says no, 2 where the input is at fault, "
    "130 where it was interrupted. Data goes to standard output and everything else to standard error; into a pipe or "
    "a file goes no colour.",
    "退出码：0 表示完成，1 表示检查或比较的结论是“否”，2 表示输入有误，130 表示被中断。数据写到标准输出，"
    "其余写到标准错误；"
    "写入管道或文件时不带颜色。",
)
COMPLETION = (
    ("bash", "~/.bashrc", 'eval "$(_TFSTEP_COMPLETE=bash_source tfstep)"'),
    ("zsh", "~/.zshrc", 'eval "$(_TFSTEP_COMPLETE=zsh_source tfstep)"'),
    ("fish", "~/.config/fish/completions/tfstep.fish", "_TFSTEP_COMPLETE=fish_source tfstep | source"),
)
"""For each shell the file and the line in it by which it completes commands, options, scenarios and variants."""


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield ABOUT.in_(language)
    yield f"\n{STATUS.in_(language)}\n"
    names = [Bilingual("command", "命令").in_(language), Bilingual("what it does", "作用").in_(language)]
    yield from table(
        names, [[f"[`tfstep {name}`](#tfstep-{name})", text.in_(language)] for name, (_, text) in COMMANDS.items()]
    )
    common = {option.name for option in common_options()}
    yield f"\n## {Bilingual('Every command', '所有命令').in_(language)}\n"
    yield from _parameters([p for p in PROGRAM.params if p.name in common or p.name == "version"], language)
    yield f"\n## {Bilingual('Completion in a shell', '命令行补全').in_(language)}\n"
    columns = [Bilingual("shell", "命令解释器（shell）"), Bilingual("file", "文件"), Bilingual("line", "写入的一行")]
    cells = [[shell, f"`{file}`", code(line)] for shell, file, line in COMPLETION]
    yield from table([each.in_(language) for each in columns], cells)
    for name in COMMANDS:
        with click.Context(PROGRAM, info_name="tfstep") as context:
            found = PROGRAM.get_command(context, name)
            assert found is not None
            yield f"\n## tfstep {name}\n"
            yield code(" ".join(_usage(found, name, common)))
            yield f"\n{getattr(found, 'about').in_(language)}\n"  # noqa: B009  # click's own type does not know it
            yield from _parameters([p for p in found.params if p.name not in common], language)


def _usage(found: click.Command, name: str, common: set[str | None]) -> Iterator[str]:
    yield f"tfstep {name}"
    for parameter in found.params:
        if isinstance(parameter, click.Argument):
            yield parameter.make_metavar(click.Context(found))
    for parameter in found.params:
        if isinstance(parameter, click.Option) and parameter.name not in common:
            yield f"[{_spelled(parameter)}]" + ("…" if parameter.multiple else "")


def _parameters(parameters: Iterable[click.Parameter], language: str) -> Iterator[str]:
    columns = [Bilingual("option", "选项").in_(language), Bilingual("what it does", "作用").in_(language)]
    yield from table(columns, [[code(_spelled(p)), getattr(p, "about").in_(language)] for p in parameters])  # noqa: B009  # as above


def _spelled(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return parameter.make_metavar(click.Context(click.Command("")))
    assert isinstance(parameter, click.Option)
    names = ", ".join(sorted(parameter.opts, key=len))
    return names if parameter.is_flag else f"{names} {parameter.make_metavar(click.Context(click.Command('')))}"
