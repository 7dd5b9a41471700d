"""The keys: what each does, in a word for the footer and in a sentence for the help."""

from __future__ import annotations

from tfstep.faces.tui.keys.finding import FINDING
from tfstep.faces.tui.keys.key import Key
from tfstep.faces.tui.keys.matrix import MATRIX
from tfstep.text import Bilingual

KEYS = (
    Key("n", "n", Bilingual("next", "下一步"), "run", "next", footer=1),
    Key("p", "p", Bilingual("back", "后退"), "run", "reverse-next", footer=1),
    Key("s", "s", Bilingual("into", "进入"), "run", "step", footer=1),
    Key("o", "o", Bilingual("out", "跳出"), "run", "finish", footer=1),
    Key("c", "c", Bilingual("continue", "继续"), "run", "continue", footer=3),
    Key(
        "e",
        "e",
        Bilingual("edit", "编辑"),
        "intend('edit')",
        footer=1,
        about=Bilingual(
            "Edit the cell under the cursor in place; a computed step is pinned there.",
            "就地编辑光标处的单元格；计算得出的步骤会被固定在该值。",
        ),
    ),
    Key(
        "r",
        "r",
        Bilingual("row", "整行"),
        "intend('row')",
        about=Bilingual(
            "Edit the row under the cursor: one expression for all of it.", "编辑光标所在的整行：用一个表达式。"
        ),
    ),
    Key(
        "R",
        "R",
        Bilingual("tensor", "整个张量"),
        "intend('whole')",
        about=Bilingual(
            "Edit the whole tensor: `eye(4)`, `zeros(3, 4)`, an expression.",
            "编辑整个张量：`eye(4)`、`zeros(3, 4)` 或任意表达式。",
        ),
    ),
    Key(
        "w",
        "w",
        Bilingual("words", "换词"),
        "intend('words')",
        about=Bilingual("Let the model read other words.", "让模型读别的词。"),
    ),
    Key(
        "M",
        "M",
        Bilingual("model", "模型"),
        "intend('model')",
        about=Bilingual("Change a key of the model: heads, norm, …", "改模型的一项设置：头数、归一化等。"),
    ),
    Key(
        "plus,equals_sign",
        "+",
        Bilingual("nudge", "微调"),
        "intend('nudge', 1)",
        footer=2,
        about=Bilingual(
            "Raise the number under the cursor by one nudge, and see everything downstream move.",
            "把光标处的数调大一点，看下游随之变动。",
        ),
    ),
    Key(
        "minus",
        "-",
        Bilingual("nudge", "微调"),
        "intend('nudge', -1)",
        about=Bilingual("Lower it by one nudge.", "把它调小一点。"),
    ),
    Key(
        "less_than_sign",
        "<",
        Bilingual("finer", "更细"),
        "intend('nudge_size', -1)",
        about=Bilingual("Make the nudge ten times smaller.", "微调幅度缩小到十分之一。"),
    ),
    Key(
        "greater_than_sign",
        ">",
        Bilingual("coarser", "更粗"),
        "intend('nudge_size', 1)",
        about=Bilingual("Make the nudge ten times larger.", "微调幅度放大到十倍。"),
    ),
    Key("u", "u", Bilingual("undo", "撤销"), "run", "undo", footer=2),
    Key("U", "U", Bilingual("redo", "重做"), "run", "redo"),
    Key(
        "g",
        "g",
        Bilingual("grad", "梯度"),
        "intend('gradient')",
        footer=2,
        about=Bilingual(
            "Value, gradient and new value side by side; again: back to the step.",
            "并排显示值、梯度和更新后的值；再按一次回到步骤。",
        ),
    ),
    Key(
        "d",
        "d",
        Bilingual("diff", "差异"),
        "intend('difference')",
        footer=2,
        about=Bilingual(
            "Before and after the last edit, with the difference; again: another variant beside this one, by position, "
            "then by word; then back to the step.",
            "上次改动之前、之后与差；再按：与另一变体并排比较，先按位置、再按词对齐；最后回到步骤。",
        ),
    ),
    Key(
        "v",
        "v",
        Bilingual("variant", "变体"),
        "intend('variant')",
        footer=2,
        about=Bilingual("The next variant of the scenario, at the same step.", "在同一步切换到场景的下一个变体。"),
    ),
    Key(
        "b",
        "b",
        Bilingual("break", "断点"),
        "intend('breakpoint')",
        footer=4,
        about=Bilingual("Set or take away a breakpoint on this step.", "在这一步设置或去掉断点。"),
    ),
    Key(
        "tab",
        "Tab",
        Bilingual("matrix", "矩阵"),
        "focus_next",
        footer=2,
        about=Bilingual(
            "Put the cursor into the next matrix: the operands, so that weights can be edited.",
            "把光标移到下一个矩阵：移到运算数上就能编辑权重。",
        ),
    ),
    Key(
        "shift+tab",
        "⇧Tab",
        Bilingual("matrix", "矩阵"),
        "focus_previous",
        about=Bilingual("Put the cursor into the matrix before.", "把光标移到上一个矩阵。"),
    ),
    Key(
        "left_square_bracket",
        "[",
        Bilingual("head", "头"),
        "intend('head', -1)",
        about=Bilingual("The head before.", "上一个头。"),
    ),
    Key(
        "right_square_bracket",
        "]",
        Bilingual("head", "头"),
        "intend('head', 1)",
        footer=4,
        about=Bilingual("The next head.", "下一个头。"),
    ),
    Key(
        "left_curly_bracket",
        "{",
        Bilingual("sentence", "句子"),
        "intend('sentence', -1)",
        about=Bilingual("The sentence of the batch before.", "批次中的上一句。"),
    ),
    Key(
        "right_curly_bracket",
        "}",
        Bilingual("sentence", "句子"),
        "intend('sentence', 1)",
        about=Bilingual("The next sentence of the batch.", "批次中的下一句。"),
    ),
    Key(
        "left,h",
        "←",
        Bilingual("left", "左"),
        "cursor(0, -1)",
        about=Bilingual("Move the cell cursor; h j k l as well.", "移动单元格光标；也可用 h j k l。"),
    ),
    Key(
        "down,j",
        "↓",
        Bilingual("down", "下"),
        "cursor(1, 0)",
        about=Bilingual("Move the cell cursor; h j k l as well.", "移动单元格光标；也可用 h j k l。"),
    ),
    Key(
        "up,k",
        "↑",
        Bilingual("up", "上"),
        "cursor(-1, 0)",
        about=Bilingual("Move the cell cursor; h j k l as well.", "移动单元格光标；也可用 h j k l。"),
    ),
    Key(
        "right,l",
        "→",
        Bilingual("right", "右"),
        "cursor(0, 1)",
        about=Bilingual("Move the cell cursor; h j k l as well.", "移动单元格光标；也可用 h j k l。"),
    ),
    Key(
        "pagedown", "PgDn", Bilingual("page", "翻页"), "cursor(10, 0)", about=Bilingual("Ten rows down.", "下移十行。")
    ),
    Key("pageup", "PgUp", Bilingual("page", "翻页"), "cursor(-10, 0)", about=Bilingual("Ten rows up.", "上移十行。")),
    Key(
        "home",
        "Home",
        Bilingual("row", "行首"),
        "cursor(0, -1000000)",
        about=Bilingual("To the first column.", "到第一列。"),
    ),
    Key(
        "end",
        "End",
        Bilingual("row", "行尾"),
        "cursor(0, 1000000)",
        about=Bilingual("To the last column.", "到最后一列。"),
    ),
    *MATRIX,
    Key(
        "S",
        "S",
        Bilingual("picture", "截图"),
        "intend('picture')",
        about=Bilingual("Write what is on the screen as an SVG picture.", "把屏幕内容存为 SVG 图片。"),
    ),
    *FINDING,
)
