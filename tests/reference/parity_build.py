"""Building PyTorch's modules for a scenario, and binding their parts to tfstep paths."""

from __future__ import annotations

from typing import Any

from parity_modules import ACTIVATIONS, Attention, Layer, OverTokens, View, Watched, activation, new_norm
from parity_options import vocabulary, words
from torch import Tensor, nn


def watched(scenario: dict[str, Any]) -> Watched:
    """The scenario's modules with its parameters, in training mode, under watch."""
    w = Watched(scenario)
    build(w)
    w.modules.to(w.dtype).train()
    w.fill()
    return w


def build(w: Watched) -> None:
    """Make ``w.modules``, and bind their parameters and hooks."""
    o, m = w.o, w.modules
    if o.kind == "mlp":
        m["layers"] = nn.Sequential()
        for i, (n_in, n_out) in enumerate(zip(o.sizes, o.sizes[1:], strict=False)):
            m["layers"].append(nn.Linear(n_in, n_out, o.bias))
            m["layers"].append(Call(ACTIVATIONS[o.activation]))
            linear(w, m["layers"][2 * i], f"layer{i}.", "", f"layer{i}.a")
            outputs(w, m["layers"][2 * i + 1], f"layer{i}.y")
        return
    if o.kind == "attention":
        m["attn"] = (
            nn.MultiheadAttention(o.d_model, o.heads, bias=o.bias, batch_first=True)
            if o.plain_heads
            else Attention(o, 0)
        )
        attention(w, m["attn"], "attn")
        return
    for stack, side, key in (("enc", "src", "source"), ("dec", "tgt", "target")):
        if n := o.depth(stack):
            embedding = m[f"{side}_E"] = nn.Embedding(len(vocabulary(w.scenario, key)), o.d_model)
            w.parameters[f"{side}.E"] = (embedding.weight, whole)
            if o.positional == "learned":
                table = m[f"{side}_pos"] = nn.Embedding(len(words(w.scenario["input"][key])[0]), o.d_model)
                w.parameters[f"{side}.pos"] = (table.weight, whole)
            m[stack] = transformer_stack(w, stack, n)
    if o.head:
        m["out"] = nn.Linear(
            o.d_model, len(vocabulary(w.scenario, "source" if o.kind == "encoder" else "target")), o.bias
        )
        linear(w, m["out"], "out.", "", "out.logits")
    for first, *others in o.tie:
        for other in others:  # one parameter for all
            module = m["out"] if other == "out.W" else m[other.replace(".", "_")]
            module.weight = m[first.replace(".", "_")].weight


def transformer_stack(w: Watched, stack: str, n: int) -> nn.Module:
    """nn.TransformerEncoder (also for a decoder-only model), nn.TransformerDecoder, or our layers in a row."""
    o, crossing = w.o, w.o.kind == "encoder-decoder" and stack == "dec"
    final = new_norm(o) if o.pre and o.norm != "none" else None
    if not o.plain_layer:
        made: nn.Module = Rows([Layer(o, w.scenario["input"].get("offset", 0)) for _ in range(n)], final)
        layers = made.layers
    else:
        kind = nn.TransformerDecoderLayer if crossing else nn.TransformerEncoderLayer
        one = kind(
            o.d_model, o.heads, o.d_ff, 0.0, activation(o), o.eps, batch_first=True, norm_first=o.pre, bias=o.bias
        )
        made = (
            nn.TransformerDecoder(one, n, final)
            if crossing
            else nn.TransformerEncoder(one, n, final, enable_nested_tensor=False)
        )
        layers = made.layers
    for i, layer in enumerate(layers):
        bind_layer(w, layer, f"{stack}{i}", crossing)
    if final is not None:
        norm(w, made.norm, f"{stack}.norm")
    return made


