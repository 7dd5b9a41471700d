"""The JSON Schema of what a lesson says in YAML: its keys at the top, and its question blocks."""

from __future__ import annotations

from tfstep.lessons.format.misconceptions import misconceptions
from tfstep.lessons.format.question import OPTIONAL, OWN, RECORDED, REQUIRED, SHARED
from tfstep.lessons.format.reader import KEYS, MINUTES, OPTIONAL_KEYS, ORDER
from tfstep.text import Bilingual

_TEXT: dict[str, object] = {"type": "string", "minLength": 1}
_LINES: dict[str, object] = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_LINE: dict[str, object] = {"anyOf": [_TEXT, {"type": "number"}]}  # `second: 1` is an expression too
_FITS = {"enum": list(misconceptions())}
_CHOICE = {
    "type": "object",
    "properties": {"text": _TEXT, "when": _LINE, "why": _TEXT, "fits": _FITS},
    "required": ["text", "when"],
    "additionalProperties": False,
}
_MISTAKEN = {
    "type": "object",
    "properties": {"answer": _LINE, "why": _TEXT, "fits": _FITS},
    "required": ["answer", "why"],
    "additionalProperties": False,
}
_MADE = {
    "type": "object",
    "properties": {"of": _TEXT, "answer": _LINE, "why": _TEXT, "fits": _FITS},
    "required": ["of", "answer", "why"],
    "additionalProperties": False,
}
_SHAPES: dict[str, dict[str, object]] = {
    "minutes": {"type": "integer", "minimum": MINUTES[0], "maximum": MINUTES[1]},
    "order": {"type": "integer", "minimum": ORDER[0], "maximum": ORDER[1]},
    "tolerance": {"type": "number", "exclusiveMinimum": 0},
    "choices": {"type": "array", "minItems": 2, "items": _CHOICE},
    "mistaken": {"type": "array", "items": _MISTAKEN},
    "hints": {"type": "array", "items": _TEXT},
    **dict.fromkeys(("then", "show", "reveal", "needs"), _LINES),
    "file": {"type": "string", "pattern": f"^{RECORDED}$"},
    "answer": _TEXT,
    **dict.fromkeys(("first", "second"), _LINE),
}
ABOUT = {
    "title": Bilingual("one line, in the language of the file", "一行，用本文件的语言"),
    "about": Bilingual("one line on what it is about", "一行，说明讲什么"),
    "scenario": Bilingual(
        "one that ships, or a file, counted from the lesson's folder", "自带的场景，或相对课程所在文件夹的文件"
    ),
    "variant": Bilingual("the variant to begin with", "开始时的变体"),
    "minutes": Bilingual("how long it takes", "需要几分钟"),
    "order": Bilingual("its place in the list", "在列表里的次序"),
    "kind": Bilingual("what sort of answer is asked for", "要哪种答案"),
    "ask": Bilingual("the question; {{{{ EXPR }}}} is filled in", "问题；{{{{ EXPR }}}} 会被填入"),
    "then": Bilingual(
        "commands that run once it is answered; the answer is worked out behind them",
        "回答之后执行的命令；答案按执行之后的数来算",
    ),
    "show": Bilingual("cells to light while it is asked", "提问时点亮的单元格"),
    "hints": Bilingual("given one by one", "逐条给出的提示"),
    "reveal": Bilingual("cells whose working is shown with the answer", "给出答案时展示其算法的单元格"),
    "because": Bilingual("prose that follows the answer", "答案之后的说明"),
    "answer": Bilingual(
        "an expression: the number, the index of the word, or of each cell whether it is right",
        "表达式：所求的数、词的位置，或每个单元格是否正确",
    ),
    "tolerance": Bilingual("how far off is still right", "允许的误差"),
    "words": Bilingual("a tensor along whose last axis the words stand", "最后一个轴上排列着这些词的张量"),
    "of": Bilingual("the tensor, or the part of it, of which a cell is asked for", "要从中选单元格的张量或其一部分"),
    "choices": Bilingual(
        "two or more; exactly one `when` holds; `why` answers the mistake behind a wrong one, `fits` names the "
        "misconception",
        "两个以上；恰有一个 `when` 成立；`why` 回应选错的人所犯的错误，`fits` 写出是哪一条误解",
    ),
    "mistaken": Bilingual(
        "wrong answers that certain mistakes lead to, each as `answer` is written (of an order: larger, smaller or "
        "same; of a recording: what the tensor `of` becomes), with `why`: what is said to the reader who gives it; "
        "`fits` names the misconception",
        "某种误解会得出的错误答案，写法与 `answer` 相同（order 类写 larger、smaller 或 same；recording 类写"
        "张量 `of` 会变成什么），`why` 是对这样回答的读者说的话，`fits` 写出是哪一条误解",
    ),
    "first": Bilingual("an expression: is it larger than the second?", "表达式：它比 second 大吗？"),
    "second": Bilingual("an expression", "表达式"),
    "file": Bilingual(
        "the name under which the reader's own program leaves its arrays, in the current folder; the reader may type another",
        "读者自己的程序把数组写成什么名字的文件，在当前文件夹；读者可以另填",
    ),
    "needs": Bilingual("tensors that must be among the arrays", "这些数组里必须有的张量"),
}


def json_schema() -> dict[str, object]:
    """The schema as a dictionary: of the keys at the top; ``$defs.question`` is that of a question block."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tfstep lesson",
        **_object(KEYS, [key for key in KEYS if key not in OPTIONAL_KEYS]),
        "$defs": {
            "question": {"title": "tfstep question", "oneOf": [_of_kind(kind) for kind in OWN]},
        },
    }


def _of_kind(kind: str) -> dict[str, object]:
    own = OWN[kind]
    schema = _object((*SHARED, *own), [*REQUIRED, *(key for key in own if key not in OPTIONAL)])
    properties = schema["properties"]
    assert isinstance(properties, dict)
    properties["kind"] = {**properties["kind"], "const": kind}
    if kind == "recording":
        properties["mistaken"] = {**properties["mistaken"], "items": _MADE}
    return schema


def _object(keys: tuple[str, ...], required: list[str]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {key: {**_SHAPES.get(key, _TEXT), "description": str(ABOUT[key])} for key in keys},
        "required": required,
        "additionalProperties": False,
    }
