"""Which mistakes are planted in which models, and what is to be said of each: the kind and the step."""

from __future__ import annotations

from typing import Any

import numpy as np
from hands import Hand, gradients

import tfstep
from tfstep.scenario.scenario import load_text

TEXTS = {
    "attention": """
tfstep: 1
model: {kind: attention, d_model: 8, heads: 2}
input: {x: [[.3, -1, .8, .1, 2, -.4, .9, .5], [1, .2, -.7, 1.1, -.3, .6, -1.2, .4], [-.5, .9, .3, -.8, .7, 1.5, .2, -1],
  [.6, -.2, 1.3, .4, -1.1, .8, -.9, .1], [-.1, .7, -.6, 1.9, .2, -.3, 1, .8]]}
loss: {kind: half_mse, target: [[[1,0,0,0,1,0,0,0],[0,1,0,0,0,1,0,0],[0,0,1,0,0,0,1,0],[0,0,0,1,0,0,0,1],[1,1,0,0,0,0,1,1]]]}
weights: {seed: 3, init: {normal: .4}}
""",
    "encoder": """
tfstep: 1
model: {kind: encoder, layers: 2, d_model: 8, heads: 2, d_ff: 12, activation: gelu_tanh}
vocab: {source: [<pad>, a, b, c, d, e], target: [<pad>, p, q, r]}
input: {source: [c a d, a b c d e], labels: [r p q, p q r p q]}
weights: {seed: 4, init: {normal: .4}}
train: {optimizer: sgd, lr: .1}
""",
    "small encoder": """
tfstep: 1
model: {kind: encoder, layers: 1, d_model: 8, heads: 2, d_ff: 12, activation: gelu}
vocab: {source: [<pad>, a, b, c, d, e], target: [<pad>, p, q, r]}
input: {source: [c a d, a b c d], labels: [r p q, p q r p]}
weights: {seed: 4, init: {normal: .4}}
train: {optimizer: sgd, lr: .1}
""",
    "small decoder": """
tfstep: 1
model: {kind: decoder, layers: 1, d_model: 8, heads: 2, d_ff: 12, activation: gelu_tanh, norm_position: pre, positional: learned,
  positions: 9}
vocab: [<pad>, <sos>, <eos>, a, b, c, d]
input: {target: [<sos> c b, <sos> a b c d], labels: [c b <eos>, a b c d <eos>]}
weights: {seed: 6, init: {normal: .4}}
train: {optimizer: adam, lr: .01}
""",
    "pre-norm": """
tfstep: 1
model: {kind: encoder, layers: 1, d_model: 8, heads: 2, d_ff: 12, norm_position: pre, positional: learned}
vocab: {source: [<pad>, a, b, c, d, e], target: [<pad>, p, q, r]}
input: {source: a b c d e a, labels: p q r p q r}
weights: {seed: 5, init: {normal: .4}}
""",
    "decoder": """
tfstep: 1
model: {kind: decoder, layers: 2, d_model: 8, heads: 2, d_ff: 12, activation: gelu_tanh, norm_position: pre, positional: learned,
  positions: 9}
vocab: [<pad>, <sos>, <eos>, a, b, c, d]
input: {target: [<sos> c b d, <sos> a b c d a], labels: [c b d <eos>, a b c d a <eos>]}
weights: {seed: 6, init: {normal: .4}}
train: {optimizer: adam, lr: .01}
""",
    "wide decoder": """
tfstep: 1
model: {kind: decoder, layers: 7, d_model: 48, heads: 4, d_ff: 96, activation: gelu_tanh, norm_position: pre, positional: learned}
vocab: [<pad>, <sos>, <eos>, a, b, c, d]
input: {target: <sos> a b c d a c b d d, labels: a b c d a c b d d <eos>}
weights: {seed: 6, init: {normal: .2}}
""",
    "llama": """
tfstep: 1
model: {kind: decoder, layers: 1, d_model: 8, heads: 2, kv_heads: 1, d_ff: 12, activation: swiglu, norm: rms, norm_position: pre,
  positional: rope, bias: false}
vocab: [<sos>, <eos>, a, b, c, d]
input: {target: <sos> a b c d a, labels: a b c d a <eos>}
weights: {seed: 7, init: {normal: .4}}
""",
    "turning encoder": """
tfstep: 1
model: {kind: encoder, layers: 1, d_model: 16, heads: 2, d_ff: 12, activation: gelu, positional: rope, rope: {pairs: half}}
vocab: {source: [<pad>, a, b, c, d, e], target: [<pad>, p, q, r]}
input: {source: [c a d, a b c d], labels: [r p q, p q r p]}
weights: {seed: 4, init: {normal: .4}}
""",
    "turning decoder": """
tfstep: 1
model: {kind: decoder, layers: 1, d_model: 16, heads: 2, d_ff: 12, activation: gelu_tanh, norm_position: pre, positional: rope}
vocab: [<pad>, <sos>, <eos>, a, b, c, d]
input: {target: [<sos> c b, <sos> a b c d], labels: [c b <eos>, a b c d <eos>]}
weights: {seed: 6, init: {normal: .4}}
""",
    "translator": """
tfstep: 1
model: {kind: encoder-decoder, d_model: 8, heads: 2, d_ff: 12}
vocab: {source: [<pad>, a, b, c, d], target: [<pad>, <sos>, <eos>, p, q, r]}
input: {source: [b d, a b c d], target: [<sos> q r, <sos> p q r], labels: [q r <eos>, p q r <eos>]}
weights: {seed: 8, init: {normal: .4}}
""",
    "crossing": """
tfstep: 1
model: {kind: attention, d_model: 8, heads: 2}
input: {x: [[.3, -1, .8, .1, 2, -.4, .9, .5], [1, .2, -.7, 1.1, -.3, .6, -1.2, .4], [-.5, .9, .3, -.8, .7, 1.5, .2, -1]],
  memory: [[.6, -.2, 1.3, .4, -1.1, .8, -.9, .1], [-.1, .7, -.6, 1.9, .2, -.3, 1, .8], [.5, .3, -.2, .9, 1, -1, .4, .7],
  [1.2, -.5, .1, .2, -.9, .3, .8, -.6]]}
weights: {seed: 9, init: {normal: .4}}
""",
}

