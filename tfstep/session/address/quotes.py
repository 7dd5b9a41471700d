"""Words along an axis without quotes in an expression: ``weights[我,爱]``, as cells are shown, is read as
``weights['我','爱']``."""

from __future__ import annotations

import re
from collections.abc import Callable

_INDICES = re.compile(r"(?<=[\w`\])])\[([^\[\](){}'\"`$]*)\]")
_NAME = re.compile(r"[^\W\d][\w.]*")
_READ = frozenset(("None", "newaxis", "and", "or", "not", "it", "True", "False", "pi", "e", "inf", "nan"))


def with_quotes(text: str, known: Callable[[str], bool]) -> str:
    """The expression with quotes around every index that is a word and no name that is ``known``.

    >>> with_quotes("weights[我,爱] - weights[0,0,-1,他#2] + W[n:]", lambda name: name in ("weights", "W", "n"))
    "weights['我','爱'] - weights[0,0,-1,'他#2'] + W[n:]"
    """

    def item(index: str) -> str:
        word = index.strip()
        names = _NAME.findall(word)
        if not names or ":" in word or any(name in _READ or known(name) for name in names):
            return index
        return index.replace(word, f"'{word}'")

    return _INDICES.sub(lambda found: f"[{','.join(map(item, found[1].split(',')))}]", text)
