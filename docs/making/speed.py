"""How fast it is, and how much memory it takes: the figures of the last release, kept in `benchmarks/release.jsonl`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from making.markdown import head, table
from making.speed_words import WORDS
from tfstep.text import Bilingual

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "release.jsonl"
TITLE = Bilingual("How fast it is", "有多快")
INTRO = Bilingual(
    "The figures of the last release, measured on a quiet machine. What is compared runs in turn, in processes of its own; a "
    "figure is the median, its range stands behind it, and `A / B` is what A takes over what B takes. Aimed at is the most that "
    "it should be. `python benchmarks/NAME.py --figures FILE.jsonl` measures again and keeps the figures, with machine, "
    "versions, commit and load; `python benchmarks/compare.py A.jsonl B.jsonl` lays two files side by side. These stand in "
    "`benchmarks/release.jsonl`.",
    "上一版本的数字，在空闲的机器上测得。相比的各方轮流运行，各用各的进程；数字取中位数，后面是范围；`A / B` 是 A 与 B 之比。"
    "目标是不应超过的值。`python benchmarks/NAME.py --figures FILE.jsonl` 重新测量，并连同机器、版本、提交和负载一起保存；"
    "`python benchmarks/compare.py A.jsonl B.jsonl` 把两个文件并排列出。本页的数字在 `benchmarks/release.jsonl` 中。",
)
SECTIONS = {
    "record": (
        Bilingual("Recording everything", "记录一切"),
        Bilingual(
            'A pass is forward, loss, backward and an update. "retained" is PyTorch with `retain_grad` on every tensor that '
            'tfstep records; "plain" keeps nothing; "products" are the matrix products alone, of the same sizes, forward and '
            'both gradients; "less" is tfstep with `keep="less"`, every gradient and new value read once and let go.',
            "一趟是前向、损失、反向和一次更新。“retained”是对 tfstep 所记录的每个张量都调用 `retain_grad` 的 PyTorch；"
            "“plain”什么也不保留；“products”只做矩阵乘法，尺寸相同，含前向和两个梯度；"
            '“less”是 `keep="less"` 的 tfstep，每个梯度和更新后的值读一次即放掉。',
        ),
        "python benchmarks/record.py",
    ),
    "train": (
        Bilingual("Training", "训练"),
        Bilingual(
            "`train 100` in the debugger, which records every tensor of each pass and keeps the parameters of every update for "
            "`rewind`, beside a PyTorch loop with the same model, loss and numbers that keeps the losses alone.",
            "调试器中的 `train 100`：每一趟的每个张量都记录，每次更新的参数都保留给 `rewind`；对照的 PyTorch 循环"
            "模型、损失和数值都相同，只保留各次的损失。",
        ),
        "python benchmarks/train.py",
    ),
    "open": (
        Bilingual("Opening a model", "打开模型"),
        Bilingual(
            "A random checkpoint of GPT-2-small's shape (12 layers, 768 wide, 50,257 words, float32, 497 MB) is read at 32 "
            "tokens. `transformers` is a script that imports it, calls `from_pretrained`, runs one forward pass and writes the "
            "logits; `tfstep dump` writes the same logits, the screen is drawn with its first numbers, and `steps` lists every "
            "step, forward, backward and update, without reading a number. How exact the numbers are is told by [the table of "
            "families](families.md). PYTHON is one that has torch and transformers.",
            "取一个形状同 GPT-2-small 的随机检查点（12 层，宽 768，50,257 个词，float32，497 MB），读入 32 个词元。"
            "`transformers` 是这样一个脚本：导入、`from_pretrained`、做一次前向、写出 logits；`tfstep dump` 写出同样的 logits；"
            "屏幕界面画出第一屏数字；`steps` 列出前向、反向与更新的每一步，一个数也不读。"
            "数值精确到什么程度，见[模型家族的表](families.zh.md)。PYTHON 须装有 torch 与 transformers。",
        ),
        "python benchmarks/open.py --theirs PYTHON",
    ),
    "commands": (
        Bilingual("Commands", "各条命令"),
        Bilingual(
            "`steps`, `validate` and `names` on a scenario of GPT-2-small's shape with drawn weights, beside an earlier "
            "checkout; `generate` with the cache of keys and values, and without.",
            "对形状同 GPT-2-small、权重随机生成的场景运行 `steps`、`validate` 和 `names`，与较早的一份检出相比；"
            "`generate` 用与不用键和值的缓存。",
        ),
        "python benchmarks/commands.py --base FOLDER",
    ),
    "check": (
        Bilingual("Checking gradients", "检验梯度"),
        Bilingual(
            "`check` of every scenario that ships, in every variant, beside an earlier checkout: of each the processor's time, "
            "loading the files included. Both compare the same cells.",
            "对随附的每个场景的每个变体运行 `check`，与较早的一份检出相比：取各自的处理器时间，含读文件。两边核对的单元格相同。",
        ),
        "python benchmarks/check.py --base FOLDER",
    ),
    "screen": (
        Bilingual("The screen", "屏幕界面"),
        Bilingual(
            "The processor's time from a key to the painted frame, on 120 × 36; the start is that of a whole process.",
            "从按键到画完一屏所用的处理器时间（120 × 36）；启动按整个进程计。",
        ),
        "python benchmarks/screen.py",
    ),
    "diagnose": (Bilingual("Diagnosis", "诊断"), Bilingual("", ""), "python benchmarks/diagnose.py"),
    "class": (Bilingual("A class in browsers", "全班使用浏览器"), Bilingual("", ""), "python benchmarks/class.py"),
    "grow": (
        Bilingual("How cost grows", "开销如何增长"),
        Bilingual(
            "An encoder of 32 tokens, 64 wide, 2 layers, batch 1, made larger along one axis at a time. Counted is what the plan "
            "says: steps, numbers, products; what each costs is fitted once for all sizes of an action. An edit is of a weight "
            "of the last layer, and reads the loss. The program also draws each curve.",
            "一个 32 个词元、宽 64、2 层、批大小 1 的编码器，每次沿一个方向变大。“计数”按计划得出：步数、数的个数、乘积的个数；"
            "各自的单价对一种操作的所有尺寸只拟合一次。改动的是最后一层的一个权重，然后读损失。程序还会画出每条曲线。",
        ),
        "python benchmarks/grow.py",
    ),
}
COLUMNS = (
    Bilingual("case", "情形"),
    Bilingual("what", "内容"),
    Bilingual("threads", "线程"),
    Bilingual("median", "中位数"),
    Bilingual("range", "范围"),
    Bilingual("aimed at", "目标"),
)
VERSIONS = ("tfstep", "commit", "python", "numpy", "textual", "torch", "transformers")
PARTS = re.compile(r"(, | / )")
NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    kept = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    for name in SECTIONS:
        rows = [row for row in kept if row["benchmark"] == name]
        if rows:
            yield from _section(name, rows, language)


def _section(name: str, rows: list[dict[str, Any]], language: str) -> Iterator[str]:
    title, intro, command = SECTIONS[name]
    yield f"\n## {title.in_(language)}\n"
    if intro.in_(language):
        yield intro.in_(language) + "\n"
    yield f"```py\n{command}\n```\n"
    columns = [each.in_(language) for each in COLUMNS]
    cells = [_cells(row, language) for row in rows]
    shown = [k for k in range(len(columns)) if any(row[k] for row in cells)]
    yield from table([columns[k] for k in shown], [[row[k] for k in shown] for row in cells])
    versions = {each: _all(rows, each) for each in VERSIONS}
    about = ", ".join(f"{each} {found}" for each, found in versions.items() if found)
    measured = Bilingual(
        "Measured on {machine}; {versions}", "测于 {machine}；{versions}", machine=_all(rows, "machine"), versions=about
    )
    yield f"\n{measured.in_(language)}"


def _cells(row: dict[str, Any], language: str) -> list[str]:
    unit = f" {row['unit']}" if "unit" in row else ""
    between = f"{_number(row['low'])} … {_number(row['high'])}" if "low" in row else ""
    aim = f"≤ {_number(row['aim'])}{unit}" if "aim" in row else ""
    names = [in_words(row[each], language) for each in ("case", "what")]
    return [*names, str(row.get("threads", "")), f"{_number(row['value'])}{unit}", between, aim]


def in_words(name: str, language: str) -> str:
    """The name of a figure in a language, part by part; a part that no table knows stays."""
    if language == "en":
        return name
    if (whole := _translated(name)) != name:
        return whole
    parts = PARTS.split(name)
    said = [_translated(part) if k % 2 == 0 else {", ": "，"}.get(part, part) for k, part in enumerate(parts)]
    return "".join(said)


def _translated(part: str) -> str:
    found = WORDS.get(NUMBER.sub("{}", part))
    return part if found is None else found.format(*NUMBER.findall(part))


def _all(rows: list[dict[str, Any]], about: str) -> str:
    return ", ".join(dict.fromkeys(row[about] for row in rows if about in row))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
