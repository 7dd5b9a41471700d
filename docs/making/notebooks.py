"""The example notebook, in English and in Chinese."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfstep.text import Bilingual

HERE = Path(__file__).resolve().parents[1] / "notebooks"
NAME = "first-steps"

SCENARIO = """\
%%tfstep
model:
  kind: formula
  given: {x: 2.0, y: 1.0}
  parameters: {w: 0.3, b: 0.1}
  steps:
    a: w*x + b
    p: sigmoid(a)
loss: 0.5*(p - y)**2"""

CELLS: tuple[Bilingual | str, ...] = (
    Bilingual(
        "# tfstep in a notebook\n\nA Transformer encoder reads three words. Everything that is computed is recorded: forward, "
        "backward and the update. The last line of a cell shows what it holds.",
        "# 在 notebook 里使用 tfstep\n\n一个 Transformer 编码器在读三个词。前向、反向和参数更新中算出的每个数都被记录下来。"
        "单元最后一行的值会直接显示出来。",
    ),
    "%load_ext tfstep\n%tfstep lang LANGUAGE",
    'import numpy as np\n\nimport tfstep\n\ntrace = tfstep.trace(tfstep.load("wo-ai-ni"))\ntrace',
    Bilingual(
        "A tensor is shown as a heatmap with its words. Rest the pointer on a cell to see the sum that it is.",
        "张量显示为带词的热力图。把指针停在一个单元格上，就能看到它由哪些项相加而成。",
    ),
    'trace["enc0.attn.weights"]',
    Bilingual(
        "It is an array wherever NumPy takes one, and words are indices.",
        "凡是 NumPy 能用数组的地方都能用它；词可以当下标。",
    ),
    'weights = trace["enc0.attn.weights"]\nprint(weights[0, 0, "我", "爱"])\nnp.sum(weights, axis=-1)',
    Bilingual("Ask a number why; open a line to go further down.", "追问一个数的来历；点开一行可以继续往下追。"),
    'trace.explain("enc0.attn.scores[0,0,1,2]", depth=3)',
    Bilingual(
        "Change a weight: what does not depend on it is shared, the rest follows.",
        "改一个权重：与它无关的部分共用，其余随之变化。",
    ),
    'edited = trace.edit({"enc0.attn.W_Q": 0.5 * trace["enc0.attn.W_Q"]})\ntrace.diff(edited)',
    Bilingual("Train from there, and check the gradients.", "从这里继续训练，再检查梯度。"),
    "edited.train(100)",
    "edited.check()",
    Bilingual(
        "The debugger's own language works in a notebook, too, and a scenario can be written in a cell.",
        "调试器的命令在 notebook 里同样可用；场景也可以直接写在单元里。",
    ),
    "%tfstep load wo-ai-ni",
    "%tfstep why enc0.attn.weights[0,0,1,2]",
    SCENARIO,
    "%tfstep print w.grad",
)


def notebook(language: str) -> dict[str, Any]:
    """One notebook, without outputs."""
    cells: list[dict[str, Any]] = []
    for number, cell in enumerate(CELLS):
        text = cell.in_(language) if isinstance(cell, Bilingual) else cell.replace("LANGUAGE", language)
        made: dict[str, Any] = {
            "cell_type": "markdown",
            "id": f"cell-{number}",
            "metadata": {},
            "source": text.splitlines(True),
        }
        if isinstance(cell, str):
            made |= {"cell_type": "code", "execution_count": None, "outputs": []}
        cells.append(made)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def file(language: str) -> Path:
    """Where the notebook of a language lies."""
    return HERE / (f"{NAME}.ipynb" if language == "en" else f"{NAME}.{language}.ipynb")


def spelled(language: str) -> str:
    """The notebook as it stands in its file."""
    return json.dumps(notebook(language), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
