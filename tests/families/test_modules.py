"""Modules in memory: known by the name of their class, without PyTorch; what is recorded of PyTorch's is held elsewhere."""

from types import SimpleNamespace

import numpy as np
import pytest

import tfstep
from tfstep.errors import TfstepError

D, HEADS, WIDE = 8, 2, 12


class MultiheadAttention:
    """What nn.MultiheadAttention shows of itself."""

    def __init__(self, draw: np.random.Generator) -> None:
        self.embed_dim, self.num_heads, self.kdim, self.vdim, self.batch_first = D, HEADS, D, D, True
        self.bias_k, self.add_zero_attn = None, False
        self.in_proj_bias = draw.normal(size=3 * D)
        self.state = {
            "in_proj_weight": draw.normal(size=(3 * D, D)),
            "in_proj_bias": self.in_proj_bias,
            "out_proj.weight": draw.normal(size=(D, D)),
            "out_proj.bias": draw.normal(size=D),
        }

    def state_dict(self) -> dict[str, np.ndarray]:
        return self.state

    def compute(self, x: np.ndarray, memory: np.ndarray) -> np.ndarray:
        """The same by loops over sentences and heads."""
        W, b = self.state["in_proj_weight"], self.state["in_proj_bias"]
        out = []
        for queries, keys in zip(x, memory, strict=True):
            q, k, v = queries @ W[:D].T + b[:D], keys @ W[D : 2 * D].T + b[D : 2 * D], keys @ W[2 * D :].T + b[2 * D :]
            heads = []
            for h in range(HEADS):
                part = slice(h * D // HEADS, (h + 1) * D // HEADS)
                scores = np.exp(q[:, part] @ k[:, part].T / np.sqrt(D // HEADS))
                heads.append(scores / scores.sum(1, keepdims=True) @ v[:, part])
            out.append(np.concatenate(heads, 1) @ self.state["out_proj.weight"].T + self.state["out_proj.bias"])
        return np.array(out)


class LayerNorm:
    """What nn.LayerNorm shows of itself."""

    eps = 1e-5


class TransformerEncoderLayer:
    """What nn.TransformerEncoderLayer shows of itself."""

    def __init__(self, draw: np.random.Generator) -> None:
        self.self_attn = MultiheadAttention(draw)
        self.activation, self.norm_first = SimpleNamespace(__name__="relu"), False
        self.linear1 = SimpleNamespace(out_features=WIDE, bias=draw.normal(size=WIDE))
        self.norm1 = LayerNorm()
        self.state = {f"self_attn.{name}": array for name, array in self.self_attn.state.items()} | {
            "linear1.weight": draw.normal(size=(WIDE, D)), "linear1.bias": self.linear1.bias,
            "linear2.weight": draw.normal(size=(D, WIDE)), "linear2.bias": draw.normal(size=D),
            "norm1.weight": draw.normal(size=D), "norm1.bias": draw.normal(size=D),
            "norm2.weight": draw.normal(size=D), "norm2.bias": draw.normal(size=D),
        }  # fmt: skip

    def state_dict(self) -> dict[str, np.ndarray]:
        return self.state

    def compute(self, x: np.ndarray) -> np.ndarray:
        s = self.state
        y = normed(x + self.self_attn.compute(x, x), s, "norm1")
        inside = np.maximum(y @ s["linear1.weight"].T + s["linear1.bias"], 0)
        return normed(y + inside @ s["linear2.weight"].T + s["linear2.bias"], s, "norm2")


def normed(y: np.ndarray, state: dict[str, np.ndarray], name: str) -> np.ndarray:
    centred = y - y.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return scaled * state[f"{name}.weight"] + state[f"{name}.bias"]


def test_attention_over_itself_and_over_a_memory() -> None:
    draw = np.random.default_rng(0)
    module, x, memory = MultiheadAttention(draw), draw.normal(size=(2, 5, D)), draw.normal(size=(2, 4, D))
    for given, other in (((x, memory), memory), ((x,), x)):
        out = tfstep.trace(tfstep.from_torch(module, *given))["attn.out"].value
        np.testing.assert_allclose(out, module.compute(x, other), rtol=0, atol=1e-12)


def test_a_layer_over_vectors() -> None:
    draw = np.random.default_rng(1)
    module, x = TransformerEncoderLayer(draw), draw.normal(size=(2, 5, D))
    trace = tfstep.trace(tfstep.from_torch(module, x))
    assert (trace["src.x"].value == x).all()
    np.testing.assert_allclose(trace["enc0.norm2"].value, module.compute(x), rtol=0, atol=1e-12)


class TransformerDecoderLayer(TransformerEncoderLayer):
    """What nn.TransformerDecoderLayer shows of itself."""

    def __init__(self, draw: np.random.Generator) -> None:
        super().__init__(draw)
        self.multihead_attn = MultiheadAttention(draw)
        self.state |= {f"multihead_attn.{name}": array for name, array in self.multihead_attn.state.items()}
        self.state |= {"norm3.weight": draw.normal(size=D), "norm3.bias": draw.normal(size=D)}

    def decode(self, x: np.ndarray, memory: np.ndarray) -> np.ndarray:
        s = self.state
        y = normed(x + self.self_attn.compute(x, x), s, "norm1")
        y = normed(y + self.multihead_attn.compute(y, memory), s, "norm2")
        inside = np.maximum(y @ s["linear1.weight"].T + s["linear1.bias"], 0)
        return normed(y + inside @ s["linear2.weight"].T + s["linear2.bias"], s, "norm3")


class TransformerDecoder:
    """What nn.TransformerDecoder shows of itself: layers, and a norm behind them."""

    def __init__(self, layers: list[TransformerDecoderLayer], draw: np.random.Generator) -> None:
        self.layers, self.norm = layers, LayerNorm()
        self.state = {f"layers.{i}.{name}": a for i, layer in enumerate(layers) for name, a in layer.state.items()}
        self.state |= {"norm.weight": draw.normal(size=D), "norm.bias": draw.normal(size=D)}

    def state_dict(self) -> dict[str, np.ndarray]:
        return self.state


def test_a_decoder_over_a_memory_its_norm_at_the_end() -> None:
    draw = np.random.default_rng(2)
    layer, y, x = TransformerDecoderLayer(draw), draw.normal(size=(2, 4, D)), draw.normal(size=(2, 5, D))
    out = tfstep.trace(tfstep.from_torch(layer, y, x))["dec0.norm3"].value
    np.testing.assert_allclose(out, layer.decode(y, x), rtol=0, atol=1e-12)
    stack = TransformerDecoder([layer, TransformerDecoderLayer(draw)], draw)
    trace = tfstep.trace(tfstep.from_torch(stack, y, x))
    expected = normed(stack.layers[1].decode(layer.decode(y, x), x), stack.state, "norm")
    np.testing.assert_allclose(trace["dec.norm"].value, expected, rtol=0, atol=1e-12)
    assert "enc.norm" not in trace.plan.paths


def test_what_differs_within_a_module_is_not_passed_over() -> None:
    draw = np.random.default_rng(3)
    layer, x = TransformerDecoderLayer(draw), draw.normal(size=(2, 4, D))
    stack = TransformerDecoder([layer], draw)
    stack.norm.eps = 1e-3
    with pytest.raises(TfstepError, match="norm is not the same everywhere"):
        tfstep.from_torch(stack, x, x)
    layer.activation = SimpleNamespace(__name__="gelu", approximate="tanh")
    assert tfstep.from_torch(layer, x, x).model.activation == "gelu_tanh"
    layer.activation = SimpleNamespace(__name__="LeakyReLU")
    with pytest.raises(TfstepError, match="leakyrelu"):
        tfstep.from_torch(layer, x, x)
    with pytest.raises(
        TfstepError, match=r"^MultiheadAttention with a value that is not the key, which is not computed$"
    ):
        tfstep.from_torch(layer.self_attn, x, x, x + 1)


def test_what_is_not_known_is_told() -> None:
    with pytest.raises(TfstepError, match="object with 1 inputs; known: TransformerEncoderLayer"):
        tfstep.from_torch(object(), np.zeros(3))
    module = MultiheadAttention(np.random.default_rng(0))
    module.add_zero_attn = True
    module.vdim = 3
    with pytest.raises(TfstepError, match=r"^MultiheadAttention with add_zero_attn, vdim = 3, which is not computed$"):
        tfstep.from_torch(module, np.zeros((1, 2, D)))
