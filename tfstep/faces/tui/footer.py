"""The footer: the keys, as many as there is room for."""

from __future__ import annotations

from tfstep.faces.tui.key import Key
from tfstep.faces.tui.keys import KEYS
from tfstep.view.spans import Line, Span
from tfstep.view.width import width

_GAP = 2


def footer(cells: int, keys: tuple[Key, ...] = KEYS) -> Line:
    """The keys in their order, the more needed ones first where there is little room."""
    texts = {}
    for key in keys:
        if key.footer:
            texts[key] = "+ -" if key.shown == "+" else "[ ]" if key.shown == "]" else key.shown
    shown, used = set(), -_GAP
    for key in sorted(texts, key=lambda key: key.footer):
        need = width(texts[key]) + 1 + width(str(key.label)) + _GAP
        if used + need <= cells:
            shown.add(key)
            used += need
    spans: list[Span] = []
    for key, text in texts.items():
        if key in shown:
            link = f"key:{keys.index(key)}"  # a click presses it, the mouse over it tells what it does
            spans += [Span(text, "accent", link), Span(f" {key.label}", "dim", link), Span(" " * _GAP)]
    return tuple(spans)
