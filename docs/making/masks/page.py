"""The page of the libraries' masks: every answer that was recorded, and the scenario here that gives the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from making.markdown import code, head, table
from making.masks.asked import ANSWERS, OF_KIND, text
from making.run import filled
from tfstep.text import Bilingual

TITLE = Bilingual("The masks of the libraries", "各库的掩码")
INTRO = Bilingual(
    "One word, `mask`, and a dozen meanings. Here every library was asked the same questions and what it gave was "
    "compared with scenarios of tfstep: five words, one head, no projections, so that each answer is a table of "
    "weights. Behind each answer stands the variant of the file below whose `attn.weights` are the same, to within "
    "{near}; what was recorded, and the programs that asked, lie in `docs/making/masks`.",
    "同一个词 mask，含义却有十几种。这里向每个库问同样的问题，再拿它给出的数与 tfstep 的场景比：五个词、一个头、没有投影，"
    "所以每个回答就是一张权重表。每个回答后面写着下面文件里的变体，其 `attn.weights` 与它相同，误差在 {near} 之内；"
    "记录下来的数和提问的程序在 `docs/making/masks`。",
    near="5e-6",
)
ASKED: dict[str, Bilingual | str] = {
    "boolean": "true / false",
    "0/-inf": "0 / −inf",
    "1/0": "1.0 / 0.0",
    "bias": Bilingual("a bias (ALiBi)", "偏置（ALiBi）"),
    "nothing, boolean": Bilingual("row with nothing left, boolean", "什么都不剩的行，布尔"),
    "nothing, -inf": Bilingual("the same, −inf", "同上，−inf"),
    "nothing, -1e9": Bilingual("the same, −1e9", "同上，−1e9"),
    "causal": Bilingual("causal, 2 queries and 5 keys", "因果，2 个查询、5 个键"),
    "nothing": Bilingual("all are pads", "全是填充"),
}
SAID: dict[tuple[str, str], Bilingual | str] = {
    ("boolean", "sees"): Bilingual("true looks", "true 可看"),
    ("boolean", "hides"): Bilingual("true hides", "true 遮住"),
    ("boolean", "added"): Bilingual("adds 1 and 0", "加 1 和 0"),
    ("0/-inf", "added"): Bilingual("added", "相加"),
    ("0/-inf", "sees"): Bilingual("**0 hides, −inf looks**", "**0 遮住，−inf 可看**"),
    ("1/0", "added"): Bilingual("added", "相加"),
    ("1/0", "sees"): Bilingual("1 looks", "1 可看"),
    ("1/0", "hides"): Bilingual("**1 hides**", "**1 遮住**"),
    ("bias", "added"): Bilingual("added", "相加"),
    ("bias", "sees"): Bilingual("**0 hides, all else looks**", "**0 遮住，其余可看**"),
    ("bias", "hides"): Bilingual("**all but 0 hides**", "**除 0 外都遮住**"),
    ("", "zero"): "0",
    ("", "even"): Bilingual("even", "均匀"),
    ("", "NaN"): "**NaN**",
    ("", "ignored"): Bilingual("as if seen", "如同可看"),
    ("causal", "top"): Bilingual("top left", "左上角"),
    ("causal", "bottom"): Bilingual("bottom right", "右下角"),
    ("causal", "ignored"): Bilingual("**nothing hidden**", "**什么也没遮**"),
    ("", "refused"): Bilingual("refused", "拒绝"),
}
"""What an answer to a question is called; those of no question, to any."""
PARTS = {
    "masks": Bilingual("Masks of queries by keys", "查询 × 键的掩码"),
    "pads": Bilingual("Masks of padding, a truth for each key", "填充掩码，每个键一个真假"),
}
CALL = Bilingual("call", "调用")
TRY = Bilingual("The scenario", "场景")
HOW = Bilingual(
    "Save this as `masks.yaml`. `custom` of booleans means what most mean, true may look; of numbers, they are added; "
    "`empty` says what a row with nothing left gives; `corner`, which end of the words a causal mask is aligned with.",
    "把它存为 `masks.yaml`。`custom` 若是布尔值，含义与多数库相同：true 可看；若是数，则相加；`empty` 决定什么都不剩的行给什么；"
    "`corner` 决定因果掩码对齐哪一头。",
)
BITES = Bilingual(
    """## What bites

- **Booleans.** `nn.MultiheadAttention` and the layers built on it hide where the mask is true; its own function
  `scaled_dot_product_attention`, and nearly everybody else, let it look.
- **What `no_grad` changes.** `nn.TransformerEncoderLayer` under `eval` and `no_grad` runs a fast path in which every
  number but 0 hides its key: ALiBi leaves each word itself alone, and 1.0 for "may look" hides. Training sees nothing of
  it. `torch.backends.mha.set_fastpath_enabled(False)` switches it off; `tfstep.torch.record` does.
- **Four axes in transformers.** A boolean mask hides with `sdpa`, and is added, as 1 and 0, with `eager`: the one that
  returns attentions sees the future.
