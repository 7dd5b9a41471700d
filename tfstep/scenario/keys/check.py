"""The whole check of a file: from its tree to everything a model needs, or to all of its mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from msgspec import Struct, field

from tfstep.models.config import Inputs, LossConfig, ModelConfig, TrainConfig
from tfstep.models.keys.kinds import KINDS
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Node, Scalar, Section, at, excerpt, found_text
from tfstep.scenario.file.repeated import written_out
from tfstep.scenario.keys.formula import Equations, read_formula
from tfstep.scenario.keys.inputs import read_data, read_numbers, read_per_word, read_vocab, read_words
from tfstep.scenario.keys.loss import loss_config, train_config
from tfstep.scenario.keys.model import check_kind, model_config
from tfstep.scenario.keys.pins import read_pins
from tfstep.scenario.keys.rules.idle import refuse_idle
from tfstep.scenario.keys.typed import Source, read
from tfstep.scenario.sizes import check_keys, place, sizes
from tfstep.scenario.tokens.reading import is_next
from tfstep.scenario.vocabulary import Vocabulary
from tfstep.scenario.weights.fills import XAVIER, Fill, read_fill, read_init
from tfstep.scenario.weights.weight_file import in_type
from tfstep.text import Bilingual

MOST_POSITIONS = 1_000_000  # the last that a word may have, as `input.offset`


class WeightsConfig(Struct, frozen=True, eq=False):
    """`weights:`; a relative ``file`` is counted from the scenario's folder."""

    seed: int = 0
    init: Fill = XAVIER
    set: dict[str, Fill] = field(default_factory=dict)
    file: Path | None = None
    names: str = "auto"  # of a family, where the file has its names
    partial: bool = False  # whether parameters that are not in the file are drawn
    own: Mapping[str, Fill] = {}  # a formula's parameters that say themselves how they are drawn


class Checked(Struct, frozen=True, eq=False):
    """What a file says, valid and complete."""

    title: Bilingual
    about: Bilingual
    model: ModelConfig
    inputs: Inputs
    loss: LossConfig
    train: TrainConfig
    weights: WeightsConfig
    pins: dict[str, np.ndarray]
    vocab: dict[str, Vocabulary]


def check(tree: Section, report: Report) -> Checked | None:
    """Everything in the tree, checked; None if ``report`` has mistakes but for values under `weights` and `pins`."""
    source = read(written_out(tree, report), report)
    title, about = _text(source, "title"), _text(source, "about")
    kind = check_kind(source, report)
    if kind is None:
        _weights(source)
        read_pins(source)
        return None
    dtype = source.part.model.stored
    x, memory = read_numbers(source, kind, dtype)
    parts = KINDS[kind].parts
    vectors = x if "words" in parts else None
    has_labels = source.given("input", "labels") and "words" in parts
    vocab = read_vocab(source, kind, vectors is None or has_labels) if "words" in parts else {}
    words = read_words(source, ("input",), kind, vocab, vectors) if "words" in parts and source.sound("input") else {}
    own = read_formula(source, x) if "formula" in parts else Equations()
    inputs = Inputs(
        words.get("source"),
        words.get("target"),
        words.get("labels"),
        source.part.input.offset,
        None if "formula" in parts or vectors is not None else x,
        memory,
        {name: in_type(array, dtype) for name, array in own.given.items()},
        own.shapes,
        {name: in_type(array, dtype) for name, array in own.parameters.items()},
        own.steps,
        own.axes,
        types=read_per_word(source, "types", words.get("source"), kind),
        documents=read_per_word(source, "documents", words.get("source") or words.get("target"), kind),
        positions=read_per_word(source, "positions", words.get("source") or words.get("target"), kind),
    )
    model = model_config(source, kind, None if x is None else x.shape[-1] if x.ndim else None, has_labels)
    if memory is not None and model.mask.causal and model.mask.corner == "none":
        message = Bilingual(
            "a causal mask with memory; say from which corner it counts: corner: top (PyTorch, JAX), or bottom, as with a "
            "cache (MLX)",
            "因果掩码与 memory 并用；请写明以哪个角为准：corner: top（PyTorch、JAX），或 bottom，如同有缓存时（MLX）",
        )
        source.add(("model", "mask", "causal"), message)
    if model.mask.corner != "none" and (memory is None or not model.mask.causal):
        message = Bilingual(
            "a corner without memory and causal; among the words of one sentence both corners are one",
            "corner 须与 memory 和 causal 并用；同一句子里两个角是同一个",
        )
        source.add(("model", "mask", "corner"), message)
    if inputs.positions is not None:
        _positions(source, model, inputs.positions)
    alone = inputs.labels is None and is_next(at(source.tree, ("input", "labels")))  # one word has no next one
    loss = loss_config(source, model, has_labels and not alone)
    data = read_data(source, kind, vocab)
    train = train_config(source, model, data)
    refuse_idle(source, model, train)
    if not report.mistakes:
        source_words = len(vocab["source"].words) if "source" in vocab else 0
        target_words = len(vocab["labels"].words) if "labels" in vocab else 0
        opened = source.given("weights", "file")
        known = sizes(model, inputs, loss, train, (source_words, target_words), opened)
        if (too_large := check_keys(known)) is not None:
            source.add(place(source.tree), too_large)
    whole = not report.mistakes
    weights, pins = _weights(source, own.fills), read_pins(source)
    if not whole:
        return None
    if vectors is not None:
        table = f"{'src' if KINDS[kind].needs[0] == 'source' else 'tgt'}.E"
        weights.set.setdefault(table, Fill("numbers", numbers=vectors.reshape(-1, vectors.shape[-1])))
    return Checked(title, about, model, inputs, loss, train, weights, pins, vocab)


