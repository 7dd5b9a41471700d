"""The Chinese of lessons, pages and messages: what of docs/making/zh.md can be found mechanically."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HAN = "\u4e00-\u9fff"
RULES = {
    "a mark behind a question": r"[？！][；。，]",
    "a half-width mark between Chinese": rf"(?<=[{HAN}])(?!:[行列路])[,;:!?](?=[{HAN}“（])",
    "a half-width bracket between Chinese": rf"[{HAN}]\([{HAN}]|[{HAN}]\)[{HAN}]",
    "straight quotes": rf'"[{HAN}][^"\n{{}}]*[{HAN}]"(?=[{HAN}，。])',
    "two names for one thing": "模长|词向量|负十亿|注意力得分|极小的数|回车键|Enter 键|令牌|掩蔽",
    "a word twice": "的的|了了|，，|。。|是是",
    "a blank before a mark": rf"[{HAN}] [，。；：！？）]",
    "a hyphen between Chinese": rf"(?<!编码器)(?<!向量)-(?=[{HAN}])(?<=[{HAN}]-)",
    "a language half translated": rf"[{HAN}]，? ?\b(?:or the|is the|of the|else|above|outside|where)\b(?!\()",
}
"""What must not be found, by what it is called."""

PAGES = sorted(
    [
        *(ROOT / "lessons").glob("*.zh.md"),
        *(path for path in (ROOT / "docs").rglob("*.zh.md") if "making" not in path.parts),
        ROOT / "README.zh.md",
        ROOT / "tfstep" / "commands" / "glossary" / "zh.md",
        ROOT / "tfstep" / "view" / "cell" / "purposes.zh.txt",
    ]
)
_CODE = re.compile(
    r"^```(?!question)\w+\n.*?^```$|`[^`\n]*`|\{\{.*?\}\}|^<!--.*?-->$|^also: .*$|\]\([^)]*\)", re.S | re.M
)


def blanked(text: str) -> str:
    """The text with what is code in it blotted out, every place as it was."""
    return _CODE.sub(lambda m: re.sub(r"[^\n]", "\u0000", m[0]), text)


def faults(text: str) -> Iterator[str]:
    """What of the rules a text breaks."""
    bare = blanked(text)
    for name, rule in RULES.items():
        for found in re.finditer(rule, bare):
            around = text[max(0, found.start() - 10) : found.end() + 10].replace("\n", " ")
            yield f"{text.count(chr(10), 0, found.start()) + 1}: {name}: {around}"


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """The Chinese of every `Bilingual` and `Template` of a module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Bilingual", "Template"):
            for each in node.args[1:2]:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield node.lineno, each.value


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_keeps_the_rules(path: Path) -> None:
    assert list(faults(path.read_text("utf-8"))) == []


def test_every_message_keeps_the_rules() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {fault}"
        for path in sorted((ROOT / "tfstep").rglob("*.py"))
        for line, text in messages(path)
        for fault in faults(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "为什么？；因为",
        "注意力,权重",
        "权重(注意力)",
        '这是"权重"的意思',
        "它的模长",
        "权重 ，分数",
        "梯度的的",
        "单-元",
        "g 是梯度，or the 速度",
    ],
)
def test_what_breaks_a_rule_is_found(text: str) -> None:
    assert len(list(faults(text))) >= 1


TERMS = {
    "词元": "token",
    "词嵌入": "embedding",
    "教师强制": "teacher forcing",
    "交叉注意力": "cross-attention",
    "层归一化": "LayerNorm",
    "批归一化": "BatchNorm",
    "均方误差": "MSE",
    "交叉熵": "cross-entropy",
    "前馈网络": "FFN",
    "残差连接": "residual",
    "因果掩码": "causal mask",
    "位置编码": "positional encoding",
}
"""Names that articles use: in brackets where the term first stands in the prose of a lesson."""


def prose(path: Path) -> str:
    """What a lesson says, its title, its blocks and its code left out."""
    text = path.read_text("utf-8").split("---", 2)[2]
    return re.sub(r"^```(?!question)\w+\n.*?^```$|`[^`\n]*`|^## [^\n]*$", "", text, flags=re.S | re.M)


@pytest.mark.parametrize("path", sorted((ROOT / "lessons").glob("*.zh.md")), ids=lambda path: path.stem)
def test_a_term_carries_its_other_name_where_it_first_stands(path: Path) -> None:
    text = prose(path)
    for term, other in TERMS.items():
        at = text.replace("**", "").find(term)
        if at >= 0:
            near = text.replace("**", "")[at + len(term) :][: len(other) + 12]
            assert other.lower() in near.lower(), f"{term}（{other}）"
