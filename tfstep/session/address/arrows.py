"""``milk→drank``: how much one word attends to another, as an expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfstep.errors import PathError
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.node import Node
    from tfstep.session.state import State

_ARROW = re.compile(r"([^\s\[\]'\"]+?)\s*(?:→|->)\s*([^\s\[\]'\"]+)$")


def arrow_to_cell(state: State, text: str) -> str:
    """``enc0.attn.weights[0,:,'milk','drank']`` for ``milk→drank`` (or ``milk->drank``); other texts as they are.

    Meant is the attention that we are in, else the first in which the one word is a query and the other a key.
    Raises PathError where there is none.
    """
    found = _ARROW.match(text.strip())
    if found is None:
        return text
    query, key = found.groups()
    around = ".".join(state.scopes)
    nodes = [node for node in state.trace.plan.steps if node.path.endswith(".weights") and node.phase == "forward"]
    for node in sorted(nodes, key=lambda node: node.path.rpartition(".")[0] != around):
        sentence = _sentence(node, query, key)
        if sentence is not None:
            return f"{node.path}[{sentence},:,'{query}','{key}']"
    raise PathError(
        Bilingual(
            "in no attention is {query} a query and {key} a key",
            "没有哪个注意力以 {query} 为查询、以 {key} 为键",
            query=query[:40],
            key=key[:40],
        )
    )


def _sentence(node: Node, query: str, key: str) -> int | None:
    """The first sentence of the batch in which both words stand."""
    *_, queries, keys = node.spec.axes
    for sentence in range(node.shape[0]):
        asking, asked = queries.words(sentence) or (), keys.words(sentence) or ()
        if query.partition("#")[0] in asking and key.partition("#")[0] in asked:
            return sentence
    return None
