"""Looking at the same numbers in another way: the gradient, the difference, numbers or shades, more digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfstep.text import Bilingual
from tfstep.view.board.versus import other_variant
from tfstep.view.frame.view_state import DRAWN, MOST_DIGITS
from tfstep.view.text.number import DIGITS
from tfstep.view.text.spans import Span, line

if TYPE_CHECKING:
    from tfstep.errors import TfstepError
    from tfstep.faces.tui.app import Debugger

_DRAWN = {
    "auto": Bilingual("numbers on shades; shades alone where there is little room", "数字加色阶；空间不够时只用色阶"),
    "numbers": Bilingual("plain numbers, scrolled where there is little room", "只用数字；空间不够时滚动"),
    "heat": Bilingual("shades only", "只用色阶"),
}


def gradient(app: Debugger) -> None:
    """Value, gradient and new value; or back to the step."""
    _slope(app, "gradient", Bilingual("the value, its gradient, what the update makes of it", "值、梯度、更新后的值"))


def overlaid(app: Debugger) -> None:
    """The value on the shades of its gradient; or back to the step."""
    _slope(app, "overlaid", Bilingual("the value on the shades of its gradient", "数为值，色阶为其梯度"))


def _slope(app: Debugger, mode: str, said: Bilingual) -> None:
    if app.look.mode == mode:
        app.status = ()
        app.look_at(mode="value", focus=None, factor=0)
        return
    if (
        app.frame is not None
        and app.frame.account.gradient is None
        and not app.frame.subject.endswith((".grad", ".new"))
    ):
        said = Bilingual("no gradient: no way leads from it to the loss", "没有梯度：从它到损失没有路径")
    _tell(app, said)
    app.look_at(mode=mode, focus=None, factor=0)


def difference(app: Debugger) -> None:
    """Before and after the last edit, then another variant by position, then by word, then back to the step."""
    if app.frame is None or app.busy.refuses():
        return
    other = other_variant(app.session)
    modes = ["value", *(["difference"] if app.frame.since else []), *(["variant", "word"] if other else [])]
    if len(modes) == 1:
        text = Bilingual("nothing was edited yet: `e` edits, `+` and `-` nudge", "还没有改动：`e` 编辑，`+` `-` 微调")
        app.say(line(Span(str(text), "dim")))
        return
    wanted = modes[(modes.index(app.look.mode) + 1) % len(modes)] if app.look.mode in modes else modes[1]
    if wanted in ("variant", "word") and app.busy.large and other not in app.session.journals:
        _beside(app, wanted, str(other))
    else:
        _compared(app, wanted, other)


def _beside(app: Debugger, wanted: str, other: str) -> None:
    """Let the other variant of a large model be computed beside the screen, and then compare."""
    path = app.session.current.path

    def work() -> None:
        there = app.session.trace_of(other)
        if path in there.plan.paths:
            _ = there[path].value  # what will be looked at

    def done(came: TfstepError | None) -> None:
        if came is None:
            _compared(app, wanted, other)
        else:
            app.conclude(came)

    app.busy.do(str(Bilingual("computing variant {name}", "计算变体 {name}", name=other)), work, done)


def _compared(app: Debugger, wanted: str, other: str | None) -> None:
    here = app.session.variant
    told = {
        "difference": Bilingual("before and after the last change", "上次改动之前与之后"),
        "variant": Bilingual("variant {a} and {b}, by position", "变体 {a} 与 {b}，按位置对齐", a=other, b=here),
        "word": Bilingual("variant {a} and {b}, by word", "变体 {a} 与 {b}，按词对齐", a=other, b=here),
    }
    app.status = (line(Span(str(told[wanted]), "dim")),) if wanted in told else ()
    app.look_at(mode=wanted, focus=None, factor=0)
    frame = app.frame
    if frame is not None and wanted in ("variant", "word") and not any("@" in each.grid.key for each in frame.pieces):
        lacks = Bilingual(
            "{path} cannot be compared: variant {name} has none of its shape",
            "{path} 无法比较：变体 {name} 中没有同样形状的它",
            path=frame.subject,
            name=other,
        )
        app.say(line(Span(str(lacks), "dim")))


def drawn(app: Debugger) -> None:
    """Numbers on shades, plain numbers, shades only: the next of them."""
    name = DRAWN[(DRAWN.index(app.look.drawing.drawn) + 1) % len(DRAWN)]
    _tell(app, _DRAWN[name])
    app.look_at(drawing=replace(app.look.drawing, drawn=name))


def digits(app: Debugger, by: int) -> None:
    """More or fewer digits; at the usual number again as many as there is room for."""
    wanted = max(1, min((app.look.drawing.digits or DIGITS) + by, MOST_DIGITS))
    _tell(app, Bilingual("{n} digits", "显示 {n} 位数字", n=wanted))
    app.look_at(drawing=replace(app.look.drawing, digits=0 if wanted == DIGITS else wanted))


def colours(app: Debugger) -> None:
    """One colour range for all matrices, or each its own."""
    shared = not app.look.shared
    _tell(
        app,
        Bilingual(
            "one colour range for all matrices: equal shades, equal numbers",
            "所有矩阵共用色阶范围：同色即同值",
        )
        if shared
        else Bilingual("every matrix has its own colour range", "每个矩阵用自己的色阶范围"),
    )
    app.look_at(shared=shared)


def heads(app: Debugger) -> None:
    """All heads side by side, or one at a time."""
    side = not app.look.heads
    here = app.frame is not None and any(each.name == "head" and each.size > 1 for each in app.frame.heading.planes)
    if not side:
        said = Bilingual("one head at a time", "一次看一个头")
    elif here:
        said = Bilingual("heads side by side", "所有头并排")
    else:
        said = Bilingual("heads side by side, at steps that have several", "所有头并排（在有多个头的步骤上）")
    _tell(app, said)
    app.look_at(heads=side, mode="value", focus=None, factor=0)


def flip(app: Debugger) -> None:
    """Before the last change and after it, in the same place."""
    if app.frame is None or app.frame.since is None:
        text = Bilingual("nothing was edited yet: `e` edits, `+` and `-` nudge", "还没有改动：`e` 编辑，`+` `-` 微调")
        app.say(line(Span(str(text), "dim")))
        return
    earlier = not app.look.earlier
    _tell(app, Bilingual("before the last change", "上次改动之前") if earlier else Bilingual("after it", "改动之后"))
    mode = "value" if app.look.mode == "difference" else app.look.mode
    app.look_at(earlier=earlier, mode=mode)


def _tell(app: Debugger, said: Bilingual) -> None:
    app.status = (line(Span(str(said), "dim")),)
