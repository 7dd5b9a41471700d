"""The keys of the model that `model` may change, with what they are now, and the values that they may have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfstep.commands.language.session import Session
from tfstep.models.keys.key import Key
from tfstep.text import Bilingual

Pairs = Iterator[tuple[str, str]]  # a text and a word on it


def keys(session: Session) -> Pairs:
    """Every key of this kind of model, as it is now, and what it is for."""
    for name, key, _ in _declared(session):
        now = _now(session, name)
        yield name, f"{now}  {key.about}" if now else str(key.about)


def values(session: Session, key: str) -> Pairs:
    """The values of a key that has few; the present one says so."""
    from tfstep.models.keys.key import alternatives, choices_of

    kind = next((kind for name, _, kind in _declared(session) if name == key), None)
    found = [each for one in alternatives(kind) for each in (("true", "false") if one is bool else choices_of(one))]
    for each in found:
        yield each, str(Bilingual("as it is now", "现在的值")) if each == _now(session, key) else ""


def _declared(session: Session) -> Iterator[tuple[str, Key, Any]]:
    """Each key of this kind with its declaration and its type; those of a section inside by their path."""
    from tfstep.models.config import ModelConfig, TrainKeys
    from tfstep.models.keys.key import fields, section_of
    from tfstep.models.keys.key import keys as declared

    for name, key in declared(ModelConfig).items():
        kind = fields(ModelConfig)[name]
        if session.scenario.model.kind not in key.kinds:
            continue
        if (inner := section_of(kind)) is kind:
            yield from ((f"{name}.{each}", declared(inner)[each], fields(inner)[each]) for each in declared(inner))
        else:
            yield name, key, kind
    if session.scenario.loss.kind != "none":
        yield from ((f"train.{name}", key, fields(TrainKeys)[name]) for name, key in declared(TrainKeys).items())


def _now(session: Session, key: str) -> str:
    """The present value, as it is typed; empty where it is no single one."""
    first, *rest = key.split(".")
    value: object = session.scenario.train if first == "train" else getattr(session.scenario.model, first)
    for name in rest:
        value = getattr(value, name)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int | str) else ""
