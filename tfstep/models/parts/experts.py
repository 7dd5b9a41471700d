"""A feed-forward network of many experts, of which a router chooses some for each word (Shazeer et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from tfstep.engine.axis import Axis, Spec, axes
from tfstep.engine.tape import Scope, Traced
from tfstep.models.config import ModelConfig
from tfstep.ops.attention import softmax
from tfstep.ops.experts import among_top, expert_share, keep_top, mix, shares
from tfstep.ops.linear import linear, linear_no_bias
from tfstep.ops.primitive.functions import sigmoid

Network = Callable[[Scope, Traced, ModelConfig], Traced]


def experts(at: Scope, x: Traced, c: ModelConfig, network: Network) -> Traced:
    """Σ_e w_e · FFN_e(x), w_e = 0 but for the chosen. Shapes: x (batch, position, model) → same.

    Every expert has its steps, and reads every word when it is looked at; one that no word chose is not computed for
    what follows, which takes nothing from it.
    """
    e = c.experts
    assert e is not None
    weights, kept = router(at.scope("router"), x, c)
    single, parts = replace(c, experts=None, d_ff=e.d_ff or c.d_ff), []
    for n in range(e.count):
        own = at.scope(f"expert{n}")
        network(own, x, single)
        own.share = expert_share(own.out, weights, kept, expert=n)
        parts.append(own.share)
    if e.shared:
        parts.append(network(at.scope("shared"), x, replace(single, d_ff=e.shared)))
    at.out = mix(*parts) if len(parts) > 1 else parts[0] * 1.0
    return at.out


def router(at: Scope, x: Traced, c: ModelConfig) -> tuple[Traced, Traced]:
    """The weight of every expert for every word, and which of them it chose: (batch, position, expert) both.

    softmax: p = softmax(x W), the k largest, by their sum where renormalised (Fedus et al. 2021; Mixtral). topk: the
    softmax of the k largest scores (gpt-oss). sigmoid: s = σ(x W), the k largest of s + correction (DeepSeek-V3).
    """
    e, expert = c.experts, Axis("expert")
    assert e is not None
    W = at.parameter("W", Spec((x.shape[-1], e.count), np.dtype(c.stored), axes("in", "expert")), "weight")
    spec = Spec((e.count,), np.dtype(c.stored), (expert,))
    own = (at.parameter("b", spec, "bias"),) if e.bias else ()
    at.logits = (linear(x, W, *own) if own else linear_no_bias(x, W)).with_axes(*x.axes[:-1], expert)
    if e.router == "topk":
        at.kept = among_top(at.logits, k=e.top)
        at.chosen = keep_top(at.logits, at.logits, k=e.top, other=-np.inf)
        at.weights = softmax(at.chosen)
        return at.weights, at.kept
    p = at.probs = softmax(at.logits) if e.router == "softmax" else sigmoid(at.logits)
    by = p
    if e.correction:
        by = at.corrected = p + at.parameter("correction", spec, "zero")
    at.kept = among_top(by, k=e.top)
    at.chosen = keep_top(p, by, k=e.top, other=0.0)
    if e.renormalise:
        at.weights = shares(at.chosen, times=e.scale)
    elif e.scale != 1:
        at.weights = at.chosen * e.scale
    else:
        return at.chosen, at.kept
    return at.weights, at.kept
