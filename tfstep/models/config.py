"""What a model is made of: the checked `model:`, `loss:` and `train:` sections of a scenario, and its inputs.

Everything here is already valid: names resolved, defaults filled in, words turned into ids.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field

Words = tuple[tuple[str, ...], ...]  # one tuple of words a sentence, padded to one length


class ModelConfig(Struct, frozen=True):
    """The keys of `model:`; widths are numbers of features."""

    kind: str  # encoder | decoder | encoder-decoder | attention | mlp | formula
    encoder_layers: int = 1
    decoder_layers: int = 1
    d_model: int = 4
    heads: int = 1
    kv_heads: int = 1
    d_k: int = 4
    d_v: int = 4
    d_ff: int = 8
    sizes: tuple[int, ...] = ()
    activation: str = "relu"
    norm: str = "layer"
    norm_position: str = "post"
    eps: float = 1e-5
    residual: bool = True
    positional: str = "sinusoidal"
    rope_base: float = 10000.0
    rope_pairs: str = "interleaved"
    embed_scale: bool = False
    projections: bool = True
    output: bool = True
    bias: bool = True
    scale: bool = True
    mask_padding: bool = True
    mask_causal: bool = True
    mask_value: float = -1e9
    encoder_positions: int = 0  # rows of learned position tables, where training needs more than the input
    decoder_positions: int = 0
    head: bool = True
    tie: tuple[tuple[str, ...], ...] = ()
    dtype: str = "float64"


class Sentences(Struct, frozen=True, eq=False):
    """One side of the input, as a rectangular batch."""

    words: Words  # (batch, position), with the pad word where a sentence ended
    ids: np.ndarray  # (batch, position), integers
    vocab: tuple[str, ...]
    pad: int | None  # the id of <pad>, where the vocabulary has it


class Inputs(Struct, frozen=True, eq=False):
    """What the model reads and what it should say. Parts that a kind does not use are None."""

    source: Sentences | None = None
    target: Sentences | None = None
    labels: Sentences | None = None
    offset: int = 0
    x: np.ndarray | None = None  # attention: (batch, position, feature); mlp: (batch, in)
    memory: np.ndarray | None = None  # attention: (batch, position, feature)
    given: dict[str, np.ndarray] = field(default_factory=dict)  # formula
    parameters: dict[str, np.ndarray] = field(default_factory=dict)  # formula: start values
    steps: dict[str, str] = field(default_factory=dict)  # formula: name -> expression


class LossConfig(Struct, frozen=True, eq=False):
    """`loss:`; ``of`` is a tensor path or None for the default; ``target`` numbers for mse and half_mse."""

    kind: str = "none"  # cross_entropy | mse | half_mse | sum | none | expression
    of: str | None = None
    target: np.ndarray | None = None
    expression: str | None = None


class TrainConfig(Struct, frozen=True, eq=False):
    """`train:`; ``data`` are the further examples that training uses instead of the shown input."""

    optimizer: str = "sgd"  # sgd | adam
    lr: float = 0.1
    momentum: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    steps: int = 100
    teacher_forcing: bool = True
    data: tuple[Inputs, ...] = ()
