"""click's commands, options and arguments, with their help and their faults in the chosen language."""

from __future__ import annotations

from typing import Any

import click

from tfstep.errors import did_you_mean
from tfstep.faces.cli.help import Help, help_page
from tfstep.text import Bilingual


class Usage(click.UsageError):
    """The command line itself is at fault."""

    def __init__(self, text: Bilingual, ctx: click.Context | None = None) -> None:
        super().__init__(str(text), ctx)


class Option(click.Option):
    """An option with its help in both languages. ``default`` is always given: what click fills in changes."""

    def __init__(self, declarations: list[str], about: Bilingual, default: Any = None, **attributes: Any) -> None:
        super().__init__(declarations, default=default, **attributes)
        self.about = about


class Argument(click.Argument):
    """An argument with its help in both languages."""

    def __init__(self, declarations: list[str], about: Bilingual, **attributes: Any) -> None:
        super().__init__(declarations, **attributes)
        self.about = about


class Command(click.Command):
    """A command whose help reads ``about``; it takes no more arguments than it names."""

    def __init__(self, name: str, about: Bilingual, **attributes: Any) -> None:
        super().__init__(name, add_help_option=False, **attributes)
        self.about = about
        self.allow_extra_args = True  # so that a surplus one is refused in the chosen language

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and refuse what is left over."""
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser leaves it out of some
            raise
        if rest and not ctx.resilient_parsing:
            raise Usage(
                Bilingual("there is no place for {rest!r}", "多出了参数 {rest!r}", rest=" ".join(map(str, rest))), ctx
            )
        return rest

    def get_help(self, ctx: click.Context) -> str:
        """The page that --help prints."""
        return help_page(ctx, Help(self.about))


class Choice(click.ParamType[str, str]):
    """One of some words."""

    name = "choice"

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word. Raises Usage for any other."""
        if value in self.choices:
            return value
        raise Usage(
            Bilingual(
                "{option} is not {value!r}{near}, but one of {choices}",
                "{option} 不能是 {value!r}{near}，只能是 {choices} 之一",
                option=_name(param),
                choices=", ".join(self.choices),
                value=value,
                near=did_you_mean(value, self.choices),
            ),
            ctx,
        )

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The words that begin like this."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(choice) for choice in self.choices if choice.startswith(incomplete)]


class Whole(click.ParamType[int, int]):
    """A whole number between two bounds."""

    name = "N"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. Raises Usage for anything else."""
        try:
            number = int(value)
        except ValueError:
            number = self.least - 1
        if self.least <= number <= self.most:
            return number
        raise Usage(
            Bilingual(
                "{option} is a whole number from {least} to {most}, not {value!r}",
                "{option} 是 {least} 到 {most} 之间的整数，不能是 {value!r}",
                option=_name(param),
                least=self.least,
                most=self.most,
                value=value,
            ),
            ctx,
        )


class NotNegative(click.ParamType[float, float]):
    """A number that is 0 or more."""

    name = "T"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Raises Usage for anything else."""
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if 0 <= number < float("inf"):
            return number
        raise Usage(
            Bilingual(
                "{option} is a number that is 0 or more, not {value!r}",
                "{option} 是不小于 0 的数，不能是 {value!r}",
                option=_name(param),
                value=value,
            ),
            ctx,
        )


def _name(param: click.Parameter | None) -> str:
    if param is None:
        return ""
    return max(param.opts, key=len) if isinstance(param, click.Option) else str(param.name).upper()