- **Numbers as truths.** flax and Keras ask of each number of `mask` whether it is true: the additive mask of everybody
  else, 0 and −inf, means its opposite.
- **A row with nothing left** is 0, even or NaN, in one library too: with the weights returned PyTorch's is NaN, without
  them 0. A loss that leaves the row out may be finite while gradients are NaN: `empty: nan`, and `why` of a gradient.
- **A hint is no mask.** `nn.MultiheadAttention` wants a mask beside `is_causal=True`; here it was given one that hides
  nothing: without the weights the hint decides, with them the mask.
- **Corners.** With a cache of three words and two new ones the bottom right is meant; the function of torch, jax, keras,
  onnx and tinygrad aligns the top left, where the new words see neither each other nor most of the past.
""",
    """## 容易出错的地方

- **布尔值。** `nn.MultiheadAttention` 和以它为基础的层，true 表示遮住；它自家的函数
  `scaled_dot_product_attention` 以及几乎所有别的库，true 表示可看。
- **`no_grad` 改变什么。** `nn.TransformerEncoderLayer` 在 `eval` 加 `no_grad` 下走快速路径，凡不是 0 的数都会遮住那个键：
  ALiBi 让每个词只看得到自己，表示“可看”的 1.0 反而遮住。训练时完全看不出。
  `torch.backends.mha.set_fastpath_enabled(False)` 可以关掉它，
  `tfstep.torch.record` 就关着它记录。
- **transformers 的四轴掩码。** 布尔掩码在 `sdpa` 下遮住，在 `eager` 下却当作 1 和 0 相加：能返回注意力权重的那一种，
  反而看得到后面的词。
- **把数当真假。** flax 和 Keras 的 `mask` 只问每个数是真是假：别家用的 0 和 −inf，在这里意思正好相反。
- **什么都不剩的行**是 0、均匀或 NaN，同一个库里也不一样：PyTorch 返回权重时是 NaN，不返回时是 0。损失不算这一行，损失可以有限，
  梯度却是 NaN：试试 `empty: nan`，再对梯度用 `why`。
- **提示不是掩码。** `nn.MultiheadAttention` 要求 `is_causal=True` 旁边再给一个掩码；这里给的掩码什么也不遮：
  不返回权重时听提示的，返回权重时听掩码的。
- **哪个角。** 缓存了三个词、又来两个新词时，该用右下角；torch、jax、keras、onnx、tinygrad 的函数对齐左上角，
  新词互相看不到，过去的词也大多看不到。
""",
)


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    found = json.loads(ANSWERS.read_text("utf-8"))
    yield from head(TITLE, language)
    yield INTRO.in_(language) + "\n"
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    yield Bilingual("Asked were {versions}.", "问的是：{versions}。", versions=versions).in_(language)
    for kind, questions in OF_KIND.items():
        yield f"\n## {PARTS[kind].in_(language)}\n"
        rows = merged([row for row in found["rows"] if row["kind"] == kind])
        asked = [_in(ASKED[name], language) for name in questions]
        yield from table(
            [CALL.in_(language), *asked],
            [
                [called(row), *(_cell(kind, name, row["answers"].get(name), language) for name in questions)]
                for row in rows
            ],
        )
    said = {each["said"] for row in found["rows"] for each in row["answers"].values() if "said" in each}
    refused = "; ".join(map(code, sorted(said)))
    yield "\n" + Bilingual("What was refused: {said}.", "拒绝时说的是：{said}。", said=refused).in_(language)
    yield "\n" + BITES.in_(language)
    yield f"## {TRY.in_(language)}\n\n{HOW.in_(language)}\n"
    shown = f"```yaml masks.yaml\n{text()}```\n\n```sh\n{COMMANDS}```\n\n```text\n```\n"
    yield filled(shown, language, "masks.md").rstrip()


COMMANDS = "".join(
    f"tfstep dump masks.yaml attn.weights --variant {variant}\n"
    for variant in ("seen", "bias-hides", "row-zero", "bottom")
)


def called(row: dict[str, Any]) -> str:
    """The calls of a row, each as code."""
    return "<br>".join(f"{row['library']}: {code(call)}" for call in row["calls"])


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one library that answer alike, as one."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        alike = json.dumps({name: each["answer"] for name, each in row["answers"].items()})
        into = found.setdefault((row["library"], alike), {**row, "calls": []})
        into["calls"].append(row["call"])
    return list(found.values())


def _cell(kind: str, question: str, given: dict[str, Any] | None, language: str) -> str:
    if given is None:
        return ""
    name = given["answer"]
    said = SAID.get((question, name)) or SAID["", name]
    variant = OF_KIND[kind][question].answers.get(name)
    return _in(said, language) + (f" {code(variant)}" if variant else "")


def _in(text: Bilingual | str, language: str) -> str:
    return text if isinstance(text, str) else text.in_(language)
