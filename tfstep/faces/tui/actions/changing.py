"""Changing numbers by keys: editing in place, nudging, other words, another variant, breakpoints."""

from __future__ import annotations

from collections.abc import Sequence

from tfstep.faces.tui.actions.asking import command
from tfstep.faces.tui.state.action import Action, listed
from tfstep.faces.tui.state.screen import Candidate, Question, Screen, look, say
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.text import Bilingual
from tfstep.view.cell.cell_panel import CellPanel

LISTED = 16  # numbers of a row that are put into the prompt to be changed
READ = (("source", "src.tokens"), ("target", "tgt.tokens"))


def edit(state: ScreenState, screen: Screen) -> None:
    """Ask for a new number for the cell under the cursor."""
    account = _present(state, screen)
    _ask(state, screen, account.cell, f"{account.value:.10g}")


def edit_row(state: ScreenState, screen: Screen) -> None:
    """Ask for the row under the cursor: numbers, or one expression for all of it."""
    _present(state, screen)
    path, cell = state.frame.focus, state.frame.cell
    target = f"{path}[{','.join(map(str, (*cell[:-1], ':')))}]" if cell else path
    now = state.session.trace[path].value[cell[:-1]].tolist() if cell else []
    present = Bilingual("the present numbers, to be changed", "现在的数，可逐个修改")
    numbers = [(str(now), 0, str(present))] if 0 < len(now) <= LISTED else []
    more = fillings(target, state.session.trace[path].shape[-1:], state.session.journal.at)
    _ask(state, screen, target, "", [*numbers, *more])


def edit_all(state: ScreenState, screen: Screen) -> None:
    """Ask for a whole tensor: `zeros(3, 4)`, `eye(4)`, random numbers, itself times two."""
    _present(state, screen)
    path = state.frame.focus
    _ask(state, screen, path, "", fillings(path, state.session.trace[path].shape, state.session.journal.at))


def _present(state: ScreenState, screen: Screen) -> CellPanel:
    """The cell under the cursor, as it is now; one that is looked at as it was is brought back first."""
    if state.look.earlier:
        look(state, screen, earlier=False)
    if "value" in state.frame.account.coming:
        state.get_on()
    return state.frame.account


def _ask(state: ScreenState, screen: Screen, target: str, text: str, ways: Sequence[Candidate] = ()) -> None:
    def ways_on(before: str) -> list[Candidate]:
        return [(way, len(before), about) for way, _, about in ways if way.startswith(before)]

    state.editing = target
    screen.ask(Question("edit", f"{target} =", text, complete=ways_on))


def fillings(target: str, shape: Sequence[int], seed: int = 0) -> list[Candidate]:
    """What a tensor or a row of this shape is often set to, each with a word on it."""
    size = ", ".join(map(str, shape))
    scale = f" / sqrt({shape[-1]})" if shape else ""
    found = [
        (f"zeros({size})", Bilingual("zeros everywhere", "全 0")),
        (f"ones({size})", Bilingual("ones everywhere", "全 1")),
        *(
            [(f"eye({shape[0]})", Bilingual("identity", "单位矩阵"))]
            if len(shape) == 2 and shape[0] == shape[1]
            else []
        ),
        (
            f"randn({size}, seed={seed}){scale}",
            Bilingual("random, another with every seed", "随机数，每个种子各不相同"),
        ),
        (f"{target} * 2", Bilingual("twice as large", "放大一倍")),
        (f"-{target}", Bilingual("the sign turned", "符号取反")),
    ]
    return [(text, 0, str(about)) for text, about in found] if shape else []


def _no_words(state: ScreenState) -> Bilingual | None:
    if any(path in state.session.trace.plan.paths for _, path in READ):
        return None
    return Bilingual("this scenario reads no words", "这个场景不读词")


def words(state: ScreenState, screen: Screen) -> None:
    """Ask for other words, from the present ones."""
    side, path = next(each for each in READ if each[1] in state.session.trace.plan.paths)
    sentences = state.session.trace[path].labels.get("position", [])
    text = " | ".join(" ".join(word for word in each if word != "<pad>") for each in sentences)
    command(state, screen, f"tokens {side} {text}")


def nudge(state: ScreenState, screen: Screen, direction: int) -> None:
    """Raise or lower the number under the cursor by one nudge."""
    account = _present(state, screen)
    screen.perform(f"nudge {account.cell} {direction * state.nudge:.15g}")


def nudge_size(state: ScreenState, screen: Screen, power: int) -> None:
    """Make the nudge ten times larger or smaller."""
    state.nudge = round(state.nudge * 10.0**power, 12)
    say(state, screen, Bilingual("one nudge is now {size}", "每次微调 {size}", size=f"{state.nudge:g}"))


def _no_variants(state: ScreenState) -> Bilingual | None:
    if len(state.session.scenario.variants) > 1:
        return None
    return Bilingual("this scenario has no variants", "这个场景没有变体")


def variant(state: ScreenState, screen: Screen) -> None:
    """The next variant."""
    names = state.session.scenario.variants
    screen.perform(f"variant {names[(names.index(state.session.variant) + 1) % len(names)]}")


