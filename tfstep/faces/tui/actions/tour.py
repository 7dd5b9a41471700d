"""The tour of a minute: cards under the real screen, each turned by doing what it says, or by a key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, ends, line
from tfstep.view.text.width import wrap

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger

KEY = re.compile(r"\[\[(.+?)\]\]")  # in a card: what a key does, to be shown as the key
LEAST = 18  # lines of a screen that has room for a card


class Stand(Struct, frozen=True):
    """What the cards look at to see that something was done."""

    position: object
    cell: object
    entry: object
    followed: int

    @classmethod
    def of(cls, app: Debugger) -> Stand:
        """How it stands now."""
        session = app.session
        return cls((session.position, session.partial), session.cell, session.journal.now, len(app.trail))


class Card(Struct, frozen=True):
    """What it says, and whether that was done between two stands."""

    text: Bilingual
    done: Callable[[Stand, Stand], bool] = lambda before, now: False


CARDS = (
    Card(
        Bilingual(
            "Every number the model computes is made in a step, and the steps stand on the left. [[next]] goes to the "
            "next one, [[reverse-next]] goes back. Try it.",
            "模型算出的每个数都来自某一步，左边就是全部步骤。[[next]] 走到下一步，[[reverse-next]] 后退。试试看。",
        ),
        lambda before, now: before.position != now.position,
    ),
    Card(
        Bilingual(
            "[[step]] goes into a step and shows how it is computed inside; [[finish]] comes out again.",
            "[[step]] 进入一步的内部，看它怎样算出来；[[finish]] 再出来。",
        ),
        lambda before, now: before.position != now.position,
    ),
    Card(
        Bilingual(
            "The arrows move the cell cursor; under the matrices stands why that number is what it is. "
            "[[intend('follow')]] goes to where the marked number comes from, [[intend('go_back')]] back.",
            "方向键移动单元格光标；矩阵下方说明这个数为何如此。[[intend('follow')]] 跳到选中的数的来处，"
            "[[intend('go_back')]] 返回。",
        ),
        lambda before, now: before.cell != now.cell or before.followed != now.followed,
    ),
    Card(
        Bilingual(
            "Change a number and everything downstream moves: [[intend('edit')]] edits it, [[intend('nudge', 1)]] and "
            "[[intend('nudge', -1)]] nudge it, [[undo]] takes it back.",
            "改一个数，下游全都跟着变：[[intend('edit')]] 编辑，[[intend('nudge', 1)]] 和 "
            "[[intend('nudge', -1)]] 微调，[[undo]] 撤销。",
        ),
        lambda before, now: before.entry is not now.entry,
    ),
    Card(
        Bilingual(
            "[[intend('command')]] takes commands: `break *.weights`, `train 20`, `plot`. [[intend('everything')]] "
            "finds anything by a few letters, [[intend('jump')]] jumps to whatever you see.",
            "[[intend('command')]] 输入命令：`break *.weights`、`train 20`、`plot`。[[intend('everything')]] "
            "输入几个字母查找一切，[[intend('jump')]] 跳到看得见的任何地方。",
        ),
    ),
    Card(
        Bilingual(
            "[[help]] tells what you look at and which keys do something there; [[intend('language')]] switches the "
            "language, [[intend('theme')]] the colours. [[intend('tour')]] shows this again.",
            "[[help]] 说明当前所看的内容和可用的按键；[[intend('language')]] 切换语言，[[intend('theme')]] 切换配色。"
            "[[intend('tour')]] 再看一遍本导览。",
        ),
    ),
)


class Tour:
    """The cards, one after the other."""

    def __init__(self, app: Debugger) -> None:
        self.app = app
        self.at = 0
        self._stand = Stand.of(app)

    def look(self) -> None:
        """Turn the card where what it says was done."""
        now = Stand.of(self.app)
        if CARDS[self.at].done(self._stand, now):
            self.turn()

    def turn(self) -> None:
        """The next card; behind the last one the tour ends."""
        self.at += 1
        self._stand = Stand.of(self.app)
        if self.at == len(CARDS):
            self.app.tour = None

    def lines(self, cells: int) -> list[Line]:
        """The card, so wide; keys by what they are called now."""
        shown = {key.line if key.action == "run" else key.action: key.shown for key in reversed(self.app.keys)}
        text = KEY.sub(lambda found: shown.get(found[1], "?"), str(CARDS[self.at].text))
        count = line(Span(str(Bilingual("tour", "导览")), "accent"), Span(f"  {self.at + 1}/{len(CARDS)}", "dim"))
        hint = Bilingual(
            "{key}: next card   {end}: end of the tour",
            "{key}：下一张   {end}：结束导览",
            key=shown.get("intend('tour')", "?"),
            end=shown.get("stop", "?"),
        )
        return [
            ends(count, line(Span(str(hint), "dim")), cells),
            *(line(Span(part, "strong")) for part in wrap(text, cells)),
        ]


def go_on(app: Debugger) -> None:
    """From the first card on; in a tour, the next card."""
    if app.tour is None:
        app.tour = Tour(app)
    else:
        app.tour.turn()
    app.redraw()


def card(app: Debugger, cells: int, rows: int) -> list[Line]:
    """The lines of the card that is shown now; none without a tour, or where there is no room."""
    if app.tour is not None:
        app.tour.look()
    return app.tour.lines(cells) if app.tour is not None and rows >= LEAST else []


def first_time() -> bool:
    """Whether the tour was never shown here; from now on it was."""
    from platformdirs import user_state_path

    file = Path(user_state_path("tfstep")) / "tour-shown"
    try:
        if file.exists():
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError:  # a home that cannot be written to: better never than at every start
        return False
    return True
