"""The colours of heatmaps: from white to orange for positive numbers, to blue for negative ones, to green for
probabilities; grey where a mask is the reason. The sign can always be read in the number too."""

from __future__ import annotations

from tfstep.text import Bilingual
from tfstep.view.export.slices import Slice
from tfstep.view.export.tables import MASKED as SIGN

POSITIVE, NEGATIVE, PROBABLE = (217, 95, 14), (33, 102, 172), (35, 139, 69)
MASKED = "#e3e3e3"
LEGEND = Bilingual(
    "orange: positive; blue: negative; green: a probability; the deeper, the larger beside the largest of its tensor; "
    "grey and ▒: masked; not shaded: numbers of words, and what is 0 but for rounding",
    "橙：正数；蓝：负数；绿：概率；颜色越深，相对本张量的最大值越大；灰底和 ▒：被掩码遮住；不着色：词的编号，"
    "以及除舍入误差外就是 0 的数",
)


def shade(part: Slice, row: int, column: int) -> str:
    """The colour behind one number, as ``#rrggbb``."""
    if part.masked(row, column):
        return MASKED
    share = part.shares[row][column]
    end = PROBABLE if part.probability else POSITIVE if share > 0 else NEGATIVE
    return "#" + "".join(f"{round(255 + (c - 255) * abs(share)):02x}" for c in end)


def ink(part: Slice, row: int, column: int) -> str:
    """The colour of the number on it: black, or white where that is easier to read."""
    return "#ffffff" if not part.masked(row, column) and abs(part.shares[row][column]) > 0.65 else "#1a1a1a"


def number(part: Slice, row: int, column: int) -> str:
    """The number, with the sign of a mask beside it."""
    return f"{SIGN} {part.texts[row][column]}" if part.masked(row, column) else part.texts[row][column]
