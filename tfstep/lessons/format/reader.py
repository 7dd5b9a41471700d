"""Reading a lesson file: front matter between ``---``, steps that begin with ``##``, fenced blocks and prose."""

from __future__ import annotations

import re
from pathlib import Path

from tfstep.errors import did_you_mean
from tfstep.lessons.format.fields import Fields
from tfstep.lessons.format.lesson import Block, Claims, Commands, Lesson, Line, Look, Prose, Step, Try
from tfstep.lessons.format.question import read_question
from tfstep.lessons.format.words import place_in, read_pieces, without_comments
from tfstep.scenario.file.mistakes import Mistakes, Place, Report, fault
from tfstep.scenario.file.nodes import excerpt
from tfstep.scenario.file.reading import read_text
from tfstep.text import Bilingual

KEYS = ("title", "about", "scenario", "variant", "minutes", "order")
OPTIONAL_KEYS = ("variant",)
MINUTES, ORDER = (1, 60), (1, 999)
BLOCKS: dict[str, type[Commands | Claims | Look | Try]] = {
    "tfstep": Commands,
    "claim": Claims,
    "look": Look,
    "try": Try,
}
FENCES = (*BLOCKS, "question", "text")
_FENCE = re.compile(r"```\s*(\S*)\s*$")
_COMMENT = re.compile(r"\s+#\s.*$|^#.*$")


def read_lesson(path: Path) -> Lesson:
    """The lesson of a file ``NAME.en.md`` or ``NAME.zh.md``. Raises `Mistakes` with every mistake of the file."""
    report = Report()
    lesson = _Reader(read_text(path), path, report).lesson()
    report.raise_if_any()
    return lesson


