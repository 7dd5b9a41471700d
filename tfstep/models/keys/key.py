"""How a key of a scenario file is declared: as a field of a section, with its type, its default and a `Key`.

From the declaration follow the checked configuration, the JSON Schema, the reference, the comments of a new file,
what `model` offers, what is said of a wrong value, and which kinds of model have the key.

The files that declare keys do without ``from __future__ import annotations``: their annotations are values, made once,
and no text that each reader would have to evaluate anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from inspect import get_annotations
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from msgspec import Meta, Struct
from msgspec.structs import replace

from tfstep.models.keys.kinds import kinds_with
from tfstep.text import Bilingual

LARGEST = sys.float_info.max  # below infinity
Size = Annotated[int, Meta(ge=1)]
Depth = Annotated[int, Meta(ge=1, le=256)]
Finite = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
Positive = Annotated[float, Meta(gt=0, le=LARGEST)]
Fraction = Annotated[float, Meta(ge=0, lt=1)]
Numbers = Annotated[Any, Meta(extra_json_schema={"$nested": "numbers"})]  # a reference that `json_schema` puts in

Made = Annotated[Any, Meta(extra_json_schema={"anyOf": [{"$nested": "numbers"}, {"type": "string"}]})]
"""Numbers, or an expression that makes them."""
Kept = Made
"""Numbers, or the name of a file that keeps them."""
_COUNT = {"type": "integer", "minimum": 1, "maximum": 100}
_LISTED = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 100}
Count = Annotated[Any, Meta(extra_json_schema={"anyOf": [_COUNT, _LISTED]})]
"""How many values an index has, from 0, or which."""
Start = Annotated[
    Any, Meta(extra_json_schema={"anyOf": [{"$nested": "numbers"}, {"type": "string"}, {"$nested": "drawn"}]})
]
"""The same, or the shape of what is drawn."""
_NAME = {"type": "string", "minLength": 1}
AxisNames = Annotated[
    Any,
    Meta(
        extra_json_schema={
            "type": "array",
            "items": {
                "anyOf": [
                    _NAME,
                    {
                        "type": "object",
                        "additionalProperties": {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
                        "minProperties": 1,
                        "maxProperties": 1,
                    },
                ]
            },
        }
    ),
]
"""A name for each axis; or, under it, the words along it."""


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of keys: no key beyond the declared ones, no conversion between types but from int to float."""


S = TypeVar("S", bound=Section)


class Told(Struct, frozen=True):
    """What a default may follow from besides the other keys: whether there are labels, and how wide `input.x` is."""

    labels: bool = False
    width: int | None = None


class Key:
    """What a key is for, in both languages, and what its type does not say.

    ``of`` names the parts of the kinds that have it (`Kind.parts`), all kinds where it is empty. ``follows`` gives
    the default where it depends on other keys, from the configuration so far and from what the file `Told`.
    ``allowed`` is what a message says of its values where the type would not say it well.
    """

    def __init__(
        self,
        of: str,
        about: Bilingual,
        follows: Callable[[Any, Told], Any] | None = None,
        allowed: Bilingual | None = None,
    ) -> None:
        self.kinds, self.about, self.follows, self.allowed = kinds_with(of), about, follows, allowed


@cache
def _declared(section: type[Struct]) -> dict[str, tuple[Any, Key | None]]:
    """The keys of a section in order, its own before inherited ones, each with its type and its declaration."""
    found: dict[str, tuple[Any, Key | None]] = {}
    hints = [get_annotations(each) for each in section.__mro__[:-1]]
    for name in {name: None for each in hints for name in each}:
        hint = next(each[name] for each in hints if name in each)
        kind, notes = (hint.__origin__, hint.__metadata__) if get_origin(hint) is Annotated else (hint, ())
        limits = tuple(note for note in notes if isinstance(note, Meta))
        key = next((note for note in notes if isinstance(note, Key)), None)
        found[name] = (Annotated[kind, *limits] if limits else kind, key)
    return found


@cache
def fields(section: type[Struct]) -> dict[str, Any]:
    """The keys of a section and their types, in order."""
    return {name: kind for name, (kind, _) in _declared(section).items()}


@cache
def keys(section: type[Struct]) -> dict[str, Key]:
    """The keys of a section and their declarations, in order."""
    return {name: key for name, (_, key) in _declared(section).items() if key is not None}


def choices_of(kind: Any) -> tuple[Any, ...]:
    """The values that a key may have, if they are few."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def alternatives(kind: Any) -> list[Any]:
    """The types that a value may have; that a key may be left out is no value."""
    bare = bare_of(kind)
    if get_origin(bare) not in (Union, UnionType):
        return [] if kind is type(None) else [kind]
    return [each for one in get_args(bare) for each in alternatives(one)]


def bare_of(kind: Any) -> Any:
    """A type without its limits."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def section_of(kind: Any) -> type[Section] | None:
    """The section that a value of this type is, or may be."""
    return next((each for each in alternatives(kind) if isinstance(each, type) and issubclass(each, Section)), None)


def completed(section: S, given: Callable[..., bool], told: Told, whole: Section | None = None) -> S:
    """The section with the defaults that follow from other keys, where ``given`` says that the file has none."""
    for name, key in keys(type(section)).items():
        value = getattr(section, name)
        if isinstance(value, Section):
            value = completed(value, lambda *inner, name=name: given(name, *inner), told, whole or section)
        elif key.follows is not None and not given(name):
            value = key.follows(whole or section, told)
        else:
            continue
        section = replace(section, **{name: value})
    return section
