"""From the text of an address to its parts."""

from __future__ import annotations

import re
from functools import lru_cache
from types import EllipsisType
from typing import Any

from msgspec import Struct

from tfstep.address.caret import caret
from tfstep.errors import PathError
from tfstep.text import Bilingual

MOST = 16  # indices that are read
_NUMBER = re.compile(r"[-−]?[0-9]{1,9}$")
_SLICE = re.compile(r"((?:-?[0-9]{1,9})?):((?:-?[0-9]{1,9})?)(?::([1-9][0-9]{0,8})?)?$")
_TAIL = re.compile(r"(\.(grad|new)|/[^\[\]]+)*$")
_QUOTES = {"'": "'", '"': '"', "“": "”", "‘": "’", "「": "」"}
_HALF = str.maketrans("０１２３４５６７８９，［］【】：（）", "0123456789,[][]:()")


class Word(Struct, frozen=True):
    """An index that is no number: a word of its axis; without quotes also the label that the screen gives it."""

    text: str
    quoted: bool = False


Item = int | slice | Word | EllipsisType


class Address(Struct, frozen=True):
    """``swapped:enc0.attn.weights[0,0,我,:]``: ``items`` is None where there are no brackets."""

    path: str
    items: tuple[Item, ...] | None = None
    variant: str | None = None


def halfwidth(text: str) -> str:
    """Digits, commas, colons and brackets of a Chinese input method as ASCII has them, outside of quotes."""
    if text.isascii():
        return text
    parts, closing = [], ""
    for c in text:
        parts.append(c if closing else c.translate(_HALF))
        closing = ("" if c == closing else closing) if closing else _QUOTES.get(c, "")
    return "".join(parts)


@lru_cache(maxsize=4096)
def parse(text: str) -> Address:
    """The parts of an address. Raises PathError, which shows the place of a mistake."""
    plain = halfwidth(text)
    head, bracket, _ = plain.partition("[")
    path = head.replace("`", "").strip()
    variant, colon, rest = path.partition(":")
    if colon:
        variant, path = variant.strip(), rest.strip()
    items: list[Item] = []
    at = len(head) + 1
    while bracket:
        item, at = _item(text, plain, at)
        items.append(item)
        if len(items) > MOST:
            raise _wrong(text, at, Bilingual("more than {most} indices", "下标超过 {most} 个", most=MOST))
        at += 1
        if plain[at - 1] == "]":
            break
    tail = plain[at:].replace("`", "").strip() if bracket else ""
    if not _TAIL.match(tail):
        raise _wrong(
            text,
            at,
            Bilingual(
                "after the indices stands .grad, .new, /INNER or nothing",
                "下标后面只能是 .grad、.new、/内部步骤，或没有",
            ),
        )
    return Address(path + tail, tuple(items) if bracket else None, variant if colon else None)


def parse_cell(text: str, slices: bool = False) -> tuple[str, tuple[Any, ...] | None]:
    """The path and the indices of an address whose indices are numbers, as files and explanations have them.

    Raises PathError for anything but whole numbers (and, with ``slices``, ``:``) in the brackets.
    """
    address = parse(text)
    if address.items is None:
        return address.path, None
    found: list[int | slice] = []
    for item in address.items:
        if isinstance(item, Word | EllipsisType) or (isinstance(item, slice) and not slices):
            raise PathError(
                Bilingual(
                    "{text}: {part!r} is not an index; a cell is written PATH[0,1,2], one whole number per axis",
                    "{text}：{part!r} 不是下标；单元格写作 PATH[0,1,2]，每个轴一个整数",
                    text=text,
                    part=index_text(item),
                )
            )
        found.append(item)
    return address.path, tuple(found)


def index_text(item: Item) -> str:
    """One index as people write it."""
    if isinstance(item, Word):
        return item.text
    if isinstance(item, slice):
        ends = (item.start, item.stop, *([] if item.step is None else [item.step]))
        return ":".join("" if n is None else str(n) for n in ends)
    return "..." if item is ... else str(item)


def cell_name(path: str, cell: tuple[int, ...]) -> str:
    """``scores[0,0,1,2]``; a scalar's cell is its bare path."""
    return f"{path}[{','.join(map(str, cell))}]" if cell else path


def quoted_word(word: str) -> str:
    """A word as an index: in quotes where it would be read as something else without."""
    try:
        (item,) = parse(f"x[{word}]").items or (None,)
    except (PathError, ValueError):
        item = None
    if item == Word(word):
        return word
    return f'"{word}"' if "'" in word else f"'{word}'"


def _item(text: str, plain: str, at: int) -> tuple[Item, int]:
    """The index that begins at ``at``, and where it ends: at its comma or the closing bracket."""
    while plain[at : at + 1].isspace():
        at += 1
    start = at
    if closing := _QUOTES.get(plain[at : at + 1]):
        end = plain.find(closing, at + 1)
        if end < 0:
            raise _wrong(text, at, Bilingual("the quote is not closed", "引号没有闭合"))
        after = end + 1
        while plain[after : after + 1].isspace():
            after += 1
        if plain[after : after + 1] in (",", "]"):
            return Word(text[at + 1 : end], quoted=True), after
    while at < len(plain) and plain[at] not in ",]":
        at += 1
    if at == len(plain):
        raise _wrong(text, plain.index("["), Bilingual("the bracket is not closed", "方括号没有闭合"))
    part = plain[start:at].strip()
    if _NUMBER.match(part):
        return int(part.replace("−", "-")), at
    if bounds := _SLICE.match(part):
        return slice(*(int(n) if n else None for n in bounds.groups())), at
    if part in ("...", "…"):
        return ..., at
    if not part or "[" in part:
        raise _wrong(
            text,
            start,
            Bilingual(
                "no list of indices, one for each axis, such as `[0,1,'我',:]`",
                "不是下标；每个轴一个，如 `[0,1,'我',:]`",
            ),
        )
    return Word(part), at


def _wrong(text: str, column: int, message: Bilingual) -> PathError:
    shown = text if len(text) <= 80 else text[:80] + "…"
    place = caret(shown, min(column, len(shown))).replace("\n", "\n  ")
    return PathError(
        Bilingual(
            "{text}: {message}\n  {place}", "{text}：{message}\n  {place}", text=shown, message=message, place=place
        )
    )
