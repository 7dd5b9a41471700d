"""What stands beside the rows and above the columns of a matrix: words, heads, dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.grammar import quoted_word
from tfstep.address.indices import LETTERS
from tfstep.engine.axis import MANY, Axis
from tfstep.view.text.width import clip, width


class Labels(Struct, frozen=True, dict=True):
    """The labels along one axis: its words, or a letter with the number. ``read`` are the words alone where a label
    says more: ``Steve`` of ``Steve⇒builds``."""

    axis: str
    size: int
    words: Sequence[str] = ()
    letter: str = ""
    read: Sequence[str] = ()

    def __getitem__(self, i: int) -> str:
        return self.words[i] if i < len(self.words) else f"{self.letter}{i}"

    @cached_property
    def width(self) -> int:
        """The cells that the widest label takes; a single row without a name takes none."""
        if self.size <= 1 and not self.letter and not self.words:
            return 0
        if len(self.words) > MANY:  # of a tokenizer's words a few stand for all
            return max(width(label) for label in self.words[:MANY])
        return max(width(label) for label in {*self.words, self[self.size - 1]})


def shortened(label: str, cells: int) -> str:
    """A label cut to so many cells; the number that tells a repeated word stays: ``<pa…#2``."""
    word, mark, number = label.rpartition("#")
    if mark and word and number.isdecimal() and width(label) > cells > len(number) + 3:
        return clip(word, cells - len(number) - 1) + mark + number
    return clip(label, cells)


NO_LABELS = Labels("", 1)


def labels(axis: Axis, size: int, sentence: int = 0) -> Labels:
    """The labels of one axis. A word that comes again is numbered: ``他``, ``他#2``. An axis that a sum has folded
    into one place has the words of no place."""
    words = axis.words(sentence) or ()
    if size == 1 < len(words):
        return Labels(axis.name, 1)
    return Labels(axis.name, size, words if len(words) > MANY else distinct_words(words), LETTERS.get(axis.name, ""))


def row_labels(axis: Axis, size: int, sentence: int = 0) -> Labels:
    """The same beside rows, those of a decoder with the word that they have to say."""
    plain = labels(axis, size, sentence)
    if len(plain.words) > MANY:
        return plain
    return replace(plain, words=tuple(following(axis, plain.words, sentence)), read=plain.words)


def following(axis: Axis, words: Sequence[str], sentence: int = 0) -> list[str]:
    """``Steve⇒builds``: beside each word that a row of a decoder has read, the one that it has to say."""
    said = axis.following(sentence) or ()
    if len(said) != len(words):
        return list(words)
    return [f"{word}⇒{after}" if after else word for word, after in zip(words, said, strict=True)]


def distinct_words(words: Sequence[str]) -> tuple[str, ...]:
    """Words that are all different: the second 他 is ``他#2``."""
    seen: dict[str, int] = {}
    found = []
    for word in words:
        seen[word] = seen.get(word, 0) + 1
        found.append(word if seen[word] == 1 else f"{word}#{seen[word]}")
    return tuple(found)


def _named(along: Labels, i: int) -> str:
    """A place as an index that can be typed again: a word in quotes where it would be read as something else."""
    return quoted_word(along[i]) if i < len(along.words) else along[i]


def cell_words(
    axes: Sequence[Axis], shape: Sequence[int], cell: Sequence[int | None], called: Mapping[int, str] | None = None
) -> str:
    """``[我,爱]``: a cell by its words; batch and head are left out, for the heading says them. ``:`` for None.
    ``called`` are the axes whose index is written otherwise."""
    if not cell:
        return ""
    sentence = cell[0] if axes[0].name == "batch" and cell[0] is not None else 0
    parts = []
    for k, (axis, size, i) in enumerate(zip(axes, shape, cell, strict=True)):
        if axis.name in ("batch", "head") and len(shape) > 2:
            continue
        own = (called or {}).get(k)
        parts.append(own or (":" if i is None else _named(labels(axis, size, sentence), i)))
    return f"[{','.join(parts)}]"
