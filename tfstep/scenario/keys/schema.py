"""The keys of a scenario file, their types and their limits (msgspec).

What these classes cannot say (words, arrays of numbers, texts, how keys agree with each other) is
checked beside them: a field of type ``Any`` is read by the room's own readers, and its JSON
Schema is given by hand. Defaults that depend on other keys are filled in by `model` and `check`.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct, ValidationError, field

_WORD = {"type": ["string", "number", "boolean"]}
_WORDS = {"type": "array", "items": _WORD}
_NUMBER = {"type": "number"}
_FILLS = ["xavier", "normal", "uniform", "zeros"]


def _one(kind: str) -> dict[str, object]:
    return {"type": "object", "properties": {kind: _NUMBER}, "required": [kind], "additionalProperties": False}


_NUMBERS = {"$nested": "numbers"}  # stands for a reference that `json_schema` puts in
_LIST_OF_WORDS = {"anyOf": [{"type": "integer", "minimum": 1}, _WORDS]}

TextField = Annotated[
    Any,
    Meta(
        extra_json_schema={
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
    Any,
    Meta(extra_json_schema={"anyOf": [_WORD, {"type": "array", "items": {"anyOf": [_WORD, _WORDS]}}]}),
]
NumbersField = Annotated[Any, Meta(extra_json_schema=_NUMBERS)]
VocabField = Annotated[
    Any,
    Meta(
        extra_json_schema={
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
InitField = Annotated[Any, Meta(extra_json_schema={"anyOf": [{"enum": _FILLS}, _one("normal"), _one("uniform")]})]
FillField = Annotated[
    Any,
    Meta(
        extra_json_schema={
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
    Any,
    Meta(
        extra_json_schema={
            "type": "object",
            "additionalProperties": {"anyOf": [{"$nested": "variant"}, _WORDS]},
            "propertyNames": {"not": {"const": "base"}},
        }
    ),
]

StepsField = Annotated[
    Any, Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": ["string", "number"]}})
]

Kind = Literal["encoder", "decoder", "encoder-decoder", "attention", "mlp", "formula"]
Activation = Literal["relu", "gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "swiglu", "identity"]
NO_TYPE = (ValidationError, UnicodeEncodeError)
"""What `msgspec.convert` raises for a value of another type; the latter where it meets half a character."""
LARGEST = sys.float_info.max  # below infinity
Size = Annotated[int, Meta(ge=1)]
Depth = Annotated[int, Meta(ge=1, le=256)]
Finite = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
Positive = Annotated[float, Meta(gt=0, le=LARGEST)]
Fraction = Annotated[float, Meta(ge=0, lt=1)]


class Part(Struct, kw_only=True, forbid_unknown_fields=True):
    """A group of keys: no key beyond the declared ones, no conversion between types but from int to float."""


class LayersPart(Part):
    """`layers:` a stack."""

    encoder: Depth = 1
    decoder: Depth = 1


class RopePart(Part):
    """`rope:`, rotary position embedding (Su et al. 2021)."""

    base: Positive = 10000.0
    pairs: Literal["interleaved", "half"] = "interleaved"


class MaskPart(Part):
    """`mask:`, which cells of the scores are filled with `mask_value`."""

    padding: bool = True
    causal: bool = True


class ModelPart(Part):
    """`model:`; which keys belong to which kind stands in `kinds.KEYS`."""

    kind: Kind = "encoder"
    layers: Depth | LayersPart = 1
    d_model: Size = 4
    heads: Size = 1
    kv_heads: Size = 1
    d_k: Size = 4
    d_v: Size = 4
    d_ff: Size = 16
    sizes: Annotated[list[Size], Meta(min_length=2)] = []
    activation: Activation = "relu"
    norm: Literal["layer", "rms", "batch", "none"] = "layer"
    norm_position: Literal["post", "pre"] = "post"
    eps: Annotated[float, Meta(ge=0, le=LARGEST)] = 1e-5
    residual: bool = True
    positional: Literal["sinusoidal", "learned", "rope", "none"] = "sinusoidal"
    rope: RopePart = field(default_factory=RopePart)
    embed_scale: bool = False
    projections: bool = True
    output: bool = True
    bias: bool = True
    scale: bool = True
    mask: MaskPart = field(default_factory=MaskPart)
    mask_value: Annotated[float, Meta(lt=0)] = -1e9
    head: bool = True
    tie: list[list[str]] = []
    dtype: Literal["float64", "float32"] = "float64"
    given: dict[str, NumbersField] = {}
    parameters: dict[str, NumbersField] = {}
    steps: StepsField = None


class InputPart(Part):
    """`input:`, what the model reads and what it should say."""

    source: SentencesField = None
    target: SentencesField = None
    labels: SentencesField = None
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    x: NumbersField = None
    memory: NumbersField = None


class LossPart(Part):
    """`loss:`, what training makes small."""

    kind: Literal["cross_entropy", "mse", "half_mse", "sum", "none"] = "cross_entropy"
    of: Annotated[str, Meta(min_length=1)] = ""
    target: NumbersField = None


class WeightsPart(Part):
    """`weights:`, what the parameters start from: init, then file, then set."""

    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    init: InitField = "xavier"
    set: dict[str, FillField] = {}
    file: Annotated[str, Meta(min_length=1)] = ""
    names: Annotated[str, Meta(min_length=1)] = "auto"
    partial: bool = False


class ExamplePart(Part):
    """One of `train.data`."""

    source: SentencesField = None
    target: SentencesField = None
    labels: SentencesField = None


class TrainPart(Part):
    """`train:`, how the parameters learn."""

    optimizer: Literal["sgd", "adam"] = "sgd"
    lr: Finite = 0.1
    momentum: Fraction = 0.0
    betas: Annotated[list[Fraction], Meta(min_length=2, max_length=2)] = field(default_factory=lambda: [0.9, 0.999])
    eps: Positive = 1e-8
    steps: Annotated[int, Meta(ge=0, le=1_000_000)] = 100
    teacher_forcing: bool = True
    data: list[ExamplePart] = []


class VariantPart(Part):
    """One of `variants:`, merged over the file; lists are replaced, ``null`` takes a key away."""

    title: TextField = None
    about: TextField = None
    model: dict[str, Any] | None = {}
    vocab: VocabField | None = None
    input: dict[str, Any] | None = {}
    loss: Any = None
    weights: dict[str, Any] | None = {}
    pins: dict[str, Any] | None = {}
    train: dict[str, Any] | None = {}


class FilePart(Part):
    """A whole scenario file."""

    tfstep: Literal[1] = 1
    title: TextField = None
    about: TextField = None
    model: ModelPart = field(default_factory=ModelPart)
    vocab: VocabField = None
    input: InputPart = field(default_factory=InputPart)
    loss: LossPart | Annotated[str, Meta(min_length=1, max_length=2000)] = field(default_factory=LossPart)
    weights: WeightsPart = field(default_factory=WeightsPart)
    pins: dict[str, NumbersField] = {}
    train: TrainPart = field(default_factory=TrainPart)
    variants: VariantsField = None


@cache
def fields(part: type[Part]) -> dict[str, Any]:
    """The keys of a section and their types, in order."""
    return get_type_hints(part, include_extras=True)


def choices_of(kind: Any) -> tuple[Any, ...]:
    """The values that a key may have, if they are few."""
    return get_args(kind) if get_origin(kind) is Literal else ()
