"""Vocabularies and sentences as a file spells them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from tfstep.errors import nearest
from tfstep.models.config import UNSAID, Sentences
from tfstep.scenario.file.mistakes import Place, Report
from tfstep.scenario.file.nodes import Items, Node, Scalar, Section, excerpt, found_text
from tfstep.scenario.tokens.ids import no_such_id, read_ids
from tfstep.scenario.vocabulary import LONGEST, MOST_WORDS, PAD, Vocabulary, numbered_words
from tfstep.text import Bilingual

NOT_COUNTED = "-100"  # a label that does not count, as PyTorch's `ignore_index` has it


def read_vocabulary(node: Node, report: Report) -> Vocabulary | None:
    """The vocabulary that a list of words or a number spells, or None where it is wrong."""
    if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
        if 1 <= node.value <= MOST_WORDS:
            return numbered_words(node.value)
        message = Bilingual(
            "a vocabulary of {n} words; from 1 to {most:,}",
            "词表有 {n} 个词；须在 1 到 {most:,} 之间",
            n=excerpt(node.text),
            most=MOST_WORDS,
        )
        report.add(node.place, message)
        return None
    if isinstance(node, Section):
        from tfstep.scenario.tokens.reading import is_tokens, read_tokens

        if is_tokens(node):
            return read_tokens(node, report)
    if not isinstance(node, Items) or not node.items:
        message = Bilingual(
            "vocab is {what}; allowed: a list of words, a number of words, {{file: tokenizer.json}}, or {{source: …, target: …}}",
            "vocab 为 {what}；可用：词的列表、词数、{{file: tokenizer.json}}，或 {{source: …, target: …}}",
            what=found_text(node) if not isinstance(node, Items) else Bilingual("an empty list", "空列表"),
        )
        report.add(node.place, message)
        return None
    words: dict[str, Place] = {}
    for item in node.items:
        _declare(item, words, report)
    return Vocabulary(tuple(words))


def _declare(item: Node, words: dict[str, Place], report: Report) -> None:
    word = item.text if isinstance(item, Scalar) else ""
    if not word or word.split() != [word]:
        parts = word.split()
        message = Bilingual(
            "{what} is no word{hint}; a word has no spaces and is not empty",
            "{what} 不是词{hint}；词不能为空，也不能含空格",
            what=found_text(item),
            hint=Bilingual(" (did you mean {parts}?)", "（是不是想写 {parts}？）", parts=", ".join(parts))
            if parts
            else "",
        )
        report.add(item.place, message)
        words.update(
            {part: item.place for part in parts if part not in words}
        )  # so that the sentences are not blamed too
    elif len(word) > 1 and "，" in word:
        message = Bilingual(
            "'{word}' has a full-width comma; write `, ` between words",
            "“{word}”中有全角逗号；词与词之间请写半角逗号“, ”",
            word=excerpt(word),
        )
        report.add(item.place, message)
    elif word in words:
        message = Bilingual(
            "the word '{word}' is there twice, first on line {line}; each word once",
            "词“{word}”重复，首次出现在第 {line} 行；每个词只写一次",
            word=excerpt(word),
            line=words[word].line,
        )
        report.add(item.place, message)
    else:
        words[word] = item.place


class Row(Struct, frozen=True, eq=False):
    """One sentence as written: its words, where each stands, and where it begins."""

    words: tuple[str, ...]
    places: tuple[Place, ...]
    place: Place


def read_rows(node: Node, report: Report) -> tuple[Row, ...] | None:
    """The sentences that a text, a list of words, or a list of sentences spells, or None where they are wrong.

    A list is one sentence of words; it is a batch if one of its items is a list or has a space in it.
    """
    before = len(report.mistakes)
    if isinstance(node, Items):
        batch = any(not isinstance(item, Scalar) or len(item.text.split()) > 1 for item in node.items)
        rows = [_row(item, report) for item in node.items] if batch else [_row(node, report)]
    else:
        rows = [_row(node, report)]
    return tuple(rows) if len(report.mistakes) == before else None


def rows_of_ids(node: Section, vocabulary: Vocabulary, report: Report) -> tuple[Row, ...] | None:
    """``{ids: …}`` as sentences of listed words, or None where they are wrong."""
    before, words = len(report.mistakes), vocabulary.words
    rows = read_ids(node, report)
    wrong = next((i for row in rows for i in row if not 0 <= i < len(words)), None)
    if wrong is not None:
        report.add(node.place, no_such_id(wrong, len(words)))
    if len(report.mistakes) > before:
        return None
    return tuple(Row(tuple(words[i] for i in row), (node.place,) * len(row), node.place) for row in rows)


def _row(node: Node, report: Report) -> Row:
    pairs: list[tuple[str, Place]] = []
    empty = Row((), (), node.place)
    length = len(node.text.split()) if isinstance(node, Scalar) else len(node.items) if isinstance(node, Items) else 0
    if not length:
        what = Bilingual("an empty sentence", "空句子") if isinstance(node, Scalar | Items) else found_text(node)
        message = Bilingual(
            "{what}; words between spaces, or a list of words", "{what}；应为以空格分开的词，或词的列表", what=what
        )
        report.add(node.place, message)
    elif length > LONGEST:
        message = Bilingual(
            "{n} words; a sentence has at most {most}", "共 {n} 个词；一个句子最多 {most} 个", n=length, most=LONGEST
        )
        report.add(node.place, message)
        return empty
    elif isinstance(node, Scalar):
        pairs = list(_split(node))
    for item in node.items if isinstance(node, Items) else ():
        if not isinstance(item, Scalar) or len(item.text.split()) != 1:
            message = Bilingual(
                "{what} among the words of a sentence; a word is needed",
                "句子的词中出现 {what}；此处须为一个词",
                what=found_text(item),
            )
            report.add(item.place, message)
            return empty
        pairs.append((item.text.strip(), item.place))
    return Row(tuple(word for word, _ in pairs), tuple(place for _, place in pairs), node.place)


def _split(node: Scalar) -> Iterator[tuple[str, Place]]:
    for match in re.finditer(r"\S+", node.text):
        yield match.group(), node.place_at(match.start())


def sentences(rows: tuple[Row, ...], vocabulary: Vocabulary, report: Report, labels: bool = False) -> Sentences | None:
    """The rows as ids, padded to one length with ``<pad>``; undeclared words are noted, each at its place.

    Among ``labels`` -100 stands for one that does not count, as in PyTorch.
    """
    before = len(report.mistakes)
    for row in rows:
        for word, place in zip(row.words, row.places, strict=True):
            if vocabulary.id(word) is None and not (labels and word == NOT_COUNTED):
                report.add(place, _undeclared(word, vocabulary))
    lengths = {len(row.words) for row in rows}
    if len(lengths) > 1 and vocabulary.pad is None:
        message = Bilingual(
            "sentences of {lengths} words and no {pad} to fill them up; put {pad} into vocab",
            "句子长度不一（{lengths}），却没有 {pad} 可供填充；请在 vocab 中加入 {pad}",
            lengths=" / ".join(map(str, sorted(lengths))),
            pad=PAD,
        )
        report.add(rows[0].place, message)
    if len(report.mistakes) > before:
        return None
    longest = max(lengths)
    return from_words(tuple(row.words + (PAD,) * (longest - len(row.words)) for row in rows), vocabulary)


def from_words(words: tuple[tuple[str, ...], ...], vocabulary: Vocabulary) -> Sentences:
    """Sentences of declared words, all of one length."""
    known = ((vocabulary.id(word) for word in row) for row in words)
    ids = np.array([[UNSAID if each is None else each for each in row] for row in known], dtype=np.int64)
    ids.setflags(write=False)
    return Sentences(words, ids, vocabulary.words, vocabulary.pad)


def _undeclared(word: str, vocabulary: Vocabulary) -> Bilingual:
    near = nearest(word, vocabulary.words[:300])
    if near is None and len(word) > 1 and all(letter in vocabulary.ids for letter in word):
        near = " ".join(word)
    few = ", ".join(vocabulary.words[:12]) + (", …" if len(vocabulary.words) > 12 else "")
    return Bilingual(
        "the word '{word}' is not in vocab{hint}; allowed: {few}",
        "词“{word}”不在 vocab 中{hint}；可用：{few}",
        word=excerpt(word),
        few=few,
        hint=Bilingual(" (did you mean '{near}'?)", "（是不是想写“{near}”？）", near=near)
        if near
        else Bilingual("", ""),
    )


def read_vocabularies(node: Node, report: Report) -> tuple[Vocabulary | None, Vocabulary | None]:
    """The vocabularies of source and target; one list serves both."""
    from tfstep.scenario.tokens.reading import is_tokens  # and with it tokenizers, where there are any

    if not isinstance(node, Section) or is_tokens(node):
        one = read_vocabulary(node, report)
        return one, one
    for key, place in node.keys.items():
        if key not in ("source", "target"):
            message = Bilingual(
                "unknown key {key} in vocab; allowed: source, target",
                "vocab 中未知的键 {key}；可用：source, target",
                key=key,
            )
            report.add(place, message)
    source, target = node.get("source"), node.get("target")
    return read_vocabulary(source, report) if source else None, read_vocabulary(target, report) if target else None
