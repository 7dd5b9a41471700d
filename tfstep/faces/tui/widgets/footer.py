"""The footer: the keys, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tfstep.faces.tui.state.action import Action
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span
from tfstep.view.text.width import width

_GAP = 2
_DOES = {
    "edit": Bilingual("set", "设为该值"),
    "search": Bilingual("go there", "前往"),
    "answer": Bilingual("answer", "作答"),
}


def footer(cells: int, actions: Sequence[Action], state: Any) -> Line:
    """The keys in their order, the more needed ones first where there is little room; ``state`` is that of the
    screen, for what they are called where one is."""
    texts, labels = {}, {}
    for action in actions:
        if action.footer and action.shown:
            partner = (
                next((each.shown for each in actions if each.name == action.partner), "") if action.partner else ""
            )
            texts[action] = f"{action.shown} {partner}".rstrip()
            labels[action] = str(action.called(state) or action.label)
    shown, used = set(), -_GAP
    for action in sorted(texts, key=lambda action: action.footer):
        need = width(texts[action]) + 1 + width(labels[action]) + _GAP
        if used + need <= cells:
            shown.add(action)
            used += need
    spans: list[Span] = []
    for action, text in texts.items():
        if action in shown:
            link = f"key:{action.name}"  # a click presses it, the mouse over it tells what it does
            spans += [Span(text, "accent", link), Span(f" {labels[action]}", "dim", link), Span(" " * _GAP)]
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
