"""Jump mode: labels on everything one can go to; what is typed next says where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from tfstep.faces.tui.actions import following, pointing
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import Badges, Drawn
from tfstep.faces.tui.widgets.tree import Timeline
from tfstep.text import Bilingual
from tfstep.view.text.spans import Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
Place = Drawn | Board | Timeline
Target = tuple[Place, int, int, Callable[[], None]]  # on which widget, column, line, what going there does


class Jump:
    """From the key that shows the labels to the one that ends them."""

    def __init__(self, app: Debugger) -> None:
        self.app = app
        self.spelled = ""
        app.draw()  # the labels belong to what is seen now
        targets = list(_targets(app))
        self.targets = dict(zip(labels(len(targets)), targets, strict=True))
        self._show()

    def typed(self, key: str) -> None:
        """One more letter; anything that no label goes on with ends it."""
        self.spelled += key
        if self.spelled in self.targets:
            target = self.targets[self.spelled]
            self._end()
            target[3]()
        elif any(label.startswith(self.spelled) for label in self.targets):
            self._show()
        else:
            self._end()

    def _end(self) -> None:
        self.app.jump = None
        self.spelled, self.targets = "", {}
        self._show()
        self.app.redraw()

    def _show(self) -> None:
        badges: dict[Place, Badges] = {place: {} for place in _places(self.app)}
        for label, (place, x, y, _) in self.targets.items():
            if label.startswith(self.spelled):
                badges[place].setdefault(y, []).append((x, label[len(self.spelled) :]))
        for place, found in badges.items():
            place.badges = found
            place.refresh()
        if self.targets:
            text = Bilingual("type a label to go there; Esc stays here", "输入标签即可跳到那里；Esc 取消")
            self.app.tell(line(Span(str(text), "accent")))


def labels(n: int) -> list[str]:
    """So many labels, none the beginning of another: single letters where they suffice, else pairs."""
    if n <= len(LETTERS):
        return list(LETTERS[:n])
    singles = max(0, (len(LETTERS) ** 2 - n) // (len(LETTERS) - 1))
    pairs = ("".join(pair) for pair in product(LETTERS[singles:], LETTERS))
    return [*LETTERS[:singles], *(pair for pair, _ in zip(pairs, range(n - singles), strict=False))]


def _places(app: Debugger) -> list[Place]:
    return [app.query_one("#tree", Timeline), app.query_one("#board", Board), app.query_one("#why", Drawn)]


def _targets(app: Debugger) -> Iterator[Target]:
    tree, board, why = _places(app)
    assert isinstance(tree, Timeline)
    assert isinstance(board, Board)
    assert isinstance(why, Drawn)
    if tree.display:
        for x, y, row in tree.spots():
            yield tree, x, y, partial(app.on_timeline_chosen, Timeline.Chosen(row))
    for x, y, key, row_, column in board.spots(len(LETTERS) ** 2 // 2):
        yield board, x, y, partial(pointing.point, app, key, row_, column)
    if why.display:
        for x, y, link in why.links():
            yield why, x, y, partial(following.go_to, app, link)
