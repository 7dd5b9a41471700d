"""How the screen looks: its language and its theme, switched while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.faces.tui.style.palette import THEMES
from tfstep.text import Bilingual, language, set_language
from tfstep.view.text.spans import line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def other_language(app: Debugger) -> None:
    """English or Chinese."""
    set_language("zh" if language() == "en" else "en")
    app.say(line(str(Bilingual("language: English", "语言：中文"))))


def next_theme(app: Debugger) -> None:
    """Dark, light, the terminal's own colours, round again."""
    names = list(THEMES)
    app.theme = names[(names.index(app.theme) + 1) % len(names)] if app.theme in names else names[0]
    app.say(line(str(Bilingual("theme: {name}", "主题：{name}", name=THEMES[app.theme].title))))
    repaint(app)


def repaint(app: Debugger) -> None:
    """Every line anew: other colours, or a terminal that showed something else meanwhile."""
    app.refresh(layout=True)
    for widget in app.screen.query("*"):
        widget.refresh()
