"""Runs that are written as programs: parts, training and losses of each kind, models opened from their folders."""

MODELS = ("gpt2", "llama", "bert", "t5", "gemma2", "mixtral")
WORDS = ", vocab: 3, input: {source: 0 1 2, labels: 1 2 0}}"
FORMULA = """
model: {kind: formula, parameters: {w: [1, 2]}, steps: {y: "sum(w * w) * std(w) + sum(w[0:1])"}}
loss: "where(y > 2, y, 0)"
"""

NAMES = """
model: {kind: formula, parameters: {type: [1, 2], seen: 3}, steps: {softmax: "softmax(type)",
    forward: "sum(softmax(softmax * type)) * seen", half: "forward * forward", y: "half + 1"}}
loss: "y * 2"
"""

PARTS = (
    "{model: {kind: mlp, sizes: [2, 2]}, input: {x: [[1, 2]]}, loss: {kind: sum}, train: {optimizer: sgd, momentum: 0.9}}",
    "{model: {kind: decoder, tie: [[tgt.E, out.W]]}, vocab: [a, b], input: {target: a b, labels: b a}}",
    "{model: {kind: encoder, heads: 2, kv_heads: 1, activation: swiglu, positional: rope, norm: rms}" + WORDS,
    "{model: {kind: encoder, norm: batch, activation: gelu_tanh, dtype: float32}" + WORDS,
    "{model: {kind: encoder, experts: {count: 3, top: 2, router: topk}, sinks: true, window: 1, gated: true}" + WORDS,
    "{model: {kind: encoder, norm_position: both, qk_norm: head, norm: rms, norm_offset: 1, score_softcap: 5}" + WORDS,
    "{model: {kind: encoder, heads: 2, qk_norm: heads, clip_qkv: 0.2}" + WORDS,
    "{model: {kind: encoder, positional: relative, pooler: tanh, head_transform: true, token_types: 2}" + WORDS,
    FORMULA,
    "{model: {kind: encoder, head: false}, vocab: 3, input: {source: 0 1 2}}",
)
READS = "vocab: [<pad>, a, b, c]\ninput: {target: [[a, b, c], [b, c]], labels: [[b, -100, a], [c, a]]}\n"
KEYS = (
    "dropout: 0.4, mask: {prefix: 2, custom: [[true, false, true], [true, true, false], [false, true, true]]}",
    "mask: {custom: [[0, 0.5, 1], [1, 2, 0], [-.inf, 0, 0]], trained: true}",
    "mask: {empty: zero, custom: [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}",
)
TOLD = (
    "train: {loss_scale: 1024}",
    "train: {optimizer: adamw, clip_norm: 0.2, accumulate: 2, schedule: {kind: cosine, warmup: 2}}",
    "train: {optimizer: adamw, weight_decay: 0.1}",
    "train: {momentum: 0.9, nesterov: true, weight_decay: 0.1, clip_value: 0.01}",
    "train: {momentum: 0.9, dampening: 0.5}\nloss: {smoothing: 0.1, class_weights: {a: 2}, z_loss: 0.01, perplexity: true}",
    "loss: {reduction: sentences, ignore: [a]}",
    "loss: {ignore: [a, b, c]}",
)


def reading(keys: str, told: str, dtype: str = "float64") -> str:
    """A small decoder with these keys."""
    return f"model: {{kind: decoder, d_model: 4, d_ff: 6, dtype: {dtype}, {keys}}}\n{READS}{told}\n"
