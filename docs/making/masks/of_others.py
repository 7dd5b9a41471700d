"""tinygrad, ONNX's reference and its runtime, x-transformers, MLX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn
import numpy as np
import onnx
import onnxruntime
import torch
from onnx.reference import ReferenceEvaluator
from tinygrad import Tensor
from x_transformers.attend import Attend

from making.masks.asked import NotAskedError

Give = Callable[[np.ndarray, np.ndarray, Any], np.ndarray]
EYE = np.eye(5, 8, dtype=np.float32)


def four(*words: np.ndarray) -> list[np.ndarray]:
    """(batch, head, word, feature)."""
    return [each[None, None] for each in words]


def tinygrad(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
    """Tensor.scaled_dot_product_attention."""
    a, b, c = (Tensor(each) for each in four(q, k, EYE))
    if isinstance(mask, str):
        return np.asarray(a.scaled_dot_product_attention(b, c, is_causal=True).numpy())[0, 0]
    return np.asarray(a.scaled_dot_product_attention(b, c, attn_mask=Tensor(mask)).numpy())[0, 0]


def of_onnx(opset: int, run: Callable[[onnx.ModelProto, dict[str, np.ndarray]], Any]) -> Give:
    """The operator Attention of an opset."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        causal = isinstance(mask, str)
        given = dict(zip("QKV", four(q, k, EYE), strict=True)) | ({} if causal else {"M": mask})
        node = onnx.helper.make_node("Attention", list(given), ["Y"], is_causal=int(causal))
        kinds = {name: onnx.helper.np_dtype_to_tensor_dtype(each.dtype) for name, each in given.items()}
        inputs = [onnx.helper.make_tensor_value_info(name, kinds[name], each.shape) for name, each in given.items()]
        output = onnx.helper.make_tensor_value_info("Y", onnx.TensorProto.FLOAT, None)
        graph = onnx.helper.make_graph([node], "attention", inputs, [output])
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=11)
        return np.asarray(run(model, given))[0, 0]

    return attend


def reference(model: onnx.ModelProto, given: dict[str, np.ndarray]) -> Any:
    """What ONNX's own evaluator gives."""
    return ReferenceEvaluator(model).run(None, given)[0]


def runtime(model: onnx.ModelProto, given: dict[str, np.ndarray]) -> Any:
    """What onnxruntime gives on a CPU."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, given)[0]


def x_transformers(flash: bool, by: str) -> Give:
    """Attend, the function of its Attention layer."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        words = [torch.tensor(each) for each in four(q, k, EYE)]
        if isinstance(mask, str):
            return np.asarray(Attend(causal=True, heads=1, flash=flash)(*words)[0])[0, 0]
        given = torch.tensor(mask)[None, None]
        return np.asarray(Attend(heads=1, flash=flash)(*words, **{by: given})[0])[0, 0]

    return attend


def mlx_fast(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
    """mx.fast.scaled_dot_product_attention."""
    a, b, c = (mx.array(each) for each in four(q, k, EYE))
    given = mask if isinstance(mask, str) else mx.array(mask)
    return np.asarray(mx.fast.scaled_dot_product_attention(a, b, c, scale=8**-0.5, mask=given))[0, 0]


def mlx_layer(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
    """nn.MultiHeadAttention of one head whose projections are unit matrices."""
    made = mlx.nn.MultiHeadAttention(8, 1)
    for part in (made.query_proj, made.key_proj, made.value_proj, made.out_proj):
        part.weight = mx.eye(8)
    if isinstance(mask, str):
        raise NotAskedError
    return np.asarray(made(*(mx.array(each[None]) for each in (q, k, EYE)), mask=mx.array(mask)))[0]


def ways() -> dict[str, dict[tuple[str, str], Give]]:
    """Every way to attend, by library and call."""
    masks: dict[tuple[str, str], Give] = {("tinygrad", "Tensor.scaled_dot_product_attention(attn_mask=)"): tinygrad}
    for opset in (23, 24):
        masks["onnx", f"Attention, opset {opset}, reference"] = of_onnx(opset, reference)
        masks["onnxruntime", f"Attention, opset {opset}"] = of_onnx(opset, runtime)
    for flash in (False, True):
        for by in ("mask", "attn_bias"):
            masks["x-transformers", f"Attend({by}=), flash={flash}"] = x_transformers(flash, by)
    masks["mlx", "mx.fast.scaled_dot_product_attention(mask=)"] = mlx_fast
    masks["mlx", "nn.MultiHeadAttention(mask=)"] = mlx_layer
    return {"masks": masks, "pads": {}}
