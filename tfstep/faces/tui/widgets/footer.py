"""The footer: the keys, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tfstep.faces.tui.state.action import Action
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span
from tfstep.view.text.width import width

_GAP = 2
WIDE = 140  # cells from which each key has a word of its own
_GROUPS = (
    (("next", "reverse-next", "step", "finish"), Bilingual("step", "步进")),
    (("edit", "nudge-up", "nudge-down"), Bilingual("edit", "编辑")),
    (("next-matrix",), Bilingual("matrix", "矩阵")),
    (("next-mark", "follow", "return"), Bilingual("follow", "追踪")),
    (("why",), Bilingual("why", "为何")),
    (("palette",), Bilingual("find", "查找")),
    (("help",), Bilingual("help", "帮助")),
    (("undo",), Bilingual("undo", "撤销")),
    (("command",), Bilingual("command", "命令")),
    (("quit",), Bilingual("quit", "退出")),
    (("gradient",), Bilingual("grad", "梯度")),
    (("difference",), Bilingual("diff", "差异")),
    (("variant",), Bilingual("variant", "变体")),
    (("continue",), Bilingual("continue", "继续")),
)
_DOES = {
    "edit": Bilingual("set", "设为该值"),
    "search": Bilingual("go there", "前往"),
    "answer": Bilingual("answer", "作答"),
}


def footer(cells: int, actions: Sequence[Action], state: Any) -> Line:
    """The keys in their order, the more needed ones first where there is little room; below `WIDE` cells in groups.
    ``state`` is that of the screen, for what they are called where one is."""
    if cells < WIDE:
        return _grouped(cells, actions, state)
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


def _grouped(cells: int, actions: Sequence[Action], state: Any) -> Line:
    """Keys of one kind behind each other with one word for all: so that all that one needs is named on a narrow screen.
    What is in no group, and may not be left out, comes first: the keys of a lesson."""
    by_name = {action.name: action for action in actions if action.shown}
    grouped = {name for names, _ in _GROUPS for name in names}
    first = [((action.name,), action.label) for action in by_name.values() if action.footer == 1]
    found: list[Span] = []
    used = 0
    for names, label in [*(each for each in first if each[0][0] not in grouped), *_GROUPS]:
        keys = [by_name[name] for name in names if name in by_name]
        if not keys:
            continue
        said = next((str(other) for each in keys if (other := each.called(state)) is not None), str(label))
        need = sum(width(each.shown) + 1 for each in keys) + width(said)
        if used + need > cells:
            break
        found += [part for each in keys for part in (Span(each.shown, "accent", f"key:{each.name}"), Span(" "))]
        found += [Span(said, "dim", f"key:{keys[0].name}"), Span(" " * _GAP)]
        used += need + _GAP
    return tuple(found)


def legend(keys: Iterable[tuple[str, Bilingual]]) -> Line:
    """A few keys, each with what it does."""
    return tuple(span for key, text in keys for span in (Span(key, "accent"), Span(f" {text}{' ' * _GAP}", "dim")))


def asking(kind: str) -> Line:
    """The keys while something is typed: what ends it, and how to go on with a command."""
    more = [("Tab", Bilingual("complete", "补全")), ("↑ ↓", Bilingual("choose, earlier lines", "选择、历史"))]
    later = Bilingual("later", "稍后再答") if kind == "answer" else Bilingual("cancel", "取消")
    does = _DOES.get(kind, Bilingual("run", "执行"))
    return legend([("Enter", does), *(more if kind in ("command", "search") else []), ("Esc", later)])
