"""The reference of scenario files: every key with its values, its default and its kinds, from the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from making.markdown import code, head, table
from tfstep.models.keys.key import keys
from tfstep.models.keys.kinds import KINDS
from tfstep.scenario.keys.json_schema import json_schema
from tfstep.scenario.keys.schema import PARTS
from tfstep.text import Bilingual

TITLE = Bilingual("Scenario files", "场景文件")
INTRO = Bilingual(
    "A scenario is a YAML file. `model:` must be there, everything else has a default; `tfstep new KIND` writes a "
    "commented file to start from, `tfstep validate FILE` lists every mistake with its line and column, and `tfstep "
    "new --schema` prints the JSON Schema with which an editor completes the keys. Weights are laid down in the order "
    "`init`, `file`, `set`.",
    "场景是一个 YAML 文件。`model:` 必须写，其余都有默认值。`tfstep new 种类` 写出一个带注释的文件作为起点，"
    "`tfstep validate 文件` 列出每处错误的行和列，`tfstep new --schema` 输出 JSON Schema，编辑器可据此补全。"
    "权重按 `init`、`file`、`set` 的顺序依次覆盖。",
)
NAMES = {
    "file": Bilingual("The file", "整个文件"),
    "layers": Bilingual("`model.layers`", "`model.layers`"),
    "rope": Bilingual("`model.rope`", "`model.rope`"),
    "scaling": Bilingual("`model.rope.scaling`", "`model.rope.scaling`"),
    "mask": Bilingual("`model.mask`", "`model.mask`"),
    "bias": Bilingual("`model.bias`", "`model.bias`"),
    "relative": Bilingual("`model.relative`", "`model.relative`"),
    "experts": Bilingual("`model.experts`", "`model.experts`"),
    "example": Bilingual("One of `train.data`", "`train.data` 中的一项"),
}
WORD = Bilingual("words", "词")
VALUES = {  # what the schema has as several alternatives
    "title": Bilingual("a text", "文字"),
    "about": Bilingual("a text", "文字"),
    "source": WORD,
    "target": WORD,
    "labels": WORD,
    "vocab": Bilingual("words, or a number", "词，或一个数"),
    "layers": Bilingual("a number, or a section", "一个数，或一节"),
    "init": Bilingual("`xavier` `normal` `uniform` `zeros`", "`xavier` `normal` `uniform` `zeros`"),
    "set": Bilingual(
        "PATH: `identity` `ones` `zeros` `xavier` …, `{{normal: σ}}` `{{uniform: a}}` `{{constant: c}}`, or numbers",
        "路径: `identity` `ones` `zeros` `xavier` …、`{{normal: σ}}` `{{uniform: a}}` `{{constant: c}}`，或数组",
    ),
    "steps": Bilingual("name: expression", "名字: 表达式"),
    "variants": Bilingual("name: keys of the file", "名字: 文件中的键"),
    "tie": Bilingual("lists of paths", "路径的列表"),
}
TYPES = {
    "integer": Bilingual("a whole number", "整数"),
    "number": Bilingual("a number", "数"),
    "string": Bilingual("a string", "字符串"),
    "boolean": Bilingual("`true` `false`", "`true` `false`"),
    "array": Bilingual("a list", "列表"),
    "object": Bilingual("a section", "一节"),
}


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    schema: Any = json_schema()
    columns = [
        Bilingual("key", "键").in_(language),
        Bilingual("values", "取值").in_(language),
        Bilingual("default", "默认").in_(language),
        Bilingual("what it is for", "作用").in_(language),
    ]
    for section, part in PARTS.items():
        fields = schema["properties"] if section == "file" else schema["$defs"][part.__name__]["properties"]
        kinds = section in ("model", "input")
        last = [Bilingual("kinds", "种类").in_(language)] if kinds else []
        yield f"\n## {NAMES.get(section, Bilingual('`{name}`', '`{name}`', name=section)).in_(language)}\n"
        rows = (
            [
                code(name),
                _values(section, name, fields[name], language),
                _default(fields[name]),
                key.about.in_(language),
                *([_kinds(key.kinds, language)] if kinds else []),
            ]
            for name, key in keys(part).items()
        )
        yield from table(columns + last, rows)


def _values(section: str, key: str, field: dict[str, Any], language: str) -> str:
    if section == "loss" and key == "target":
        return Bilingual("numbers", "数组").in_(language)
    if section != "example" and key == "loss":
        return Bilingual("a section, or an expression", "一节，或一个表达式").in_(language)
    if key in VALUES and (section, key) not in {("train", "steps"), ("file", "steps")}:
        return VALUES[key].in_(language)
    if "anyOf" in field:
        parts = [_values(section, "", each, language) for each in field["anyOf"]]
        return Bilingual(", or ", "，或").in_(language).join(parts)
    if "enum" in field:
        return " ".join(code(str(each)) for each in field["enum"])
    if "$ref" in field:
        numbers = field["$ref"].endswith("Numbers")
        return (Bilingual("numbers", "数组") if numbers else TYPES["object"]).in_(language)
    bounds = [
        f"{sign} {'2⁶³ − 1' if field[name] == 2**63 - 1 else format(field[name], 'g')}"
        for name, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if name in field
    ]
    return " ".join([TYPES[field["type"]].in_(language), *bounds])


def _default(field: dict[str, Any]) -> str:
    if "default" not in field or isinstance(field["default"], dict):
        return ""
    default = field["default"]
    return code(
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def _kinds(kinds: tuple[str, ...], language: str) -> str:
    if kinds == tuple(KINDS):
        return Bilingual("all", "全部").in_(language)
    return " ".join(kinds)
