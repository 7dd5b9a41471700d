"""The program itself: it knows its commands by name and imports the one that is called."""

from __future__ import annotations

from importlib import import_module

import click

from tfstep import __version__
from tfstep.errors import did_you_mean
from tfstep.faces.cli.command import Option, Usage
from tfstep.faces.cli.help import Help, help_page
from tfstep.faces.cli.options import common_options
from tfstep.faces.cli.settings import Settings, has_screen
from tfstep.faces.cli.table import COMMANDS, HOME
from tfstep.text import Bilingual

ABOUT = Bilingual(
    "A reversible debugger for the math of Transformers: step forward, backward and through the update, "
    "ask any number why, change it live. `tfstep COMMAND --help` says more of a command.",
    "Transformer 数学的可逆调试器：单步走过前向、反向和参数更新，追问任何一个数的来历，现场改动它。"
    "`tfstep 命令 --help` 详细说明一个命令。",
)


class Program(click.Group):
    """``tfstep``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        found = import_module(f"{HOME}.{module}").COMMAND
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises Usage where there is none."""
        if args[0] in COMMANDS or ctx.resilient_parsing or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        message = Bilingual(
            "there is no command {name!r}{near}; the commands: {known}",
            "没有命令 {name!r}{near}；可用的命令：{known}",
            name=args[0],
            near=did_you_mean(args[0], COMMANDS),
            known=", ".join(COMMANDS),
        )
        raise Usage(message, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[click.shell_completion.CompletionItem]:
        """The commands that begin like this, without importing any, and the options."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(n, help=str(text)) for n, (_, text) in COMMANDS.items() if n.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def get_help(self, ctx: click.Context) -> str:
        """The page that --help prints."""
        return help_page(ctx, Help(ABOUT, tuple((name, text) for name, (_, text) in COMMANDS.items())))


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"tfstep {__version__}")
        ctx.exit()


def _bare(ctx: click.Context) -> int:
    if ctx.invoked_subcommand is not None:
        return 0
    if has_screen():
        from tfstep.faces.cli.start import start

        return start(ctx.ensure_object(Settings))
    click.echo(ctx.get_help())
    return 0


PROGRAM = Program(
    "tfstep",
    invoke_without_command=True,
    no_args_is_help=False,
    add_help_option=False,
    callback=click.pass_context(_bare),
    params=[
        Option(
            ["--version"],
            Bilingual("show the version", "显示版本"),
            default=False,
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
        ),
        *common_options(),
    ],
)
