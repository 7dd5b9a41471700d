"""`input:` (and each of `train.data`): words turned into ids, numbers into arrays, and all of one size."""

from __future__ import annotations

import numpy as np

from tfstep.models.config import Inputs, Sentences
from tfstep.models.keys.key import keys as declared
from tfstep.models.keys.kinds import KINDS
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Keys, Node, Section, at
from tfstep.scenario.keys.model import needs, not_of_kind
from tfstep.scenario.keys.numbers import read_kept
from tfstep.scenario.keys.schema import InputPart
from tfstep.scenario.keys.typed import Source
from tfstep.scenario.tokens.reading import is_next, is_tokens, next_words, read_labels, read_sentences
from tfstep.scenario.vocabulary import PAD, Vocabulary, numbered_words
from tfstep.scenario.weights.weight_file import in_type
from tfstep.scenario.words import Row, from_words, read_rows, read_vocabularies, rows_of_ids, sentences
from tfstep.text import Bilingual

SIDES = ("source", "target", "labels")


def _takes(kind: str, key: str) -> bool:
    """Whether this kind has a key of `input:`."""
    return kind in declared(InputPart)[key].kinds


def read_vocab(source: Source, kind: str, needed: bool = True) -> dict[str, Vocabulary]:
    """The vocabularies that the kind's words come from, by side; labels speak the target's language if it has one."""
    node = source.node("vocab")
    if node is None:
        if needed and ("vocab",) not in source.wrong:
            source.add((), needs("vocab: […]", kind))
        return {}
    reading, writing = read_vocabularies(node, source.report)
    if isinstance(node, Section) and not is_tokens(node):
        for side in KINDS[kind].needs:
            if side not in node.entries:
                source.add(("vocab",), needs(f"vocab.{side}", kind))
    sides = {
        "source": reading,
        "target": writing,
        "labels": writing or (None if "target" in KINDS[kind].parts else reading),
    }
    return {side: vocabulary for side, vocabulary in sides.items() if vocabulary is not None}


def read_words(
    source: Source, keys: Keys, kind: str, vocab: dict[str, Vocabulary], vectors: np.ndarray | None = None
) -> dict[str, Sentences]:
    """The sentences under ``keys``, by side; those that are wrong are noted and left out.

    With ``vectors`` in place of words each position is a word of its own, which `vocab` is given.
    """
    report = source.report
    rows: dict[str, tuple[Row, ...]] = {}
    spoken: dict[str, Sentences] = {}
    for side in SIDES:
        node = source.node(*keys, side)
        if node is not None and side in vocab and vocab[side].by_place and _takes(kind, side):
            if (tokens := _tokens(side, node, vocab[side], spoken, report)) is not None:
                spoken[side] = tokens
            continue
        numbered = isinstance(node, Section) and "ids" in node.entries and side in vocab
        if numbered and _takes(kind, side) and isinstance(node, Section):
            if (listed := rows_of_ids(node, vocab[side], report)) is not None:
                rows[side] = listed
        elif _takes(kind, side) and node is not None and (found := read_rows(node, report)) is not None:
            rows[side] = found
        elif (
            vectors is None
            and node is None
            and side in KINDS[kind].needs
            and source.sound(*keys, side)
            and source.sound(*keys)
        ):
            source.add(keys, needs(".".join(map(str, (*keys, side))), kind), key=isinstance(keys[-1], str))
    for side, each in rows.items():
        if side in vocab and (made := sentences(each, vocab[side], report, side == "labels")) is not None:
            spoken[side] = made
    _agree(source, keys, rows, spoken)
    if vectors is not None:
        _placed(source, keys, KINDS[kind].needs[0], vectors.shape[:2], vocab, spoken)
    return spoken


def _placed(
    source: Source,
    keys: Keys,
    side: str,
    shape: tuple[int, ...],
    vocab: dict[str, Vocabulary],
    spoken: dict[str, Sentences],
) -> None:
    """One word a vector; there are none besides, and as many labels."""
    if source.given(*keys, side):
        message = Bilingual("{side} beside x; one of them is read", "{side} 与 x 并用；只能读其中一个", side=side)
        source.add((*keys, side), message, key=True)
    labels = spoken.get("labels")
    if labels is not None and labels.ids.shape != shape:
        message = Bilingual(
            "labels of shape {n}; x has {m} vectors, so as many are needed",
            "标签的形状是 {n}；而 x 有 {m} 个向量，须一样多",
            n=labels.ids.shape,
            m=shape,
        )
        source.add((*keys, "labels"), message)
    ids = np.arange(shape[0] * shape[1]).reshape(shape)
    vocab[side] = numbered_words(ids.size)
    spoken[side] = from_words(tuple(tuple(map(str, row)) for row in ids), vocab[side])


