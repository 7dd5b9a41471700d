"""The keys for looking at matrices."""

from __future__ import annotations

from tfstep.faces.tui.keys.key import Key
from tfstep.text import Bilingual

MATRIX = (
    Key(
        "m",
        "m",
        Bilingual("shades", "色阶"),
        "intend('drawn')",
        about=Bilingual(
            "Numbers on shades as far as there is room, plain numbers, or shades only.",
            "空间允许时数字加色阶、只用数字、或只用色阶。",
        ),
    ),
    Key(
        "right_parenthesis",
        ")",
        Bilingual("digits", "位数"),
        "intend('digits', 1)",
        about=Bilingual("One more digit.", "多显示一位数字。"),
    ),
    Key(
        "left_parenthesis",
        "(",
        Bilingual("digits", "位数"),
        "intend('digits', -1)",
        about=Bilingual("One digit less.", "少显示一位数字。"),
    ),
    Key(
        "x",
        "x",
        Bilingual("largest", "最大"),
        "intend('extreme', 1)",
        about=Bilingual(
            "To the largest number of the matrix by size, then the next largest.",
            "跳到矩阵中绝对值最大的数，再按跳到次大的。",
        ),
    ),
    Key(
        "X",
        "X",
        Bilingual("smallest", "最小"),
        "intend('extreme', -1)",
        about=Bilingual(
            "To the smallest number of the matrix by size; behind `x` one back.",
            "跳到矩阵中绝对值最小的数；在 `x` 之后则退回一个。",
        ),
    ),
    Key(
        "H",
        "H",
        Bilingual("heads", "各头"),
        "intend('heads')",
        about=Bilingual("All heads side by side, or one at a time.", "所有头并排，或一次看一个头。"),
    ),
    Key(
        "space",
        "Space",
        Bilingual("flip", "前后"),
        "intend('flip')",
        about=Bilingual(
            "The numbers as they were before the last change; again: as they are.",
            "看上次改动之前的数；再按回到现在。",
        ),
    ),
    Key(
        "G",
        "G",
        Bilingual("overlay", "叠加"),
        "intend('overlaid')",
        about=Bilingual(
            "The values on the shades of their gradient, with arrows that point downhill; again: back to the step.",
            "数为值、色阶为梯度，箭头指向下坡；再按一次回到步骤。",
        ),
    ),
    Key(
        "C",
        "C",
        Bilingual("range", "范围"),
        "intend('colours')",
        about=Bilingual(
            "One colour range for all matrices of the board, or for each its own.",
            "所有矩阵共用一个色阶范围，或各用各的。",
        ),
    ),
)