def bind_layer(w: Watched, layer: nn.Module, at: str, crossing: bool) -> None:
    """The parts of one layer."""
    o, parts = w.o, 3 if crossing else 2
    attention(w, layer.self_attn, f"{at}.attn")
    if crossing:
        attention(w, layer.multihead_attn, f"{at}.cross")
    for n in range(1, parts + 1):
        setattr(layer, f"norm{n}", module := new_norm(o))  # bias=False would take beta from their LayerNorm too
        norm(w, module, f"{at}.norm{n}")
        if o.residual and not o.pre:
            inputs(w, module, f"{at}.add{n}")
        elif o.residual and n > 1:
            inputs(w, module, f"{at}.add{n - 1}")
    if o.residual and o.pre:
        outputs(w, layer, f"{at}.add{parts}")
    linear(w, layer.linear1, f"{at}.ffn.", "_1", f"{at}.ffn.hidden")
    inputs(w, layer.dropout, f"{at}.ffn.act")
    linear(w, layer.linear2, f"{at}.ffn.", "_2", f"{at}.ffn.out")
    if o.activation == "swiglu":
        linear(w, layer.linear_gate, f"{at}.ffn.", "_gate", f"{at}.ffn.gate")


def attention(w: Watched, module: nn.Module, at: str) -> None:
    """nn.MultiheadAttention keeps the three projections in one matrix, rows for ours transposed."""
    if isinstance(module, Attention):
        for part, name in ((module.q, "Q"), (module.k, "K"), (module.v, "V"), (module.o_proj, "O")):
            if part is not None:
                linear(w, part, f"{at}.", f"_{name}", f"{at}.out" if name == "O" else f"{at}.{name.lower()}_proj")
        if module.o_proj is None:
            outputs(w, module, f"{at}.concat")
        return
    d = module.embed_dim
    for i, name in enumerate("QKV"):
        w.parameters[f"{at}.W_{name}"] = (module.in_proj_weight, lambda p, i=i: p[i * d : (i + 1) * d].T)
        if w.o.bias:
            w.parameters[f"{at}.b_{name}"] = (module.in_proj_bias, lambda p, i=i: p[i * d : (i + 1) * d])
    linear(w, module.out_proj, f"{at}.", "_O", None)

    def after(
        module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, object], result: tuple[Tensor, None]
    ) -> None:
        w.seen(f"{at}.out", result[0])
        again = {**kwargs, "need_weights": True, "average_attn_weights": False}
        w.values[f"{at}.weights"] = module.forward(*args, **again)[1].detach()

    module.register_forward_hook(after, with_kwargs=True)


def norm(w: Watched, module: nn.Module, at: str) -> None:
    """Gamma and beta, and the result."""
    if w.o.norm == "none":
        return
    outputs(w, module, at)
    inner = module.bn if isinstance(module, OverTokens) else module
    w.parameters[f"{at}.gamma"] = (inner.weight, whole)
    if w.o.norm != "rms":
        w.parameters[f"{at}.beta"] = (inner.bias, whole)


def linear(w: Watched, module: nn.Linear, at: str, name: str, result: str | None) -> None:
    """PyTorch's weight is (out, in), tfstep's W is (in, out)."""
    w.parameters[f"{at}W{name}"] = (module.weight, lambda p: p.T)
    if module.bias is not None:
        w.parameters[f"{at}b{name}"] = (module.bias, whole)
    if result is not None:
        outputs(w, module, result)


def outputs(w: Watched, module: nn.Module, path: str) -> None:
    """What the module returns is the tensor ``path``."""
    module.register_forward_hook(lambda _module, _args, result: w.seen(path, result))


def inputs(w: Watched, module: nn.Module, path: str) -> None:
    """What the module is given is the tensor ``path``."""
    module.register_forward_pre_hook(lambda _module, args: w.seen(path, args[0]))


whole: View = lambda p: p  # noqa: E731  # a view like the others


class Call(nn.Module):
    """A function as a module, so that hooks see what it returns."""

    def __init__(self, f: View) -> None:
        super().__init__()
        self.f = f

    def forward(self, x: Tensor) -> Tensor:
        """f(x)."""
        return self.f(x)


class Rows(nn.Module):
    """Layers in a row and the final norm, called like nn.TransformerEncoder."""

    def __init__(self, layers: list[Layer], norm: nn.Module | None) -> None:
        super().__init__()
        self.layers, self.norm = nn.ModuleList(layers), norm

    def forward(self, x: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None) -> Tensor:
        """(batch, position, model) → the same."""
        for layer in self.layers:
            x = layer(x, mask, src_key_padding_mask)
        return self.norm(x) if self.norm is not None else x
