"""The table of worst errors by family, in both languages: `python tests/families/table.py`, from the project's root."""

from __future__ import annotations

import json
from pathlib import Path

from recorded import MODELS, compared, names

DOCS = Path(__file__).parents[2] / "docs"
HEAD = {
    "en": """# Families of models, and how exactly they are computed

[中文](families.zh.md)

Each family was recorded once from a tiny model of `transformers` {transformers} (torch {torch}) that computes in float64
throughout: attention weights, hidden states, logits, loss, and the gradient of every parameter. The table shows the worst of
all these tensors when the same folder is opened here: its largest difference, the largest number of the tensor, and the
tensor's name. Made by `python tests/families/table.py`; the tests hold every tensor to 1e-9 of its largest number.

| recorded model | `model_type` | tensors | largest difference | of | in |
|---|---|---|---|---|---|
""",
    "zh": """# 模型家族，以及计算精确到什么程度

[English](families.md)

每个家族都用 `transformers` {transformers}（torch {torch}）的一个极小模型录制一次，全程以 float64 计算：
注意力权重、隐藏状态、logits、损失，以及每个参数的梯度。下表是在这里打开同一文件夹时所有这些张量中最差的一个：
最大差值、该张量中最大的数、张量的名字。由 `python tests/families/table.py` 生成；
测试要求每个张量的误差不超过其最大数的 1e-9。

| 录制的模型 | `model_type` | 张量数 | 最大差值 | 相对于 | 所在张量 |
|---|---|---|---|---|---|
""",
}


def main() -> None:
    """Compare everything, and write the pages."""
    rows = []
    for name in names():
        every = list(compared(name))
        worst = max(
            (each for each in every if each.size > 1e-12), key=lambda each: each.ratio
        )  # the rest is 0 in theory
        kind = json.loads((MODELS / name / "config.json").read_text())["model_type"]
        rows.append(f"| {name} | {kind} | {len(every)} | {worst.worst:.1e} | {worst.size:.2g} | `{worst.what}` |")
    versions = json.loads((MODELS / "versions.json").read_text())
    for language, head in HEAD.items():
        page = DOCS / ("families.md" if language == "en" else f"families.{language}.md")
        page.write_text(head.format(**versions) + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
