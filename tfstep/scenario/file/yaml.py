"""Reading YAML from strangers: values and their positions, and nothing that could do harm.

The file becomes a tree of `nodes`, built from the parser's events, so that nothing is constructed
that was not asked for: no tags, no anchors and aliases, no nesting beyond `MAX_DEPTH`, no more than
`MAX_BYTES` and `MAX_VALUES`. Scalars follow the core schema of YAML 1.2: ``no`` is a word, ``1e-3`` a number.
"""

from __future__ import annotations

import math
import re

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import Reader

from tfstep.scenario.file.mistakes import Mistakes, Place, Report, fault
from tfstep.scenario.file.nodes import Broken, Items, Node, Scalar, Section, Value, excerpt
from tfstep.scenario.file.yaml_words import FULL_WIDTH, UNCLOSED, UNCLOSED_QUOTE, full_width_colon, problem_text
from tfstep.text import Bilingual

MAX_DEPTH = 100  # levels of nesting
MAX_BYTES = 512 * 1024  # of the file
MAX_VALUES = 20_000  # keys, values and lists

_INT = re.compile(r"[-+]?[0-9]{1,40}")
_HEX = re.compile(r"0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,400}|[0-9]{1,400}(\.[0-9]{0,400})?)([eE][-+]?[0-9]{1,9})?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_FIXED: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_OPENING = re.compile(rf"(?:[\[{{][ \t\r\n]*){{{MAX_DEPTH + 1}}}")
_HALF = re.compile("[\ud800-\udfff]")  # of a character that is written as two: no text by itself
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class _Looked(Reader):
    """The parser's reader of a text that was looked through already, which it would do slowly."""

    def check_printable(self, data: object) -> None:
        """Nothing more is refused."""


def parse(text: str, file: str, report: Report) -> Section:
    """The tree of a file's text; mistakes that leave it readable go to ``report``.

    Raises `Mistakes` where the text is not YAML, is empty, or is too large or too deep to be read.
    """
    _refuse_unreadable(text, file)
    loader = YAML(typ="safe", pure=True)
    loader.Reader = _Looked
    try:
        return _Builder(text, file, report).build(loader, text)
    except MarkedYAMLError as error:
        raise _syntax(error, file, text) from None
    except (YAMLError, ValueError, OverflowError) as error:
        raise fault(
            Place(file), Bilingual("this is not YAML: {why}", "不是合法的 YAML：{why}", why=excerpt(str(error)))
        ) from None


_NO_TEXT = Bilingual(
    "a control character; a scenario is plain text in UTF-8", "出现控制字符；场景文件须为 UTF-8 纯文本"
)


def _refuse_unreadable(text: str, file: str) -> None:
    if len(text) > MAX_BYTES:
        raise fault(Place(file), too_large(len(text)))
    if control := _CONTROL.search(text):
        raise fault(_place_at(text, file, control.start()), _NO_TEXT)
    if deep := _OPENING.search(text):
        raise fault(_place_at(text, file, deep.end() - 1), _too_deep())


def too_large(size: int) -> Bilingual:
    """The message for a file over the limit."""
    return Bilingual(
        "the file has {size:,} bytes; at most {most:,} are read (large weights belong in `weights: {{file: …}}`)",
        "文件有 {size:,} 字节；最多读取 {most:,} 字节（大的权重请放进 `weights: {{file: …}}`）",
        size=size,
        most=MAX_BYTES,
    )


def _too_deep() -> Bilingual:
    return Bilingual("nested more than {n} levels deep; at most {n}", "嵌套超过 {n} 层；最多 {n} 层", n=MAX_DEPTH)


def _place_at(text: str, file: str, offset: int) -> Place:
    before = text[:offset]
    return Place(file, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _syntax(error: MarkedYAMLError, file: str, text: str) -> Mistakes:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    first = max(0, (error.context_mark or mark).line - 1) if mark else 0
    for number, line in enumerate(text.split("\n")[first : place.line], first + 1):
        if (column := full_width_colon(line)) >= 0:
            return fault(Place(file, number, column + 1), FULL_WIDTH)
    there = "".join(text.split("\n")[place.line - 1 : place.line]) if place.line else ""
    message = problem_text(error.problem or error.context or "", there)
    opened = error.context_mark and Place(file, error.context_mark.line + 1, error.context_mark.column + 1)
    if opened and message is UNCLOSED_QUOTE:
        return fault(opened, message)
    if opened and message in UNCLOSED and opened.line != place.line:
        message = Bilingual(
            "{message}; it was opened at {line}:{column}",
            "{message}；它在 {line}:{column} 处打开",
            message=message,
            line=opened.line,
            column=opened.column,
        )
    return fault(place, message)


class _Builder:
    """Turns the parser's events into a tree, without recursion, and counts as it goes."""

    def __init__(self, text: str, file: str, report: Report) -> None:
        self.file, self.report, self.lines = file, report, text.split("\n")
        self.open: list[_Open] = []
        self.root: Node | None = None

    def build(self, loader: YAML, text: str) -> Section:
        """The section that the file is."""
        documents = 0
        for count, event in enumerate(loader.parse(text)):
            if count > MAX_VALUES:
                raise fault(self.place(event), _TOO_MANY)
            if isinstance(event, DocumentStartEvent):
                documents += 1
                self.start(event, documents)
            elif isinstance(event, CollectionEndEvent):
                self.close(self.open.pop().finished())
            elif isinstance(event, NodeEvent):
                self.node(event)
        if self.root is None or (isinstance(self.root, Scalar) and self.root.value is None):
            raise fault(
                Place(self.file, 1, 1), Bilingual("the file is empty; {need}", "文件是空的；{need}", need=_NEED)
            )
        if isinstance(self.root, Scalar) and (column := full_width_colon(self.root.text)) >= 0:
            raise fault(self.root.place_at(column), FULL_WIDTH)
        if not isinstance(self.root, Section):
            raise fault(self.root.place, Bilingual("no keys at the top; {need}", "顶层没有键；{need}", need=_NEED))
        return self.root

    def start(self, event: DocumentStartEvent, documents: int) -> None:
        """A document begins: there must be one, without directives."""
        if documents > 1:
            message = Bilingual(
                "a second document begins; one file holds one scenario", "又出现一个文档；一个文件只放一个场景"
            )
            raise fault(self.place(event), message)
        if event.tags or event.version:
            raise fault(self.place(event), Bilingual("a % directive; none is allowed", "出现 % 指令；不允许使用"))

    def node(self, event: NodeEvent) -> None:
        """A value begins."""
        place = self.place(event)
        refused = self.refused(event, place)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            if len(self.open) >= MAX_DEPTH:
                raise fault(place, _too_deep())
            self.open.append(_Open(isinstance(event, MappingStartEvent), place, refused))
        elif isinstance(event, ScalarEvent) and not refused:
            if _HALF.search(event.value):
                self.report.add(place, _NO_TEXT)
                self.close(Broken(place))
            else:
                self.close(self.scalar(event, place))
        else:
            self.close(Broken(place))

    def refused(self, event: NodeEvent, place: Place) -> bool:
        """Whether the value carries what no scenario may; the mistake is noted."""
        if isinstance(event, AliasEvent):
            message = Bilingual(
                "an alias *{name}; write the value out",
                "出现别名 *{name}；请把值直接写出来",
                name=excerpt(event.anchor),
            )
        elif event.anchor:
            message = Bilingual(
                "an anchor &{name}; none is allowed", "出现锚点 &{name}；不允许使用", name=excerpt(event.anchor)
            )
        elif tag := getattr(event, "ctag", None):
            message = Bilingual("a tag {tag}; none is allowed", "出现标签 {tag}；不允许使用", tag=excerpt(str(tag)))
        else:
            return False
        self.report.add(place, message)
        return True

    def scalar(self, event: ScalarEvent, place: Place) -> Scalar:
        """A number, a word, true, false or nothing."""
        text: str = event.value
        plain = event.implicit[0]
        column = place.column - 1 if plain else place.column
        line = self.lines[place.line - 1] if place.line <= len(self.lines) else ""
        literal = event.style in (None, "", "'", '"') and line[column : column + len(text)] == text
        return Scalar(_value(text) if plain else text, text, place, column + 1 if literal else -1)

    def close(self, node: Node) -> None:
        """A value is complete: it goes where it belongs."""
        if self.open:
            self.open[-1].add(node, self.report)
        else:
            self.root = node

    def place(self, event: Event) -> Place:
        """Where an event begins."""
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)


_NEED = Bilingual("a scenario begins with `tfstep: 1` and has a `model:`", "场景以 `tfstep: 1` 开头，并有 `model:`")
_TOO_MANY = Bilingual(
    "more than {n:,} values; at most {n:,} (large weights belong in `weights: {{file: …}}`)",
    "超过 {n:,} 个值；最多 {n:,} 个（大的权重请放进 `weights: {{file: …}}`）",
    n=MAX_VALUES,
)


class _Open:
    """A list or a section that is still being read."""

    def __init__(self, is_section: bool, place: Place, broken: bool) -> None:
        self.is_section, self.place, self.broken = is_section, place, broken
        self.items: list[Node] = []
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, Place] = {}
        self.key: Node | None = None

    def add(self, node: Node, report: Report) -> None:
        """Take the next item, key or value."""
        if not self.is_section:
            self.items.append(node)
        elif self.key is None:
            self.key = node
        else:
            key, self.key = self.key, None
            self.entry(key, node, report)

    def entry(self, key: Node, value: Node, report: Report) -> None:
        """Take a key with its value."""
        if isinstance(key, Broken):
            return
        if not isinstance(key, Scalar) or key.text == "":
            message = Bilingual("a key that is no name; keys are names", "键不是名称；键必须是名称")
            report.add(key.place, message)
        elif key.text in self.entries:
            message = Bilingual(
                "the key {key} is there twice, first on line {line}; once is allowed",
                "键 {key} 重复，首次出现在第 {line} 行；只能写一次",
                key=excerpt(key.text),
                line=self.keys[key.text].line,
            )
            report.add(key.place, message)
        else:
            self.entries[key.text], self.keys[key.text] = value, key.place

    def finished(self) -> Node:
        """The node, now that it is complete."""
        if self.broken:
            return Broken(self.place)
        if self.is_section:
            return Section(self.entries, self.keys, self.place)
        return Items(tuple(self.items), self.place)


def _value(text: str) -> Value:
    if text in _FIXED:
        return _FIXED[text]
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 0)
    if _INFINITE.fullmatch(text):
        return -math.inf if text.startswith("-") else math.inf
    return float(text) if _FLOAT.fullmatch(text) else text
