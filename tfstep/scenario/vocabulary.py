"""The words a model knows, and their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.tokens.tokenizer import Tokenizer

PAD = "<pad>"
MOST_WORDS = 1_000_000  # of a vocabulary
LONGEST = 8192  # words of a sentence


class Vocabulary(Struct, frozen=True, eq=False, dict=True):
    """The words a model knows; the place of a word is its id."""

    words: Sequence[str]
    are_numbers: bool = False  # whether the words are "0", "1" and so on
    filler: int = 0  # what fills up the shorter sentences of a batch, where not the word but the place is padding
    by_place: bool = False
    tokenizer: Tokenizer | None = None  # that cuts a text into them
    ends: frozenset[int] = frozenset()  # what ends a text that is generated
    start: int | None = None  # what the decoder of an encoder-decoder reads first
    broken: Bilingual | None = None  # why its tokenizer cannot be read, and its words are numbers

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """The id of each word."""
        return {word: index for index, word in enumerate(self.words)}

    def id(self, word: str) -> int | None:
        """The id of a word, or None where it is not declared."""
        if not self.are_numbers:
            return self.ids.get(word)
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else len(self.words)
        return number if number < len(self.words) and str(number) == word else None

    @property
    def pad(self) -> int | None:
        """The id of ``<pad>``, if the vocabulary has it."""
        return None if self.by_place else self.id(PAD)


def numbered_words(n: int) -> Vocabulary:
    """The words "0" … "n-1"."""
    return Vocabulary(_numbers(1 << (n - 1).bit_length())[:n], are_numbers=True)


@lru_cache(maxsize=2)
def _numbers(n: int) -> tuple[str, ...]:
    return tuple(map(str, range(n)))
