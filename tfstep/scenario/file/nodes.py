"""A scenario file as a tree in which every value knows its line and column.

Trees are never changed: merging a variant makes a new one that shares its branches, so a value
that came from a variant still points at the variant's own line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from tfstep.scenario.file.mistakes import Place, fault
from tfstep.text import Bilingual

Value = None | bool | int | float | str
Keys = tuple[str | int, ...]
SHOWN = 40  # characters of a value that a message repeats


class Scalar(Struct, frozen=True, eq=False):
    """One value and the text it was written as; ``column_of`` finds a word inside it."""

    value: Value
    text: str
    place: Place
    inner: int = -1  # column where ``text`` stands letter by letter in the file, or -1 where it is escaped or folded
    places: tuple[int, ...] = ()  # of a text that was put together: where each character of it stands in what was there

    def place_at(self, offset: int) -> Place:
        """The place of the character ``offset`` of the text."""
        if self.inner < 0:
            return self.place
        if self.places:
            offset = self.places[min(offset, len(self.places) - 1)]
        return Place(self.place.file, self.place.line, self.inner + offset)


class Numbers(Struct, frozen=True, eq=False):
    """Numbers that came from the program, not from a file."""

    array: np.ndarray
    place: Place


class Items(Struct, frozen=True, eq=False):
    """A list."""

    items: tuple[Node, ...]
    place: Place


class Section(Struct, frozen=True, eq=False):
    """Keys with their values; ``keys`` are the places of the keys themselves."""

    entries: Mapping[str, Node]
    keys: Mapping[str, Place]
    place: Place

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        return self.entries.get(key)

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        return iter(self.entries.items())


class Broken(Struct, frozen=True, eq=False):
    """A value that was refused when it was read (a tag, an alias); its mistake is noted already."""

    place: Place


Node = Scalar | Numbers | Items | Section | Broken


def section_at(node: Node | None, *keys: str) -> Section | None:
    """The section under these keys, or None if there is none."""
    found = at(node, keys)
    return found if isinstance(found, Section) else None


def at(node: Node | None, keys: Keys) -> Node | None:
    """The value under these keys, or None."""
    for key in keys:
        if isinstance(node, Section):
            node = node.get(str(key))
        elif isinstance(node, Items) and isinstance(key, int) and key < len(node.items):
            node = node.items[key]
        else:
            return None
    return node


def place_of(root: Node, keys: Keys, key: bool = False) -> Place:
    """Where the value under ``keys`` stands, or the nearest thing around it; ``key=True``: where its key stands."""
    node, place = root, root.place
    for index, each in enumerate(keys):
        found = at(node, (each,))
        if found is None:
            return place
        last = index == len(keys) - 1
        place = node.keys[str(each)] if isinstance(node, Section) and key and last else found.place
        node = found
    return place


def from_python(value: object, place: Place) -> Node:
    """A tree of plain Python values: dicts, lists, numbers, words, arrays and what NumPy takes for one (a tensor,
    xarray's). Raises ScenarioError for another.
    """
    if hasattr(value, "__array__") and not isinstance(value, np.generic | np.ndarray):
        value = np.asarray(value)
    if isinstance(value, Mapping):
        entries = {str(key): from_python(item, place) for key, item in value.items()}
        return Section(entries, dict.fromkeys(entries, place), place)
    if isinstance(value, np.ndarray) and value.ndim:
        return Numbers(value, place)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Items(tuple(from_python(item, place) for item in value), place)
    if isinstance(value, np.generic | np.ndarray):
        value = value.item()
    if isinstance(value, float):
        value = float(value)  # without what a class of its own adds
    if value is None or isinstance(value, bool | int | float | str):
        return Scalar(value, _spelling(value), place)
    kind = type(value).__name__
    raise fault(place, Bilingual("a scenario cannot hold a {kind}", "场景里不能有 {kind}", kind=kind))


def _spelling(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def to_python(node: Node) -> object:
    """The plain value of a tree: dicts, lists, numbers, words and arrays."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [to_python(item) for item in node.items]
    if isinstance(node, Section):
        return {key: to_python(item) for key, item in node}
    return node.array if isinstance(node, Numbers) else None


def found_text(node: Node) -> Bilingual:
    """What a message says was found: the value as written, or what sort of thing it is."""
    if isinstance(node, Section):
        return Bilingual("a group of keys", "一组键值")
    if isinstance(node, Items):
        return Bilingual("a list", "一个列表")
    if isinstance(node, Numbers):
        return Bilingual("an array of shape {shape}", "形状为 {shape} 的数组", shape=node.array.shape)
    if isinstance(node, Broken):
        return Bilingual("nothing readable", "无法读取的内容")
    if node.value is None:
        return (
            Bilingual("nothing", "空值")
            if node.text == ""
            else Bilingual("{value}", "{value}", value=excerpt(node.text))
        )
    if isinstance(node.value, str):
        return Bilingual("'{value}'", "“{value}”", value=excerpt(node.text))
    return Bilingual("{value}", "{value}", value=excerpt(node.text))


def excerpt(text: str) -> str:
    """A value as a message repeats it: on one line, without control characters, not too long."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