class _Reader:
    """Goes through the lines of one file."""

    def __init__(self, text: str, path: Path, report: Report) -> None:
        self.lines, self.path, self.report = without_comments(text).split("\n"), path, report
        self.file = str(path)
        self.name, _, self.language = path.name.removesuffix(".md").rpartition(".")
        self.at = 0

    def add(self, line: int, message: Bilingual, column: int = 1) -> None:
        """Note a mistake on a line, counted from 0."""
        self.report.add(Place(self.file, line + 1, column), message)

    def lesson(self) -> Lesson:
        """The whole file."""
        if not self.name or self.language not in ("en", "zh"):
            message = Bilingual(
                "the name of a lesson file ends in .en.md or .zh.md", "课程文件名须以 .en.md 或 .zh.md 结尾"
            )
            raise fault(Place(self.file), message)
        fields = self.front()
        steps: list[Step] = []
        while (step := self.step()) is not None:
            steps.append(step)
        self.whole(steps)
        return Lesson(
            self.name,
            self.language,
            self.path,
            fields.text(fields.need("title"), "title"),
            fields.text(fields.need("about"), "about"),
            fields.text(fields.need("scenario"), "scenario"),
            fields.text(fields.get("variant"), "variant") or "base",
            fields.whole("minutes", *MINUTES),
            fields.whole("order", *ORDER),
            tuple(steps),
            dict(fields.section.keys) if fields.section else {},
        )

    def front(self) -> Fields:
        """What stands between the first two lines ``---``."""
        end = next((k for k, line in enumerate(self.lines[1:], 1) if line.rstrip() == "---"), None)
        if self.lines[0].rstrip() != "---" or end is None:
            message = Bilingual("a lesson begins with its keys between two lines ---", "课程以两行 --- 之间的键开头")
            raise Mistakes([*self.report.mistakes, *fault(Place(self.file, 1, 1), message).mistakes])
        what = Bilingual("a lesson", "课程")
        fields = Fields(what, "\n".join(self.lines[1:end]) + "\n", self.file, 2, self.report)
        fields.allow(KEYS)
        self.at = end + 1
        self.blank()
        if self.at < len(self.lines) and not self.lines[self.at].startswith("## "):
            self.add(self.at, Bilingual("a step begins with `## TITLE`", "每一步以 `## 标题` 开头"))
        return fields

    def blank(self) -> None:
        """Go past empty lines."""
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1

    def step(self) -> Step | None:
        """The next step, or None at the end."""
        while self.at < len(self.lines) and not self.lines[self.at].startswith("## "):
            self.at += 1
        if self.at == len(self.lines):
            return None
        place = Place(self.file, self.at + 1, 4)
        title = self.lines[self.at][3:].strip()
        if not title:
            self.report.add(place, Bilingual("a step without a title", "这一步没有标题"))
        self.at += 1
        blocks: list[Block] = []
        while self.at < len(self.lines) and not self.lines[self.at].startswith("## "):
            block = self.block()
            if block is not None:
                blocks.append(block)
            self.blank()
        return Step(title, place, tuple(blocks))

    def block(self) -> Block | None:
        """The next block of a step."""
        self.blank()
        if self.at == len(self.lines) or self.lines[self.at].startswith("## "):
            return None
        return self.fenced() if self.lines[self.at].startswith("```") else self.prose()

    def prose(self) -> Prose:
        """Paragraphs up to the next fence or heading."""
        start = self.at
        while self.at < len(self.lines) and not re.match(r"```|## ", self.lines[self.at]):
            if re.match(r"#{1,6}(\s|\S)", self.lines[self.at]):
                self.add(self.at, Bilingual("a heading other than `## `", "只能用 `## ` 作标题"))
            self.at += 1
        text = "\n".join(self.lines[start : self.at]).rstrip()
        place = Place(self.file, start + 1, 1)
        if (open_ := text.find("<!--")) >= 0:
            message = Bilingual("the comment is not closed by -->", "注释没有用 --> 闭合")
            self.report.add(place_in(text, open_, place), message)
        return Prose(read_pieces(text, place, self.report), place)

    def fenced(self) -> Block | None:
        """A block between fences."""
        start, opening = self.at, _FENCE.match(self.lines[self.at])
        kind = opening[1] if opening else self.lines[self.at][3:]
        end = next((k for k in range(start + 1, len(self.lines)) if self.lines[k].rstrip() == "```"), None)
        if end is None:
            self.add(start, Bilingual("the block is not closed by ```", "代码块没有用 ``` 闭合"))
            self.at = len(self.lines)
            return None
        self.at = end + 1
        inner = self.lines[start + 1 : end]
        if kind == "question":
            return read_question("\n".join(inner) + "\n", self.file, start + 2, self.report)
        if kind == "text":
            place = Place(self.file, start + 2, 1)
            return Prose(read_pieces("\n".join(inner), place, self.report), place, verbatim=True)
        if kind in BLOCKS:
            return self.block_of_lines(kind, inner, start)
        message = Bilingual(
            "no block {kind!r}{near}; allowed: {known}",
            "没有 {kind!r} 这种代码块{near}；可用：{known}",
            kind=excerpt(kind),
            near=did_you_mean(kind, FENCES),
            known=", ".join(FENCES),
        )
        self.add(start, message, 4)
        return None

    def block_of_lines(self, kind: str, inner: list[str], start: int) -> Block:
        """A block of commands, expressions or cells."""
        lines = tuple(
            Line(text.strip(), Place(self.file, start + 2 + k, len(text) - len(text.lstrip()) + 1))
            for k, text in enumerate(inner)
            if text.strip() and (kind == "try" or _COMMENT.sub("", text).strip())
        )
        if not lines:
            self.add(start, Bilingual("the block is empty", "代码块是空的"))
        return BLOCKS[kind](lines)

    def whole(self, steps: list[Step]) -> None:
        """What every lesson has: steps, two questions, and something to try at the end."""
        last = len(self.lines) - 1
        if not steps:
            self.add(
                last,
                Bilingual("there are no steps; each begins with `## TITLE`", "没有任何步骤；每步以 `## 标题` 开头"),
            )
            return
        if sum(len(step.questions) for step in steps) < 2 and not self.report.mistakes:
            self.add(last, Bilingual("fewer than two questions; a reader predicts", "问题少于两个；读者要先预测"))
        if not any(isinstance(block, Try) for block in steps[-1].blocks):
            message = Bilingual(
                "the last step has no ```try block; a lesson ends with something to try",
                "最后一步没有 ```try 代码块；课程以动手尝试结束",
            )
            self.report.add(steps[-1].place, message)
