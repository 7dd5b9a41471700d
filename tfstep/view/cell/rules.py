"""The rules by which numbers are made, in words: what an explanation calls ``dot``, ``sum`` or ``view``."""

from __future__ import annotations

from tfstep.text import Bilingual

_RULES = {
    "leaf": Bilingual("given, not computed", "给定的，不是算出来的"),
    "constant": Bilingual("constant", "常数"),
    "dot": Bilingual("dot", "点积"),
    "drawn": Bilingual("drawn by lot", "抽签"),
    "gather": Bilingual("gather", "取行"),
    "masked": Bilingual("masked", "被遮住"),
    "max": Bilingual("max", "最大"),
    "mean": Bilingual("mean", "平均"),
    "min": Bilingual("min", "最小"),
    "nothing": Bilingual("nothing", "没有来源"),
    "product": Bilingual("product", "乘积"),
    "quotient": Bilingual("quotient", "商"),
    "scatter": Bilingual("scatter", "累加到行"),
    "seed": Bilingual("seed", "起点"),
    "sum": Bilingual("sum", "求和"),
    "test": Bilingual("test", "判断"),
    "view": Bilingual("view", "取自"),
    "visible": Bilingual("visible", "可见"),
}


def rule_in_words(rule: str) -> str:
    """A rule in the chosen language; a function goes by its own name."""
    return str(_RULES.get(rule, rule))
