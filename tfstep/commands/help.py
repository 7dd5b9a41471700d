"""help (of a command or a term) and quit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.commands.language.line import none
from tfstep.commands.language.registry import command, declared, find, in_groups
from tfstep.errors import CommandError, did_you_mean
from tfstep.session.results import Help, HelpEntry, Quit, Result
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session


@command(
    "look",
    "help [COMMAND|FUNCTION|TERM]",
    aliases=("h",),
    key="?",
    completes=("command",),
    about=Bilingual(
        "All commands; one in full, a function of expressions, or what a term means.",
        "列出全部命令；详细说明一个命令或表达式函数，或解释一个术语。",
    ),
)
def _help(session: Session, rest: str) -> Result:
    if rest:
        return Help(_about(session, rest), full=True)
    return Help(tuple(each.entry(session) for _, commands in in_groups() for each in commands))


def _about(session: Session, asked: str) -> tuple[HelpEntry, ...]:
    """The command, the function and the term of this name. Raises CommandError, with the nearest name, where there is
    none."""
    from tfstep.commands.glossary import terms
    from tfstep.expr import functions

    term, function = terms.find_term(asked), functions().get(asked.removesuffix("()"))
    meant = () if term is None else (terms.entry(term, session.trace.plan),)
    if function is not None:
        use = f"print {function.signature}"
        meant = (HelpEntry(function.name, "look", use, (), None, function.help), *meant)
    try:
        return (find(asked).entry(session), *meant) if asked.isascii() else meant or (find(asked).entry(session),)
    except CommandError:
        if meant:
            return meant
        known = [name for each in declared().values() for name in (each.name, *each.aliases, *functions())]
        if not (near := did_you_mean(asked, [*known, *terms.names()])).en:
            raise
        raise CommandError(
            Bilingual(
                "no command, function or term {asked!r}{near}",
                "没有命令、函数或术语 {asked!r}{near}",
                asked=asked[:40],
                near=near,
            )
        ) from None


@command(
    "keep",
    "quit",
    aliases=("q", "exit"),
    key="q",
    about=Bilingual("Leave.", "退出。"),
)
def _quit(session: Session, rest: str) -> Result:
    none(rest, "quit")
    return Quit()
