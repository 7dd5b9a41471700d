"""Looking at the same numbers in another way: the gradient, the difference, numbers or shades, more digits."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.address.roles import INNER, path_parts
from tfstep.errors import TfstepError
from tfstep.faces.tui.state.action import Action, spelled
from tfstep.faces.tui.state.screen import Screen, look, say
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.text import Bilingual
from tfstep.view.board.versus import other_variant
from tfstep.view.cell.no_gradient import no_gradient
from tfstep.view.frame.view_state import DRAWN, MOST_DIGITS
from tfstep.view.text.number import DIGITS, plain

_DRAWN = {
    "auto": Bilingual("numbers on shades; shades alone where there is little room", "数字加色阶；空间不够时只用色阶"),
    "numbers": Bilingual("plain numbers, scrolled where there is little room", "只用数字；空间不够时滚动"),
    "heat": Bilingual("shades only", "只用色阶"),
}


def gradient(state: ScreenState, screen: Screen) -> None:
    """Value, gradient and new value; or back to the step."""
    _slope(
        state,
        screen,
        "gradient",
        Bilingual("the value, its gradient, what the update makes of it", "值、梯度、更新后的值"),
    )


def overlaid(state: ScreenState, screen: Screen) -> None:
    """The value on the shades of its gradient; or back to the step."""
    _slope(state, screen, "overlaid", Bilingual("the value on the shades of its gradient", "数为值，色阶为其梯度"))


def _slope(state: ScreenState, screen: Screen, mode: str, said: Bilingual) -> None:
    if state.look.mode == mode:
        state.status = ()
        look(state, screen, mode="value", factor=0)
        return
    if (reason := _inside(state)) is not None:
        say(state, screen, reason)
        return
    state.say(no_gradient(state.session.trace[state.frame.focus]) or said)
    look(state, screen, mode=mode, factor=0)


def _inside(state: ScreenState) -> Bilingual | None:
    """Why a number inside a step has neither gradient nor counterpart; nothing where it is none."""
    path = state.frame.focus
    if INNER not in path or path_parts(path).consumer:
        return None
    return Bilingual(
        "inside a step numbers have no gradient and no variant: `{out}` goes out to {path}",
        "步骤内部的数没有梯度和变体：`{out}` 回到 {path}",
        out=spelled("[[finish]]", state.actions),
        path=path.partition(INNER)[0],
    )


def _nothing_edited(state: ScreenState) -> Bilingual:
    edit, up, down = (spelled(f"[[{name}]]", state.actions) for name in ("edit", "nudge-up", "nudge-down"))
    return Bilingual(
        "nothing was edited yet: `{edit}` edits, `{up}` and `{down}` nudge",
        "还没有改动：`{edit}` 编辑，`{up}` `{down}` 微调",
        edit=edit,
        up=up,
        down=down,
    )


def _nothing_to_compare(state: ScreenState) -> Bilingual | None:
    return None if state.frame.since or other_variant(state.session) else _nothing_edited(state)


def difference(state: ScreenState, screen: Screen) -> None:
    """Before and after the last edit, then another variant by position, then by word, then back to the step."""
    if screen.waits():
        return
    if (reason := _inside(state)) is not None and state.look.mode == "value":
        say(state, screen, reason)
        return
    other = other_variant(state.session)
    modes = ["value", *(["difference"] if state.frame.since else []), *(["variant", "word"] if other else [])]
    wanted = modes[(modes.index(state.look.mode) + 1) % len(modes)] if state.look.mode in modes else modes[1]
    if wanted in ("variant", "word") and state.large and other not in state.session.journals:
        _beside(state, screen, wanted, str(other))
    else:
        _compared(state, screen, wanted, other)


def _not_diagnosed(state: ScreenState) -> Bilingual | None:
    if state.session.diagnosis is not None:
        return None
    return Bilingual("no run of your own was read yet: `diagnose FILE`", "还没有读入自己的运行：`diagnose FILE`")


def theirs(state: ScreenState, screen: Screen) -> None:
    """The run that was diagnosed beside this one; again: on to the next step that it computes otherwise, then back."""
    found, paths = state.session.diagnosis, state.session.trace.plan.paths
    if found is None:
        return
    here = state.session.position[0]
    steps = [(paths[each.path].number or 0, each.path) for each in found.faults if each.path in paths]
    after = next((path for step, path in sorted(steps) if step > here), None)
    if state.look.mode != "theirs":
        state.say(Bilingual("theirs beside ours, and the difference", "对方、我方与差"))
        look(state, screen, mode="theirs", subject=None, focus=None, factor=0)
    elif after is not None:
        screen.perform(f"goto {after}")
    else:
        state.status = ()
        look(state, screen, mode="value", focus=None, factor=0)


def _beside(state: ScreenState, screen: Screen, wanted: str, other: str) -> None:
    """Let the other variant of a large model be computed beside the screen, and then compare."""
    path = state.frame.focus

    def work() -> None:
        there = state.session.trace_of(other)
        if path in there.plan.paths:
            _ = there[path].value  # what will be looked at

    def done(came: TfstepError | None) -> None:
        if came is None:
            _compared(state, screen, wanted, other)
        else:
            screen.conclude(came)

    screen.beside(str(Bilingual("computing variant {name}", "计算变体 {name}", name=other)), work, done)


def _compared(state: ScreenState, screen: Screen, wanted: str, other: str | None) -> None:
    here = state.session.variant
    told = {
        "difference": Bilingual("before and after the last change", "上次改动之前与之后"),
        "variant": Bilingual("variant {a} and {b}, by position", "变体 {a} 与 {b}，按位置对齐", a=other, b=here),
        "word": Bilingual("variant {a} and {b}, by word", "变体 {a} 与 {b}，按词对齐", a=other, b=here),
    }
    state.status = ()
    if wanted in told:
        state.say(told[wanted])
    look(state, screen, mode=wanted, earlier=False, factor=0)
    frame = state.frame
    if wanted in ("variant", "word") and not any("@" in each.grid.key for each in frame.pieces):
        lacks = Bilingual(
            "{path} cannot be compared: variant {name} has none of its shape",
            "{path} 无法比较：变体 {name} 中没有同样形状的它",
            path=frame.subject,
            name=other,
        )
        say(state, screen, lacks)


def drawn(state: ScreenState, screen: Screen) -> None:
    """Numbers on shades, plain numbers, shades only: the next of them."""
    name = DRAWN[(DRAWN.index(state.look.drawing.drawn) + 1) % len(DRAWN)]
    state.say(_DRAWN[name])
    look(state, screen, drawing=replace(state.look.drawing, drawn=name))


def digits(state: ScreenState, screen: Screen, by: int) -> None:
    """More or fewer digits; at the usual number again as many as there is room for."""
    wanted = max(1, min((state.look.drawing.digits or DIGITS) + by, MOST_DIGITS))
    state.say(Bilingual("{n} digits", "显示 {n} 位数字", n=wanted))
    look(state, screen, drawing=replace(state.look.drawing, digits=0 if wanted == DIGITS else wanted))


def colours(state: ScreenState, screen: Screen) -> None:
    """One colour range for all matrices, or each its own."""
    shared = not state.look.shared
    state.say(
        Bilingual(
            "one colour range for all matrices: equal shades, equal numbers",
            "所有矩阵共用色阶范围：同色即同值",
        )
        if shared
        else Bilingual("every matrix has its own colour range", "每个矩阵用自己的色阶范围"),
    )
    look(state, screen, shared=shared)


def heads(state: ScreenState, screen: Screen) -> None:
    """All heads side by side, or one at a time."""
    side = not state.look.heads
    here = any(each.name == "head" and each.size > 1 for each in state.frame.heading.planes)
    if not side:
        said = Bilingual("one head at a time", "一次看一个头")
    elif here:
        said = Bilingual("heads side by side", "所有头并排")
    else:
        said = Bilingual("heads side by side, at steps that have several", "所有头并排（在有多个头的步骤上）")
    state.say(said)
    look(state, screen, heads=side, mode="value", factor=0)


def code(state: ScreenState, screen: Screen) -> None:
    """The step as lines of code under its formula, or no longer."""
    state.code = not state.code
    state.say(
        Bilingual("the step as NumPy: forward, then its gradient", "用 NumPy 写出这一步：前向，然后是梯度")
        if state.code
        else Bilingual("without code", "不显示代码")
    )
    screen.redraw()


def _unchanged(state: ScreenState) -> Bilingual | None:
    return _nothing_edited(state) if state.frame.since is None else None


def flip(state: ScreenState, screen: Screen) -> None:
    """Before the last change and after it, in the same place."""
    earlier = not state.look.earlier
    state.say(Bilingual("before the last change", "上次改动之前") if earlier else Bilingual("after it", "改动之后"))
    mode = "value" if state.look.mode == "difference" else state.look.mode
    look(state, screen, earlier=earlier, mode=mode)


# -- what they do here -----------------------------------------------------------------------------


def _slope_here(state: ScreenState) -> Bilingual | None:
    found = state.frame.account.gradient
    if found is None:
        return None
    return Bilingual("its gradient, {value} here", "它的梯度，此处为 {value}", value=plain(found))


def _edit_here(state: ScreenState) -> Bilingual | None:
    return Bilingual("before and after the last edit", "上次改动之前与之后") if state.frame.since is not None else None


BESIDE = (
    Action(
        "gradient",
        "g",
        Bilingual("grad", "梯度"),
        gradient,
        footer=2,
        here=_slope_here,
        about=Bilingual(
            "Value, gradient and new value side by side; again: back to the step.",
            "并排显示值、梯度和更新后的值；再按一次回到步骤。",
        ),
    ),
    Action(
        "difference",
        "d",
        Bilingual("diff", "差异"),
        difference,
        command="diff",
        footer=2,
        why_not=_nothing_to_compare,
        here=_edit_here,
        about=Bilingual(
            "Before and after the last edit, with the difference; again: another variant beside this one, by position, "
            "then by word; then back to the step.",
            "上次改动之前、之后与差；再按：与另一变体并排比较，先按位置、再按词对齐；最后回到步骤。",
        ),
    ),
)
THEIRS = Action(
    "theirs",
    "D",
    Bilingual("theirs", "对方"),
    theirs,
    command="diagnose",
    why_not=_not_diagnosed,
    about=Bilingual(
        "The run that `diagnose` read beside this one, with the difference and the mistake; again: on to the next step that "
        "it computes otherwise, then back.",
        "`diagnose` 读入的运行与本次并排，附上差和错误；再按跳到下一个算得不同的步骤，最后返回。",
    ),
)
DRAWING = (
    Action(
        "shades",
        "m",
        Bilingual("shades", "色阶"),
        drawn,
        about=Bilingual(
            "Numbers on shades as far as there is room, plain numbers, or shades only.",
            "空间允许时数字加色阶、只用数字、或只用色阶。",
        ),
    ),
    Action(
        "more-digits",
        "right_parenthesis",
        Bilingual("digits", "位数"),
        digits,
        (1,),
        about=Bilingual("One more digit.", "多显示一位数字。"),
    ),
    Action(
        "fewer-digits",
        "left_parenthesis",
        Bilingual("digits", "位数"),
        digits,
        (-1,),
        about=Bilingual("One digit less.", "少显示一位数字。"),
    ),
)
WHOLE = (
    Action(
        "heads",
        "H",
        Bilingual("heads", "各头"),
        heads,
        about=Bilingual("All heads side by side, or one at a time.", "所有头并排，或一次看一个头。"),
    ),
    Action(
        "flip",
        "space",
        Bilingual("flip", "前后"),
        flip,
        why_not=_unchanged,
        about=Bilingual(
            "The numbers as they were before the last change; again: as they are.",
            "看上次改动之前的数；再按回到现在。",
        ),
    ),
    Action(
        "code",
        "i",
        Bilingual("code", "代码"),
        code,
        command="code",
        footer=4,
        about=Bilingual(
            "The lines of this step in NumPy under its formula, forward and backward; again: without.",
            "在公式下方用 NumPy 写出这一步，前向和反向；再按则隐藏。",
        ),
    ),
    Action(
        "overlay",
        "G",
        Bilingual("overlay", "叠加"),
        overlaid,
        about=Bilingual(
            "The values on the shades of their gradient, with arrows that point downhill; again: back to the step.",
            "数为值、色阶为梯度，箭头指向下坡；再按一次回到步骤。",
        ),
    ),
    Action(
        "colours",
        "C",
        Bilingual("range", "范围"),
        colours,
        about=Bilingual(
            "One colour range for all matrices of the board, or for each its own.",
            "所有矩阵共用一个色阶范围，或各用各的。",
        ),
    ),
)
