"""What a message says of a value that the schema refuses: what was found, what is allowed."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from tfstep.errors import did_you_mean
from tfstep.scenario import schema
from tfstep.scenario.kinds import KEYS
from tfstep.scenario.nodes import Keys, Scalar, Section, at, found, shown, to_python
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


def refused(tree: Section, keys: Keys, error: Any) -> Text:
    """The message for an error of pydantic about the value (or the unknown key) under ``keys``."""
    if error["type"] == "extra_forbidden":
        return _unknown_key(tree, keys)
    node = at(tree, keys)
    what = found(node) if node is not None else Text("nothing", "空值")
    name = ".".join(str(key) for key in keys if isinstance(key, str)) or str(Text("the file", "文件"))
    if error["type"] == "literal_error" and keys != ("tfstep",):
        choices = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return Text(
            "{name} is {what}; allowed: {choices}{hint}",
            "{name} 为 {what}；可选：{choices}{hint}",
            name=name,
            what=what,
            choices=", ".join(choices),
            hint=did_you_mean(str(to_python(node)).lower(), choices) if node is not None else Text("", ""),
        )
    return Text(
        "{name} is {what}; allowed: {allowed}",
        "{name} 为 {what}；可用：{allowed}",
        name=name,
        what=what,
        allowed=_of_key(keys)
        or _of_type(error["type"], error.get("ctx", {}), _range(keys))
        or Text("{why}", "{why}", why=error["msg"]),
    )


def _range(keys: Keys) -> Text | None:
    """The bounds of the number under keys, as the schema has them."""
    section = _SECTIONS.get(tuple(key for key in keys[:-1] if isinstance(key, str)))
    field = None if section is None else section.model_fields.get(str(keys[-1]))
    bounds = {
        name: value
        for each in (field.metadata if field is not None else ())
        for name in ("ge", "gt", "le", "lt")
        if (value := getattr(each, name, None)) is not None
    }
    if "ge" in bounds and "le" in bounds:
        return Text(", {low} to {high}", "，{low} 到 {high}", low=bounds["ge"], high=bounds["le"])
    parts = [part for name, value in bounds.items() if (part := _of_type(_BOUNDS[name], {name: value})) is not None]
    if not parts:
        return None
    both = Text("{low} and {high}", "{low}且{high}", low=parts[0], high=parts[-1]) if len(parts) > 1 else parts[0]
    return Text(", {both}", "，{both}", both=both)


_BOUNDS = {"ge": "greater_than_equal", "gt": "greater_than", "le": "less_than_equal", "lt": "less_than"}


def _of_key(keys: Keys) -> Text | None:
    """What is allowed under keys of which a bound alone would not say it."""
    match keys:
        case ("model", "layers"):
            return Text(
                "a whole number, 1 to 256, or {{encoder: 2, decoder: 1}}",
                "一个整数（1 到 256），或 {{encoder: 2, decoder: 1}}",
            )
        case ("model", "mask_value"):
            return Text("a negative number or -.inf", "负数或 -.inf")
        case ("loss",):
            return Text("an expression, or {{kind: cross_entropy}}", "一个表达式，或 {{kind: cross_entropy}}")
        case ("tfstep",):
            return Text("1, the version of the format", "1，即格式的版本")
    return None


def _of_type(kind: str, bounds: dict[str, Any], within: Text | None = None) -> Text | None:
    """What is allowed, from the kind of the error and its bounds; of a wrong type also ``within`` what."""
    bound = next(iter(bounds.values()), None)
    plain = {
        "int_type": Text("a whole number{within}", "整数{within}", within=within or ""),
        "float_type": Text("a number{within}", "数字{within}", within=within or ""),
        "finite_number": Text("a finite number{within}", "有限的数字{within}", within=within or ""),
        "bool_type": Text("true or false", "true 或 false"),
        "string_type": Text("a text", "文本"),
        "list_type": Text("a list", "列表"),
        "dict_type": Text("a group of keys", "一组键值"),
        "model_type": Text("a group of keys", "一组键值"),
        "string_too_short": Text("a text that is not empty", "非空文本"),
        "greater_than": Text("more than {n}", "大于 {n}", n=bound),
        "greater_than_equal": Text("{n} or more", "不小于 {n}", n=bound),
        "less_than": Text("less than {n}", "小于 {n}", n=bound),
        "less_than_equal": Text("at most {n}", "不大于 {n}", n=bound),
        "too_short": Text("a list of at least {n}", "至少 {n} 项的列表", n=bounds.get("min_length")),
        "too_long": Text("a list of at most {n}", "至多 {n} 项的列表", n=bounds.get("max_length")),
        "string_too_long": Text("at most {n} characters", "至多 {n} 个字符", n=bounds.get("max_length")),
    }
    return plain.get(kind)


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
