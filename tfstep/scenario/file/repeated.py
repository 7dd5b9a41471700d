"""Equations that are written once for many layers or heads: ``repeat: {i: 3}``, and names with ``{i}`` in them.

What stands in braces is a whole number, worked out from the indices: ``h{i+1}: tanh(h{i} @ W{i})`` with i = 0, 1, 2 are
three equations, h1, h2 and h3. Equations that follow each other and have an index in their names go round together; of
several indices the first that `repeat` names is the outermost. Where an equation itself has not the index, a part with it
is written out for every one: ``concat(o{h}, ...)``, ``x{i} + ...``.

It is done to the tree, so that all that comes after meets plain names; each character keeps its place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from tfstep.scenario.file.mistakes import Place, Report
from tfstep.scenario.file.nodes import Broken, Items, Node, Scalar, Section, excerpt, found_text, section_at
from tfstep.text import Bilingual

MOST = 100  # values of one index
MOST_NAMES = 1000  # of one section, written out
SECTIONS = ("given", "parameters", "steps", "axes")
_BRACES = re.compile(r"\{([^{}]*)\}")
_SUM = re.compile(r"\s*[+-]?\s*\w+(\s*[-+*]\s*\w+)*\s*")
_TERM = re.compile(r"([+-]?)\s*(\w+(?:\s*\*\s*\w+)*)")
_AND_SO_ON = re.compile(r"([,+])\s*\.\.\.")
_BEFORE = re.compile(r"[\w)\]}.]\s*$")  # what a sign stands behind that joins two values
_EXPONENT = re.compile(r"[0-9.][eE]$")

Indices = Mapping[str, Sequence[int]]
Values = Mapping[str, int]


class _WrongError(Exception):
    """What is wrong with a text, and at which character of it."""

    def __init__(self, message: Bilingual, at: int = 0) -> None:
        self.message, self.at = message, at


class _Text(Struct, frozen=True):
    """A text, each of its characters with its place in what the file has."""

    text: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> _Text:
        return cls(text, tuple(range(len(text))))

    def cut(self, start: int, end: int | None = None) -> _Text:
        return _Text(self.text[start:end], self.places[start:end])

    def __add__(self, other: _Text) -> _Text:
        return _Text(self.text + other.text, self.places + other.places)

    def put(self, text: str) -> _Text:
        """Another text at the place where this one begins."""
        return _Text(text, (self.places[0],) * len(text))


def written_out(tree: Section, report: Report | None = None) -> Section:
    """The tree with the sections of a formula written out; itself where nothing is repeated.

    What is wrong goes to ``report``; a section that cannot be written out is `Broken`.
    """
    model = section_at(tree, "model")
    kind = None if model is None else model.get("kind")
    if model is None or model.get("repeat") is None or not isinstance(kind, Scalar) or kind.value != "formula":
        return tree
    report = report or Report()
    indices, entries = _indices(model, report), dict(model.entries)
    for key in SECTIONS:
        section = entries.get(key)
        if isinstance(section, Section):
            done = None if indices is None else _section(key, section, indices, model.keys["repeat"], report)
            entries[key] = Broken(section.place) if done is None else done
            indices = None if done is None else indices  # names that are not there would be missed in what follows
    return replace(tree, entries={**tree.entries, "model": replace(model, entries=entries)})


def _indices(model: Section, report: Report) -> Indices | None:
    """The values of each index; None where `repeat` is wrong."""
    found: dict[str, Sequence[int]] = {}
    before, section = len(report.mistakes), model.get("repeat")
    if not isinstance(section, Section):
        return None
    used = {name for key in SECTIONS if (part := section_at(model, key)) for name in _used(part)}
    for name, node in section:
        values = _numbers(node)
        if not name.isidentifier():
            message = Bilingual(
                "'{name}' is no index; letters, digits and _: repeat: {{i: 3}}",
                "“{name}”不能作下标；只能用字母、数字和 _：repeat: {{i: 3}}",
                name=excerpt(name),
            )
            report.add(section.keys[name], message)
        elif values is None:
            message = Bilingual(
                "{name} is {what}; allowed: a whole number, 1 to {most}, or a list of as many at most, none negative: "
                "{{i: 3}}, {{i: [1, 2]}}",
                "{name} 为 {what}；可用：整数（1 到 {most}），或由不多于此数的非负整数组成的列表：{{i: 3}}、{{i: [1, 2]}}",
                name=name,
                what=found_text(node),
                most=MOST,
            )
            report.add(node.place, message)
        elif name not in used:
            message = Bilingual(
                "no name and no equation has {{{name}}}; write it where the names differ: h{{{name}}}",
                "没有名称或方程用到 {{{name}}}；请写在名称变化处：h{{{name}}}",
                name=name,
            )
            report.add(section.keys[name], message)
        found[name] = values or ()
    return None if len(report.mistakes) > before else found


def _numbers(node: Node) -> Sequence[int] | None:
    """The values of an index: so many from 0, or those of a list."""
    items = node.items if isinstance(node, Items) else (node,)
    values = [each.value for each in items if isinstance(each, Scalar) and not isinstance(each.value, bool)]
    numbers = [value for value in values if isinstance(value, int) and value >= 0]
    if len(numbers) < len(items) or not 0 < (len(numbers) if isinstance(node, Items) else numbers[0]) <= MOST:
        return None
    return numbers if isinstance(node, Items) else range(numbers[0])


def _used(section: Section) -> Iterator[str]:
    """The words in braces in the names and texts of a section."""
    for name, node in section:
        for text in (name, node.text if isinstance(node, Scalar) else ""):
            yield from _words_in_braces(text)


def _words_in_braces(text: str) -> set[str]:
    return {word for found in _BRACES.findall(text) for word in re.findall(r"[^\W\d]\w*", found)}


def _section(key: str, section: Section, indices: Indices, repeat: Place, report: Report) -> Section | None:
    """One section with every name written out; None where it is wrong."""
    entries, places, before = dict[str, Node](), dict[str, Place](), len(report.mistakes)
    for name, values in _rounds(list(section.entries), list(indices), indices, {}):
        node, place = section.entries[name], section.keys[name]
        try:
            full = _filled(_Text.of(name), values, indices).text
        except _WrongError as wrong:
            report.add(Place(place.file, place.line, place.column + wrong.at if place.line else 0), wrong.message)
            continue
        if full in entries:
            message = Bilingual(
                "the name {full} is given twice, first on line {line}; each name once",
                "名称 {full} 重复，首次出现在第 {line} 行；每个名称只用一次",
                full=excerpt(full),
                line=places[full].line,
            )
            report.add(place, message)
            continue
        entries[full], places[full] = _value(node, values, indices, report), place
        if len(entries) > MOST_NAMES:
            message = Bilingual(
                "{key} comes to more than {most} names; fewer rounds are needed",
                "{key} 写出来超过 {most} 个名称；请减少次数",
                key=key,
                most=MOST_NAMES,
            )
            report.add(repeat, message)
            return None
    return None if len(report.mistakes) > before else Section(entries, places, section.place)


def _rounds(
    names: Sequence[str], order: Sequence[str], indices: Indices, values: Values
) -> Iterator[tuple[str, Values]]:
    """The names in the order in which they are written out, each with the values of its indices."""
    if not order:
        for name in names:
            yield name, values
        return
    index, inner = order[0], order[1:]
    for goes, run in groupby(names, key=lambda name: index in _words_in_braces(name)):
        together = list(run)
        for value in indices[index] if goes else ():
            yield from _rounds(together, inner, indices, {**values, index: value})
        if not goes:
            yield from _rounds(together, inner, indices, values)


def _value(node: Node, values: Values, indices: Indices, report: Report) -> Node:
    """A value with the indices put in; what is wrong is noted."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node
    try:
        found = _filled(_and_so_on(_Text.of(node.text), values, indices), values, indices)
    except _WrongError as wrong:
        report.add(node.place_at(wrong.at), wrong.message)
        return Broken(node.place)
    if found.text == node.text:
        return node
    return replace(node, value=found.text, text=found.text, places=found.places)


