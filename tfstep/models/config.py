"""What a model is made of: the checked `model:`, `loss:` and `train:` sections of a scenario, and its inputs.

The keys of `model:` and `train:` are declared here, once: see `models.key`. What the models get is valid: names
resolved, defaults filled in, words turned into ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from msgspec import Meta, Struct, field

from tfstep.models.key import LARGEST, Depth, Finite, Fraction, Key, Numbers, Positive, Section, Size
from tfstep.models.kinds import KINDS
from tfstep.models.optimizers import OPTIMIZERS
from tfstep.ops.activation import ACTIVATIONS
from tfstep.ops.loss import LOSSES
from tfstep.ops.norm import NORMS
from tfstep.text import Bilingual

Words = tuple[tuple[str, ...], ...]  # one tuple of words a sentence, padded to one length

if TYPE_CHECKING:
    KindName = str
    ActivationName = str
    NormName = str
    LossName = str
    OptimizerName = str
else:  # the choices of a key are the names in its registry
    KindName, ActivationName = Literal[tuple(KINDS)], Literal[tuple(ACTIVATIONS)]
    NormName, LossName = Literal[(*NORMS, "none")], Literal[(*LOSSES, "none")]
    OptimizerName = Literal[tuple(OPTIMIZERS)]


STEPS = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}


class LayersPart(Section, frozen=True):
    """`layers:` a stack."""

    encoder: Annotated[Depth, Key("source", Bilingual("Blocks of the encoder.", "编码器的块数。"))] = 1
    decoder: Annotated[Depth, Key("target", Bilingual("Blocks of the decoder.", "解码器的块数。"))] = 1


class RopePart(Section, frozen=True):
    """`rope:`, rotary position embedding (Su et al. 2021)."""

    base: Annotated[Positive, Key("attention", Bilingual("The base of the angles.", "角度的底数。"))] = 10000.0
    pairs: Annotated[
        Literal["interleaved", "half"],
        Key(
            "attention",
            Bilingual(
                "Which features turn together: 2i and 2i+1, or i and i + d_k/2.",
                "哪两个特征一起转：2i 与 2i+1，还是 i 与 i + d_k/2。",
            ),
        ),
    ] = "interleaved"


class MaskPart(Section, frozen=True):
    """`mask:`, which cells of the scores are filled with `mask_value`."""

    padding: Annotated[bool, Key("words", Bilingual("Hide the keys that are `<pad>`.", "遮住是 `<pad>` 的键。"))] = True
    causal: Annotated[
        bool,
        Key(
            "target memory",
            Bilingual("Hide later positions; concerns decoders.", "遮住后面的位置；只影响解码器。"),
            follows=lambda c, told: c.has("target"),
        ),
    ] = True


class ModelConfig(Section, frozen=True):
    """`model:`; widths are numbers of features."""

    kind: Annotated[KindName, Key("", Bilingual("The kind of model.", "模型的种类。"))] = "encoder"
    layers: Annotated[
        Depth | LayersPart,
        Key(
            "words",
            Bilingual(
                "How many blocks; {{encoder: 2, decoder: 1}} where there are both.",
                "有几块；编码器、解码器都有时写 {{encoder: 2, decoder: 1}}。",
            ),
            allowed=Bilingual(
                "a whole number, 1 to 256, or {{encoder: 2, decoder: 1}}",
                "一个整数（1 到 256），或 {{encoder: 2, decoder: 1}}",
            ),
        ),
    ] = 1
    d_model: Annotated[
        Size,
        Key(
            "attention",
            Bilingual("The width of a word's vector.", "每个词的向量宽度。"),
            follows=lambda c, told: (c.has("memory") and told.width) or 4,
        ),
    ] = 4
    heads: Annotated[
        Size, Key("attention", Bilingual("How many heads; they divide d_model.", "头数；要能整除 d_model。"))
    ] = 1
    kv_heads: Annotated[
        Size,
        Key(
            "attention",
            Bilingual(
                "How many heads keys and values have, each shared by a group of queries; default: heads.",
                "键和值的头数，每个由一组查询共用；默认等于 heads。",
            ),
            follows=lambda c, told: c.heads,
        ),
    ] = 0
    d_k: Annotated[
        Size,
        Key(
            "attention",
            Bilingual(
                "The width of queries and keys in a head; default: d_model / heads.",
                "每个头里查询和键的宽度；默认 d_model / heads。",
            ),
            follows=lambda c, told: c.d_model // c.heads,
        ),
    ] = 0
    d_v: Annotated[
        Size,
        Key(
            "attention",
            Bilingual(
                "The width of values in a head; default: d_model / heads.", "每个头里值的宽度；默认 d_model / heads。"
            ),
            follows=lambda c, told: c.d_model // c.heads,
        ),
    ] = 0
    d_ff: Annotated[
        Size,
        Key(
            "words",
            Bilingual(
                "The width inside the feed-forward network; default: 4 · d_model.",
                "前馈网络内部的宽度；默认 4 · d_model。",
            ),
            follows=lambda c, told: 4 * c.d_model,
        ),
    ] = 0
    sizes: Annotated[
        tuple[Size, ...],
        Meta(min_length=2),
        Key("mlp", Bilingual("The widths of the layers, from the inputs to the outputs.", "各层宽度，从输入到输出。")),
    ] = ()
    activation: Annotated[
        ActivationName, Key("words mlp", Bilingual("The bend between the linear layers.", "线性层之间的激活函数。"))
    ] = "relu"
    norm: Annotated[NormName, Key("words", Bilingual("What normalises, if anything.", "用哪种归一化，或不用。"))] = (
        "layer"
    )
    norm_position: Annotated[
        Literal["post", "pre"],
        Key(
            "words",
            Bilingual(
                "Behind each residual sum, or before each sublayer.", "放在残差相加之后（post），还是子层之前（pre）。"
            ),
        ),
    ] = "post"
    eps: Annotated[
        float,
        Meta(ge=0, le=LARGEST),
        Key("words", Bilingual("Added to the variance before the root is taken.", "开方前加在方差上的小数。")),
    ] = 1e-5
    residual: Annotated[
        bool,
        Key("words", Bilingual("Whether a sublayer's input is added to its output.", "是否把子层的输入加到输出上。")),
    ] = True
    positional: Annotated[
        Literal["sinusoidal", "learned", "rope", "none"],
        Key(
            "attention",
            Bilingual("How positions come in.", "位置信息怎样加入。"),
            follows=lambda c, told: "none" if c.has("memory") else "sinusoidal",
        ),
    ] = "sinusoidal"
    rope: Annotated[
        RopePart,
        Key(
            "attention",
            Bilingual(
                "How queries and keys are turned, with positional: rope.", "positional: rope 时查询和键怎样旋转。"
            ),
        ),
    ] = RopePart()
    embed_scale: Annotated[
        bool, Key("words", Bilingual("Whether embeddings are multiplied by √d_model.", "词嵌入是否乘以 √d_model。"))
    ] = False
    projections: Annotated[
        bool,
        Key(
            "attention",
            Bilingual(
                "Whether there are W_Q, W_K, W_V; false: Q = K = V = x.",
                "有没有 W_Q、W_K、W_V；false 表示 Q = K = V = x。",
            ),
        ),
    ] = True
    output: Annotated[bool, Key("attention", Bilingual("Whether W_O follows the heads.", "多头之后有没有 W_O。"))] = (
        True
    )
    bias: Annotated[bool, Key("trained", Bilingual("Whether the linear layers have a bias.", "线性层有没有偏置。"))] = (
        True
    )
    scale: Annotated[
        bool, Key("attention", Bilingual("Whether scores are divided by √d_k.", "分数是否除以 √d_k。"))
    ] = True
    mask: Annotated[
        MaskPart, Key("attention", Bilingual("Which cells of the scores are hidden.", "遮住分数中的哪些单元格。"))
    ] = MaskPart()
    mask_value: Annotated[
        float,
        Meta(lt=0),
        Key(
            "attention",
            Bilingual("What hidden scores are replaced by; -.inf is allowed.", "被遮住的分数换成什么；可以写 -.inf。"),
            allowed=Bilingual("a negative number or -.inf", "负数或 -.inf"),
        ),
    ] = -1e9
    head: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether there is an output layer, out.*; default: where there are labels.",
                "有没有输出层 out.*；默认有 labels 时才有。",
            ),
            follows=lambda c, told: told.labels,
        ),
    ] = False
    tie: Annotated[
        tuple[tuple[str, ...], ...],
        Key(
            "trained",
            Bilingual(
                "Groups of parameters that are one tensor, transposed where the shapes ask for it: [[tgt.E, out.W]].",
                "哪些参数其实是同一个张量，形状需要时转置：[[tgt.E, out.W]]。",
            ),
        ),
    ] = ()
    dtype: Annotated[Literal["float64", "float32"], Key("", Bilingual("The precision.", "精度。"))] = "float64"
    given: Annotated[
        dict[str, Numbers],
        Key("formula", Bilingual("Numbers or arrays that are not trained.", "不参与训练的数或数组。")),
    ] = {}
    parameters: Annotated[
        dict[str, Numbers],
        Key("formula", Bilingual("What training changes, and where it starts.", "训练要改变的量及其初值。")),
    ] = {}
    steps: Annotated[
        Any,
        Meta(extra_json_schema=STEPS),
        Key(
            "formula",
            Bilingual(
                "Equations, name: expression, in order; each is a step.", "方程，名字: 表达式，按顺序；每个是一步。"
            ),
        ),
    ] = None

    def has(self, part: str) -> bool:
        """Whether this kind of model has a part: words, source, target, attention, memory … (`kinds.Kind`)."""
        return part in KINDS[self.kind].parts

    @property
    def encoder_layers(self) -> int:
        """The layers of the encoder, 0 where there is none."""
        return self._layers("source", "encoder")

    @property
    def decoder_layers(self) -> int:
        """The layers of the decoder, 0 where there is none."""
        return self._layers("target", "decoder")

    def _layers(self, side: str, stack: str) -> int:
        if not self.has(side):
            return 0
        return self.layers if isinstance(self.layers, int) else getattr(self.layers, stack)


class Sentences(Struct, frozen=True, eq=False):
    """One side of the input, as a rectangular batch."""

    words: Words  # (batch, position), with the pad word where a sentence ended
    ids: np.ndarray  # (batch, position), integers
    vocab: Sequence[str]
    pad: int | None  # the id of <pad>, where the vocabulary has it
    lengths: tuple[int, ...] | None = None  # of the sentences, where not the word but the place says what is padding

    @property
    def padding(self) -> np.ndarray | None:
        """Where a sentence is only filled up: (batch, position) of bool; None where there is nothing to fill with.

        In a scenario that lists its words every ``<pad>`` is padding; for a tokenizer the word may be meant, as
        the first word of T5's decoder, and only what fills the shorter sentences of a batch is.
        """
        if self.lengths is not None:
            return np.arange(self.ids.shape[1]) >= np.array(self.lengths)[:, None]
        return None if self.pad is None else self.ids == self.pad


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
    rows: tuple[int, int] = (0, 0)  # that learned tables of positions have at least: source, target


class LossConfig(Struct, frozen=True, eq=False):
    """`loss:`; ``of`` is a tensor path or None for the default; ``target`` numbers for mse and half_mse."""

    kind: str = "none"  # cross_entropy | mse | half_mse | sum | none | expression
    of: str | None = None
    target: np.ndarray | None = None
    expression: str | None = None


class TrainKeys(Section, frozen=True):
    """`train:`, how the parameters learn."""

    optimizer: Annotated[OptimizerName, Key("", Bilingual("The rule of the update.", "更新规则。"))] = "sgd"
    lr: Annotated[Finite, Key("", Bilingual("The learning rate.", "学习率。"))] = 0.1
    momentum: Annotated[
        Fraction, Key("", Bilingual("What is left of the gradients before, for sgd.", "保留多少先前的梯度，用于 sgd。"))
    ] = 0.0
    betas: Annotated[
        tuple[Fraction, ...],
        Meta(min_length=2, max_length=2),
        Key("", Bilingual("What is left of the running means, for adam.", "滑动平均的保留比例，用于 adam。")),
    ] = (0.9, 0.999)
    eps: Annotated[Positive, Key("", Bilingual("Keeps adam from dividing by 0.", "避免 adam 除以 0。"))] = 1e-8
    steps: Annotated[
        int, Meta(ge=0, le=1_000_000), Key("", Bilingual("How many updates `train` makes.", "`train` 做几次更新。"))
    ] = 100
    teacher_forcing: Annotated[
        bool,
        Key("", Bilingual("Whether the decoder is fed the right words in training.", "训练时是否给解码器喂正确的词。")),
    ] = True


class TrainConfig(TrainKeys, frozen=True, eq=False):
    """`train:`; ``data`` are the further examples that training uses instead of the shown input."""

    data: tuple[Inputs, ...] = ()
