"""Rows of attention that are left nothing to see under a mask of −∞: their weights are NaN, and training spreads it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfstep.engine.arrays.half import rounded
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.scenario import Scenario


def warnings(name: str, scenario: Scenario) -> Iterator[Bilingual]:
    """One line where there is such a row, in what the scenario shows or in what it trains on, and the remedy."""
    if (what := told(scenario)) is not None:
        yield Bilingual(
            "{file}: warning: {what}",
            "{file}：警告：{what}",
            file=name if scenario.variant == "base" else f"{name} ({scenario.variant})",
            what=what,
        )


def told(scenario: Scenario) -> Bilingual | None:
    """The same, without the name of the scenario; None where there is no such row."""
    if scenario.model.mask.empty != "none" or scenario.model.sinks:
        return None
    where = next(_rows(scenario), None)
    if where is None:
        return None
    half, value = scenario.model.half, scenario.model.mask_value
    return Bilingual(
        "{where} nothing is left to see, and hidden scores are −∞{why}: the weights there are "
        "NaN{spread}; `mask: {{empty: zero}}` gives such a row 0",
        "{where}没有可看的位置，而被遮住的分数是 −∞{why}：那里的权重是 NaN{spread}；"
        "`mask: {{empty: zero}}` 让这样的行取 0",
        where=where,
        why=Bilingual(" ({value:g} in {half})", "（{value:g} 在 {half} 中）", value=value, half=half)
        if math.isfinite(value)
        else "",
        spread=Bilingual(", and after one update parameters are, too", "，更新一次之后参数里也会有 NaN")
        if "loss" in scenario.plan.paths
        else "",
    )


def _rows(scenario: Scenario) -> Iterator[Bilingual]:
    """Where such rows are, the first of each attention."""
    plan = scenario.plan
    for node in plan.computed:
        if node.op is None or node.op.name != "mask_fill" or not _infinite(node):
            continue
        mask = plan.leaves.get(node.slots[1])
        rows = np.argwhere((mask != 0).all(-1)) if mask is not None else np.zeros((0, 3), int)
        if len(rows):
            sentence, row = int(rows[0][0]), int(rows[0][-1])
            yield Bilingual(
                "in row {row} of sentence {sentence} of {path}",
                "{path} 第 {sentence} 句的第 {row} 行",
                path=node.path,
                sentence=sentence,
                row=row,
            )
        for k, example in enumerate(scenario.train.data):
            for side in (example.source, example.target):
                padding = None if side is None else side.padding
                if padding is not None and padding.all(1).any():
                    yield Bilingual(
                        "in train.data[{k}], a sentence of pads alone,", "train.data[{k}] 有整句都是填充，", k=k
                    )


def _infinite(node: Node) -> bool:
    """Whether what a mask writes is −∞, by itself or by what the half type makes of it."""
    value = np.asarray(node.attrs["value"], np.float64)
    return bool(np.isneginf(rounded(value, node.rounds) if node.rounds else value))