def _positions(source: Source, model: ModelConfig, positions: np.ndarray) -> None:
    """What does not go with positions of one's own."""
    if model.positional not in ("sinusoidal", "learned", "rope"):
        message = Bilingual(
            "positions with positional {name}, which counts by itself or not at all; allowed: sinusoidal, learned, rope",
            "positional 为 {name} 时没有 positions：它自己数距离，或根本不用位置；可用：sinusoidal, learned, rope",
            name=model.positional,
        )
        source.add(("input", "positions"), message, key=True)
    if int(positions.max()) > MOST_POSITIONS:
        message = Bilingual(
            "a position of {n}; at most {most}",
            "位置 {n} 太大；最多 {most}",
            n=int(positions.max()),
            most=MOST_POSITIONS,
        )
        source.add(("input", "positions"), message)
    for key, given in (("offset", source.given("input", "offset")), ("count_pads", not model.count_pads)):
        if given:
            message = Bilingual(
                "positions and {key} at once; the positions are given, one a word",
                "positions 与 {key} 同时出现；位置已逐词给出",
                key=key,
            )
            source.add(("input", "positions"), message, key=True)


def _text(source: Source, key: str) -> Bilingual:
    """`title` or `about`: one string, or one per language."""
    node = source.node(key)
    if isinstance(node, Section):
        texts = {}
        for language, value in node:
            if language not in ("en", "zh"):
                message = Bilingual(
                    "{key} in the language {it}; allowed: en, zh",
                    "{key} 的语言是 {it}；可用：en, zh",
                    key=key,
                    it=excerpt(language),
                )
                source.report.add(node.keys[language], message)
            elif isinstance(value, Scalar) and value.text.strip():
                texts[language] = value.text.strip()
            elif source.given(key, language):
                _no_text(source, key, value)
        return Bilingual.of(texts)
    if isinstance(node, Scalar):
        return Bilingual.of(node.text.strip())
    if node is not None:
        _no_text(source, key, node)
    return Bilingual("", "")


def _no_text(source: Source, key: str, node: Node) -> None:
    message = Bilingual(
        "{key} is {what}; allowed: a text, or {{en: …, zh: …}}",
        "{key} 为 {what}；可用：文本，或 {{en: …, zh: …}}",
        key=key,
        what=found_text(node),
    )
    source.report.add(node.place, message)


def _weights(source: Source, own: Mapping[str, Fill] | None = None) -> WeightsConfig:
    part, report = source.part.weights, source.report
    init, fills = source.node("weights", "init"), source.node("weights", "set")
    read_fills: dict[str, Fill] = {}
    if isinstance(fills, Section):
        for path, value in fills:
            if source.given("weights", "set", path) and (fill := read_fill(value, report)) is not None:
                read_fills[path] = fill
    start = read_init(init, report) if init is not None else None
    file = Path(part.file) if part.file else None
    return WeightsConfig(part.seed, start or XAVIER, read_fills, file, part.names, part.partial, own or {})
