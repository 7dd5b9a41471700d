"""The rules by which numbers are made, in words: what an explanation calls ``dot``, ``sum`` or ``view``."""

from __future__ import annotations

from tfstep.text import Text

_RULES = {
    "leaf": Text("given, not computed", "给定的，不是算出来的"),
    "constant": Text("constant", "常数"),
    "dot": Text("dot", "点积"),
    "gather": Text("gather", "取行"),
    "masked": Text("masked", "被遮住"),
    "max": Text("max", "最大"),
    "mean": Text("mean", "平均"),
    "min": Text("min", "最小"),
    "nothing": Text("nothing", "没有来源"),
    "product": Text("product", "乘积"),
    "quotient": Text("quotient", "商"),
    "scatter": Text("scatter", "累加到行"),
    "seed": Text("seed", "起点"),
    "sum": Text("sum", "求和"),
    "test": Text("test", "判断"),
    "view": Text("view", "移位"),
    "visible": Text("visible", "可见"),
}


def rule_in_words(rule: str) -> str:
    """A rule in the chosen language; a function goes by its own name."""
    return str(_RULES.get(rule, rule))
