"""The parameters a scenario has, and numbers for them: none of them 0 or 1 by default, so that each one counts."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from parity_options import Options, options, vocabulary, words

Shapes = dict[str, tuple[int, ...]]


def shapes(scenario: dict[str, Any]) -> Shapes:
    """Path → shape of every parameter; of tied ones only the first."""
    o, found = options(scenario), Shapes()
    if o.kind == "mlp":
        for i, (n_in, n_out) in enumerate(zip(o.sizes, o.sizes[1:], strict=False)):
            _linear(found, f"layer{i}.", "", n_in, n_out, o.bias)
    elif o.kind == "attention":
        _attention(found, "attn", o)
    for stack, side, key in (("enc", "src", "source"), ("dec", "tgt", "target")):
        if not (n := o.depth(stack)):
            continue
        found[f"{side}.E"] = (len(vocabulary(scenario, key)), o.d_model)
        if o.positional == "learned":
            found[f"{side}.pos"] = (len(words(scenario["input"][key])[0]), o.d_model)
        crossing = o.kind == "encoder-decoder" and stack == "dec"
        for i in range(n):
            _attention(found, f"{stack}{i}.attn", o)
            if crossing:
                _attention(found, f"{stack}{i}.cross", o)
            _linear(found, f"{stack}{i}.ffn.", "_1", o.d_model, o.d_ff, o.bias)
            if o.activation == "swiglu":
                _linear(found, f"{stack}{i}.ffn.", "_gate", o.d_model, o.d_ff, o.bias)
            _linear(found, f"{stack}{i}.ffn.", "_2", o.d_ff, o.d_model, o.bias)
            for k in range(3 if crossing else 2):
                _norm(found, f"{stack}{i}.norm{k + 1}", o)
        if o.pre:
            _norm(found, f"{stack}.norm", o)
    if o.head:
        vocab = vocabulary(scenario, "source" if o.kind == "encoder" else "target")
        _linear(found, "out.", "", o.d_model, len(vocab), o.bias)
    for _, *others in o.tie:
        for other in others:
            del found[other]
    return found


def _attention(found: Shapes, at: str, o: Options) -> None:
    if o.projections:
        _linear(found, f"{at}.", "_Q", o.d_model, o.heads * o.d_k, o.bias)
        _linear(found, f"{at}.", "_K", o.d_model, o.kv_heads * o.d_k, o.bias)
        _linear(found, f"{at}.", "_V", o.d_model, o.kv_heads * o.d_v, o.bias)
    if o.output:
        _linear(found, f"{at}.", "_O", o.heads * o.d_v, o.d_model, o.bias)


def _linear(found: Shapes, at: str, name: str, n_in: int, n_out: int, bias: bool) -> None:
    found[f"{at}W{name}"] = (n_in, n_out)
    if bias:
        found[f"{at}b{name}"] = (n_out,)


def _norm(found: Shapes, at: str, o: Options) -> None:
    if o.norm != "none":
        found[f"{at}.gamma"] = (o.d_model,)
        if o.norm != "rms":
            found[f"{at}.beta"] = (o.d_model,)


def parameters(scenario: dict[str, Any], name: str) -> dict[str, Any]:
    """Path → nested lists, three decimals, drawn from a stream of the case's and the path's own."""
    return {path: draw(f"{name} {path}", shape, path) for path, shape in shapes(scenario).items()}


def draw(stream: str, shape: tuple[int, ...], path: str = "") -> Any:
    """Normal numbers: embeddings of width 1, gammas around 1, matrices of width 0.6, vectors of 0.3."""
    x = np.random.default_rng(zlib.crc32(stream.encode())).normal(size=shape)
    if path.endswith("gamma"):
        x = 1 + 0.3 * x
    elif not path.endswith(".E"):
        x = (0.6 if len(shape) > 1 else 0.3) * x
    return np.round(x, 3).tolist()
