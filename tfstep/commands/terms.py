"""The words of the field and of the debugger, by their English or Chinese name: what `help TERM` says."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from tfstep.commands.term import Term
from tfstep.commands.terms_of_attention import TERMS as ATTENTION
from tfstep.commands.terms_of_debugger import TERMS as DEBUGGER
from tfstep.commands.terms_of_layers import TERMS as LAYERS
from tfstep.commands.terms_of_training import TERMS as TRAINING
from tfstep.engine.plan import Plan
from tfstep.session.results import HelpEntry
from tfstep.text import LANGUAGES, Text

TERMS: tuple[Term, ...] = (*ATTENTION, *LAYERS, *TRAINING, *DEBUGGER)


def names() -> Iterable[str]:
    """All names of all terms, in both languages."""
    return (term.name.in_(language) for term in TERMS for language in LANGUAGES)


def find_term(name: str) -> Term | None:
    """The term of this name in either language; capitals, blanks and hyphens do not count."""
    return next((term for term in TERMS if _plain(name) in {_plain(term.name.in_(each)) for each in LANGUAGES}), None)


def seen_at(term: Term, plan: Plan) -> str | None:
    """The path of the first tensor of a timeline in which the term can be seen, or None."""
    paths = [node.path for node in plan.nodes if "/" not in node.path and not node.path.startswith("#")]
    return next((path for pattern in term.seen for path in paths if fnmatchcase(path, pattern)), None)


def entry(term: Term, plan: Plan) -> HelpEntry:
    """The term as the help shows it, with its tensor in this timeline."""
    path = seen_at(term, plan)
    about = term.meaning
    if path is not None:
        about = Text("{meaning} Here: {path}.", "{meaning}这里见 {path}。", meaning=term.meaning, path=path)
    title = " · ".join(term.name.in_(each) for each in LANGUAGES)
    return HelpEntry(title, "look", title, (), None, about)


def _plain(name: str) -> str:
    return "".join(name.casefold().replace("-", " ").split())
