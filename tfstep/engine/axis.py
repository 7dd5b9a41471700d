"""Named, labelled axes, and what is known of a tensor before it is computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

Labels = tuple[Sequence[str], ...]  # one list of words a sentence; a single list where all share it
Shape = tuple[int, ...]
MANY = 2000
"""Words along an axis from which on they are neither listed nor told apart: a tokenizer's vocabulary."""
LISTED = 64
"""Words of a vocabulary up to which each has a column of its own; of more the likeliest come first."""


class Axis(Struct, frozen=True, gc=False):
    """One axis of a tensor: its name, and the words along it where they are known.

    ``follows`` are the words that the rows of a decoder have to say next, empty where nothing counts.
    """

    name: str
    labels: Labels | None = None
    follows: Labels | None = None

    def renamed(self, name: str) -> Axis:
        """The same words under another name: the positions of Q are the queries of the scores."""
        return replace(self, name=name)

    def as_keys(self) -> Axis:
        """The same words as keys, which say nothing."""
        return replace(self, follows=None)

    def bare(self) -> Axis:
        """The same axis without its words."""
        return Axis(self.name)

    def laid_out(self, sentences: int) -> Axis:
        """The places of so many sentences one behind the other, each with its words."""
        return Axis(self.name, _laid_out(self.labels, sentences), _laid_out(self.follows, sentences))

    def taken(self, places: Sequence[int]) -> Axis:
        """Some of the places, with their words; an axis with words of several sentences loses them."""
        return Axis(self.name, _taken(self.labels, places), _taken(self.follows, places))

    def words(self, sentence: int = 0) -> Sequence[str] | None:
        """The labels along this axis for one sentence of the batch."""
        return _of(self.labels, sentence)

    def following(self, sentence: int = 0) -> Sequence[str] | None:
        """The words to be said next, in the same order."""
        return _of(self.follows, sentence)


def _of(labels: Labels | None, sentence: int) -> Sequence[str] | None:
    return None if labels is None else labels[sentence if len(labels) > 1 else 0]


def _laid_out(labels: Labels | None, sentences: int) -> Labels | None:
    if labels is None or len(labels) not in (1, sentences):
        return None
    every = labels * sentences if len(labels) == 1 else labels
    return (tuple(word for words in every for word in words),)


def _taken(labels: Labels | None, places: Sequence[int]) -> Labels | None:
    if labels is None or len(labels) != 1 or len(labels[0]) <= max(places, default=-1):
        return None
    return (tuple(labels[0][k] for k in places),)


NO_AXIS = Axis("")


def axes(*names: str) -> tuple[Axis, ...]:
    """Axes without labels."""
    return tuple(Axis(name) for name in names)


class Spec(Struct, frozen=True, gc=False):
    """Shape, dtype and axes: everything about a tensor but its numbers."""

    shape: Shape
    dtype: np.dtype
    axes: tuple[Axis, ...]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of cells."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    def like(self, shape: Shape, axes: tuple[Axis, ...] | None = None) -> Spec:
        """The same dtype with another shape."""
        return Spec(shape, self.dtype, self.axes if axes is None else axes)


def spec_of(array: np.ndarray) -> Spec:
    """The spec of an array whose axes have no names."""
    return Spec(array.shape, array.dtype, (NO_AXIS,) * array.ndim)


def broadcast(*specs: Spec) -> Spec:
    """The spec of an elementwise result: NumPy's broadcasting, with each axis named by the operand that spans it.

    Raises ValueError where the shapes do not broadcast.
    """
    if len({spec.shape for spec in specs}) == 1:
        best = max(specs, key=lambda spec: sum(bool(axis.name) for axis in spec.axes))
        return Spec(best.shape, np.result_type(*(s.dtype for s in specs)), best.axes)
    shape = np.broadcast_shapes(*(spec.shape for spec in specs))
    names = []
    for back in range(len(shape), 0, -1):
        axis = NO_AXIS
        for spec in specs:
            if spec.ndim >= back and (spec.shape[-back] == shape[-back]) and not axis.name:
                axis = spec.axes[-back]
        names.append(axis)
    return Spec(shape, np.result_type(*(s.dtype for s in specs)), tuple(names))
