"""Keras: the layer with and without its scores returned, and the function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

Give = Callable[[np.ndarray, np.ndarray, Any], np.ndarray]
EYE = np.eye(5, 8, dtype=np.float32)


def layer(scores: bool, pads: bool = False) -> Give:
    """MultiHeadAttention of one head whose projections are unit matrices."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        made = keras.layers.MultiHeadAttention(num_heads=1, key_dim=8)
        words = [keras.ops.convert_to_tensor(each[None]) for each in (q, EYE, k)]
        made(*words)
        unit = np.eye(8, dtype=np.float32)
        for part in (made.query_dense, made.key_dense, made.value_dense, made.output_dense):
            kernel, bias = part.weights
            kernel.assign(unit.reshape(kernel.shape))
            bias.assign(np.zeros(bias.shape, np.float32))
        if isinstance(mask, str):
            keys: dict[str, Any] = {"use_causal_mask": True}
        else:
            keys = {"value_mask" if pads else "attention_mask": keras.ops.convert_to_tensor(mask[None])}
        found = made(*words, return_attention_scores=scores, **keys)
        given = found[1][:, 0] if scores else found
        return np.asarray(keras.ops.convert_to_numpy(given))[0]

    return attend


def function(by: str) -> Give:
    """keras.ops.dot_product_attention."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        words = [keras.ops.convert_to_tensor(each[None, :, None]) for each in (q, k, EYE)]
        keys: dict[str, Any] = (
            {"is_causal": True} if isinstance(mask, str) else {by: keras.ops.convert_to_tensor(mask[None, None])}
        )
        found = keras.ops.dot_product_attention(*words, **keys)
        return np.asarray(keras.ops.convert_to_numpy(found))[0, :, 0]

    return attend


def ways() -> dict[str, dict[tuple[str, str], Give]]:
    """Every way to attend, by library and call."""
    on = f", on {keras.backend.backend()}"
    masks: dict[tuple[str, str], Give] = {}
    pads: dict[tuple[str, str], Give] = {}
    for scores in (True, False):
        call = f"layers.MultiHeadAttention({{}}, return_attention_scores={scores}){on}"
        masks["keras", call.format("attention_mask=")] = layer(scores)
        pads["keras", call.format("value_mask=")] = layer(scores, pads=True)
    for by in ("mask", "bias"):
        masks["keras", f"ops.dot_product_attention({by}=){on}"] = function(by)
    return {"masks": masks, "pads": pads}