def _filled(text: _Text, values: Values, indices: Indices) -> _Text:
    """The text with a number for every pair of braces. Raises _WrongError."""
    done, at = _Text("", ()), 0
    for match in _BRACES.finditer(text.text):
        number = _number(match.group(1), values, indices, text.places[match.start()])
        glued = match.start() > 0 and (text.text[match.start() - 1].isalnum() or text.text[match.start() - 1] in "_}")
        if number < 0 and glued:
            message = Bilingual(
                "{it} comes to {n} here, and names count from 0; start `repeat` later, as in {{i: [1, 2, 3]}}",
                "{it} 在这里是 {n}，而名称从 0 数起；请让 `repeat` 从后面开始，如 {{i: [1, 2, 3]}}",
                it=match.group(),
                n=number,
            )
            raise _WrongError(message, text.places[match.start()])
        shown = str(number) if number >= 0 else f"({number})"
        done += text.cut(at, match.start()) + text.cut(match.start()).put(shown)
        at = match.end()
    return done + text.cut(at)


def _number(sum: str, values: Values, indices: Indices, at: int) -> int:
    """What stands in braces: whole numbers and indices with + - and *. Raises _WrongError."""
    if not _SUM.fullmatch(sum):
        message = Bilingual(
            "{{{it}}}: in braces stand indices and whole numbers, with + - and *: {{i+1}}",
            "{{{it}}}：花括号里只能是下标和整数，可用 + - *：{{i+1}}",
            it=excerpt(sum),
        )
        raise _WrongError(message, at)
    total = 0
    for sign, product in _TERM.findall(sum):
        number = -1 if sign == "-" else 1
        for factor in re.split(r"\s*\*\s*", product):
            number *= _factor(factor, values, indices, at)
        total += number
    return total


