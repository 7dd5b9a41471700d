"""The keys of front matter and question blocks: which there are, and how each is read."""

from __future__ import annotations

from collections.abc import Iterable

from tfstep.errors import did_you_mean
from tfstep.lessons.format.lesson import Line, Pieces
from tfstep.lessons.format.words import read_pieces
from tfstep.scenario.file.mistakes import Mistakes, Place, Report
from tfstep.scenario.file.nodes import Items, Node, Scalar, Section, excerpt, found_text
from tfstep.scenario.file.yaml import parse
from tfstep.text import Bilingual


class Fields:
    """The keys of one block of YAML that begins on line ``first`` of a file; mistakes go to ``report``."""

    def __init__(self, what: Bilingual, text: str, file: str, first: int, report: Report) -> None:
        self.what, self.report, self.place = what, report, Place(file, first, 1)
        self.section: Section | None = None
        if not text.strip():
            self.add(self.place, Bilingual("{what} is empty", "{what}是空的", what=what))
            return
        try:
            self.section = parse("\n" * (first - 1) + text, file, report)
        except Mistakes as mistakes:
            report.mistakes += mistakes.mistakes

    def add(self, place: Place, message: Bilingual) -> None:
        """Note a mistake."""
        self.report.add(place, message)

    def get(self, key: str) -> Node | None:
        """The value of a key, or None where it is not there."""
        return self.section.get(key) if self.section else None

    def allow(self, keys: Iterable[str]) -> None:
        """Note every key that is none of these."""
        known = list(keys)
        for key, place in self.section.keys.items() if self.section else ():
            if key not in known:
                message = Bilingual(
                    "{what} has no key {key}{near}; allowed: {known}",
                    "{what}没有键 {key}{near}；可用：{known}",
                    what=self.what,
                    key=excerpt(key),
                    near=did_you_mean(key, known),
                    known=", ".join(known),
                )
                self.add(place, message)

    def need(self, key: str) -> Node | None:
        """The value of a key that must be there."""
        node = self.get(key)
        if node is None and self.section is not None:
            message = Bilingual("{what} needs the key {key}", "{what}缺少键 {key}", what=self.what, key=key)
            self.add(self.section.place, message)
        return node

    def text(self, node: Node | None, key: str) -> str:
        """A value that is a text on one line or several; empty where it is not there or is none."""
        if isinstance(node, Scalar) and node.value is not None and node.text.strip():
            return node.text.strip()
        if node is not None:
            self.wrong(node, key, Bilingual("a text", "文本"))
        return ""

    def line(self, node: Node | None, key: str) -> Line | None:
        """A value that is an expression, a command or a cell."""
        text = self.text(node, key)
        return Line(text, node.place) if node is not None and text else None

    def lines(self, key: str) -> tuple[Line, ...]:
        """A value that is one line or a list of them."""
        node = self.get(key)
        nodes = node.items if isinstance(node, Items) else () if node is None else (node,)
        return tuple(line for each in nodes if (line := self.line(each, key)) is not None)

    def pieces(self, node: Node | None, key: str) -> Pieces:
        """A value that is prose."""
        text = self.text(node, key)
        return read_pieces(text, node.place, self.report) if node is not None and text else ()

    def whole(self, key: str, least: int, most: int) -> int:
        """A value that is a whole number between two bounds."""
        node = self.need(key)
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        if node is not None:
            what = Bilingual("a whole number from {a} to {b}", "{a} 到 {b} 的整数", a=least, b=most)
            self.wrong(node, key, what)
        return least

    def wrong(self, node: Node, key: str, allowed: Bilingual) -> None:
        """Note that a value is not what its key takes."""
        message = Bilingual(
            "{key} is {found}; allowed: {allowed}",
            "{key} 为 {found}；可用：{allowed}",
            key=key,
            found=found_text(node),
            allowed=allowed,
        )
        self.add(node.place, message)
