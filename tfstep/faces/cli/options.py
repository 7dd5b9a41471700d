"""The options that all commands take, and those that several do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfstep import reach, work
from tfstep.faces.cli.command import Argument, Choice, Command, Option, Whole
from tfstep.faces.cli.settings import Settings
from tfstep.faces.cli.watching import Bar
from tfstep.text import LANGUAGES, Bilingual, set_language
from tfstep.view.text.symbols import set_ascii

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_VARIANT = Bilingual("a variant of the scenario; default: base", "场景的一个变体；默认为 base")


def _language(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        set_language(value)


def _color(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Settings).color = value


def _ascii(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        set_ascii(True)


def _trust(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        reach.hold(False)


def _yes(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    watcher = work.present()
    if value and isinstance(watcher, Bar):
        watcher.yes = True


def _help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help())
        ctx.exit()


def common_options() -> list[click.Option]:
    """New options that every command and the program itself take."""
    eager: dict[str, Any] = {"is_eager": True, "expose_value": False}
    lang = Bilingual("language: en or zh; default: that of the locale", "语言：en 或 zh；默认按系统区域设置")
    color = Bilingual(
        "colour: auto (on a terminal, unless NO_COLOR is set), always or never",
        "颜色：auto（在终端里，且没有设置 NO_COLOR）、always（总是）或 never（从不）",
    )
    trust = Bilingual(
        "let files name others outside their folder, and scripts write anywhere",
        "允许文件引用所在文件夹之外的文件，允许脚本写到任何地方",
    )
    yes = Bilingual(
        "begin without a question what takes over a minute or writes over 200 MB",
        "超过一分钟或 200 MB 的任务不询问，直接开始",
    )
    ascii = Bilingual("no symbols that some terminals draw too wide", "不用某些终端会画得过宽的符号")
    return [
        Option(["--lang"], lang, type=Choice(*LANGUAGES), metavar="en|zh", callback=_language, **eager),
        Option(
            ["--color"],
            color,
            type=Choice("auto", "always", "never"),
            metavar="auto|always|never",
            callback=_color,
            **eager,
        ),
        Option(["--ascii"], ascii, default=False, is_flag=True, callback=_ascii, **eager),
        Option(["--trust"], trust, default=False, is_flag=True, callback=_trust, **eager),
        Option(["--yes"], yes, default=False, is_flag=True, callback=_yes, **eager),
        Option(
            ["-h", "--help"],
            Bilingual("show this page", "显示本页"),
            default=False,
            is_flag=True,
            callback=_help,
            **eager,
        ),
    ]


def variant(about: Bilingual = _VARIANT, **attributes: Any) -> click.Option:
    """A variant of the scenario."""
    return Option(["--variant"], about, metavar="NAME", type=click.STRING, shell_complete=_variants, **attributes)


def scenario() -> click.Argument:
    """A file, a bare name, or a model on disk."""
    about = Bilingual(
        "a scenario file, the name of one that ships, or a model on disk", "场景文件、自带场景的名字，或磁盘上的模型"
    )
    return Argument(["scenario"], about, type=click.STRING, shell_complete=scenarios)


def as_json() -> click.Option:
    """JSON in place of text."""
    return Option(["--json", "as_json"], Bilingual("print JSON", "输出 JSON"), default=False, is_flag=True)


def depth(about: Bilingual) -> click.Option:
    """How many levels down."""
    return Option(["--depth"], about, default=1, type=Whole(1, 99), metavar="N")


def output() -> click.Option:
    """A file in place of standard output."""
    about = Bilingual("write to this file; - is standard output", "写入此文件；- 表示标准输出")
    return Option(["-o", "--output"], about, type=click.Path(path_type=Path), metavar="FILE")


def scripts() -> list[click.Option]:
    """What is done first: files of commands, then single commands."""
    file = Bilingual("run the commands of this file first; may be repeated", "先执行此文件里的命令；可以重复")
    line = Bilingual("run this command first, after the files; may be repeated", "然后执行这条命令；可以重复")
    return [
        Option(["-x", "files"], file, default=(), multiple=True, type=click.Path(path_type=Path), metavar="FILE"),
        Option(["-c", "lines"], line, default=(), multiple=True, type=click.STRING, metavar="CMD"),
    ]


def command(name: str, about: Bilingual, params: list[click.Parameter], run: Any) -> Command:
    """A command with its own parameters and the shared ones."""
    return Command(name, about, params=[*params, *common_options()], callback=run)


def scenarios(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The scenarios that ship and begin like this, and files, for a shell's completion."""
    from tfstep.scenario.file.catalog import shipped

    return _or_files(ctx, param, shipped(), incomplete)


def lessons(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The lessons that ship and begin like this, and files."""
    from tfstep.lessons.format.catalog import shipped

    return _or_files(ctx, param, shipped(), incomplete)


def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The kinds of model that begin like this, and files."""
    from tfstep.models.keys.kinds import KINDS

    return _or_files(ctx, param, KINDS, incomplete)


def paths(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The tensors of the scenario on the line that begin like this."""
    from tfstep.errors import TfstepError
    from tfstep.scenario.scenario import load

    name = _named(ctx)
    if name is None:
        return []
    try:
        plan = load(name, ctx.params.get("variant") or None).plan
    except TfstepError:
        return []
    return _beginning((path for path in plan.paths if not path.startswith("#")), incomplete)


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What the shell itself completes."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _or_files(
    ctx: click.Context, param: click.Parameter, names: Iterable[str], incomplete: str
) -> list[CompletionItem]:
    """Names that begin like this, and files. Those are asked for first: bash forgets what stands before, and completes
    files itself where no name is left; beside names they are told one by one."""
    from glob import escape
    from pathlib import Path

    found = _beginning(names, incomplete)
    local = [str(each) for each in sorted(Path().glob(f"{escape(incomplete)}*"))] if found and incomplete else []
    return [*files(ctx, param, incomplete), *found, *_beginning(local, incomplete)]


def _beginning(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _named(ctx: click.Context) -> str | None:
    """The scenario on the line; an open option leaves the rest unparsed."""
    name = ctx.params.get("scenario") or next(iter(ctx.args), None)
    return name if isinstance(name, str) else None


def _variants(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from tfstep.errors import TfstepError
    from tfstep.scenario.file.catalog import find, summary

    name = _named(ctx)
    if name is None:
        return []
    try:
        known = summary(find(name)).variants
    except TfstepError:
        return []
    return [each for each in known if each.startswith(incomplete)]
