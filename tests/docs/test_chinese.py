"""The Chinese of lessons, pages and messages: what of docs/making/zh.md can be found mechanically."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
HAN = "\u4e00-\u9fff"
RULES = {
    "a mark behind a question": r"[？！][；。，]",
    "a half-width mark between Chinese": rf"(?<=[{HAN}])(?!:[行列路])[,;:!?](?=[{HAN}“（])",
    "a half-width bracket between Chinese": rf"[{HAN}]\([{HAN}]|[{HAN}]\)[{HAN}]",
    "straight quotes": rf'"[{HAN}][^"\n{{}}]*[{HAN}]"(?=[{HAN}，。])',
    "two names for one thing": "模长|词向量|嵌入向量|负十亿|注意力得分|打分值|极小的数|回车键|Enter 键|令牌|掩蔽"
    "|屏蔽|编码器块|解码器块|每个块|每一块|(?<!线性)单元(?!格|阵)|迭代",
    "an office's words": "进行|我们可以看到|值得注意|众所周知|不难发现|请注意|被除以|被乘以|被加上|而存在|做出",
    "a chain of 的": "(?:的[^的，。；：！？、“”（）\\n|`*¼\\0]{1,8}){2}的(?!都)",
    "a word twice": "的的|了了|，，|。。|是是",
    "a blank before a mark": rf"[{HAN}] [，。；：！？）“（]|[，。：”）] [{HAN}“（]",
    "no blank between Chinese and other letters": rf"[{HAN}][A-Za-z0-9<]|[A-Za-z0-9>][{HAN}]",
    "a hyphen between Chinese": rf"(?<!编码器)(?<!向量)-(?=[{HAN}])(?<=[{HAN}]-)",
    "a language half translated": rf"[{HAN}]，? ?\b(?:or the|is the|of the|else|above|outside|where)\b(?![(-])",
}
"""What must not be found, by what it is called."""

PAGES = sorted(
    [
        *(ROOT / "lessons").glob("*.zh.md"),
        *(path for path in (ROOT / "docs").rglob("*.zh.md") if "making" not in path.parts),
        ROOT / "README.zh.md",
        ROOT / "tfstep" / "commands" / "glossary" / "zh.md",
        ROOT / "tfstep" / "view" / "cell" / "purposes.zh.txt",
        ROOT / "tfstep" / "lessons" / "starter" / "lesson.zh.md",
    ]
)
TABLES = sorted([*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "tfstep" / "lessons").rglob("*.yaml")])
"""Scenarios with their titles and abouts, the exam, the misconceptions."""
_CODE = re.compile(
    r"^---\n.*?^---$|^```(?!question)\w+\n.*?^```$|`[^`\n]*`|\{\{.*?\}\}|\{[^{}\n]*\}|^<!--.*?-->$|^also: .*$|\]\([^)]*\)",
    re.S | re.M,
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


def chinese(node: object) -> Iterator[str]:
    """Every text that stands under ``zh`` in what a YAML file holds."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "zh" and isinstance(value, str):
            yield value
        else:
            yield from chinese(value)


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


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_keeps_the_rules(path: Path) -> None:
    texts = list(chinese(YAML(typ="safe").load(path)))
    assert len(texts) > 1
    assert [fault for text in texts for fault in faults(text)] == []


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
        "四个 <pad>也来分",
        "对齐的是 “牛奶”",
        "共19个词",
        "分数被除以 √d_k",
        "对权重进行更新",
        "这是模型的权重的初值的来源",
        "解码器块",
    ],
)
def test_what_breaks_a_rule_is_found(text: str) -> None:
    assert len(list(faults(text))) >= 1
