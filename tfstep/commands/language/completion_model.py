"""The keys of the model that `model` may change, with what they are now, and the values that they may have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session

Pairs = Iterator[tuple[str, str]]  # a text and a word on it


def keys(session: Session) -> Pairs:
    """Every key of this kind of model, as it is now, and what it is for."""
    from tfstep.scenario.keys.about import ABOUT
    from tfstep.scenario.keys.kinds import KEYS

    for key, section, name in _places():
        if session.scenario.model.kind in KEYS[key.partition(".")[0]]:
            now = _now(session, key)
            yield key, f"{now}  {ABOUT[section][name]}" if now else str(ABOUT[section][name])


def values(session: Session, key: str) -> Pairs:
    """The values of a key that has few; the present one says so."""
    from tfstep.scenario.keys.about import PARTS
    from tfstep.scenario.keys.schema import choices_of, fields

    section, name = next(((section, name) for each, section, name in _places() if each == key), ("", ""))
    if not section:
        return
    kind = fields(PARTS[section])[name]
    found = ("true", "false") if kind is bool else choices_of(kind)
    for each in found:
        yield each, str(Bilingual("as it is now", "现在的值")) if each == _now(session, key) else ""


def _places() -> Iterator[tuple[str, str, str]]:
    """Each key with the section that declares it and its name there; those of a section inside by their path."""
    from tfstep.scenario.keys.about import PARTS

    for name in PARTS["model"].__struct_fields__:
        if name in PARTS and name != "layers":
            yield from ((f"{name}.{inner}", name, inner) for inner in PARTS[name].__struct_fields__)
        else:
            yield name, "model", name


def _now(session: Session, key: str) -> str:
    """The present value, as it is typed; empty where it is no single one."""
    value = getattr(session.scenario.model, key.replace(".", "_"), None)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int | str) else ""
