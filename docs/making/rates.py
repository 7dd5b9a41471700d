"""How often a diagnosis is right: what `tests/compare/rates.py` counted, as it was kept in `rates.json` beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from making.markdown import head, table
from tfstep.text import Bilingual

FILE = Path(__file__).resolve().parents[2] / "tests" / "compare" / "rates.json"
TITLE = Bilingual("How often a diagnosis is right", "诊断有多准")
INTRO = Bilingual(
    "Mistakes were planted, one or two at a time, in Transformers that another hand wrote in NumPy and in PyTorch: in several "
    "layouts, with separate and fused weights, in float32 and float64, step by step and through PyTorch's own attention. "
    "`diagnose` gets the arrays and is never told what was planted. A plant counts where it changes what is written down. "
    "`tests/compare/rates.py` plants and counts. Right step: the first step named is where the mistake was planted; right cause: "
    "its kind is named first; of two mistakes both must be named.",
    "在另外手写的 NumPy 和 PyTorch 版 Transformer 里每次埋入一个或两个错误：排布各异，权重分开或合并，float32 和 float64，"
    "逐步计算或用 PyTorch 自带的注意力。`diagnose` 只拿到数组，不知道埋了什么。只有改变了所记数值的才算。"
    "由 `tests/compare/rates.py` 埋入并计数。步骤对：最先说出的步骤就是埋错的那一步；原因对：最先说出的就是那一类；"
    "有两个错误时两个都要说出。",
)
KINDS = {
    "one mistake": Bilingual("one mistake, all steps recorded", "一个错误，各步都有记录"),
    "one mistake, little written down": Bilingual("one mistake, few steps recorded", "一个错误，只记录少数几步"),
    "gradients and updates": Bilingual("a mistake in gradients or the update", "梯度或更新里的错误"),
    "types": Bilingual("a step in a smaller type", "某一步所用的类型较小"),
    "two mistakes": Bilingual("two mistakes", "两个错误"),
    "right": Bilingual("nothing wrong", "没有错误"),
}
COLUMNS = (
    Bilingual("planted", "埋入"),
    Bilingual("library", "库"),
    Bilingual("model", "模型"),
    Bilingual("runs", "次数"),
    Bilingual("right step", "步骤对"),
    Bilingual("right cause", "原因对"),
    Bilingual("falsely accused", "误判"),
)
WHOLE = Bilingual("all", "合计")
PARTS = ("of", "step", "cause", "accused")


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    kept: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    yield from head(TITLE, language)
    yield INTRO.in_(language) + "\n"
    columns = [each.in_(language) for each in COLUMNS]
    rows = []
    for kind, said in KINDS.items():
        mine = [row for row in kept["rows"] if row["kind"] == kind]
        for row in mine:
            rows.append([said.in_(language), row["library"], row["model"], *(str(row.get(part, "")) for part in PARTS)])
        for library in sorted({row["library"] for row in mine}):
            of = [row for row in mine if row["library"] == library]
            sums = [str(sum(row[part] for row in of)) if all(part in row for row in of) else "" for part in PARTS]
            rows.append([f"**{said.in_(language)}**", f"**{library}**", f"**{WHOLE.in_(language)}**",
                         *(f"**{each}**" if each else "" for each in sums)])  # fmt: skip
    yield from table(columns, rows)
    versions = f"torch {kept['torch']}, numpy {kept['numpy']}"
    again = Bilingual("Counted with {all}; counted anew by", "计数所用版本：{all}；重新计数：", all=versions)
    yield f"\n{again.in_(language)}\n"
    yield "```py\nRATES=FOLDER python -m pytest tests/compare/rates.py\npython tests/compare/rates.py FOLDER\n```"
