"""The Markdown of generated pages: a head that says so, tables, code that may hold any character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from tfstep.text import Bilingual

MADE = Bilingual(
    "Made from the program itself by `python docs/make.py`; do not edit it by hand.",
    "由程序自身生成：`python docs/make.py`；请勿手工修改。",
)

CODE = re.compile(r"(`` .*? ``|`[^`]+`)")
SPECIAL = re.compile(r"[|*_`\[\]]")


def head(title: Bilingual, language: str) -> Iterator[str]:
    """The title, and that the page is made."""
    yield f"# {title.in_(language)}"
    yield f"\n<!-- {MADE.in_(language)} -->\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, none where there are no rows."""
    found = list(rows)
    if found:
        yield _row(columns)
        yield _row(["---"] * len(columns))
        yield from map(_row, found)


def code(text: str) -> str:
    """Text as code, backquotes in it included; nothing where there is none."""
    if "`" in text:
        return f"`` {text} ``"
    return f"`{text}`" if text else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """What stands in one cell. A bar is an entity, in code of HTML: some renderers keep the backslash of an escaped one."""
    if "|" not in text:
        return text
    return "".join(_spelled(part) if part.startswith("`") else part.replace("|", "&#124;") for part in CODE.split(text))


def _spelled(text: str) -> str:
    if "|" not in text:
        return text
    inner = SPECIAL.sub(lambda each: f"&#{ord(each[0])};", escape(text.strip("`").strip(), quote=False))
    return f"<code>{inner}</code>"
