"""`vocab: {file: …}` and `{size: …}`, and what is read with them: texts, or ids as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from tfstep import reach
from tfstep.errors import TfstepError
from tfstep.models.config import Sentences
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Items, Node, Numbers, Scalar, Section, excerpt, found_text
from tfstep.scenario.tokens.ids import no_such_id, read_ids
from tfstep.scenario.vocabulary import LONGEST, MOST_WORDS, Vocabulary, numbered_words
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.tokens.tokenizer import Tokenizer

NEXT = "next"
UNCOUNTED = -100  # a label that does not count, as PyTorch has it
KEYS = ("file", "size", "pad", "start", "end")


def is_tokens(node: Node | None) -> bool:
    """Whether `vocab` names a tokenizer or a size."""
    return isinstance(node, Section) and bool({"file", "size"} & set(node.entries))


def read_tokens(node: Section, report: Report) -> Vocabulary | None:
    """The vocabulary of a tokenizer's file, or the ids below a size, or None where it is wrong."""
    before = len(report.mistakes)
    for key, place in node.keys.items():
        if key not in KEYS:
            message = Bilingual(
                "unknown key {key} in vocab; allowed: {known}",
                "vocab 中未知的键 {key}；可用：{known}",
                key=excerpt(key),
                known=", ".join(KEYS),
            )
            report.add(place, message)
    size, pad = _whole(node, "size", 1, MOST_WORDS, report), _whole(node, "pad", 0, MOST_WORDS, report)
    start, end = _whole(node, "start", 0, MOST_WORDS, report), _whole(node, "end", 0, MOST_WORDS, report)
    ends = frozenset() if end is None else frozenset({end})
    file = node.get("file")
    if file is not None and (not isinstance(file, Scalar) or not file.text):
        report.add(
            file.place, Bilingual("file is {it}; a path is needed", "file 为 {it}；须为路径", it=found_text(file))
        )
    if len(report.mistakes) > before:
        return None
    if not isinstance(file, Scalar):
        return _numbers(size or 1, pad, start, ends)
    path = Path(file.place.file).parent / file.text
    if not reach.may_read(path, Path(file.place.file)):
        report.add(file.place, reach.too_far(Path(file.text)))
        return None
    try:
        if not path.is_file():
            raise TfstepError(Bilingual("{file}: there is no such file", "{file}：没有这个文件", file=path.name))
        from tfstep.scenario.tokens.tokenizer import Tokenizer  # which no list of words needs

        tokenizer = Tokenizer(path)
        if size is not None and (why := tokenizer.broken) is not None:
            return _numbers(size, pad, start, ends or tokenizer.told_ends, why)
        written = tokenizer.written(size or len(tokenizer.pieces))
        filler = pad if pad is not None else tokenizer.role("pad")
        ends = ends or tokenizer.ends
    except TfstepError as error:
        report.add(file.place, error.message)
        return None
    return Vocabulary(written, filler=filler or 0, by_place=True, tokenizer=tokenizer, ends=ends, start=start)


def _numbers(
    size: int, pad: int | None, start: int | None, ends: frozenset[int], broken: Bilingual | None = None
) -> Vocabulary:
    return Vocabulary(
        numbered_words(size).words,
        are_numbers=True,
        filler=pad or 0,
        by_place=True,
        ends=ends,
        start=start,
        broken=broken,
    )


def _whole(node: Section, key: str, least: int, most: int, report: Report) -> int | None:
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, Scalar) and type(value.value) is int and least <= value.value <= most:
        return value.value
    message = Bilingual(
        "{key} is {it}; a whole number, {least} to {most:,}, is needed",
        "{key} 为 {it}；须为 {least} 到 {most:,} 的整数",
        key=key,
        it=found_text(value),
        least=least,
        most=most,
    )
    report.add(value.place, message)
    return None


def read_sentences(
    node: Node, vocabulary: Vocabulary, report: Report, begins: bool = False, least: int = 0
) -> Sentences | None:
    """A text, a list of texts (a batch), or ``{ids: …}`` as a batch of ids; what is wrong is noted.

    A text that ``begins`` a decoder's reading is cut as its side is, and gets the start token before it, where there
    is one. Ids are ``least`` or more.
    """
    before = len(report.mistakes)
    if isinstance(node, Section):
        rows = read_ids(node, report)
    elif vocabulary.broken is not None:
        why = Bilingual(
            "{why}; so no text is cut, but ids are read: {{ids: [5, 17, 9]}}, --ids 5,17,9",
            "{why}；因此无法切分文本，但可以读编号：{{ids: [5, 17, 9]}}、--ids 5,17,9",
            why=vocabulary.broken,
        )
        report.add(node.place, why)
        rows = []
    elif vocabulary.tokenizer is None:
        rows = _spelled(node, report)
    else:
        rows = _texts(node, vocabulary.tokenizer, report, begins)
        if begins and vocabulary.start is not None:
            rows = [[vocabulary.start, *row] for row in rows]
    size = len(vocabulary.words)
    for row in rows:
        for i in row:
            if not least <= i < size:
                report.add(node.place, no_such_id(i, size))
                return None
        if not row or len(row) > LONGEST:
            message = Bilingual(
                "a sentence of {n} tokens; 1 to {most:,} are allowed",
                "句子有 {n} 个词元；可用 1 到 {most:,} 个",
                n=len(row),
                most=LONGEST,
            )
            report.add(node.place, message)
            return None
    return None if len(report.mistakes) > before or not rows else of_ids(rows, vocabulary)


