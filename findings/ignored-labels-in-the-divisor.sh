#!/usr/bin/env bash
# Guess: the mean loss over labels of which some are ignored divides by the labels that count, as torch's cross_entropy does.
# True:  tinygrad's sparse_categorical_crossentropy leaves out the label -1, its cross_entropy -100, and both divide by all labels: the more pads, the smaller the loss and its
#        gradients. keras without ignore_class takes any label outside of the vocabulary for a loss of 0 and divides by all; with ignore_class it divides by those that count.
# Seen:  tinygrad 0.14.0 (its Python device); keras 3.15.1 with jax 0.10.2. One label that counts, one that does not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet tinygrad==0.14.0 keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
DEV=PYTHON KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import numpy as np
from tinygrad import Tensor

logits = [[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]
one = float(np.log(np.exp(logits[0]).sum()) - logits[0][2])
by_tinygrad = Tensor(logits).sparse_categorical_crossentropy(Tensor([2, -1])).item()
by_its_other = Tensor(logits).cross_entropy(Tensor([2, -100])).item()
plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
told = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
by_keras, by_keras_told = (float(loss(np.array([2, -1]), np.array(logits, np.float32))) for loss in (plain, told))
print(f"the label that counts: {one:.4f}; tinygrad {by_tinygrad:.4f} and {by_its_other:.4f}; keras {by_keras:.4f}, with ignore_class {by_keras_told:.4f}")
assert np.allclose([by_tinygrad, by_its_other, by_keras], one / 2, rtol=1e-3)
assert np.isclose(by_keras_told, one, rtol=1e-3)
PYTHON
