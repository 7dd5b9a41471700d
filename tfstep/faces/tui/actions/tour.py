"""The tour of a minute: cards under the real screen, each turned by doing what it says, or by a key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from tfstep.faces.tui.state.action import spelled
from tfstep.faces.tui.state.screen import Screen
from tfstep.faces.tui.state.screen_state import ScreenState, Stand, Tour
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, ends, line
from tfstep.view.text.width import wrap

LEAST = 18  # lines of a screen that has room for a card


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
            "[[follow]] goes to where the marked number comes from, [[return]] back.",
            "方向键移动单元格光标；矩阵下方说明这个数为何如此。[[follow]] 跳到选中的数的来处，[[return]] 返回。",
        ),
        lambda before, now: before.cell != now.cell or before.followed != now.followed,
    ),
    Card(
        Bilingual(
            "Change a number and everything downstream moves: [[edit]] edits it, [[nudge-up]] and "
            "[[nudge-down]] nudge it, [[undo]] takes it back.",
            "改一个数，下游全都跟着变：[[edit]] 编辑，[[nudge-up]] 和 [[nudge-down]] 微调，[[undo]] 撤销。",
        ),
        lambda before, now: before.entry is not now.entry,
    ),
    Card(
        Bilingual(
            "[[command]] takes commands: `break *.weights`, `train 20`, `plot`. [[palette]] "
            "finds anything by a few letters, [[jump]] jumps to whatever you see.",
            "[[command]] 输入命令：`break *.weights`、`train 20`、`plot`。[[palette]] "
            "输入几个字母查找一切，[[jump]] 跳到看得见的任何地方。",
        ),
    ),
    Card(
        Bilingual(
            "[[help]] tells what you look at and which keys do something there; [[language]] switches the "
            "language, [[theme]] the colours. [[tour]] shows this again.",
            "[[help]] 说明当前所看的内容和可用的按键；[[language]] 切换语言，[[theme]] 切换配色。"
            "[[tour]] 再看一遍本导览。",
        ),
    ),
)


def stand(state: ScreenState) -> Stand:
    """How it stands now."""
    session = state.session
    return Stand((session.position, session.partial), session.cell, session.journal.now, len(state.trail))


def begin(state: ScreenState) -> None:
    """The first card."""
    state.tour = Tour(stand(state))


def go_on(state: ScreenState, screen: Screen) -> None:
    """From the first card on; in a tour, the next card."""
    if state.tour is None:
        begin(state)
    else:
        _turn(state, state.tour)
    screen.redraw()


def _turn(state: ScreenState, tour: Tour) -> None:
    """The next card; behind the last one the tour ends."""
    tour.at, tour.stand = tour.at + 1, stand(state)
    if tour.at == len(CARDS):
        state.tour = None


def card(state: ScreenState, cells: int, rows: int) -> list[Line]:
    """The lines of the card that is shown now, which is another where what it says was done; none without a tour, or
    where there is no room."""
    tour = state.tour
    if tour is not None and CARDS[tour.at].done(tour.stand, stand(state)):
        _turn(state, tour)
    return _lines(state, state.tour, cells) if state.tour is not None and rows >= LEAST else []


def _lines(state: ScreenState, tour: Tour, cells: int) -> list[Line]:
    text = spelled(str(CARDS[tour.at].text), state.actions)
    count = line(Span(str(Bilingual("tour", "导览")), "accent"), Span(f"  {tour.at + 1}/{len(CARDS)}", "dim"))
    hint = Bilingual(
        "[[tour]]: next card   [[stop]]: end of the tour",
        "[[tour]]：下一张   [[stop]]：结束导览",
    )
    return [
        ends(count, line(Span(spelled(str(hint), state.actions), "dim")), cells),
        *(line(Span(part, "strong")) for part in wrap(text, cells)),
    ]


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
