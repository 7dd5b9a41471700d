"""Whether a scenario fits into memory, told before anything is allocated."""

from __future__ import annotations

import os

from tfstep.models.config import Inputs, ModelConfig
from tfstep.scenario.keys.typed import Source
from tfstep.text import Bilingual

MOST = 8_000_000_000  # bytes; less where the machine has less
_COPIES = 3  # a parameter, its gradient, and its new value


def parameter_count(model: ModelConfig, source_words: int, target_words: int, positions: int) -> int:
    """How many numbers the parameters of a model have, ties not subtracted and biases left out."""
    if model.has("mlp"):
        return sum(a * b for a, b in zip(model.sizes, model.sizes[1:], strict=False))
    if not model.has("attention"):
        return 0
    width = model.d_model
    query, key, value = model.heads * model.d_k, model.kv_heads * model.d_k, model.kv_heads * model.d_v
    attention = width * (query + key + value) * model.projections + model.heads * model.d_v * width * model.output
    if not model.has("words"):
        return attention
    feed_forward = width * model.d_ff * (3 if model.gated else 2)
    if (e := model.experts) is not None:
        feed_forward = feed_forward // model.d_ff * (e.count * (e.d_ff or model.d_ff) + (e.shared or 0))
    blocks = model.encoder_layers * (attention + feed_forward) + model.decoder_layers * (2 * attention + feed_forward)
    stacks = bool(model.encoder_layers) + bool(model.decoder_layers)
    tables = (source_words * bool(model.encoder_layers) + target_words * bool(model.decoder_layers)) * width
    head = width * target_words if model.head else 0
    return blocks + tables + head + positions * width * stacks


def activation_count(model: ModelConfig, rows: int, columns: int, words: int) -> int:
    """How many numbers the recorded tensors hold, gradients included: ``rows`` sentences of ``columns`` words."""
    tokens = rows * columns
    if model.has("mlp"):
        return 4 * rows * sum(model.sizes)
    layers = max(1, model.encoder_layers + model.decoder_layers)
    scores = 8 * rows * model.heads * columns * columns
    heads = 8 * tokens * model.heads * (model.d_k + model.d_v)
    experts = 1 if model.experts is None else model.experts.count
    width = tokens * (16 * model.d_model + 6 * model.d_ff * model.has("words") * experts)
    return layers * (scores + heads + width) + 6 * tokens * words * model.head


def check_size(source: Source, model: ModelConfig, inputs: Inputs, source_words: int, target_words: int) -> None:
    """Note a mistake if the estimate is over the limit; it stands at the largest size that the file gives."""
    shapes = [each.ids.shape for each in (inputs.source, inputs.target) if each is not None]
    shapes += [(array.shape[0], array.shape[-2]) for array in (inputs.x,) if array is not None and array.ndim > 1]
    rows, columns = max((s[0] for s in shapes), default=1), max((s[1] for s in shapes), default=1)
    read = source.given("weights", "file")  # and computed only as far as somebody looks: the forward pass
    numbers = (1 if read else _COPIES) * parameter_count(model, source_words, target_words, columns)
    numbers += activation_count(model, rows, columns, target_words) // (2 if read else 1)
    needed = numbers * (4 if model.dtype == "float32" else 8)
    limit = min(MOST, physical_memory())
    if needed > limit:
        keys = _largest(source)
        message = Bilingual(
            "about {needed:,.0f} MB for parameters, activations and gradients; at most {limit:,.0f} MB{size}",
            "参数、激活与梯度约需 {needed:,.0f} MB；最多 {limit:,.0f} MB{size}",
            needed=needed // 1_000_000,
            limit=limit // 1_000_000,
            size=Bilingual(" (the largest size here is {key})", "（此处最大的尺寸是 {key}）", key=".".join(keys)),
        )
        source.add(keys, message)


def _largest(source: Source) -> tuple[str, ...]:
    part = source.part.model
    sizes: dict[tuple[str, ...], int] = {
        ("model", key): getattr(part, key)
        for key in ("d_model", "d_ff", "d_k", "d_v", "heads")
        if source.given("model", key)
    }
    if source.given("model", "sizes"):
        sizes["model", "sizes"] = max(part.sizes)
    return max(sizes, key=sizes.__getitem__, default=("model",))


def physical_memory() -> int:
    """The machine's memory in bytes, or `MOST` where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return MOST
