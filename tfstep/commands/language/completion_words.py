"""The words that can stand in the brackets behind a tensor: those along the axis that the cursor is at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tfstep.address.grammar import quoted_word
from tfstep.commands.language.session import Session
from tfstep.engine.axis import MANY
from tfstep.errors import PathError
from tfstep.session.address.names import tensor_of

_OPEN = re.compile(r"([^\s\[\](),=+*-]+)\[([^\[\]]*)$")


def in_brackets(session: Session, rest: str) -> tuple[str, Iterator[str]] | None:
    """What was typed of an index that is not closed, and the words along its axis; None where no bracket is open.

    The indices of the only sentence and head may be left out, as where cells are read.
    """
    found = _OPEN.search(rest)
    if found is None:
        return None
    *before, typed = found[2].split(",")
    typed, words = typed.lstrip(), _words(session, found[1].strip("`"), before)
    return (typed[1:], words) if typed[:1] in ("'", '"') else (typed, map(quoted_word, words))


def _words(session: Session, path: str, before: Sequence[str]) -> Iterator[str]:
    try:
        tensor = tensor_of(session, path)
    except PathError:
        return
    first = next((k for k, size in enumerate(tensor.shape) if size > 1), 0)
    sentence = int(before[0]) if before and before[0].isdecimal() and tensor.axes[0] == "batch" else 0
    for k in dict.fromkeys((len(before), len(before) + first)):
        if k < len(tensor.shape) and tensor.shape[k] <= MANY and (words := tensor.words(k, sentence)):
            for place, word in enumerate(words):
                nth = words[:place].count(word)
                yield f"{word}#{nth + 1}" if nth else word
            return
