"""What the parser says about a line that is not YAML, in words a reader can act on."""

from __future__ import annotations

import re

from tfstep.scenario.file.nodes import excerpt
from tfstep.text import Bilingual

INDENTED = Bilingual(
    "this line does not fit the indentation above it; keys of one group begin in one column",
    "缩进与上文不一致；同一组的键须从同一列开始",
)
UNCLOSED_QUOTE = Bilingual("a quotation mark is opened and never closed; close it", "引号没有闭合；请补上")
UNCLOSED = (
    Bilingual("a list that is not closed; `,` or `]` belongs here", "列表没有闭合；此处应为 `,` 或 `]`"),
    Bilingual("a group that is not closed; `,` or `}}` belongs here", "花括号没有闭合；此处应为 `,` 或 `}}`"),
)
# what the parser's message contains -> what to tell the reader
_PROBLEMS = (
    ("'\\t' that cannot start", Bilingual("a tab; indent with spaces", "出现制表符；请用空格缩进")),
    (
        "mapping values are not allowed",
        Bilingual(
            "a second `: ` on one line; quote the text, or put the key on a line of its own",
            "同一行出现第二个“: ”；请给文字加引号，或让键另起一行",
        ),
    ),
    (
        "could not find expected ':'",
        Bilingual("a key without `: `; write `key: value`", "键后面没有“: ”；应写成 `键: 值`"),
    ),
    ("expected <block end>", INDENTED),
    ("unexpected end of stream", UNCLOSED_QUOTE),
    ("expected ',' or ']'", UNCLOSED[0]),
    ("expected ',' or '}'", UNCLOSED[1]),
    (
        "but found '<stream end>'",
        Bilingual(
            "the file ends in the middle of a value; close what is open", "文件在值的中间就结束了；请把未闭合的部分补上"
        ),
    ),
    (
        "cannot start any token",
        Bilingual("a character that cannot begin a value; quote the text", "该字符不能作为值的开头；请给文字加引号"),
    ),
)


FULL_WIDTH = Bilingual("a full-width colon ：; write `: `", "出现全角冒号“：”；请写半角冒号加空格“: ”")

_FULL_WIDTH_KEY = re.compile(r"[\s-]*[A-Za-z_][A-Za-z0-9_.-]*\s*：")


def full_width_colon(line: str) -> int:
    """Where a line has ： after a key, or -1."""
    found = _FULL_WIDTH_KEY.match(line)
    return found.end() - 1 if found else -1


def problem_text(problem: str, line: str = "") -> Bilingual:
    """The parser's problem in words; of a second key on a line that has but one, the indentation is to blame."""
    if "mapping values are not allowed" in problem and len(re.findall(r":(?=\s|$)", line)) == 1:
        return INDENTED
    for part, text in _PROBLEMS:
        if part in problem:
            return text
    return Bilingual("this is not YAML: {why}", "不是合法的 YAML：{why}", why=excerpt(problem))
