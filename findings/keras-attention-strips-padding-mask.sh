#!/usr/bin/env bash
# Guess: Embedding(mask_zero=True) hides the pads from every MultiHeadAttention of a stack, since Keras carries the mask along with the tensors.
# True:  MultiHeadAttention takes the mask off the tensors that it is handed (query, key and value themselves, not copies). A post-norm block hands it the residual
#        stream itself, and Add()([x, attention]) finds no mask on x any more: from the second block on the pads are looked at. A pre-norm block
#        hands it LayerNormalization()(x), so its stack stays right. The same layer called twice on the same tensor gives two answers. No warning.
# Seen:  keras 3.15.1 with jax 0.10.2: the second word's attention weights over (word, word, pad, pad) by layer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import numpy as np
from keras import layers


def weights_by_layer(pre_norm: bool) -> np.ndarray:
    ids = keras.Input((4,), dtype="int32")
    x = layers.Embedding(10, 8, mask_zero=True)(ids)
    seen = []
    for _ in range(3):
        h = layers.LayerNormalization()(x) if pre_norm else x
        attention, weights = layers.MultiHeadAttention(2, 4)(h, h, return_attention_scores=True)
        seen.append(weights)
        x = layers.Add()([x, attention])
        if not pre_norm:
            x = layers.LayerNormalization()(x)
    return np.stack([np.asarray(each)[0, 0, 1] for each in keras.Model(ids, seen)(np.array([[5, 7, 0, 0]]))])


before, after = weights_by_layer(pre_norm=True), weights_by_layer(pre_norm=False)
x = layers.Embedding(10, 8, mask_zero=True)(np.array([[5, 7, 0, 0]]))
attention = layers.MultiHeadAttention(2, 4)
once, twice = (np.asarray(attention(x, x, return_attention_scores=True)[1])[0, 0, 1] for _ in range(2))
print("pre-norm: on the pads, by layer ", before[:, 2:].sum(1))
print("post-norm: on the pads, by layer", after[:, 2:].sum(1))
print("one layer, one tensor: the first call", once, "the second", twice)
assert (before[:, 2:] == 0).all()
assert (after[0, 2:] == 0).all() and (after[1:, 2:] > 0.05).all()
assert (once[2:] == 0).all() and (twice[2:] > 0.1).all()
PYTHON
