"""A whole run at a glance, each by one key: attention, gradients by layer, the residual stream, the logit lens."""

from __future__ import annotations

from collections.abc import Callable

from tfstep.faces.tui.actions import following
from tfstep.faces.tui.state.action import Action
from tfstep.faces.tui.state.screen import Screen, say
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.text import Bilingual
from tfstep.view.cell.story import Story


def overview(state: ScreenState, screen: Screen, name: str, nothing: Bilingual) -> None:
    """Show one of the overviews; one that a large model makes is worked out beside the screen."""
    if screen.waits():
        return
    from tfstep.faces.tui.widgets.instead.overview import Seen  # here and below: not for the first Frame
    from tfstep.view.overview import tables
    from tfstep.view.overview.tables import Overview

    def show(found: object) -> None:
        if not isinstance(found, Overview):
            say(state, screen, str(nothing if found is None else found))
            return
        popup = Seen(
            found,
            lambda cell: following.go_to(state, screen, cell),
            lambda cell: ask(state, screen, cell),
            found.place(state.frame.account.cell),
        )
        screen.open(popup)

    make: Callable[..., Overview | None] = getattr(tables, name)
    if state.large:
        screen.beside(str(Bilingual("looking at all of it", "通览全部")), lambda: make(state.session), show)
    else:
        show(make(state.session))


def ask(state: ScreenState, screen: Screen, cell: str) -> None:
    """Go to a cell, and tell its story."""
    following.go_to(state, screen, cell)
    following.tell(state, screen, Story(state.session.trace, cell, state.session.cursor.on))


OVERVIEWS = tuple(
    Action(f"overview-{name}", key, label, overview, (name, nothing), about=about)
    for name, key, label, nothing, about in (
        (
            "attention",
            "A",
            Bilingual("attention", "注意力"),
            Bilingual("this model has no attention", "这个模型没有注意力"),
            Bilingual(
                "Every head of the nearest attention at once, however large: walk it, Enter goes to a cell, `[[why]]` asks why.",
                "一次看全最近一处注意力的所有头，多大都行：方向键移动，回车前往单元格，`[[why]]` 问为何。",
            ),
        ),
        (
            "gradients",
            "B",
            Bilingual("gradients", "各层梯度"),
            Bilingual("no gradient: there is no loss", "没有梯度：没有损失"),
            Bilingual("The size of every parameter's gradient, layer by layer.", "逐层列出每个参数的梯度大小。"),
        ),
        (
            "stream",
            "N",
            Bilingual("stream", "残差流"),
            Bilingual("this model has no residual stream", "这个模型没有残差流"),
            Bilingual("The norm of the residual stream, by layer and word.", "残差流的范数，按层、按词。"),
        ),
        (
            "lens",
            "O",
            Bilingual("lens", "透镜"),
            Bilingual("this model says no words", "这个模型不输出词"),
            Bilingual(
                "What the model would say after each layer, were it the last: the logit lens, by layer and word.",
                "假如到这一层为止，模型会说什么：logit lens，按层、按词。",
            ),
        ),
    )
)
