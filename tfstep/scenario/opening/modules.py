"""Modules of PyTorch in memory: its own layers and stacks, and models of `transformers`.

PyTorch is imported by whoever has the module, never here: a module is known by the name of its class, and its tensors
are asked for their NumPy arrays.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tfstep.errors import TfstepError
from tfstep.scenario.opening.document import flow
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.scenario.weights.files import write_weights
from tfstep.text import Bilingual

_STACKS = ("TransformerEncoderLayer", "TransformerEncoder", "Transformer")


def from_torch(module: Any, *inputs: Any) -> Scenario:
    """A module as a scenario, with its weights as they are now, that reads these inputs.

    A model of `transformers` reads ids (and for an encoder-decoder those of the decoder); PyTorch's own
    nn.TransformerEncoderLayer, nn.TransformerEncoder and nn.Transformer read vectors, as does nn.MultiheadAttention
    (queries, and keys that are its values). No mask is assumed: pass what the module is called with. Raises
    TfstepError for another module.
    """
    name = type(module).__name__
    given = [_array(each) for each in inputs]
    if hasattr(module, "save_pretrained") and hasattr(module, "config"):
        return _pretrained(module, given)
    if name == "MultiheadAttention" and given:
        return _attention(module, given)
    if name in _STACKS and len(given) == (2 if name == "Transformer" else 1):
        return _stack(module, name, given)
    raise TfstepError(
        Bilingual(
            "{name} with {n} inputs; known: {known}, MultiheadAttention, models of transformers",
            "{name}，{n} 个输入；可用：{known}、MultiheadAttention、transformers 的模型",
            name=name,
            n=len(given),
            known=", ".join(_STACKS),
        )
    )


def _array(tensor: Any) -> np.ndarray:
    found = tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)
    return np.ascontiguousarray(found)


def _folder() -> Path:
    """A folder that is there as long as the program runs: weights are read when they are looked at."""
    made = Path(tempfile.mkdtemp(prefix="tfstep-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _pretrained(module: Any, given: list[np.ndarray]) -> Scenario:
    """What the library itself writes, opened."""
    folder = _folder() / type(module).__name__
    module.save_pretrained(str(folder))
    dtype = "float64" if str(next(iter(module.state_dict().values())).dtype).endswith("64") else "float32"
    ids = [each.tolist() for each in given]
    return load(folder, ids=ids[0] if ids else None, target_ids=ids[1] if len(ids) > 1 else None, dtype=dtype)


def _state(module: Any) -> dict[str, np.ndarray]:
    return {name: _array(tensor) for name, tensor in module.state_dict().items()}


def _attention(module: Any, given: list[np.ndarray]) -> Scenario:
    """nn.MultiheadAttention: queries x, and keys (its values) as memory."""
    if module.bias_k is not None or module.add_zero_attn or module.kdim != module.embed_dim:
        raise TfstepError(
            Bilingual(
                "bias_k, add_zero_attn and kdim are not computed for MultiheadAttention",
                "MultiheadAttention 的 bias_k、add_zero_attn、kdim 无法计算",
            )
        )
    turned = [each if getattr(module, "batch_first", False) or each.ndim < 3 else each.swapaxes(0, 1) for each in given]
    bias = module.in_proj_bias is not None
    model = {"kind": "attention", "heads": module.num_heads, "d_model": module.embed_dim, "bias": bias}
    asked: dict[str, Any] = {"x": turned[0]}
    if len(turned) > 1 and not (turned[1] is turned[0] or np.array_equal(turned[1], turned[0])):
        asked["memory"] = turned[1]
    return _made(model, "", {}, asked, _state(module))


def _stack(module: Any, name: str, given: list[np.ndarray]) -> Scenario:
    """Layers over vectors: each position is a word of its own, whose embedding is its vector."""
    encoder = {"Transformer": "encoder", "TransformerEncoder": ""}.get(name)
    stack = module if encoder is None or not encoder else module.encoder
    layer = module if encoder is None else stack.layers[0]
    first = layer.self_attn
    act = getattr(layer.activation, "__name__", type(layer.activation).__name__).lower()
    count = 1 if encoder is None else len(stack.layers)
    model: dict[str, Any] = {
        "kind": "encoder-decoder" if name == "Transformer" else "encoder",
        "layers": {"encoder": count, "decoder": len(module.decoder.layers)} if name == "Transformer" else count,
        "d_model": first.embed_dim,
        "heads": first.num_heads,
        "d_ff": layer.linear1.out_features,
        "activation": act,
        "norm_position": "pre" if layer.norm_first else "post",
        "final_norm": encoder is not None and stack.norm is not None,
        "eps": layer.norm1.eps,
        "positional": "none",
        "mask": {"padding": False, "causal": False},
        "head": False,
    }
    if layer.linear1.bias is None:
        model["bias"] = dict.fromkeys(("qkv", "out", "ffn", "norm"), False)
    sides = ("source", "target")[: len(given)]
    tables, words, vocab = {}, {}, {}
    for side, scope, array in zip(sides, ("src", "tgt"), given, strict=False):
        rows = array if first.batch_first else array.swapaxes(0, 1)
        batch, length, width = rows.shape
        tables[f"{scope}.E"] = rows.reshape(-1, width)
        words[side] = {"ids": np.arange(batch * length).reshape(batch, length).tolist()}
        vocab[side] = {"size": batch * length}
    text = flow(vocab if len(sides) > 1 else vocab["source"])
    return _made(model, text, tables, words, _state(module))


def _made(
    model: dict[str, Any],
    vocab: str,
    tables: dict[str, np.ndarray],
    asked: dict[str, Any],
    state: dict[str, np.ndarray],
) -> Scenario:
    first = next(iter(state.values()))
    model["dtype"] = "float64" if first.dtype == np.float64 else "float32"
    file = _folder() / "module.safetensors"
    write_weights(file, {name: array for name, array in state.items() if array.dtype.kind == "f"})
    lines = ["tfstep: 1", f"model: {flow(model)}", f"vocab: {vocab}" if vocab else "", "loss: {kind: none}"]
    lines += [f"weights: {{file: {flow(str(file))}, names: pytorch}}"]
    spelled = {key: each for key, each in asked.items() if isinstance(each, dict)}
    start: dict[str, Any] = spelled or {"x": [[0.0] * model["d_model"]]}
    lines.insert(2, f"input: {flow(start)}")
    scenario = load_text("\n".join(filter(None, lines)) + "\n", "module")
    numbers = {key: each for key, each in asked.items() if isinstance(each, np.ndarray)}
    changes: dict[str, Any] = {"input": numbers} if numbers else {}
    return (
        scenario.with_changes(changes | ({"weights": {"set": tables}} if tables else {}))
        if numbers or tables
        else scenario
    )
