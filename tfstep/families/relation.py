"""How a tensor of a checkpoint holds one of ours: transposed, a part of it, per head, permuted, offset, scaled.

A relation is a view: reading takes it from their array, writing fills it with ours. One description serves both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from msgspec import Struct

from tfstep.text import Bilingual

Shape = tuple[int, ...]


class Heads(Protocol):
    """What a relation asks of the model: how many heads it has."""

    @property
    def heads(self) -> int: ...
    @property
    def kv_heads(self) -> int: ...


class Part(Struct, frozen=True):
    """A part of the output features: of ``groups`` groups of ``pieces`` equal pieces each, those from ``first`` on.

    ``cut`` gives (groups, pieces, first, after the last) for a model.
    """

    text: Bilingual
    cut: Callable[[Heads], tuple[int, int, int, int]]


def piece(which: int, of: int, text: Bilingual) -> Part:
    """One of equal parts, one after the other: the thirds of GPT-2's c_attn, the halves of Phi-3's gate_up_proj."""
    return Part(text, lambda model: (1, of, which, which + 1))


def alternating(which: int, of: int) -> Part:
    """Every second feature: gate and up of gpt-oss."""
    text = Bilingual("every feature {n} of {of}", "每 {of} 个特征中的第 {n} 个", n=which + 1, of=of)
    return Part(text, lambda model: (-1, of, which, which + 1))


def _all(which: str) -> Part:
    """All queries, then all keys, then all values (Phi-3)."""

    def cut(m: Heads) -> tuple[int, int, int, int]:
        begin = {"Q": 0, "K": m.heads, "V": m.heads + m.kv_heads}[which]
        return 1, m.heads + 2 * m.kv_heads, begin, begin + (m.heads if which == "Q" else m.kv_heads)

    return Part(Bilingual("the rows of {q}", "其中 {q} 的各行", q=which), cut)


def _grouped(which: str) -> Part:
    """For each key head its queries, its key, its value (NeoX, BLOOM, Falcon)."""

    def cut(m: Heads) -> tuple[int, int, int, int]:
        group = m.heads // m.kv_heads
        begin, end = {"Q": (0, group), "K": (group, group + 1), "V": (group + 1, group + 2)}[which]
        return m.kv_heads, group + 2, begin, end

    return Part(Bilingual("the rows of {q}, head by head", "每个头中 {q} 的行", q=which), cut)


_THIRD = (
    Bilingual("the first third", "前三分之一"),
    Bilingual("the second third", "中间三分之一"),
    Bilingual("the last third", "后三分之一"),
)
THIRDS = {which: piece(k, 3, _THIRD[k]) for k, which in enumerate("QKV")}
FIRST_HALF = piece(0, 2, Bilingual("the first half", "前一半"))
SECOND_HALF = piece(1, 2, Bilingual("the second half", "后一半"))
IN_TURN = {which: _all(which) for which in "QKV"}
PER_HEAD = {which: _grouped(which) for which in "QKV"}


class Relation(Struct, frozen=True):
    """What our tensor is of theirs: ``(view(theirs) + plus) · times``, the view being taken in the order below.

    ``index`` is the first axis' entry (an expert, a head); ``part`` cuts the output features (the first axis, or with
    ``last`` the last one); ``halves`` names the heads whose pairs lie side by side in theirs and apart in ours;
    ``rows`` begins a table so many rows later; ``transposed`` turns (out, in) into (in, out).
    """

    index: int | None = None
    part: Part | None = None
    last: bool = False
    halves: str = ""
    rows: int = 0
    transposed: bool = False
    plus: float = 0.0
    times: float = 1.0
    flat: bool = False  # axes of size 1 aside

    def view(self, theirs: np.ndarray, model: Heads) -> np.ndarray:
        """The numbers of theirs that are ours, as a view wherever axes alone are moved; its axes may be more."""
        a = theirs
        if self.flat:
            a = a.reshape(tuple(n for n in a.shape if n != 1))
        if self.index is not None:
            a = a[self.index]
        if self.rows:
            a = a[self.rows :]
        if self.part is None and not self.halves:
            return a.T if self.transposed else a
        turned = a.T if self.last and a.ndim > 1 else a  # (out, in)
        if self.part is not None:
            groups, pieces, first, end = self.part.cut(model)
            size = 1 if groups < 0 else turned.shape[0] // (groups * pieces)
            turned = turned.reshape(groups, pieces, size, *turned.shape[1:])[:, first:end]
        if self.halves:
            heads = model.heads if self.halves == "heads" else model.kv_heads
            turned = turned.reshape(heads, -1, 2, *a.shape[1:]).swapaxes(1, 2)
        inner = theirs.ndim - (self.index is not None) - 1  # axes behind the output features
        behind = turned.ndim - inner
        return np.moveaxis(turned, tuple(range(behind)), tuple(range(-behind, 0))) if self.turns and inner else turned

    @property
    def turns(self) -> bool:
        """Whether the output features come last in ours, as in a weight, and are cut from theirs."""
        return self.transposed != self.last

    def take(self, theirs: np.ndarray, shape: Shape, model: Heads) -> np.ndarray:
        """Ours, of this shape: a view of theirs where axes alone are moved. A longer table gives its first rows.

        Raises ValueError where it does not fit.
        """
        a = self.view(theirs, model)
        if a.ndim == len(shape) == 2 and a.shape[0] > shape[0] and a.shape[1] == shape[1] and self.is_table:
            a = a[: shape[0]]
        a = a.reshape(shape)
        if self.plus:
            a = a + a.dtype.type(self.plus)
        return a * a.dtype.type(self.times) if self.times != 1.0 else a

    def put(self, ours: np.ndarray, theirs: np.ndarray, model: Heads) -> None:
        """Write ours into theirs, where it belongs."""
        view = self.view(theirs, model)
        view[...] = (ours / self.times - self.plus).reshape(view.shape)

    def shape(self, theirs: Shape, model: Heads) -> Shape | None:
        """The shape that ours has if theirs has this one, axes merged where a part was cut; None where none fits."""
        try:
            view = self.view(np.broadcast_to(np.int8(0), theirs), model)
        except (ValueError, IndexError):
            return None
        inner = len(theirs) - (self.index is not None) - 1
        if self.part is None and not self.halves:
            return view.shape
        if not inner:
            return (view.size,)
        return (
            (view.shape[0], view.size // view.shape[0]) if self.turns else (view.size // view.shape[-1], view.shape[-1])
        )

    @property
    def is_table(self) -> bool:
        """Whether it is a table of rows as it stands, such as learned positions."""
        return not (self.transposed or self.part or self.halves or self.index is not None)

    @property
    def text(self) -> Bilingual:
        """What relates them, in words; empty where they are the same."""
        said = [self.part.text] if self.part is not None else []
        if self.index is not None:
            said.append(Bilingual("entry {n}", "其中第 {n} 个", n=self.index))
        if self.halves:
            said.append(Bilingual("rows permuted within a head", "头内各行重排"))
        if self.rows:
            said.append(Bilingual("from row {n} on", "从第 {n} 行起", n=self.rows))
        if self.transposed:
            said.append(Bilingual("transposed: (out, in)", "转置：(输出, 输入)"))
        if self.plus:
            said.append(Bilingual("plus {n:g}", "加 {n:g}", n=self.plus))
        if self.times != 1.0:
            said.append(Bilingual("times {n:g}", "乘以 {n:g}", n=self.times))
        text = Bilingual("", "")
        for each in said:
            text = Bilingual("{a}, {b}", "{a}，{b}", a=text, b=each) if text.en else each
        return text


SAME = Relation()
TRANSPOSED = Relation(transposed=True)
