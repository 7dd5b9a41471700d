"""From the tree of a file to the typed classes of `schema`, however wrong the file is.

A wrong key is noted and taken out, so that the rest can still be checked: `read` always gives a
whole `FilePart`, and `Source` remembers which of its values are the file's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from tfstep.errors import did_you_mean
from tfstep.scenario import schema
from tfstep.scenario.kinds import KEYS
from tfstep.scenario.mistakes import Place, Report
from tfstep.scenario.nodes import Broken, Keys, Node, Scalar, Section, at, found, place_of, shown, to_python
from tfstep.text import Text

_SECTIONS: dict[tuple[str, ...], type[BaseModel]] = {
    (): schema.FilePart,
    ("model",): schema.ModelPart,
    ("model", "layers"): schema.LayersPart,
    ("model", "rope"): schema.RopePart,
    ("model", "mask"): schema.MaskPart,
    ("input",): schema.InputPart,
    ("loss",): schema.LossPart,
    ("weights",): schema.WeightsPart,
    ("train",): schema.TrainPart,
    ("train", "data"): schema.ExamplePart,
}
# errors whose allowed values the schema's own bounds do not say in full
_SPECIAL = {
    ("model", "layers"): Text(
        "a whole number, or {{encoder: 2, decoder: 1}}", "一个整数，或 {{encoder: 2, decoder: 1}}"
    ),
    ("model", "mask_value"): Text("a negative number or -.inf", "负数或 -.inf"),
    ("loss",): Text("an expression, or {{kind: cross_entropy}}", "一个表达式，或 {{kind: cross_entropy}}"),
    ("tfstep",): Text("1, the version of the format", "1，即格式的版本"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Source:
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
        return None if isinstance(node, Broken) or (isinstance(node, Scalar) and node.text == "") else node

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
        return second if self._changed(second) and not self._changed(first) else first

    def _changed(self, keys: Keys) -> bool:
        if at(self.tree, keys) is None:
            return False
        place, variants = self.place(*keys), self.tree.keys.get("variants")
        return not place.line or (variants is not None and place.line >= variants.line)

    def add(self, keys: Keys, message: Text, key: bool = False) -> None:
        """Note a mistake at the value (or key) under ``keys``."""
        self.report.add(self.place(*keys, key=key), message)


def read(tree: Section, report: Report) -> Source:
    """The typed values of a tree; every mistake of type, range or name goes to ``report``."""
    wrong: set[Keys] = set()
    data = _plain(tree, (), wrong, report)
    while True:
        try:
            part = schema.FilePart.model_validate(data)
        except ValidationError as errors:
            for error in errors.errors(include_url=False, include_context=True):
                keys = _keys(tree, error["loc"], extra=error["type"] == "extra_forbidden")
                if keys not in wrong:
                    report.add(place_of(tree, keys, error["type"] == "extra_forbidden"), _message(tree, keys, error))
                    wrong.add(keys)
                wrong.add(_drop(data, keys))
        else:
            return Source(tree, part, wrong, report)


def _plain(node: Section, keys: Keys, wrong: set[Keys], report: Report) -> dict[str, Any]:
    """Plain values; keys with nothing behind them are noted and left out."""
    plain: dict[str, Any] = {}
    for key, value in node:
        here = (*keys, key)
        if here == ("variants",):
            continue
        if isinstance(value, Scalar) and value.value is None and here[:1] != ("vocab",):
            message = Text(
                "{key} has no value; give one or leave the key out", "{key} 没有值；请写上值，或去掉该键", key=key
            )
            report.add(node.keys[key], message)
            wrong.add(here)
        elif isinstance(value, Broken):
            wrong.add(here)
        else:
            plain[key] = _plain(value, here, wrong, report) if isinstance(value, Section) else to_python(value)
    return plain


def _keys(tree: Section, loc: tuple[int | str, ...], extra: bool) -> Keys:
    """The keys in the file that a location of pydantic means; names of union members are left out."""
    keys: Keys = ()
    for index, each in enumerate(loc):
        there = at(tree, (*keys, each)) is not None
        if there or (extra and index == len(loc) - 1):
            keys = (*keys, each)
    return keys


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


def _message(tree: Section, keys: Keys, error: Any) -> Text:
    """What was found and what is allowed, from an error of pydantic."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(tree, keys)
    node = at(tree, keys)
    what = found(node) if node is not None else Text("nothing", "空值")
    name = ".".join(str(key) for key in keys if isinstance(key, str)) or "the file"
    if kind == "literal_error" and keys not in _SPECIAL:
        choices = re.findall(r"'([^']*)'", context["expected"])
        hint = _choice_hint(str(to_python(node)) if node is not None else "", choices)
        return Text(
            "{name} is {what}; allowed: {choices}{hint}",
            "{name} 为 {what}；可选：{choices}{hint}",
            name=name,
            what=what,
            choices=", ".join(choices),
            hint=hint,
        )
    allowed = _SPECIAL.get(keys) or _ALLOWED.get(kind)  # type: ignore[arg-type]  # a key with numbers in it is just not special
    allowed = Text(allowed.en, allowed.zh, **context) if allowed else Text("{why}", "{why}", why=error["msg"])
    return Text(
        "{name} is {what}; allowed: {allowed}",
        "{name} 为 {what}；可用：{allowed}",
        name=name,
        what=what,
        allowed=allowed,
    )


def _choice_hint(value: str, choices: list[str]) -> Text:
    return did_you_mean(value.lower(), choices) if value not in choices else Text("", "")


_ALLOWED = {
    "int_type": Text("a whole number", "整数"),
    "float_type": Text("a number", "数字"),
    "finite_number": Text("a finite number", "有限的数字"),
    "bool_type": Text("true or false", "true 或 false"),
    "string_type": Text("a text", "文本"),
    "list_type": Text("a list", "列表"),
    "dict_type": Text("a group of keys", "一组键值"),
    "model_type": Text("a group of keys", "一组键值"),
    "greater_than": Text("more than {gt}", "大于 {gt}"),
    "greater_than_equal": Text("{ge} or more", "不小于 {ge}"),
    "less_than": Text("less than {lt}", "小于 {lt}"),
    "less_than_equal": Text("at most {le}", "不大于 {le}"),
    "too_short": Text("a list of at least {min_length}", "至少 {min_length} 项的列表"),
    "too_long": Text("a list of at most {max_length}", "至多 {max_length} 项的列表"),
    "string_too_short": Text("a text that is not empty", "非空文本"),
    "string_too_long": Text("at most {max_length} characters", "至多 {max_length} 个字符"),
}


def _unknown_key(tree: Section, keys: Keys) -> Text:
    section = tuple(key for key in keys[:-1] if isinstance(key, str))
    key = str(keys[-1])
    known = list(_SECTIONS[section].model_fields)
    kind = at(tree, ("model", "kind"))
    if section == ("model",) and isinstance(kind, Scalar) and any(kind.value in kinds for kinds in KEYS.values()):
        known = [name for name in known if kind.value in KEYS[name]]
    elsewhere = [path for path, part in _SECTIONS.items() if key in part.model_fields and path != section and path]
    hint = did_you_mean(key, known)
    if elsewhere:
        hint = Text("; it belongs under {where}:", "；它应写在 {where}: 之下", where=".".join(elsewhere[0]))
    return Text(
        "unknown key {key}{where}; allowed: {known}{hint}",
        "未知的键 {key}{where}；可用：{known}{hint}",
        key=shown(key),
        where=Text(" in {name}", "（在 {name} 中）", name=".".join(section)) if section else Text("", ""),
        known=", ".join(known),
        hint=hint,
    )
