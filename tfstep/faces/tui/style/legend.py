"""What each colour and each sign of the screen means: one meaning each, and no meaning by colour alone.

`?` and the page on keys are made from these tables.
"""

from __future__ import annotations

from msgspec import Struct

from tfstep.text import Bilingual
from tfstep.view.text.spans import Span


class Meaning(Struct, frozen=True):
    """A colour by its role (see `palette.role`) and name, the signs that say the same without it, what it means; a
    sign alone has neither role nor name."""

    role: str
    colour: Bilingual | None
    signs: str
    means: Bilingual


COLOURS = (
    Meaning(
        "accent",
        Bilingual("orange", "橙"),
        "▶  ▐0▌",
        Bilingual(
            "where you are: the step, the cell, its name; a key to press", "当前位置：步骤、单元格及其名称；可按的键"
        ),
    ),
    Meaning(
        "key",
        Bilingual("blue", "蓝"),
        "▌0",
        Bilingual("what the number under the cursor is made of; a heading", "光标处的数由哪些数算出；标题"),
    ),
    Meaning(
        "changed",
        Bilingual("violet", "紫"),
        "~  ·  =  ▲ ▼",
        Bilingual(
            "changed since the last edit: edited ~, moved by it ·, pinned =, up ▲, down ▼",
            "上次改动以来变了：改动 ~，随之变动 ·，固定 =，上升 ▲，下降 ▼",
        ),
    ),
    Meaning("good", Bilingual("green", "绿"), "✓", Bilingual("checked and right; done", "已核对无误；已完成")),
    Meaning(
        "bad",
        Bilingual("red", "红"),
        "●  ▒  ✗",
        Bilingual(
            "what stops: a breakpoint ●, a mask's reason ▒, a mistake ✗, NaN",
            "停下或出错：断点 ●、遮罩的原因 ▒、错误 ✗、NaN",
        ),
    ),
    Meaning(
        "dim",
        Bilingual("grey", "灰"),
        "0  ▒",
        Bilingual(
            "labels and remarks; 0 but for rounding; masked cells; before the edit",
            "标签与说明；除舍入外为 0；被遮住的单元格；改动之前",
        ),
    ),
    Meaning(
        "shaded-8",
        Bilingual("blue ground", "蓝底"),
        "-",
        Bilingual("a negative number, the darker the larger", "负数，越深绝对值越大"),
    ),
    Meaning(
        "shaded8",
        Bilingual("brown ground", "棕底"),
        "+",
        Bilingual("a positive number, the darker the larger", "正数，越深绝对值越大"),
    ),
    Meaning(
        "shared8",
        Bilingual("teal ground", "青底"),
        "",
        Bilingual("a share of 1, the darker the larger", "占 1 的份额，越深越大"),
    ),
)
SIGNS = (
    Meaning(
        "",
        None,
        "--  -  ·  +  ++",
        Bilingual(
            "shades without numbers: large and negative, negative, small, positive, large and positive",
            "只有色阶时：很负、负、小、正、很正",
        ),
    ),
    Meaning(
        "",
        None,
        "··  ▒▒  ▓▓  ██",
        Bilingual("shades of shares: from a little to all of 1", "份额的色阶：从很少到全部"),
    ),
    Meaning(
        "", None, "[ ]", Bilingual("the cell under the cursor, where there is no colour", "没有颜色时光标所在的单元格")
    ),
    Meaning(
        "",
        None,
        "the⇒cat",
        Bilingual("a row of a decoder: it has read `the`, and has to say `cat`", "解码器的一行：已读 the，该说 cat"),
    ),
    Meaning(
        "",
        None,
        "▇▅▃▶▁",
        Bilingual(
            "the losses of a training: ▶ where you are, ~ an edit, │ where it stopped",
            "训练各次更新的损失：▶ 现在，~ 改动，│ 停下处",
        ),
    ),
    Meaning("", None, "the#2", Bilingual("the second `the` of the text", "文中第二个 the")),
    Meaning(
        "",
        None,
        "d0 i0 o0 h0 p0",
        Bilingual("dimension, input, output, head, position 0", "第 0 个维度、输入、输出、头、位置"),
    ),
    Meaning("", None, "∂x  x.grad", Bilingual("the gradient of the loss by x", "损失对 x 的梯度")),
    Meaning("", None, "Kᵀ", Bilingual("K with rows and columns exchanged", "行列互换的 K")),
)


def sample(meaning: Meaning) -> Span:
    """The colour as it is, with its signs."""
    return Span(meaning.signs or "  ", meaning.role or "strong")
