"""What a scenario asks of its model: the checked `model:`, `loss:` and `train:` sections, and the inputs.

What the models get is valid: names resolved, defaults filled in, words turned into ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import Struct, field

from tfstep.engine.axis import Axis
from tfstep.models.keys.model import ModelConfig as ModelConfig  # the largest section, beside this file
from tfstep.models.keys.train import TrainKeys as TrainKeys  # likewise
from tfstep.ops.loss import LOSSES

Words = tuple[tuple[str, ...], ...]  # one tuple of words a sentence, padded to one length

if TYPE_CHECKING:
    LossName = str
else:  # the choices of a key are the names in its registry
    LossName = Literal[(*LOSSES, "none")]


UNSAID = -1
"""The id of a label that does not count, whatever the vocabulary."""


class Sentences(Struct, frozen=True, eq=False):
    """One side of the input, as a rectangular batch."""

    words: Words  # (batch, position), with the pad word where a sentence ended
    ids: np.ndarray  # (batch, position), integers
    vocab: Sequence[str]
    pad: int | None  # the id of <pad>, where the vocabulary has it
    lengths: tuple[int, ...] | None = None  # of the sentences, where not the word but the place says what is padding
    filler: int | None = (
        None  # then, the id that fills up a row; it may be meant elsewhere, and takes no position there
    )

    @property
    def uncounted(self) -> np.ndarray | None:
        """The words that take no position where pads do not: (batch, position) of bool; None where there are none.

        In transformers that goes by the id alone, wherever it stands (RoBERTa).
        """
        meant: np.ndarray = self.ids == (self.filler if self.pad is None else self.pad)
        if self.pad is not None:
            return meant
        return meant if self.padding is not None and (meant & ~self.padding).any() else None

    @property
    def padding(self) -> np.ndarray | None:
        """Where a sentence is only filled up: (batch, position) of bool; None where there is nothing to fill with.

        In a scenario that lists its words every ``<pad>`` is padding; for a tokenizer the word may be meant, as
        the first word of T5's decoder, and only what fills the shorter sentences of a batch is.
        """
        if self.lengths is not None:
            return np.arange(self.ids.shape[1]) >= np.array(self.lengths)[:, None]
        return None if self.pad is None else self.ids == self.pad


class Past(Struct, frozen=True, eq=False):
    """What the passes before have left to a pass that reads only the next words: all the words up to now, and the keys
    and values of the earlier ones, under the paths of the layers' attention."""

    read: Sentences
    keys: Mapping[str, np.ndarray]  # dec0.attn → (batch, head, position, d_k)
    values: Mapping[str, np.ndarray]


class Inputs(Struct, frozen=True, eq=False):
    """What the model reads and what it should say. Parts that a kind does not use are None."""

    source: Sentences | None = None
    target: Sentences | None = None
    labels: Sentences | None = None
    offset: int = 0
    x: np.ndarray | None = None  # attention: (batch, position, feature); mlp: (batch, in)
    memory: np.ndarray | None = None  # attention: (batch, position, feature)
    given: dict[str, np.ndarray] = field(default_factory=dict)  # formula
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)  # formula: of its parameters, in order
    parameters: dict[str, np.ndarray] = field(default_factory=dict)  # formula: start values that it has itself
    steps: dict[str, str] = field(default_factory=dict)  # formula: name -> expression
    axes: dict[str, tuple[Axis, ...]] = field(default_factory=dict)  # formula: of the tensors whose axes have names
    past: Past | None = None
    rows: tuple[int, int] = (0, 0)  # that learned tables of positions have at least: source, target
    types: np.ndarray | None = None  # (batch, position) of the source: the type of each word
    documents: np.ndarray | None = None  # (batch, position): the document of each word
    positions: np.ndarray | None = None  # (batch, position): the position of each word, where it is not its place

    @property
    def places(self) -> int | np.ndarray:
        """The positions of the words, or that of the first."""
        return self.offset if self.positions is None else self.positions


class LossConfig(Struct, frozen=True, eq=False):
    """`loss:`; ``of`` is a tensor path or None for the default; ``target`` numbers for mse and half_mse."""

    kind: str = "none"  # cross_entropy | mse | half_mse | sum | none | expression
    of: str | None = None
    target: np.ndarray | None = None
    expression: str | None = None
    reduction: str = ""  # mean | sentences | sum | batch; empty: the loss's own
    smoothing: float = 0.0
    class_weights: Mapping[str, float] = {}
    ignore: tuple[str, ...] = ()
    z_loss: float = 0.0
    perplexity: bool = False

    @property
    def plain(self) -> bool:
        """Whether cross-entropy is one step: the mean over the labels, each counting the same."""
        return self.reduction in ("", "mean") and not (self.smoothing or self.class_weights)


class TrainConfig(TrainKeys, frozen=True, eq=False):
    """`train:`; ``data`` are the further examples that training uses instead of the shown input."""

    data: tuple[Inputs, ...] = ()
