"""What a decoder said, word by word, with the probabilities it chose among as bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfstep.session.study.decoding import END, Word
from tfstep.text import Bilingual, printable
from tfstep.view.export.json import number
from tfstep.view.text.spans import Line, indented, line, span, table

BAR = 30
SHOWN = 4
MOST = 1000  # words of a vocabulary of which all probabilities are given; of a larger one so many


def words(said: Sequence[Word]) -> Iterator[Line]:
    """One block a word: what had been read, and the likeliest words."""
    for word in said:
        yield line(span(Bilingual("read", "已读"), "dim"), f" {' '.join(word.read)}")
        rows = [
            [span(each, "name" if k == 0 else ""), span(f"{p:.4f}"), span("█" * round(p * BAR), "accent")]
            for k, (each, p) in enumerate(word.best(SHOWN))
        ]
        yield from indented(table(rows, "<><"))


def sentence(said: Sequence[Word]) -> Iterator[Line]:
    """All that was said, without the sign that ends it; of a tokenizer's pieces the text that they spell."""
    vocabulary = said[0].scenario.vocab.get("target") if said else None
    if vocabulary is not None and vocabulary.tokenizer is not None:
        yield line(readable(vocabulary.tokenizer.text([word.id for word in said])))
        return
    yield line(" ".join(word.said for word in said if word.said != END))


def readable(text: str) -> str:
    """A text on one line, without characters that a terminal would obey."""
    return printable(text).replace("\n", "↵").replace("\t", "⇥")


def words_json(said: Sequence[Word]) -> dict[str, Any]:
    """The same as an object; ``probabilities`` are by word, of a large vocabulary the likeliest."""
    return {
        "said": [word.said for word in said],
        "steps": [
            {
                "read": list(word.read),
                "said": word.said,
                "probabilities": {each: number(p) for each, p in word.best(MOST)}
                if len(word.vocab) > MOST
                else dict(zip(word.vocab, map(number, word.probabilities.tolist()), strict=True)),
            }
            for word in said
        ],
    }
