"""What the indices of a tensor are called: the words along its axes where it has words, else numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tfstep.address.grammar import quoted_word
from tfstep.address.indices import Cell
from tfstep.engine.axis import MANY, Axis
from tfstep.engine.trace import Tensor
from tfstep.view.matrix.labels import following


def distinct(words: Iterable[str]) -> list[str]:
    """The words, a later occurrence of the same one numbered: ``他``, ``他#2``."""
    seen: Counter[str] = Counter()
    found = []
    for word in words:
        seen[word] += 1
        found.append(word if seen[word] == 1 else f"{word}#{seen[word]}")
    return found


def along(axis: Axis, size: int, sentence: int = 0) -> list[str]:
    """The label of every index of one axis, for one sentence of the batch."""
    words = axis.words(sentence)
    if words is None or len(words) != size:
        return [str(k) for k in range(size)]
    return distinct(words)


def down(axis: Axis, size: int, sentence: int = 0) -> list[str]:
    """The same beside rows; those of a decoder tell the word to be said as well, ``Steve⇒builds``."""
    return following(axis, along(axis, size, sentence), sentence)


def sentence_of(axes: tuple[Axis, ...], index: Cell) -> int:
    """Which sentence of the batch a cell is of; ``index`` may have its first indices only."""
    return next((i for axis, i in zip(axes, index, strict=False) if axis.name == "batch"), 0)


def in_words(tensor: Tensor, cell: Cell) -> list[str]:
    """The indices of a cell, with the words that they stand for; the first axes left out while their size is 1."""
    spec = tensor.node.spec
    sentence = sentence_of(spec.axes, cell)
    named = [(size, _name(axis, size, i, sentence)) for axis, size, i in zip(spec.axes, spec.shape, cell, strict=True)]
    while len(named) > 1 and named[0][0] == 1:
        del named[0]
    return [name for _, name in named]


def _name(axis: Axis, size: int, i: int, sentence: int) -> str:
    """One index as it can be typed again; of a tokenizer's words the word itself, without a look at the others."""
    words = axis.words(sentence) or ()
    if len(words) != size:
        return str(i)
    return quoted_word(words[i] if size > MANY else along(axis, size, sentence)[i])
