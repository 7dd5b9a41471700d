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

_STACKS = {  # and how many inputs each reads
    "TransformerEncoderLayer": 1,
    "TransformerEncoder": 1,
    "TransformerDecoderLayer": 2,
    "TransformerDecoder": 2,
    "Transformer": 2,
}


def from_torch(module: Any, *inputs: Any) -> Scenario:
    """A module as a scenario, with its weights as they are now, that reads these inputs.

    A model of `transformers` reads ids (and for an encoder-decoder those of the decoder); PyTorch's own
    nn.TransformerEncoderLayer and nn.TransformerEncoder read vectors, nn.TransformerDecoderLayer and
    nn.TransformerDecoder what they decode and the memory, nn.Transformer both sides, nn.MultiheadAttention queries, and
    keys that are its values. No mask is assumed: `model.mask.causal` hides what comes later. Raises TfstepError for
    another module.
    """
    name = type(module).__name__
    given = [_array(each) for each in inputs]
    if hasattr(module, "save_pretrained") and hasattr(module, "config"):
        return _pretrained(module, given)
    if name == "MultiheadAttention" and given:
        return _attention(module, given)
    if len(given) == _STACKS.get(name):
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
    if not hasattr(tensor, "detach"):
        return np.ascontiguousarray(tensor)
    plain = tensor.detach().cpu()
    return np.ascontiguousarray((plain.float() if "bfloat16" in str(plain.dtype) else plain).numpy())


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
    """nn.MultiheadAttention: queries x, and keys that are its values too as memory. Raises TfstepError for others."""
    if len(given) > 3:
        raise TfstepError(
            Bilingual(
                "MultiheadAttention is opened with query, key and value; {found} inputs were given. A mask is a key of the "
                "scenario: `mask` of tfstep.from_torch(…).with_changes(…)",
                "MultiheadAttention 以 query、key、value 打开；给了 {found} 个输入。"
                "掩码是场景的键：用 tfstep.from_torch(…).with_changes(…) 的 `mask`",
                found=len(given),
            )
        )
    same = len(given) < 3 or (given[1].shape == given[2].shape and bool((given[1] == given[2]).all()))
    asked = [
        name
        for name, there in (
            ("add_bias_kv", module.bias_k is not None),
            ("add_zero_attn", module.add_zero_attn),
            (f"kdim = {module.kdim}", module.kdim != module.embed_dim),
            (f"vdim = {module.vdim}", module.vdim != module.embed_dim),
            (Bilingual("a value that is not the key", "与 key 不同的 value"), not same),
        )
        if there
    ]
    if asked:
        raise TfstepError(
            Bilingual(
                "MultiheadAttention with {asked}, which is not computed",
                "MultiheadAttention 用了 {asked}，无法计算",
                asked=", ".join(map(str, asked)),
            )
        )
    turned = [each if getattr(module, "batch_first", False) or each.ndim < 3 else each.swapaxes(0, 1) for each in given]
    bias = module.in_proj_bias is not None
    model = {"kind": "attention", "heads": module.num_heads, "d_model": module.embed_dim, "bias": bias}
    given_to: dict[str, Any] = {"x": turned[0]}
    if len(turned) > 1 and not (turned[1] is turned[0] or np.array_equal(turned[1], turned[0])):
        given_to["memory"] = turned[1]
    return _made(model, "", {}, given_to, _state(module))


def _stack(module: Any, name: str, given: list[np.ndarray]) -> Scenario:
    """Layers over vectors: each position is a word of its own, whose embedding is its vector.

    What a decoder alone asks is the output of an encoder without layers.
    """
    stacks = [module.encoder, module.decoder] if name == "Transformer" else [module]
    layers = [list(stack.layers) if hasattr(stack, "layers") else [stack] for stack in stacks]
    ends = [getattr(stack, "norm", None) for stack in stacks]
    first = layers[0][0]
    attention = first.self_attn
    decodes = name.startswith("TransformerDecoder")
    counts = [0, len(layers[0])] if decodes else [len(each) for each in layers]
    model: dict[str, Any] = {
        "kind": "encoder-decoder" if len(counts) > 1 else "encoder",
        "layers": {"encoder": counts[0], "decoder": counts[1]} if len(counts) > 1 else counts[0],
        "d_model": attention.embed_dim,
        "heads": attention.num_heads,
        "d_ff": first.linear1.out_features,
        "activation": _activation(first.activation),
        "norm_position": "pre" if first.norm_first else "post",
        "final_norm": ends[0] is not None,
        "eps": first.norm1.eps,
        "positional": "none",
        "mask": {"padding": False, "causal": False},
        "head": False,
    }
    _alike(first, [layer for each in layers for layer in each], ends)
    if first.linear1.bias is None:
        model["bias"] = dict.fromkeys(("qkv", "out", "ffn", "norm"), False)
    sides = (("target", "tgt"), ("source", "src")) if decodes else (("source", "src"), ("target", "tgt"))
    tables, words, vocab = {}, {}, {}
    for (side, scope), array in zip(sides, given, strict=False):
        whole = (
            array if array.ndim > 2 else np.expand_dims(array, 0 if attention.batch_first else 1)
        )  # one sentence alone
        rows = whole if attention.batch_first else whole.swapaxes(0, 1)
        batch, length, width = rows.shape
        tables[f"{scope}.E"] = rows.reshape(-1, width)
        words[side] = {"ids": np.arange(batch * length).reshape(batch, length).tolist()}
        vocab[side] = {"size": batch * length}
    text = flow(vocab if len(given) > 1 else vocab["source"])
    return _made(model, text, tables, words, _state(module))


def _activation(of: Any) -> str:
    """The activation of a layer, a function or a module, in our words; what we have no word for is refused later."""
    name = str(getattr(of, "__name__", type(of).__name__)).lower()
    return "gelu_tanh" if name == "gelu" and getattr(of, "approximate", "none") == "tanh" else name


def _alike(first: Any, layers: list[Any], ends: list[Any]) -> None:
    """Raises TfstepError where layers differ, or the norms that end the stacks are not those of the layers."""
    norms = [getattr(layer, f"norm{k}") for layer in layers for k in (1, 2, 3) if hasattr(layer, f"norm{k}")]
    norms += [end for end in ends if end is not None]
    attentions = [layer.self_attn for layer in layers]
    attentions += [layer.multihead_attn for layer in layers if hasattr(layer, "multihead_attn")]
    for what, found in (
        ("norm", {(type(norm).__name__, norm.eps) for norm in norms}),
        ("norm_first", {layer.norm_first for layer in layers}),
        ("activation", {_activation(layer.activation) for layer in layers}),
        ("nhead", {each.num_heads for each in attentions}),
        ("batch_first", {each.batch_first for each in attentions}),
        ("dim_feedforward", {layer.linear1.out_features for layer in layers}),
        ("norm", {end is None for end in ends}),
    ):
        if len(found) > 1:
            raise TfstepError(
                Bilingual(
                    "{what} is not the same everywhere in the module: {found}; such stacks are not computed",
                    "模块中各处的 {what} 不同：{found}；这样的堆叠无法计算",
                    what=what,
                    found=", ".join(sorted(map(str, found))),
                )
            )


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
