"""Jump mode: labels on everything one can go to; what is typed next says where."""

from __future__ import annotations

from itertools import product

from tfstep.faces.tui.state.screen import Screen
from tfstep.faces.tui.state.screen_state import Jump, ScreenState
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, line

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


def begin(state: ScreenState, screen: Screen) -> None:
    """Show the labels."""
    spots = screen.spots()
    state.jump = Jump(dict(zip(labels(len(spots)), spots, strict=True)))
    screen.redraw()


def typed(state: ScreenState, screen: Screen, key: str) -> None:
    """One more letter; anything that no label goes on with ends it."""
    jump = state.jump
    if jump is None:
        return
    jump.spelled += key
    if not any(label.startswith(jump.spelled) for label in jump.spots):
        state.jump = None
    elif jump.spelled in jump.spots:
        state.jump = None
        jump.spots[jump.spelled].take()
    screen.redraw()


def badges(jump: Jump | None, place: str) -> dict[int, list[tuple[int, str]]]:
    """The labels on one part of the screen that still fit: by line, the column and what of each is to be typed."""
    found: dict[int, list[tuple[int, str]]] = {}
    if jump is not None:
        for label, spot in jump.spots.items():
            if spot.place == place and label.startswith(jump.spelled):
                found.setdefault(spot.y, []).append((spot.x, label[len(jump.spelled) :]))
    return found


def hint() -> Line:
    """What is said while the labels are shown."""
    text = Bilingual("type a label to go there; Esc stays here", "输入标签即可跳到那里；Esc 取消")
    return line(Span(str(text), "accent"))


def labels(n: int) -> list[str]:
    """So many labels, none the beginning of another: single letters where they suffice, else pairs."""
    if n <= len(LETTERS):
        return list(LETTERS[:n])
    singles = max(0, (len(LETTERS) ** 2 - n) // (len(LETTERS) - 1))
    pairs = ("".join(pair) for pair in product(LETTERS[singles:], LETTERS))
    return [*LETTERS[:singles], *(pair for pair, _ in zip(pairs, range(n - singles), strict=False))]
