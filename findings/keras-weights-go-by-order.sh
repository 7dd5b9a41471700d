#!/usr/bin/env bash
# Guess: layers that were named, Dense(…, name="q") and Dense(…, name="k"), find their weights in a .weights.h5 file by these names.
# True:  the file numbers the layers of each class in the order in which the model lists them (dense, dense_1) and does not ask for names. Whoever loads it into a model that has k
#        before q, and the same shapes, gets the two swapped, without a word. A model with another order of its parts is a model with other weights.
# Seen:  keras 3.15.1 with jax 0.10.2: q of ones and k of twos come back as q of twos and k of ones; the same file in a model of the same order is right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import numpy as np


def projections(order: str) -> keras.Model:
    x = keras.Input((2,))
    return keras.Model(x, [keras.layers.Dense(2, use_bias=False, name=name)(x) for name in order])


def read(model: keras.Model) -> dict[str, float]:
    return {name: float(np.asarray(model.get_layer(name).kernel)[0, 0]) for name in "qk"}


saved = projections("qk")
saved.get_layer("q").set_weights([np.full((2, 2), 1.0)])
saved.get_layer("k").set_weights([np.full((2, 2), 2.0)])
saved.save_weights("model.weights.h5")
seen = {}
for order in ("qk", "kq"):
    model = projections(order)
    model.load_weights("model.weights.h5")
    seen[order] = read(model)
    print(f"saved {read(saved)}   loaded into a model that lists {order[0]} first: {seen[order]}")
assert seen == {"qk": {"q": 1.0, "k": 2.0}, "kq": {"q": 2.0, "k": 1.0}}
PYTHON
