"""Reading the program's own tables of texts in both languages; a fault in them is ours, so it is asserted."""

from __future__ import annotations

from pathlib import Path

from tfstep.lessons.format.lesson import Line
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Items, Node, Scalar, Section
from tfstep.scenario.file.yaml import parse
from tfstep.text import LANGUAGES


def table(path: Path, report: Report) -> tuple[Section, ...]:
    """The entries of a file that is a list of keys with values."""
    tree = parse("entries:\n" + path.read_text("utf-8"), str(path), report)
    return tuple(map(section, items(tree.get("entries"))))


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; none where there is no list."""
    return node.items if isinstance(node, Items) else ()


def section(node: Node | None) -> Section:
    """Keys with values."""
    assert isinstance(node, Section), "keys with values belong here"
    return node


def text(node: Node | None) -> str:
    """One value as it is written."""
    assert isinstance(node, Scalar), "one value belongs here"
    return node.text


def line(node: Node | None) -> Line:
    """An expression or a command, with its place."""
    assert isinstance(node, Scalar), "an expression or a command belongs here"
    return Line(node.text, node.place)


def texts(node: Node | None) -> dict[str, str]:
    """A text in each language."""
    return {each: text(section(node).get(each)) for each in LANGUAGES}
