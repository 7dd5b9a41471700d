"""The keys of a scenario file, their types and their limits (pydantic).

What these classes cannot say (words, arrays of numbers, texts, how keys agree with each other) is
checked beside them: a field of type ``object`` is read by the room's own readers, and its JSON
Schema is given by hand. Defaults that depend on other keys are filled in by `model` and `check`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

_WORD = {"type": ["string", "number", "boolean"]}
_WORDS = {"type": "array", "items": _WORD}
_NUMBER = {"type": "number"}
_FILLS = ["xavier", "normal", "uniform", "zeros"]


def _one(kind: str) -> dict[str, object]:
    return {"type": "object", "properties": {kind: _NUMBER}, "required": [kind], "additionalProperties": False}


_NUMBERS = {"$nested": "numbers"}  # stands for a reference that `json_schema` puts in
_LIST_OF_WORDS = {"anyOf": [{"type": "integer", "minimum": 1}, _WORDS]}

TextField = Annotated[
    object,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"en": {"type": "string"}, "zh": {"type": "string"}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
SentencesField = Annotated[
    object,
    WithJsonSchema({"anyOf": [_WORD, {"type": "array", "items": {"anyOf": [_WORD, _WORDS]}}]}),
]
NumbersField = Annotated[object, WithJsonSchema(_NUMBERS)]
VocabField = Annotated[
    object,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                _WORDS,
                {
                    "type": "object",
                    "properties": {"source": _LIST_OF_WORDS, "target": _LIST_OF_WORDS},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
InitField = Annotated[object, WithJsonSchema({"anyOf": [{"enum": _FILLS}, _one("normal"), _one("uniform")]})]
FillField = Annotated[
    object,
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["identity", "ones", *_FILLS]},
                _one("normal"),
                _one("uniform"),
                _one("constant"),
                _NUMBERS,
            ]
        }
    ),
]
VariantsField = Annotated[
    object,
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"anyOf": [{"$nested": "variant"}, _WORDS]},
            "propertyNames": {"not": {"const": "base"}},
        }
    ),
]

Kind = Literal["encoder", "decoder", "encoder-decoder", "attention", "mlp", "formula"]
Activation = Literal["relu", "gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "swiglu", "identity"]
Size = Annotated[int, Field(ge=1)]


def _int_or_section(value: object) -> str:
    return "section" if isinstance(value, dict) else "number"


def _section_or_expression(value: object) -> str:
    return "section" if isinstance(value, dict) else "expression"


class Part(BaseModel):
    """A group of keys: no key beyond the declared ones, no conversion between types, no nan or infinity."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class LayersPart(Part):
    """`layers:` a stack."""

    encoder: Size = Field(default=1, le=256)
    decoder: Size = Field(default=1, le=256)


class RopePart(Part):
    """`rope:`, rotary position embedding (Su et al. 2021)."""

    base: float = Field(default=10000.0, gt=0)
    pairs: Literal["interleaved", "half"] = "interleaved"


class MaskPart(Part):
    """`mask:`, which cells of the scores are filled with `mask_value`."""

    padding: bool = True
    causal: bool = True


class ModelPart(Part):
    """`model:`; which keys belong to which kind stands in `kinds.KEYS`."""

    kind: Kind = "encoder"
    layers: Annotated[
        Annotated[int, Field(ge=1, le=256), Tag("number")] | Annotated[LayersPart, Tag("section")],
        Discriminator(_int_or_section),
    ] = 1
    d_model: Size = 4
    heads: Size = 1
    kv_heads: Size = 1
    d_k: Size = 4
    d_v: Size = 4
    d_ff: Size = 16
    sizes: list[Size] = Field(default=[], min_length=2)
    activation: Activation = "relu"
    norm: Literal["layer", "rms", "batch", "none"] = "layer"
    norm_position: Literal["post", "pre"] = "post"
    eps: float = Field(default=1e-5, ge=0)
    residual: bool = True
    positional: Literal["sinusoidal", "learned", "rope", "none"] = "sinusoidal"
    rope: RopePart = RopePart()
    embed_scale: bool = False
    projections: bool = True
    output: bool = True
    bias: bool = True
    scale: bool = True
    mask: MaskPart = MaskPart()
    mask_value: Annotated[float, WithJsonSchema({"type": "number", "exclusiveMaximum": 0})] = Field(
        default=-1e9, lt=0, allow_inf_nan=True
    )
    head: bool = True
    tie: list[list[str]] = []
    dtype: Literal["float64", "float32"] = "float64"
    given: dict[str, NumbersField] = {}
    parameters: dict[str, NumbersField] = {}
    steps: Annotated[
        object,
        WithJsonSchema({"type": "object", "additionalProperties": {"type": ["string", "number"]}}),
    ] = None


class InputPart(Part):
    """`input:`, what the model reads and what it should say."""

    source: SentencesField = None
    target: SentencesField = None
    labels: SentencesField = None
    offset: int = Field(default=0, ge=0, le=1_000_000)
    x: NumbersField = None
    memory: NumbersField = None


class LossPart(Part):
    """`loss:`, what training makes small."""

    kind: Literal["cross_entropy", "mse", "half_mse", "sum", "none"] = "cross_entropy"
    of: str = Field(default="", min_length=1)
    target: NumbersField = None


class WeightsPart(Part):
    """`weights:`, what the parameters start from: init, then file, then set."""

    seed: int = Field(default=0, ge=0, lt=2**63)
    init: InitField = "xavier"
    set: dict[str, FillField] = {}
    file: str = Field(default="", min_length=1)


class ExamplePart(Part):
    """One of `train.data`."""

    source: SentencesField = None
    target: SentencesField = None
    labels: SentencesField = None


class TrainPart(Part):
    """`train:`, how the parameters learn."""

    optimizer: Literal["sgd", "adam"] = "sgd"
    lr: float = 0.1
    momentum: float = Field(default=0.0, ge=0, lt=1)
    betas: list[Annotated[float, Field(ge=0, lt=1)]] = Field(default=[0.9, 0.999], min_length=2, max_length=2)
    eps: float = Field(default=1e-8, gt=0)
    steps: int = Field(default=100, ge=0, le=1_000_000)
    teacher_forcing: bool = True
    data: list[ExamplePart] = []


class VariantPart(Part):
    """One of `variants:`, merged over the file; lists are replaced, ``null`` takes a key away."""

    title: TextField = None
    about: TextField = None
    model: dict[str, object] = {}
    vocab: VocabField = None
    input: dict[str, object] = {}
    loss: object = None
    weights: dict[str, object] = {}
    pins: dict[str, object] = {}
    train: dict[str, object] = {}


class FilePart(Part):
    """A whole scenario file."""

    tfstep: Literal[1] = 1
    title: TextField = None
    about: TextField = None
    model: ModelPart = ModelPart()
    vocab: VocabField = None
    input: InputPart = InputPart()
    loss: Annotated[
        Annotated[LossPart, Tag("section")] | Annotated[str, Field(min_length=1, max_length=2000), Tag("expression")],
        Discriminator(_section_or_expression),
    ] = LossPart()
    weights: WeightsPart = WeightsPart()
    pins: dict[str, NumbersField] = {}
    train: TrainPart = TrainPart()
    variants: VariantsField = None
