"""The words of the field and of the debugger, by their English or Chinese name: what `help TERM` says."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from msgspec import Struct

from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.session.results import HelpEntry
from tfstep.text import LANGUAGES, Bilingual


class Term(Struct, frozen=True):
    """A term of the field: its names in both languages, what it means, where it can be seen (patterns of paths, the
    best first, or ``op NAME``), other names by which it is found, and the section that it stands in."""

    name: Bilingual
    meaning: Bilingual
    seen: tuple[str, ...]
    also: tuple[str, ...]
    section: Bilingual


@cache
def terms() -> tuple[Term, ...]:
    """All terms, from the files of both languages beside this one. Raises ValueError where these differ in a title."""
    english, chinese = (_read(language) for language in LANGUAGES)
    return tuple(_term(en, zh) for en, zh in zip(english, chinese, strict=True))


def _read(language: str) -> list[dict[str, str]]:
    """The terms of one file: section, title, also, seen, meaning."""
    text = Path(__file__).with_name(f"{language}.md").read_text("utf-8").partition("-->")[2]
    found: list[dict[str, str]] = []
    section = ""
    for line in text.splitlines():
        if line.startswith("# "):
            section = line[2:]
        elif line.startswith("## "):
            found.append({"section": section, "title": line[3:], "meaning": ""})
        elif line.startswith(("also: ", "seen: ")):
            found[-1][line[:4]] = line[6:]
        elif line:
            found[-1]["meaning"] += f" {line}" if found[-1]["meaning"] and language == "en" else line
    return found


def _term(en: dict[str, str], zh: dict[str, str]) -> Term:
    if en["title"] != zh["title"]:
        raise ValueError(f"{en['title']} and {zh['title']}: a term has the same title in both files")
    also = [name for file in (en, zh) for name in file.get("also", "").split(", ") if name]
    seen = en["seen"].split(", ") if "seen" in en else []
    name, meaning, section = (
        Bilingual.of(dict(zip(LANGUAGES, both, strict=True)))
        for both in (en["title"].split(" · "), (en["meaning"], zh["meaning"]), (en["section"], zh["section"]))
    )
    return Term(name, meaning, tuple(seen), tuple(also), section)


def names() -> Iterable[str]:
    """All names of all terms, in both languages."""
    return (name for term in terms() for name in _names(term))


def find_term(name: str) -> Term | None:
    """The term of this name in either language; capitals, blanks and hyphens do not count."""
    return next((term for term in terms() if _plain(name) in map(_plain, _names(term))), None)


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