def _tokens(
    side: str, node: Node, vocabulary: Vocabulary, spoken: dict[str, Sentences], report: Report
) -> Sentences | None:
    """What a tokenizer's words spell; labels may be `next`, none of one word, and else are as many as the words that are read."""
    if side != "labels":
        return read_sentences(node, vocabulary, report, begins=side == "target")
    read = spoken.get("target", spoken.get("source"))
    if read is None:
        return None
    if is_next(node):
        return next_words(read)  # none of one word: then there is no loss
    labels = read_labels(node, vocabulary, report)
    if labels is None or labels.ids.shape == read.ids.shape:
        return labels
    message = Bilingual(
        "labels of shape {n}; what is read has {m}, so as many are needed, or `next`",
        "标签的形状是 {n}；而读入的是 {m}，须一样多，或写 `next`",
        n=labels.ids.shape,
        m=read.ids.shape,
    )
    report.add(node.place, message)
    return None


def _agree(source: Source, keys: Keys, rows: dict[str, tuple[Row, ...]], spoken: dict[str, Sentences]) -> None:
    """One label a word; as many sentences on every side."""
    reading = "target" if "target" in rows else "source"
    first = next((side for side in SIDES if side in rows), "")
    for side in SIDES[1:]:
        if side in rows and len(rows[side]) != len(rows[first]):
            message = Bilingual(
                "{side} has {n} sentences, {first} has {m}; as many are needed",
                "{side} 有 {n} 个句子，{first} 有 {m} 个；须一样多",
                side=side,
                n=len(rows[side]),
                first=first,
                m=len(rows[first]),
            )
            source.add((*keys, side), message)
            return
    if "labels" in rows and reading in rows:
        for label, read in zip(rows["labels"], rows[reading], strict=True):
            if len(label.words) != len(read.words):
                message = Bilingual(
                    "{n} labels for the {m} words of {side}; one label a word ({pad} where none counts)",
                    "{side} 有 {m} 个词，标签却有 {n} 个；每个词一个标签（不计入的写 {pad}）",
                    n=len(label.words),
                    m=len(read.words),
                    side=reading,
                    pad=PAD,
                )
                labels, words = (*keys, "labels"), (*keys, reading)
                source.report.add(label.place if source.last(labels, words) == labels else read.place, message)


