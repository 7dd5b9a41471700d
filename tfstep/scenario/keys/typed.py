"""From the tree of a file to the typed classes of `schema`, however wrong the file is.

A wrong key is noted and taken out, so that the rest can still be checked: `read` always gives a
whole `FilePart`, and `Source` remembers which of its values are the file's own.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from tfstep.scenario.file.mistakes import Place, Report
from tfstep.scenario.file.nodes import Broken, Keys, Node, Scalar, Section, at, place_of, to_python
from tfstep.scenario.keys import schema
from tfstep.text import Bilingual


class Source(Struct, frozen=True, eq=False):
    """A file that is being checked: its tree, its typed values, and which of its keys were wrong."""

    tree: Section
    part: schema.FilePart
    wrong: set[Keys]
    report: Report

    def node(self, *keys: str | int) -> Node | None:
        """The value as the file has it, or None where it is absent or was wrong."""
        if any(keys[: n + 1] in self.wrong for n in range(len(keys))):
            return None
        node = at(self.tree, keys)
        return None if isinstance(node, Broken) or (isinstance(node, Scalar) and node.value is None) else node

    def given(self, *keys: str | int) -> bool:
        """Whether the file gives this value, and rightly so."""
        return self.node(*keys) is not None

    def sound(self, *keys: str | int) -> bool:
        """Whether the value, given or default, can be relied on."""
        return self.given(*keys) or at(self.tree, keys) is None

    def place(self, *keys: str | int, key: bool = False) -> Place:
        """Where the value (or with ``key`` its key) stands, or what is around it."""
        return place_of(self.tree, keys, key)

    def last(self, first: Keys, second: Keys) -> Keys:
        """Of two values that do not agree the one to point at: ``first``, unless a variant changed only ``second``."""
        return second if self.changed(second) and not self.changed(first) else first

    def changed(self, keys: Keys) -> bool:
        """Whether a variant, or a change from outside of the file, gave this value."""
        if at(self.tree, keys) is None:
            return False
        place, variants = self.place(*keys), self.tree.keys.get("variants")
        return not place.line or (variants is not None and place.line >= variants.line)

    def add(self, keys: Keys, message: Bilingual, key: bool = False) -> None:
        """Note a mistake at the value (or key) under ``keys``."""
        self.report.add(self.place(*keys, key=key), message)


def read(tree: Section, report: Report) -> Source:
    """The typed values of a tree; every mistake of type, range or name goes to ``report``."""
    wrong: set[Keys] = set()
    data = _plain(tree, (), wrong, report)
    try:
        part = msgspec.convert(data, schema.FilePart)
    except schema.NO_TYPE:
        from tfstep.scenario.keys.refused import UNKNOWN, misfits, refusal

        for keys, kind in misfits(data, schema.FilePart):
            report.add(place_of(tree, keys, key=kind is UNKNOWN), refusal(tree, keys, kind))
            wrong |= {keys, _drop(data, keys)}
        part = msgspec.convert(data, schema.FilePart)
    return Source(tree, part, wrong, report)


def _plain(node: Section, keys: Keys, wrong: set[Keys], report: Report) -> dict[str, Any]:
    """Plain values; keys with nothing behind them are noted and left out."""
    plain: dict[str, Any] = {}
    for key, value in node:
        here = (*keys, key)
        if here == ("variants",):
            continue
        if isinstance(value, Scalar) and value.value is None and here[:1] != ("vocab",):
            message = Bilingual(
                "{key} has no value; give one or leave the key out", "{key} 没有值；请写上值，或去掉该键", key=key
            )
            report.add(node.keys[key], message)
            wrong.add(here)
        elif isinstance(value, Broken):
            wrong.add(here)
        else:
            plain[key] = _plain(value, here, wrong, report) if isinstance(value, Section) else to_python(value)
    return plain


def _drop(data: dict[str, Any], keys: Keys) -> Keys:
    """Take the wrong value out of the data; an item takes its whole list along. Gives what was taken."""
    for length in range(len(keys), 0, -1):
        parent: Any = data
        for key in keys[: length - 1]:
            there = isinstance(parent, list) or (isinstance(parent, dict) and key in parent)
            parent = parent[key] if there else {}
        if isinstance(parent, dict):
            parent.pop(keys[length - 1], None)
            return keys[:length]
    data.clear()
    return ()
