"""Each term of the Chinese prose carries the name that articles use where it first stands in a lesson."""

import re
from collections.abc import Iterator

import pytest

from tfstep.commands.glossary.terms import find_term
from tfstep.lessons.format.catalog import load_lesson, shipped
from tfstep.lessons.format.lesson import Pieces, Prose, Question

TERMS = {
    "词元": "token",
    "分词": "tokenization",
    "词嵌入": "embedding",
    "位置编码": "positional encoding",
    "查询": "Query",
    "键": "Key",
    "值": "Value",
    "点积": "dot product",
    "自注意力": "self-attention",
    "交叉注意力": "cross-attention",
    "因果掩码": "causal mask",
    "残差连接": "residual connection",
    "层归一化": "LayerNorm",
    "批归一化": "BatchNorm",
    "前馈网络": "FFN",
    "激活函数": "activation function",
    "偏置": "bias",
    "均方误差": "MSE",
    "交叉熵": "cross-entropy",
    "偏导": "partial derivative",
    "链式法则": "chain rule",
    "梯度消失": "vanishing gradient",
    "有限差分": "finite difference",
    "学习率": "learning rate",
    "优化器": "optimizer",
    "方差": "variance",
    "教师强制": "teacher forcing",
    "暴露偏差": "exposure bias",
    "自回归": "autoregressive",
    "贪心": "greedy",
    "置换等变": "permutation-equivariant",
    "权重共享": "weight tying",
}
"""The Chinese of the prose, and the other name that it carries in brackets."""
ALONE = {"键": r"(?<!按)键(?![盘名])", "值": r"(?<![均价数期取最极全定原真估峰绝对阈大小布尔赋就什么差确])值(?![得班])"}
"""Where a term is one character: where it stands for itself."""


def said(name: str) -> Iterator[Pieces]:
    """What a reader is told and asked, in order; hints, choices and what is verbatim left out."""
    for step in load_lesson(name, "zh").steps:
        for block in step.blocks:
            if isinstance(block, Prose) and not block.verbatim:
                yield block.pieces
            elif isinstance(block, Question):
                yield block.ask
                yield block.because


def prose(name: str) -> str:
    """All that as one text, without its numbers, its code and its marks."""
    texts = ("".join(p for p in pieces if isinstance(p, str)) for pieces in said(name))
    return re.sub(r"`[^`]*`|\*", "", "\n".join(texts))


@pytest.mark.parametrize("name", shipped())
def test_a_term_carries_its_other_name_where_it_first_stands(name: str) -> None:
    text = prose(name)
    for term, other in TERMS.items():
        found = re.search(ALONE.get(term, term), text)
        if found is not None:
            near = text[found.end() :][: len(other) + 12]
            assert other.split()[0].lower() in near.lower(), f"{term}（{other}）: {text[found.start() - 20 :][:50]}"


def test_every_term_stands_in_the_prose_of_a_lesson() -> None:
    texts = "\n".join(map(prose, shipped()))
    assert [term for term in TERMS if not re.search(ALONE.get(term, term), texts)] == []


@pytest.mark.parametrize(("term", "other"), TERMS.items())
def test_help_finds_it_by_both_names(term: str, other: str) -> None:
    assert find_term(term) is not None
    assert find_term(other) is find_term(term)