def read_numbers(source: Source, kind: str, dtype: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    """``input.x`` and ``input.memory``, with their batch axis."""
    parts = KINDS[kind].parts
    axes = (2, 3) if "attention" in parts else (1, 2) if "mlp" in parts else None
    x = _array(source, "x", kind, axes)
    memory = _array(source, "memory", kind, (2, 3))
    if (
        "x" in KINDS[kind].needs
        and not source.given("input", "x")
        and source.sound("input", "x")
        and source.sound("input")
    ):
        source.add(("input",), needs("input.x", kind), key=True)
    if "mlp" in parts and x is not None:
        x = _least(x, 2)
        sizes = source.part.model.sizes
        if sizes and x.shape[-1] != sizes[0]:
            message = Bilingual(
                "rows of {n} numbers; sizes begins with {m}",
                "每行 {n} 个数字；而 sizes 以 {m} 开头",
                n=x.shape[-1],
                m=sizes[0],
            )
            source.add(("input", "x"), message)
    if "attention" in parts:
        x, memory = _attention(source, x, memory)
    return _cast(x, dtype), _cast(memory, dtype)


def _array(source: Source, key: str, kind: str, axes: tuple[int, ...] | None) -> np.ndarray | None:
    node = source.node("input", key)
    if node is None or not _takes(kind, key):
        return None
    return read_kept(node, key, source.report, axes)


def _attention(
    source: Source, x: np.ndarray | None, memory: np.ndarray | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    x = None if x is None else _least(x, 3)
    memory = None if memory is None else _least(memory, 3)
    if x is None:
        return None, memory
    if source.given("model", "d_model") and x.shape[-1] != source.part.model.d_model:
        message = Bilingual(
            "rows of {n} numbers; d_model is {m}",
            "每行 {n} 个数字；而 d_model 为 {m}",
            n=x.shape[-1],
            m=source.part.model.d_model,
        )
        source.add(("input", "x"), message)
    if memory is not None and (memory.shape[0], memory.shape[2]) != (x.shape[0], x.shape[2]):
        message = Bilingual(
            "memory of shape {found}; x is {x}, so ({batch}, any, {width}) is needed",
            "memory 的形状是 {found}；x 是 {x}，因此须为 ({batch}, 任意, {width})",
            found=memory.shape,
            x=x.shape,
            batch=x.shape[0],
            width=x.shape[2],
        )
        source.add(("input", "memory"), message)
    return x, memory


def read_per_word(source: Source, key: str, side: Sentences | None, kind: str) -> np.ndarray | None:
    """A whole number for every word, where the file gives them: (batch, position)."""
    array = _array(source, key, kind, (1, 2))
    if array is None or side is None:
        return None
    array, rows = _least(array, 2), side.ids.shape
    whole: np.ndarray = array.astype(np.int64)
    if array.shape != rows or (whole != array).any() or (whole < 0).any():
        message = Bilingual(
            "{key} of shape {found}; whole numbers from 0 of shape {rows} are needed, one a word",
            "{key} 的形状是 {found}；须为从 0 起的整数，形状 {rows}，每词一个",
            key=key,
            found=array.shape,
            rows=rows,
        )
        source.add(("input", key), message)
        return None
    types = source.part.model.token_types
    if key == "types" and (types is None or whole.max() >= types):
        message = Bilingual(
            "types up to {n}; model.token_types is {types}",
            "类型最大为 {n}；而 model.token_types 为 {types}",
            n=int(whole.max()),
            types=0 if types is None else types,
        )
        source.add(("input", key), message)
    return whole


def _least(array: np.ndarray, axes: int) -> np.ndarray:
    return array.reshape((1,) * (axes - array.ndim) + array.shape)


def _cast(array: np.ndarray | None, dtype: str) -> np.ndarray | None:
    if array is None:
        return None
    array = in_type(array, dtype)
    array.setflags(write=False)
    return array


def read_data(source: Source, kind: str, vocab: dict[str, Vocabulary]) -> tuple[Inputs, ...]:
    """``train.data``, an `Inputs` each."""
    count = len(source.part.train.data)
    if count and not _takes(kind, "labels"):
        message = Bilingual(
            "train.data in kind {kind}; it is for models that read words",
            "{kind} 模型中出现 train.data；它只用于读词的模型",
            kind=kind,
        )
        source.add(("train", "data"), message, key=True)
        return ()
    offset = source.part.input.offset
    examples = []
    for index in range(count):
        keys = ("train", "data", index)
        example = at(source.tree, keys)
        for side in SIDES:
            if isinstance(example, Section) and side in example.entries and not _takes(kind, side):
                source.add((*keys, side), not_of_kind(side, kind, declared(InputPart)[side].kinds), key=True)
        if isinstance(example, Section) and "labels" not in example.entries and source.given("input", "labels"):
            source.add(
                keys,
                Bilingual(
                    "an example without labels; each needs them, as `input` has",
                    "样例没有 labels；每个样例都须像 `input` 那样给出",
                ),
            )
        words = read_words(source, keys, kind, vocab)
        examples.append(Inputs(words.get("source"), words.get("target"), words.get("labels"), offset))
    _fillable(source, examples)
    return tuple(examples)


def _fillable(source: Source, examples: list[Inputs]) -> None:
    """Examples of several lengths need ``<pad>``, for training takes them as one batch."""
    for side in SIDES:
        spoken = [sentences for each in examples if (sentences := getattr(each, side)) is not None]
        if len({each.ids.shape[1] for each in spoken}) > 1 and any(
            each.pad is None and each.lengths is None for each in spoken
        ):
            message = Bilingual(
                "{side} of several lengths and no {pad} to fill them up; put {pad} into vocab",
                "{side} 长度不一，却没有 {pad} 可供填充；请在 vocab 中加入 {pad}",
                side=side,
                pad=PAD,
            )
            source.add(("train", "data"), message)
