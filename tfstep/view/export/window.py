"""How much of a large tensor a page or a picture shows."""

from __future__ import annotations

import math
import sys

import numpy as np
from msgspec import Struct

from tfstep.text import Bilingual

MORE = Bilingual("json, csv and npz have all", "json、csv、npz 含全部")


class Window(Struct, frozen=True):
    """How much of a tensor is shown: so many rows and columns of each matrix, and matrices."""

    rows: int
    columns: int
    matrices: int

    def cells(self, shape: tuple[int, ...]) -> int:
        """How many numbers of a tensor of this shape are in it."""
        rows, columns = ([1, 1, *shape])[-2:]
        return min(math.prod(shape[:-2]), self.matrices) * min(rows, self.rows) * min(columns, self.columns)

    def beyond(self, shape: tuple[int, ...]) -> Bilingual | None:
        """What is said of the matrices that are left out, if any are."""
        n = math.prod(shape[:-2]) - self.matrices
        return (
            None
            if n <= 0
            else Bilingual("matrices left out: {n}; {more}", "未列出的矩阵：{n} 个；{more}", n=n, more=MORE)
        )

    def cut(self, part: np.ndarray) -> tuple[np.ndarray, Bilingual | None]:
        """A matrix (or less) as far as it is shown, and what is said of the rest, if there is any."""
        shown = part[..., : self.rows, : self.columns] if part.ndim > 1 else part[: self.columns] if part.ndim else part
        if shown.shape == part.shape:
            return part, None
        sizes = " × ".join(map(str, part.shape)), " × ".join(map(str, shown.shape))
        text = Bilingual(
            "the first {shown} of {of}; {more}", "{of} 中的前 {shown}；{more}", shown=sizes[1], of=sizes[0], more=MORE
        )
        return shown, text


WHOLE = Window(sys.maxsize, sys.maxsize, sys.maxsize)
