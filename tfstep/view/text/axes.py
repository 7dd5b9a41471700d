"""What axes are called: by names that are the same in every language, and in Chinese by what they mean as well."""

from __future__ import annotations

from tfstep.text import Bilingual

_NAMES = {
    "batch": Bilingual("batch", "批次"),
    "head": Bilingual("head", "头"),
    "query": Bilingual("query", "查询"),
    "key": Bilingual("key", "键"),
    "position": Bilingual("position", "位置"),
    "d_k": Bilingual("d_k", "键宽"),
    "d_v": Bilingual("d_v", "值宽"),
    "model": Bilingual("model", "模型宽"),
    "hidden": Bilingual("hidden", "隐藏宽"),
    "vocab": Bilingual("vocab", "词表"),
    "in": Bilingual("in", "输入"),
    "out": Bilingual("out", "输出"),
}


def axis_name(name: str) -> str:
    """An axis in the chosen language."""
    return str(_NAMES.get(name, name))


def axis_names(name: str) -> str:
    """The same with the name that paths and patterns have: ``批次 batch``."""
    named = axis_name(name)
    return name if named == name else f"{named} {name}"
