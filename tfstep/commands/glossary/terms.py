"""The words of the field and of the debugger, by their English or Chinese name: what `help TERM` says."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from tfstep.commands.glossary.attention import TERMS as ATTENTION
from tfstep.commands.glossary.debugger import TERMS as DEBUGGER
from tfstep.commands.glossary.layers import TERMS as LAYERS
from tfstep.commands.glossary.term import Term
from tfstep.commands.glossary.training import TERMS as TRAINING
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.session.results import HelpEntry
from tfstep.text import LANGUAGES, Bilingual

TERMS: tuple[Term, ...] = (*ATTENTION, *LAYERS, *TRAINING, *DEBUGGER)


def names() -> Iterable[str]:
    """All names of all terms, in both languages."""
    return (name for term in TERMS for name in _names(term))


def find_term(name: str) -> Term | None:
    """The term of this name in either language; capitals, blanks and hyphens do not count."""
    return next((term for term in TERMS if _plain(name) in map(_plain, _names(term))), None)


def seen_at(term: Term, plan: Plan) -> str | None:
    """The path of the first tensor of a timeline in which the term can be seen, or None."""
    nodes = [node for node in plan.nodes if "/" not in node.path and not node.path.startswith("#")]
    return next((node.path for pattern in term.seen for node in nodes if _shows(node, pattern)), None)


def entry(term: Term, plan: Plan) -> HelpEntry:
    """The term as the help shows it, with its tensor in this timeline."""
    path = seen_at(term, plan)
    about = term.meaning
    if path is not None:
        about = Bilingual("{meaning} Here: {path}.", "{meaning}这里见 {path}。", meaning=term.meaning, path=path)
    title = " · ".join(term.name.in_(each) for each in LANGUAGES)
    return HelpEntry(title, "look", title, (), None, about)


def _shows(node: Node, pattern: str) -> bool:
    if pattern.startswith("op "):
        return node.op is not None and node.op.name == pattern.removeprefix("op ")
    return fnmatchcase(node.path, pattern)


def _names(term: Term) -> tuple[str, ...]:
    return (*(term.name.in_(language) for language in LANGUAGES), *term.also)


def _plain(name: str) -> str:
    return "".join(name.casefold().replace("-", " ").split())
