"""The `model:` section of a recorded scenario with its defaults, and its words as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

Ids = list[list[int]]


@dataclass
class Options:
    """The keys of `model:` that a recorded case may set."""

    kind: str
    layers: Any = 1
    d_model: int = 4
    heads: int = 1
    kv_heads: int = 0
    d_k: int = 0
    d_v: int = 0
    d_ff: int = 8
    sizes: list[int] = field(default_factory=list)
    activation: str = "relu"
    norm: str = "layer"
    norm_position: str = "post"
    eps: float = 1e-5
    residual: bool = True
    positional: str = "sinusoidal"
    rope: dict[str, Any] = field(default_factory=dict)
    embed_scale: bool = False
    projections: bool = True
    output: bool = True
    bias: bool = True
    scale: bool = True
    mask: dict[str, bool] = field(default_factory=dict)
    mask_value: float = -1e9
    head: bool = False
    tie: list[list[str]] = field(default_factory=list)
    dropout: float = 0.0  # the masks themselves are pinned
    dtype: str = "float64"

    def __post_init__(self) -> None:
        self.kv_heads = self.kv_heads or self.heads
        self.d_k = self.d_k or self.d_model // self.heads
        self.d_v = self.d_v or self.d_model // self.heads
        self.mask = {"padding": True, "causal": True} | self.mask
        self.rope = {"base": 10000, "pairs": "interleaved"} | self.rope

    @property
    def pre(self) -> bool:
        """Whether the norms stand before the sub-layers."""
        return self.norm_position == "pre"

    def depth(self, stack: str) -> int:
        """The number of layers of ``enc`` or ``dec``; 0 where the kind has no such stack."""
        if self.kind == "encoder-decoder":
            name = {"enc": "encoder", "dec": "decoder"}[stack]
            return int(self.layers[name] if isinstance(self.layers, dict) else self.layers)
        has = {"encoder": "enc", "decoder": "dec"}.get(self.kind)
        return int(self.layers) if stack == has else 0

    @property
    def plain_heads(self) -> bool:
        """Whether nn.MultiheadAttention can do this attention."""
        usual = self.kv_heads == self.heads and self.d_k == self.d_v == self.d_model // self.heads
        return usual and self.projections and self.output and self.scale and self.positional != "rope"

    @property
    def plain_layer(self) -> bool:
        """Whether nn.TransformerEncoderLayer can do this layer."""
        return self.plain_heads and self.residual and self.activation != "swiglu"


def options(scenario: dict[str, Any]) -> Options:
    """The options of a scenario; the head is there where there are labels."""
    model = {"head": "labels" in scenario.get("input", {})} | scenario["model"]
    known = {f.name for f in fields(Options)}
    if unknown := set(model) - known:
        raise ValueError(f"options not known to the recorder: {unknown}")
    return Options(**model)


def words(text: Any) -> list[list[str]]:
    """A sentence, or a list of sentences, as a rectangle of words padded with ``<pad>``."""
    rows = [row.split() for row in ([text] if isinstance(text, str) else text)]
    longest = max(map(len, rows))
    return [row + ["<pad>"] * (longest - len(row)) for row in rows]


def vocabulary(scenario: dict[str, Any], side: str) -> list[str]:
    """The words of ``source`` or ``target``."""
    vocab = scenario["vocab"]
    return list(vocab[side] if isinstance(vocab, dict) else vocab)


def ids(scenario: dict[str, Any], key: str) -> Ids:
    """`input.source`, `.target` or `.labels` as word numbers, (batch, position)."""
    single = scenario["model"]["kind"] == "encoder" and key == "labels"
    vocab = vocabulary(scenario, "source" if key == "source" or single else "target")
    return [[vocab.index(word) for word in row] for row in words(scenario["input"][key])]


def pad_id(scenario: dict[str, Any], side: str) -> int:
    """The number of ``<pad>``, or −1 where the vocabulary has none."""
    vocab = vocabulary(scenario, side)
    return vocab.index("<pad>") if "<pad>" in vocab else -1