def _stops(state: ScreenState) -> list[int]:
    """The numbers of the breakpoints on the present step."""
    path = state.session.current.path
    points = state.session.points.all.values()
    return [point.number for point in points if point.pattern is not None and point.pattern.text == path]


def breakpoint_(state: ScreenState, screen: Screen) -> None:
    """Set or take away a breakpoint on this step."""
    here = _stops(state)
    screen.perform(f"delete {' '.join(map(str, here))}" if here else f"break {state.session.current.path}")


# -- what they do here -----------------------------------------------------------------------------


def _edited(state: ScreenState) -> Bilingual:
    if not state.computed:
        return Bilingual("give it another value; training goes on from that", "改成别的值；训练从新值继续")
    return Bilingual("pin it: it keeps the value you give it", "固定它：它会保持你给的值")


def _nudged(state: ScreenState) -> Bilingual:
    name, size = state.frame.account.name, f"{state.nudge:g}"
    if state.computed:
        return Bilingual("pin {cell} {size} higher than it is", "把 {cell} 固定在高出 {size} 处", cell=name, size=size)
    return Bilingual("raise {cell} by {size}", "把 {cell} 调大 {size}", cell=name, size=size)


def _pins(state: ScreenState) -> Bilingual | None:
    """What moving the number under the cursor is called where it is computed."""
    return Bilingual("pin", "固定") if state.computed else None


def _undone(state: ScreenState) -> Bilingual | None:
    journal = state.session.journal
    return Bilingual("take back: {line}", "撤销：{line}", line=journal.now.line) if journal.at else None


def _others(state: ScreenState) -> Bilingual | None:
    names = [name for name in state.session.scenario.variants if name != state.session.variant]
    return Bilingual("another variant: {names}", "别的变体：{names}", names=listed(names)) if names else None


def _stopping(state: ScreenState) -> Bilingual:
    if _stops(state):
        return Bilingual("take the breakpoint away", "去掉断点")
    return Bilingual("stop here the next time", "下次在这里停下")


EDITING = (
    Action(
        "edit",
        "e",
        Bilingual("edit", "编辑"),
        edit,
        command="set",
        footer=1,
        here=_edited,
        about=Bilingual(
            "Edit the cell under the cursor in place; a computed step is pinned there.",
            "就地编辑光标处的单元格；计算得出的步骤会被固定在该值。",
        ),
    ),
    Action(
        "edit-row",
        "r",
        Bilingual("row", "整行"),
        edit_row,
        about=Bilingual(
            "Edit the row under the cursor: one expression for all of it.", "编辑光标所在的整行：用一个表达式。"
        ),
    ),
    Action(
        "edit-all",
        "R",
        Bilingual("tensor", "整个张量"),
        edit_all,
        about=Bilingual(
            "Edit the whole tensor: `eye(4)`, `zeros(3, 4)`, an expression.",
            "编辑整个张量：`eye(4)`、`zeros(3, 4)` 或任意表达式。",
        ),
    ),
    Action(
        "words",
        "w",
        Bilingual("words", "换词"),
        words,
        why_not=_no_words,
        about=Bilingual("Let the model read other words.", "让模型读别的词。"),
    ),
    Action(
        "model",
        "M",
        Bilingual("model", "模型"),
        command,
        ("model ",),
        about=Bilingual("Change a key of the model: heads, norm, …", "改模型的一项设置：头数、归一化等。"),
    ),
    Action(
        "nudge-up",
        "plus,equals_sign",
        Bilingual("nudge", "微调"),
        nudge,
        (1,),
        command="nudge",
        footer=2,
        partner="nudge-down",
        here=_nudged,
        called=_pins,
        about=Bilingual(
            "Raise the number under the cursor by one nudge, and see everything downstream move.",
            "把光标处的数调大一点，看下游随之变动。",
        ),
    ),
    Action(
        "nudge-down",
        "minus",
        Bilingual("nudge", "微调"),
        nudge,
        (-1,),
        about=Bilingual("Lower it by one nudge.", "把它调小一点。"),
    ),
    Action(
        "finer",
        "less_than_sign",
        Bilingual("finer", "更细"),
        nudge_size,
        (-1,),
        about=Bilingual("Make the nudge ten times smaller.", "微调幅度缩小到十分之一。"),
    ),
    Action(
        "coarser",
        "greater_than_sign",
        Bilingual("coarser", "更粗"),
        nudge_size,
        (1,),
        about=Bilingual("Make the nudge ten times larger.", "微调幅度放大到十倍。"),
    ),
    Action("undo", "u", Bilingual("undo", "撤销"), "undo", footer=2, here=_undone),
    Action("redo", "U", Bilingual("redo", "重做"), "redo"),
)
ELSEWHERE = (
    Action(
        "variant",
        "v",
        Bilingual("variant", "变体"),
        variant,
        command="variant",
        footer=2,
        why_not=_no_variants,
        here=_others,
        about=Bilingual("The next variant of the scenario, at the same step.", "在同一步切换到场景的下一个变体。"),
    ),
    Action(
        "breakpoint",
        "b",
        Bilingual("break", "断点"),
        breakpoint_,
        command="break",
        footer=4,
        here=_stopping,
        about=Bilingual("Set or take away a breakpoint on this step.", "在这一步设置或去掉断点。"),
    ),
)
