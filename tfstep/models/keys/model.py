"""The keys of `model:`, each declared once: here, those of attention and of stacks in the files beside it."""

from inspect import get_annotations
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from msgspec import Meta, defstruct
from msgspec.structs import replace

from tfstep.engine.arrays.half import HALVES, stored
from tfstep.models.keys.attention import AttentionKeys
from tfstep.models.keys.key import AxisNames, Count, Depth, Key, Made, Section, Size, Start
from tfstep.models.keys.kinds import KINDS
from tfstep.models.keys.sections import BiasPart, DropoutPart, LayersPart
from tfstep.models.keys.stack import StackKeys
from tfstep.text import Bilingual

if TYPE_CHECKING:
    KindName = str
else:
    KindName = Literal[tuple(KINDS)]
STEPS = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
LAYER_KEYS = (
    "attention",
    "ffn",
    "d_ff",
    "activation",
    "gated",
    "experts",
    "positional",
    "rope",
    "scale",
    "score_softcap",
    "clip_qkv",
    "qk_norm",
    "window",
    "chunk",
    "sinks",
    "attn_gate",
)
"""The keys that may change from layer to layer."""
LayerPart: Any = defstruct(
    "LayerPart",
    [
        (name, kind | None, None)
        for section in (AttentionKeys, StackKeys)
        for name, kind in get_annotations(section).items()
        if name in LAYER_KEYS
    ],
    bases=(Section,),
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
)
"""One of `layer_pattern`: these keys, each of which may be left out."""


class ModelConfig(StackKeys, frozen=True):
    """`model:`; widths are numbers of features."""

    kind: Annotated[KindName, Key("", Bilingual("The kind of model.", "模型的种类。"))] = "encoder"
    layers: Annotated[
        Depth | LayersPart,
        Key(
            "words",
            Bilingual(
                "How many blocks; {{encoder: 2, decoder: 1}} where there are both.",
                "有几层；编码器、解码器都有时写 {{encoder: 2, decoder: 1}}。",
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
    sizes: Annotated[
        tuple[Size, ...],
        Meta(min_length=2),
        Key("mlp", Bilingual("The widths of the layers, from the inputs to the outputs.", "各层宽度，从输入到输出。")),
    ] = ()
    bias: Annotated[
        bool | BiasPart,
        Key(
            "trained",
            Bilingual(
                "Whether the linear layers have a bias; or by site: {{qkv: true, out: false}} (qkv, out, ffn, "
                "norm, head).",
                "线性层有没有偏置；或按位置写：{{qkv: true, out: false}}（qkv、out、ffn、norm、head）。",
            ),
        ),
    ] = True
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
    dtype: Annotated[
        Literal["float64", "float32", "float16", "bfloat16"],
        Key(
            "",
            Bilingual(
                "The precision. float16 and bfloat16: every step computes in float32 and is rounded once at its end, as a "
                "GPU's kernels do; the backward pass and the update likewise.",
                "精度。float16 与 bfloat16：每一步按 float32 计算，结束时舍入一次，与 GPU 的核函数一样；反向传播和更新也"
                "如此。",
            ),
        ),
    ] = "float64"
    axes: Annotated[
        dict[str, AxisNames],
        Key(
            "formula",
            Bilingual(
                "Names for the axes of a tensor, and words along them: {{x: [word, feature]}}, "
                "{{x: [{{word: [I, love, you]}}, feature]}}. Steps take them on.",
                "张量各轴的名称，以及沿轴的词：{{x: [word, feature]}}、{{x: [{{word: [我, 爱, 你]}}, feature]}}。"
                "后面的步骤会沿用。",
            ),
            allowed=Bilingual(
                "a list with a name for each axis: [word, feature], or [{{word: [I, love, you]}}, feature]",
                "每个轴一个名称的列表：[word, feature]，或 [{{word: [我, 爱, 你]}}, feature]",
            ),
        ),
    ] = {}
    layer_pattern: Annotated[
        tuple[LayerPart, ...],
        Key(
            "words",
            Bilingual(
                "Keys that change from layer to layer, a group a layer, repeated in turn: [{{window: 512}}, "
                "{{}}] gives every other layer a window.",
                "逐层变化的键，每层一组，依次重复：[{{window: 512}}, {{}}] 让每隔一层有窗口。",
            ),
        ),
    ] = ()
    repeat: Annotated[
        dict[str, Count],
        Key(
            "formula",
            Bilingual(
                "Indices for equations over layers or heads: {{i: 3}} is i = 0, 1, 2, {{i: [1, 2]}} these. "
                "`h{{i+1}}: tanh(h{{i}} @ W{{i}})` is an equation for each; `concat(o{{i}}, ...)` and "
                "`x{{i}} + ...` have all in one.",
                "方程在各层或各头上重复时的下标：{{i: 3}} 即 i = 0, 1, 2，{{i: [1, 2]}} 即所列的值。`h{{i+1}}: tanh(h{{i}} @ "
                "W{{i}})` 每个值一个方程；`concat(o{{i}}, ...)` 与 `x{{i}} + ...` 则把全部写进一个方程。",
            ),
            allowed=Bilingual("indices with their numbers: {{i: 3}}", "下标及其个数：{{i: 3}}"),
        ),
    ] = {}
    given: Annotated[
        dict[str, Made],
        Key(
            "formula",
            Bilingual(
                "Numbers or arrays that are not trained; or an expression over those before: tril(ones(3, 3)).",
                "不参与训练的数或数组；也可写成前面各项的表达式：tril(ones(3, 3))。",
            ),
        ),
    ] = {}
    parameters: Annotated[
        dict[str, Start],
        Key(
            "formula",
            Bilingual(
                "What training changes, and where it starts; numbers, an expression (0.5 * randn(3, 2, seed=1)), or "
                "{{shape: [3, 2], init: xavier}}, where init is as in `weights.set` and by itself `weights.init`.",
                "训练要改变的量及其初值；数、表达式（0.5 * randn(3, 2, seed=1)），或 {{shape: [3, 2], init: xavier}}，其中 init "
                "的写法同 `weights.set`，不写则用 `weights.init`。",
            ),
        ),
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

    def layer(self, i: int) -> Self:
        """The keys of layer number i, with those of the pattern over them."""
        if not self.layer_pattern:
            return self
        part = self.layer_pattern[i % len(self.layer_pattern)]
        given = {name: value for name in LAYER_KEYS if (value := getattr(part, name)) is not None}
        return replace(self, **given) if given else self

    @property
    def half(self) -> str:
        """The half type to which every step is rounded, empty in float32 and float64."""
        return self.dtype if self.dtype in HALVES else ""

    @property
    def stored(self) -> str:
        """The type of NumPy in which tensors are kept."""
        return stored(self.dtype)

    def bias_at(self, site: str) -> bool:
        """Whether there is a bias at a site: qkv, out, ffn, norm, head."""
        return (site == "norm" or self.bias) if isinstance(self.bias, bool) else bool(getattr(self.bias, site))

    @property
    def drop(self) -> DropoutPart:
        """The share of dropped cells at every site."""
        if isinstance(self.dropout, DropoutPart):
            return self.dropout
        rate = float(self.dropout)
        return DropoutPart(embed=rate, attention=rate, hidden=rate, residual=rate)

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