def _factor(word: str, values: Values, indices: Indices, at: int) -> int:
    if word.isdecimal() and len(word) < 10:
        return int(word)
    if word in values:
        return values[word]
    if word in indices:
        message = Bilingual(
            "the name of this has no {{{index}}}, so it is unknown which is meant; all of them: concat(o{{{index}}}, ...)",
            "这个名称里没有 {{{index}}}，不知指的是哪一个；要写出全部：concat(o{{{index}}}, ...)",
            index=word,
        )
    else:
        message = Bilingual(
            "there is no index {index}; there are {known}",
            "没有下标 {index}；现有：{known}",
            index=excerpt(word),
            known=", ".join(indices),
        )
    raise _WrongError(message, at)


def _and_so_on(text: _Text, values: Values, indices: Indices) -> _Text:
    """The text with every part before ``, ...`` or ``+ ...`` written out for all values of its index."""
    at = 0
    while match := _AND_SO_ON.search(text.text, at):
        start, inside = _start(text, match)
        if inside == "[" and match.group(1) == ",":  # x[0, ...]
            at = match.end()
            continue
        part = text.cut(start, match.start())
        free = sorted(_words_in_braces(part.text) & {*indices} - {*values})
        if len(free) != 1:
            message = Bilingual(
                "... writes out the part before it for every value of one index that this name has not; here it has {n}",
                "... 把它前面的部分按一个下标（本名称里没有的）逐一写出；这里有 {n} 个",
                n=len(free),
            )
            raise _WrongError(message, text.places[match.start()])
        sign = text.cut(match.start(), match.start() + 1)
        done = text.cut(0, start)
        for k, value in enumerate(indices[free[0]]):
            done += (sign.put(", " if sign.text == "," else " + ") if k else _Text("", ())) + _filled_one(
                part, free[0], value
            )
        at = len(done.text)
        text = done + text.cut(match.end())
    return text


def _filled_one(part: _Text, index: str, value: int) -> _Text:
    """The part with one index replaced inside its braces, which stay."""
    done, at = _Text("", ()), 0
    for braces in _BRACES.finditer(part.text):
        for word in re.finditer(rf"\b{index}\b", part.text[braces.start() : braces.end()]):
            start, end = braces.start() + word.start(), braces.start() + word.end()
            done += part.cut(at, start) + part.cut(start).put(str(value))
            at = end
    return done + part.cut(at)


def _start(text: _Text, dots: re.Match[str]) -> tuple[int, str]:
    """Where the part before the dots begins, and the bracket in which it stands. Raises _WrongError after a minus."""
    written, sum, depth = text.text, dots.group(1) == "+", 0
    for at in range(dots.start() - 1, -1, -1):
        sign = written[at]
        if sign in ")]}":
            depth += 1
        elif sign in "([{" and depth:
            depth -= 1
        elif sign in "([{":
            return _after(written, at), sign
        elif not depth and (sign in ",<>=" or (sum and sign in "+-" and _joins(written[:at]))):
            if sign == "-":
                message = Bilingual(
                    "a sum that goes on behind a minus; put it in parentheses: a - (b{{i}} + ...)",
                    "减号后面的求和；请加括号：a - (b{{i}} + ...)",
                )
                raise _WrongError(message, text.places[at])
            return _after(written, at), _around(written[:at])
    return _after(written, -1), ""


def _joins(before: str) -> bool:
    """Whether a sign behind this joins two values: it is neither that of a number nor of an exponent."""
    return bool(_BEFORE.search(before)) and not _EXPONENT.search(before)


def _after(text: str, at: int) -> int:
    """The first character after this one that is no blank."""
    at += 1
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _around(before: str) -> str:
    """The bracket that is open at the end of a text."""
    open_: list[str] = []
    for sign in before:
        if sign in "([{":
            open_.append(sign)
        elif sign in ")]}" and open_:
            open_.pop()
    return open_[-1] if open_ else ""