MISTAKES: tuple[tuple[str, str, str], ...] = (
    ("unscaled", "scale", "attn.scaled"), ("over d", "scale", "attn.scaled"), ("over model", "scale", "attn.scaled"),
    ("times root", "scale", "attn.scaled"), ("over heads", "scale", "attn.scaled"),
    ("softmax q", "softmax-axis", "attn.weights"), ("softmax h", "softmax-axis", "attn.weights"),
    ("softmax b", "softmax-axis", "attn.weights"), ("softmax all", "softmax-axis", "attn.weights"),
    ("softmax twice", "softmax-twice", "attn.weights"), ("log softmax", "log-softmax", "attn.weights"),
    ("no mask", "mask-missing", "attn.masked"), ("no padding", "mask-missing", "attn.masked"),
    ("no causal", "mask-missing", "attn.masked"), ("mask flipped", "mask-inverted", "attn.masked"),
    ("mask plus", "mask-added", "attn.masked"), ("mask plus seen", "mask-added", "attn.masked"),
    ("mask minus ten", "mask-added", "attn.masked"), ("mask times", "mask-multiplied", "attn.masked"),
    ("mask zero", "mask-multiplied", "attn.masked"), ("mask late", "mask-after-softmax", "attn.masked attn.weights"),
    ("mask hides self", "mask-shifted", "attn.masked"), ("mask sees next", "mask-shifted", "attn.masked"),
    ("padding shifted", "mask-shifted", "attn.masked"), ("mask turned", "mask-axis", "attn.masked"),
    ("mask rows", "mask-axis", "attn.masked"), ("mask first sentence", "mask-axis", "attn.masked"),
    ("view heads", "heads-reshaped", "attn.Q"), ("view heads v", "heads-reshaped", "attn.V"),
    ("heads inside out", "heads-reshaped", "attn.Q"), ("turned then split", "heads-reshaped", "attn.Q"),
    ("view merge", "heads-merged", "attn.concat"), ("merge inside out", "heads-merged", "attn.concat"),
    ("swap qk", "swapped", "attn.q_proj"), ("swap kv", "swapped", "attn.k_proj"), ("swap qv", "swapped", "attn.q_proj"),
    ("k with W_Q", "swapped", "attn.k_proj"), ("v with W_K", "swapped", "attn.v_proj"), ("k q", "swapped", "attn.scores"),
    ("q q", "swapped", "attn.scores"), ("weights k", "swapped", "attn.heads"), ("own keys", "swapped", "cross.k_proj"),
    ("turned W_Q", "transposed", "attn.q_proj"), ("turned W_V", "transposed", "attn.v_proj"),
    ("turned W_O", "transposed", "attn.out"), ("turned weights", "transposed", "attn.heads"),
    ("no b_Q", "bias-missing", "attn.q_proj"), ("no b_O", "bias-missing", "attn.out"), ("no b_2", "bias-missing", "ffn.out"),
    ("no biases", "bias-missing", "attn.q_proj"), ("twice b_V", "bias-twice", "attn.v_proj"),
    ("twice b_1", "bias-twice", "ffn.hidden"), ("no skip 1", "residual-missing", "add1"),
    ("no skip 2", "residual-missing", "add2"), ("skip of norm", "residual-place", "add1"),
    ("norm branch", "norm-place", "add1"), ("norm other side", "norm-place", "attn.q_proj norm1 add1"),
    ("norm positions", "norm-axis", "norm1"), ("norm batch", "norm-axis norm-kind", "norm1"), ("eps", "norm-eps", "norm1"),
    ("eps outside", "norm-eps", "norm1"), ("n - 1", "norm-variance", "norm1"), ("over variance", "norm-variance", "norm1"),
    ("no gamma", "norm-affine", "norm1"), ("no beta", "norm-affine", "norm1"), ("other norm", "norm-kind", "norm1"),
    ("no norm", "norm-kind", "norm1"), ("act relu", "activation", "ffn.act"), ("act quick", "activation", "ffn.act"),
    ("act leaky", "activation", "ffn.act"), ("act none", "activation", "ffn.act"), ("act twice", "activation", "ffn.act"),
    ("gate", "gate-swapped", "ffn.act"), ("no positions", "position-missing", "x"), ("positions twice", "position-twice", "x"),
    ("positions late", "position-shifted", "x"), ("positions back", "position-shifted", "x"), ("halves", "position-layout", "x"),
    ("cosine first", "position-layout", "x"), ("exponent", "position-layout", "x"), ("rope pairs", "rope-pairs", "attn.Q_rot"),
    ("rope sign", "rope-pairs", "attn.Q_rot"), ("rope base", "rope-base", "attn.Q_rot"),
    ("rope width", "rope-base", "attn.Q_rot"), ("rope q alone", "rope-place", "attn.K_rot"),
    ("rope v", "rope-place", "attn.heads"), ("rope part", "rope-place", "attn.Q_rot"),
    ("rope stretched", "rope-base", "attn.Q_rot"), ("rope ntk", "rope-base", "attn.Q_rot"),
    ("heads backwards", "heads-merged", "attn.concat"), ("k backwards", "heads-reshaped", "attn.K"),
    ("no rope", "position-missing", "attn.Q_rot"), ("rope q late", "position-shifted", "attn.Q_rot"),
    ("embed scaled", "embed-scale", "embed"), ("drop weights", "dropout", "attn.weights"), ("drop hidden", "dropout", "ffn.act"),
    ("drop residual", "dropout", "add1 attn.out"), ("labels unshifted", "labels-unshifted", "loss"),
    ("labels twice", "labels-shifted-twice", "loss"), ("pads count", "pads-counted", "loss"),
    ("over all rows", "pads-counted", "loss"), ("loss summed", "loss-reduction", "loss"),
    ("mean of means", "loss-reduction", "loss"), ("not halved", "loss-reduction", "loss"), ("loss of p", "loss-input", "loss"),
    ("unasked causal", "mask-unasked", "attn.masked attn.weights"),
    ("relu q", "activation", "attn.q_proj"), ("exp alone", "softmax-axis", "attn.weights"),
    ("drop unscaled", "dropout", "attn.weights"), ("drop hidden unscaled", "dropout", "ffn.act"),
    ("one norm", "norm-affine", "norm2"), ("first norm again", "norm-place", "ffn.hidden ffn.gate"),
    ("times positions", "position-missing", "x"),
)  # fmt: skip


