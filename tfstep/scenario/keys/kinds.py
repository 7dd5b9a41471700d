"""The kinds of models, and which keys belong to which."""

from __future__ import annotations

ENCODER, DECODER, BOTH = "encoder", "decoder", "encoder-decoder"
ATTENTION, MLP, FORMULA = "attention", "mlp", "formula"
KINDS = (ENCODER, DECODER, BOTH, ATTENTION, MLP, FORMULA)
STACKS = frozenset({ENCODER, DECODER, BOTH})  # they read words
_ATTENDING = STACKS | {ATTENTION}
_TRAINED = _ATTENDING | {MLP}

# the keys of `model:`
KEYS: dict[str, frozenset[str]] = {
    "kind": frozenset(KINDS),
    "layers": STACKS,
    "d_model": _ATTENDING,
    "heads": _ATTENDING,
    "kv_heads": _ATTENDING,
    "d_k": _ATTENDING,
    "d_v": _ATTENDING,
    "d_ff": STACKS,
    "sizes": frozenset({MLP}),
    "activation": STACKS | {MLP},
    "norm": STACKS,
    "norm_position": STACKS,
    "eps": STACKS,
    "residual": STACKS,
    "positional": _ATTENDING,
    "rope": _ATTENDING,
    "embed_scale": STACKS,
    "projections": _ATTENDING,
    "output": _ATTENDING,
    "bias": _TRAINED,
    "scale": _ATTENDING,
    "mask": _ATTENDING,
    "mask_value": _ATTENDING,
    "head": STACKS,
    "tie": _TRAINED,
    "dtype": frozenset(KINDS),
    "given": frozenset({FORMULA}),
    "parameters": frozenset({FORMULA}),
    "steps": frozenset({FORMULA}),
}

# the keys of `input:`, and of the examples of `train.data`
INPUTS: dict[str, frozenset[str]] = {
    "source": frozenset({ENCODER, BOTH}),
    "target": frozenset({DECODER, BOTH}),
    "labels": STACKS,
    "offset": _ATTENDING,
    "x": frozenset({ATTENTION, MLP, FORMULA}),
    "memory": frozenset({ATTENTION}),
}

NEEDED: dict[str, tuple[str, ...]] = {
    ENCODER: ("source",),
    DECODER: ("target",),
    BOTH: ("source", "target"),
    ATTENTION: ("x",),
    MLP: ("x",),
    FORMULA: (),
}
