"""What click has to say against a command line, in the chosen language."""

from __future__ import annotations

import click

from tfstep.faces.cli.command import Usage
from tfstep.text import Bilingual


def usage_message(error: click.UsageError) -> str:
    """The fault, and where to read on."""
    path = error.ctx.command_path if error.ctx else "tfstep"
    return str(
        Bilingual(
            "{fault} (`{path} --help` says what it takes)",
            "{fault}（`{path} --help` 说明用法）",
            fault=_fault(error),
            path=path,
        )
    )


def _fault(error: click.UsageError) -> str | Bilingual:
    if isinstance(error, Usage):
        return error.message
    if isinstance(error, click.NoSuchOption):
        near = error.possibilities[0] if error.possibilities else ""
        hint = Bilingual(" (did you mean {near}?)", "（是不是想写 {near}？）", near=near) if near else ""
        return Bilingual("there is no option {name}{hint}", "没有选项 {name}{hint}", name=error.option_name, hint=hint)
    if isinstance(error, click.MissingParameter) and error.param is not None and error.ctx is not None:
        return Bilingual("{name} is missing", "缺少 {name}", name=_spelled(error.param, error.ctx))
    if isinstance(error, click.BadOptionUsage):
        return _bad_use(error)
    return error.format_message()


def _spelled(param: click.Parameter, ctx: click.Context) -> str:
    return max(param.opts, key=len) if isinstance(param, click.Option) else param.make_metavar(ctx)


def _bad_use(error: click.BadOptionUsage) -> Bilingual:
    params = error.ctx.command.get_params(error.ctx) if error.ctx else []
    option = next((p for p in params if error.option_name in p.opts), None)
    if isinstance(option, click.Option) and option.is_flag:
        return Bilingual("{name} takes no value", "{name} 不带值", name=error.option_name)
    return Bilingual("{name} needs a value", "{name} 需要一个值", name=error.option_name)
