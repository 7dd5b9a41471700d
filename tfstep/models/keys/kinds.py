"""The kinds of model, an entry each: the module that records it, its parts, what it must be given, a file to start from.

Which keys belong to a kind follows from its parts: `models.keys.key` names one of them for every key.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from msgspec import Struct


class Kind(Struct, frozen=True):
    """One kind of model. ``forward`` of its ``module`` records its steps: ``forward(root, inputs, c) -> Traced``.

    ``parts`` are the groups of keys that it has, ``needs`` the keys of `input:` that it cannot do without, and
    ``example`` the file that `tfstep new` writes: without comments, behind its title; VARIANT stands for the name of
    its one variant, which by itself is ``variant``.
    """

    module: str
    parts: frozenset[str]
    needs: tuple[str, ...]
    example: str
    variant: str

    @property
    def stacks(self) -> tuple[str, ...]:
        """Its stacks of layers: encoder, decoder, both or none."""
        return tuple(stack for stack, side in (("encoder", "source"), ("decoder", "target")) if side in self.parts)


def _reads_words(module: str, sides: str, words: str, first: str, more: str = "") -> Kind:
    """A kind with stacks of layers that read words; ``first`` is a parameter of it,
    ``more`` are further parts."""
    example = f"""\
  layers: 1
  d_model: 4
  heads: 1
  scale: true
  d_ff: 8
  activation: relu
  norm: layer
  norm_position: post
  residual: true
  positional: sinusoidal
{words}loss: {{kind: cross_entropy}}
weights:
  seed: 0
  init: xavier
  set:
    {first}: zeros
train: {{optimizer: sgd, lr: 0.1, steps: 100}}
variants:
  VARIANT: {{model: {{positional: none}}}}
"""
    parts = frozenset({*sides.split(), "words", "attention", "trained", *more.split()})
    return Kind(module, parts, tuple(sides.split()), example, "no-position")


KINDS = {
    "encoder": _reads_words(
        "encoder",
        "source",
        "vocab: [<pad>, I, love, you]\ninput:\n  source: I love you\n  labels: you love I\n",
        "enc0.attn.b_Q",
        "reader documents vectors",
    ),
    "decoder": _reads_words(
        "decoder",
        "target",
        "vocab: [<pad>, <sos>, <eos>, I, love, you]\ninput:\n  target: <sos> I love you\n  labels: I love you <eos>\n",
        "dec0.attn.b_Q",
        "documents vectors",
    ),
    "encoder-decoder": _reads_words(
        "decoder",
        "source target",
        "vocab:\n  source: [<pad>, 我, 爱, 你]\n  target: [<pad>, <sos>, <eos>, I, love, you]\n"
        "input:\n  source: 我 爱 你\n  target: <sos> I love you\n  labels: I love you <eos>\n",
        "dec0.cross.b_Q",
    ),
    "attention": Kind(
        "attention",
        frozenset({"attention", "trained", "numbers", "memory"}),
        ("x",),
        """\
  heads: 1
  scale: true
input:
  x: [[1, 0, 1], [0, 1, 1], [1, 1, 0]]
loss: {kind: sum}
weights:
  seed: 0
  init: xavier
  set:
    attn.b_Q: zeros
train: {optimizer: sgd, lr: 0.1, steps: 100}
variants:
  VARIANT: {model: {scale: false}}
""",
        "no-scale",
    ),
    "mlp": Kind(
        "mlp",
        frozenset({"mlp", "trained", "numbers"}),
        ("x",),
        """\
  sizes: [2, 3, 1]
  activation: sigmoid
  bias: true
input:
  x: [[1, 0], [0, 1], [1, 1]]
loss: {kind: half_mse, target: [[1], [1], [0]]}
weights:
  seed: 0
  init: xavier
  set:
    layer0.b: zeros
train: {optimizer: sgd, lr: 0.1, steps: 100}
variants:
  VARIANT: {model: {activation: relu}}
""",
        "relu",
    ),
    "formula": Kind(
        "formula",
        frozenset({"formula", "numbers"}),
        (),
        """\
  given: {x1: 0.5, x2: -1, y: 1}
  parameters: {w1: 0.3, w2: 0.2, b: 0.1}
  steps:
    a: w1*x1 + w2*x2 + b
    p: sigmoid(a)
loss: 0.5*(p - y)**2
train: {optimizer: sgd, lr: 0.1, steps: 100}
variants:
  VARIANT: {model: {parameters: {w1: 0.9}}}
""",
        "larger",
    ),
}
"""By name, in the order in which they are told."""


def forward(root: Any, inputs: Any, c: Any) -> Any:
    """Record the steps of a model of kind ``c.kind`` under ``root``; gives its last output."""
    return import_module(f"tfstep.models.{KINDS[c.kind].module}").forward(root, inputs, c)


def kinds_with(parts: str) -> tuple[str, ...]:
    """The kinds that have one of these parts (words with blanks between); all of them for none."""
    return tuple(name for name, kind in KINDS.items() if not parts or kind.parts & {*parts.split()})