def of_ids(rows: list[list[int]], vocabulary: Vocabulary) -> Sentences:
    """Rows of ids as one batch, the shorter ones filled up."""
    longest = max(map(len, rows))
    lengths = tuple(map(len, rows))
    ids = np.array([[*row, *[vocabulary.filler] * (longest - len(row))] for row in rows], dtype=np.int64)
    ids.setflags(write=False)
    spell = vocabulary.tokenizer.words if vocabulary.tokenizer is not None else None
    words = tuple(spell(row) if spell else tuple(map(str, row)) for row in np.maximum(ids, 0).tolist())
    return Sentences(words, ids, vocabulary.words, None, lengths, vocabulary.filler)


def read_labels(node: Node, vocabulary: Vocabulary, report: Report) -> Sentences | None:
    """The same as labels: −100, and what fills up a row, does not count."""
    found = read_sentences(node, vocabulary, report, least=UNCOUNTED)
    if found is None:
        return None
    return _counted(
        found, np.where((found.ids < 0) | (found.padding if found.padding is not None else False), -1, found.ids)
    )


def _counted(read: Sentences, ids: np.ndarray) -> Sentences:
    """Labels with these ids, and no word where one is −1."""
    ids.setflags(write=False)
    counted = cast("list[list[int]]", ids.tolist())
    words = tuple(
        tuple(word if k >= 0 else "" for word, k in zip(row, said, strict=True))
        for row, said in zip(read.words, counted, strict=True)
    )
    return Sentences(words, ids, read.vocab, None, read.lengths)


def is_next(node: Node | None) -> bool:
    """Whether labels are what is read, one place on."""
    return isinstance(node, Scalar) and node.value == NEXT


def next_words(read: Sentences) -> Sentences | None:
    """The labels of a decoder that says the next word of what it reads; −1, and no word, where nothing counts.

    None where no word has a next one.
    """
    ids = np.full(read.ids.shape, -1, np.int64)
    ids[:, :-1] = read.ids[:, 1:]
    if (padding := read.padding) is not None:
        ids[:, :-1][padding[:, 1:]] = -1
    if (ids < 0).all():
        return None
    return _counted(Sentences(tuple((*row[1:], "") for row in read.words), ids, read.vocab, None, read.lengths), ids)


def _texts(node: Node, tokenizer: Tokenizer, report: Report, decoding: bool) -> list[list[int]]:
    rows = []
    for item in node.items if isinstance(node, Items) else [node]:
        if not isinstance(item, Scalar) or not item.text:
            message = Bilingual(
                "{what}; a text is needed, or {{ids: [5, 17, 9]}}",
                "{what}；须为文本，或 {{ids: [5, 17, 9]}}",
                what=found_text(item),
            )
            report.add(item.place, message)
            continue
        try:
            rows.append(tokenizer.encode(item.text, decoding))
        except TfstepError as error:
            report.add(item.place, error.message)
            return []
    return rows


def _spelled(node: Node, report: Report) -> list[list[int]]:
    """Numbers between blanks, where nothing cuts a text."""
    rows = []
    batch = isinstance(node, Items) and any(not isinstance(item, Scalar) or " " in item.text for item in node.items)
    for row in node.items if isinstance(node, Items) and batch else [node]:
        items = row.items if isinstance(row, Items) else [row]
        texts = [text for item in items for text in (item.text.split() if isinstance(item, Scalar) else ["?"])]
        if isinstance(row, Numbers):
            texts = [str(value) for value in np.ravel(row.array).tolist()]
        if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
            message = Bilingual(
                "{what}; there is no tokenizer that cuts text, so ids are needed, such as 5 17 9",
                "{what}；没有分词器，无法切分文本，须写编号，如 5 17 9",
                what=excerpt(" ".join(texts)[:60]),
            )
            report.add(row.place, message)
            return []
        rows.append([int(text) for text in texts])
    return rows
