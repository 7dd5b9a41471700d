"""The table of known mistakes: a cause is one entry, a function that yields the ways in which it is made.

@cause("scale", "scaled")
def scale(step): yield Bilingual("…", "…"), lambda at: at.args[0]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module

import numpy as np
from msgspec import Struct

from tfstep.compare.book import Book
from tfstep.compare.layout import role
from tfstep.compare.plant import Patch, Way
from tfstep.compare.walk import Walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import Inputs, ModelConfig
from tfstep.text import Bilingual

ROOMS = (
    "projections",
    "heads",
    "masks",
    "attention",
    "blocks",
    "norms",
    "feed_forward",
    "positions",
    "rope",
    "losses",
    "added.loss",
)
"""The modules beside this one in which causes are entered, in the order in which they are tried."""


class Step(Struct, frozen=True, eq=False):
    """A step of ours that theirs may make otherwise, with their numbers so far."""

    node: Node
    plan: Plan
    walk: Walk
    book: Book
    config: ModelConfig
    inputs: Inputs

    @property
    def scope(self) -> str:
        """The path up to its last part."""
        head, dot, _ = self.node.path.rpartition(".")
        return head + dot

    @property
    def block(self) -> str:
        """The path of its layer: ``enc0.``."""
        head, dot, _ = self.node.path.partition(".")
        return head + dot

    def has(self, name: str) -> bool:
        """Whether there is such a tensor beside it."""
        return self.scope + name in self.plan.paths

    def at(self, name: str) -> str:
        """The path of a tensor beside it."""
        return self.scope + name

    def arg(self, k: int) -> np.ndarray:
        """The numbers of one of its inputs."""
        s = self.node.inputs[k]
        value = self.walk.values[s] if isinstance(s, int) else s.value
        return np.asarray(value)

    def input(self, k: int) -> Node:
        """One of its inputs."""
        return self.plan.nodes[self.node.slots[k]]


def equation(text: str) -> Bilingual:
    """An equation, which is the same in every language."""
    return Bilingual.of(text)


Made = tuple[Bilingual, Patch | Mapping[str, Patch]] | tuple[Bilingual, Mapping[str, Patch], str]
Cause = Callable[[Step], Iterator[Made]]

_Entry = tuple[str, tuple[str, ...], tuple[str, ...], Cause]
_ENTERED: dict[str, list[_Entry]] = {f"{__package__}.{room}": [] for room in ROOMS}


def cause(kind: str, *roles: str, ops: tuple[str, ...] = ()) -> Callable[[Cause], Cause]:
    """Enter one cause: its kind, and the last parts of the paths, or the ops, of the steps where it applies.

    Raises KeyError in a module that is none of the ROOMS.
    """

    def enter(function: Cause) -> Cause:
        _ENTERED[function.__module__].append((kind, roles, ops, function))
        return function

    return enter


def ways(step: Step) -> Iterator[Way]:
    """Every known way to make this step otherwise."""
    assert step.node.op is not None
    for kind, roles, ops, function in _table():
        if role(step.node.path) in roles or step.node.op.name in ops:
            for made in function(step):
                detail, patch = made[0], made[1]
                path = made[2] if len(made) == 3 else step.node.path
                patches = patch if isinstance(patch, Mapping) else {step.node.path: patch}
                yield Way(kind, path, detail, patches, f"{kind}: {detail.in_('en')}")


def kinds() -> set[str]:
    """The kinds of the table."""
    return {kind for kind, _, _, _ in _table()}


@cache
def _table() -> tuple[_Entry, ...]:
    """All causes, in the order of the rooms, whichever of them was loaded first."""
    for room in _ENTERED:
        import_module(room)
    return tuple(entry for entries in _ENTERED.values() for entry in entries)


SORTS: dict[str, Bilingual] = {
    "scale": Bilingual("A factor: what it is multiplied or divided by.", "是系数：乘了什么，除了什么。"),
    "softmax-axis": Bilingual("The axis that softmax normalises along.", "是 softmax 归一化所沿的轴。"),
    "softmax-twice": Bilingual("How often softmax is taken.", "是 softmax 做了几遍。"),
    "log-softmax": Bilingual("Softmax, or its logarithm?", "要的是 softmax，还是它的对数？"),
    "mask-missing": Bilingual("Something is seen that is to be hidden.", "该遮住的没有遮住。"),
    "mask-unasked": Bilingual("Something is hidden that may be seen.", "不该遮的遮住了。"),
    "mask-inverted": Bilingual("The mask's sense: what does True mean?", "是掩码的方向：True 表示遮住，还是可见？"),
    "mask-added": Bilingual(
        "How the mask acts: what is done to a score with it?", "是掩码起作用的方式：它对分数做了什么？"
    ),
    "mask-multiplied": Bilingual(
        "How the mask acts: what is done to a score with it?", "是掩码起作用的方式：它对分数做了什么？"
    ),
    "mask-after-softmax": Bilingual("When the mask acts.", "是掩码起作用的时机。"),
    "mask-shifted": Bilingual("Where the mask's diagonal is.", "是掩码对角线的位置。"),
    "mask-axis": Bilingual("Which axis the mask lies along: queries or keys?", "是掩码沿着哪个轴：查询，还是键？"),
    "mask-corner": Bilingual("At which corner the mask begins.", "是掩码从哪个角算起。"),
    "heads-reshaped": Bilingual("How features are dealt out to the heads.", "是特征怎样分给各个头。"),
    "heads-merged": Bilingual("How the heads are laid side by side again.", "是各个头怎样拼回去。"),
    "swapped": Bilingual("Two things have changed places.", "有两样东西用反了。"),
    "transposed": Bilingual("A matrix lies on its side.", "有一个矩阵的行列颠倒了。"),
    "bias-missing": Bilingual("A linear layer has two parts.", "线性层有两个部分，看看是不是都在。"),
    "bias-twice": Bilingual("The bias, and how often it is added.", "是偏置，加了几次？"),
    "residual-missing": Bilingual("What goes round a sublayer.", "是绕过子层的那条路。"),
    "residual-place": Bilingual("Where the residual leaves.", "是残差从哪里引出。"),
    "norm-place": Bilingual("Where the norm stands.", "是归一化放在哪里。"),
    "norm-axis": Bilingual("What the norm takes its mean over.", "是归一化沿哪个轴取平均。"),
    "norm-eps": Bilingual("A small number in the norm.", "是归一化里那个很小的数。"),
    "norm-variance": Bilingual("How the norm reckons the variance.", "是归一化里方差的算法。"),
    "norm-affine": Bilingual("What comes after the norm's division.", "是归一化相除之后的事。"),
    "norm-kind": Bilingual("Which norm it is.", "是归一化的种类。"),
    "activation": Bilingual("The activation function.", "是激活函数。"),
    "gate-swapped": Bilingual("Which of the two is the gate.", "是哪一路作门控。"),
    "position-missing": Bilingual("Where a word's place comes in.", "是位置信息有没有加进来。"),
    "position-twice": Bilingual("How often positions are added.", "是位置编码加了几次。"),
    "position-shifted": Bilingual("From which number positions are counted.", "是位置从几数起。"),
    "position-layout": Bilingual("The order of sines and cosines.", "是正弦和余弦的排列顺序。"),
    "rope-pairs": Bilingual("Which two features are rotated together.", "是哪两个特征成一对来旋转。"),
    "rope-place": Bilingual("What is rotated, and when.", "是旋转了什么、在哪一步旋转。"),
    "rope-base": Bilingual("How fast the angles turn.", "是角度变化的快慢。"),
    "embed-scale": Bilingual("The size of the embeddings.", "是词嵌入的大小。"),
    "dropout": Bilingual("Something is left to chance.", "有随机成分在起作用。"),
    "labels-unshifted": Bilingual("Which word a row is to say.", "是每一行该预测哪个词。"),
    "labels-shifted-twice": Bilingual("Which word a row is to say.", "是每一行该预测哪个词。"),
    "pads-counted": Bilingual("Which rows count in the loss.", "是哪些行计入损失。"),
    "loss-reduction": Bilingual(
        "What the loss is a sum or a mean of, and its factor.", "是损失怎样求和或求平均，前面带什么系数。"
    ),
    "loss-input": Bilingual("What the loss is computed from.", "是损失从什么算起。"),
    "grad-accumulated": Bilingual("What was in the gradient before.", "是梯度里原先有什么。"),
    "grad-clipped": Bilingual("The gradient was cut.", "是梯度被裁剪了。"),
    "grad-missing": Bilingual("By how many ways a gradient comes back.", "是梯度从几条路回来。"),
    "weight-decay": Bilingual("What else pulls at a weight.", "是权重还受到什么牵引。"),
    "optimizer-eps": Bilingual("A small number in the optimizer.", "是优化器里那个很小的数。"),
    "optimizer-bias": Bilingual("The optimizer's first steps.", "是优化器最初几步的修正。"),
    "momentum": Bilingual("What the optimizer remembers.", "是优化器记住的东西。"),
    "dtype": Bilingual("With how many digits it is computed.", "是用几位精度来算。"),
}
"""By the kinds that a diagnosis knows."""

ONE_ALONE = (
    Bilingual("x alone in place of x + f(x)", "只有 x，而不是 x + f(x)"),
    Bilingual("f(x) in place of x + f(x)", "f(x)，而不是 x + f(x)"),
)
"""What a sum lacks of which only the first, or only the second, is there."""
NO_NORM = Bilingual("no norm", "没有归一化")
"""What a norm lacks that is left out."""
