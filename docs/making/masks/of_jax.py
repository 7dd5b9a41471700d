"""JAX and flax: the functions, by the argument that takes the mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx

from making.masks.asked import NotAskedError

Give = Callable[[np.ndarray, np.ndarray, Any], np.ndarray]


def function(of: Callable[..., Any], by: str) -> Give:
    """One head; the values are a unit matrix, so that the output is the weights."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        words = [jnp.asarray(each)[None, :, None] for each in (q, k, np.eye(5, 8, dtype=np.float32))]
        if isinstance(mask, str):
            if of is linen.dot_product_attention:
                raise NotAskedError
            return np.asarray(of(*words, is_causal=True))[0, :, 0]
        return np.asarray(of(*words, **{by: jnp.asarray(mask)[None, None]}))[0, :, 0]

    return attend


def ways() -> dict[str, dict[tuple[str, str], Give]]:
    """Every way to attend, by library and call."""
    masks: dict[tuple[str, str], Give] = {}
    for by in ("mask", "bias"):
        masks["jax", f"jax.nn.dot_product_attention({by}=)"] = function(jax.nn.dot_product_attention, by)
        masks["flax", f"nnx.dot_product_attention({by}=)"] = function(nnx.dot_product_attention, by)
        masks["flax", f"linen.dot_product_attention({by}=)"] = function(linen.dot_product_attention, by)
    return {"masks": masks, "pads": {}}
