"""What the indices of a tensor are called: the words along its axes where it has words, else numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tfstep.engine.axis import MANY, Axis
from tfstep.engine.cell import Cell, index_of
from tfstep.engine.tensor import Tensor
from tfstep.engine.trace import Trace
from tfstep.errors import PathError, did_you_mean
from tfstep.text import Bilingual
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
    """The label of one index; of a tokenizer's words the word itself, without a look at the others."""
    words = axis.words(sentence) or ()
    return words[i] if len(words) == size > MANY else along(axis, size, sentence)[i]


def locate(trace: Trace, text: str) -> tuple[Tensor, Cell]:
    """The tensor and the indices of a cell; an index may be a word: ``enc0.attn.scores[0,0,我,爱]``.

    Raises PathError where there is no such tensor or cell.
    """
    text = text.strip()
    path, bracket, inner = text.partition("[")
    tensor = trace[path.strip()]
    if not bracket:
        return tensor, index_of(tensor, None)
    if not text.endswith("]"):
        raise PathError(Bilingual("{text}: the bracket is not closed", "{text}：方括号没有闭合", text=text))
    parts = _split(inner[:-1])
    indices: list[int] = []
    for k, part in enumerate(parts):
        indices.append(_index(text, tensor, tuple(indices), k, part))
    return tensor, index_of(tensor, tuple(indices))


def _split(inner: str) -> list[str]:
    """The indices between the brackets; a comma in quotes belongs to the word."""
    parts, quote = [""], ""
    for c in inner:
        if c in "'\"" and (quote == c or (not quote and not parts[-1].strip())):
            quote = "" if quote else c
            parts[-1] += c
        elif c == "," and not quote:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts]


def _index(text: str, tensor: Tensor, before: Cell, k: int, part: str) -> int:
    quoted = len(part) > 1 and part[0] == part[-1] and part[0] in "'\""
    if re.fullmatch("-?[0-9]{1,9}", part):
        return int(part)
    word = part[1:-1] if quoted else part
    spec = tensor.node.spec
    axis = spec.axes[k] if k < spec.ndim else Axis("")
    words = along(axis, spec.shape[k], sentence_of(spec.axes, before)) if axis.labels is not None else []
    if word in words:
        return words.index(word)
    raise PathError(
        Bilingual(
            "{text}: {part!r} is neither a whole number nor a word of this axis{words}{near}",
            "{text}：{part!r} 既不是整数，也不是这个轴上的词{words}{near}",
            text=text,
            part=word,
            words=f" ({' '.join(words)})" if words else "",
            near=did_you_mean(word, words),
        )
    )