class Start:
    """A model to plant in: the scenario, a trace of it with weights that are in no way special, and its numbers."""

    def __init__(self, name: str) -> None:
        scenario = load_text(TEXTS[name])
        rng, start = np.random.default_rng(2), tfstep.trace(scenario)
        moved = {
            node.path: start.value(node.slot) + rng.normal(0, 0.3, node.shape)
            for node in start.plan.nodes
            if node.kind == "parameter"
        }
        self.name, self.scenario, self.trace = name, scenario, start.edit(moved)
        self.w = {n.path: self.trace.value(n.slot) for n in self.trace.plan.nodes if n.op is None or n.kind == "view"}
        self.parameters = list(moved)
        self.first = (
            "dec0." if scenario.model.kind == "decoder" else "" if scenario.model.kind == "attention" else "enc0."
        )
        self.side = "tgt." if scenario.model.kind == "decoder" else "src."

    def hand(self, *wrong: str, **options: Any) -> Hand:
        return Hand(self.w, self.scenario.model, wrong, **options)

    def rows(self, *wrong: str, weights: bool = False, **options: Any) -> dict[str, np.ndarray]:
        """What this hand writes down; with ``weights`` after its weights, and without batches of one."""
        hand = self.hand(*wrong, **options)
        with np.errstate(all="ignore"):
            hand.run(self.scenario.inputs)
        return {**({p: hand.w[p] for p in self.parameters} if weights else {}), **hand.rows}

    def paths(self, said: str) -> set[str]:
        """The steps that a mistake may be said to be at, in this model."""
        found = set()
        for each in said.split():
            if each in ("x", "embed"):
                found.add(self.side + each)
            elif each == "loss":
                found.add(each)
            elif each == "attn.masked":
                found |= {self.first + each} | ({"dec0." + each} if self.name == "translator" else set())
            elif each.startswith("cross") and self.name == "crossing":
                found.add("attn." + each.partition(".")[2])
            elif each.startswith("cross"):
                found.add("dec0." + each)
            else:
                found.add(self.first + each)
        return found


def differs(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether a mistake changes anything that is written down."""
    return any(
        one[n].shape != other[n].shape or not np.allclose(one[n], other[n], rtol=1e-6, atol=1e-7, equal_nan=True)
        for n in one
        if n in other
    )


__all__ = ["MISTAKES", "TEXTS", "Start", "differs", "gradients"]
