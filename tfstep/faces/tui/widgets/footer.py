"""The footer: the keys, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterable

from tfstep.faces.tui.keys.key import Key
from tfstep.faces.tui.keys.table import KEYS
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span
from tfstep.view.text.width import width

_GAP = 2
_DOES = {
    "edit": Bilingual("set", "设为该值"),
    "search": Bilingual("go there", "前往"),
    "answer": Bilingual("answer", "作答"),
}


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


def legend(keys: Iterable[tuple[str, Bilingual]]) -> Line:
    """A few keys, each with what it does."""
    return tuple(span for key, text in keys for span in (Span(key, "accent"), Span(f" {text}{' ' * _GAP}", "dim")))


def asking(kind: str) -> Line:
    """The keys while something is typed: what ends it, and how to go on with a command."""
    more = [("Tab", Bilingual("complete", "补全")), ("↑ ↓", Bilingual("choose, earlier lines", "选择、历史"))]
    later = Bilingual("later", "稍后再答") if kind == "answer" else Bilingual("cancel", "取消")
    does = _DOES.get(kind, Bilingual("run", "执行"))
    return legend([("Enter", does), *(more if kind in ("command", "search") else []), ("Esc", later)])
