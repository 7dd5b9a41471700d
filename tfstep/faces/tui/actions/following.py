"""Following numbers to where they came from and to where they go, and back."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.address.indices import whole
from tfstep.errors import TfstepError
from tfstep.faces.tui.state.action import Action, listed
from tfstep.faces.tui.state.screen import Screen, look, say
from tfstep.faces.tui.state.screen_state import Mark, ScreenState
from tfstep.text import Bilingual
from tfstep.view.cell.readers import readers, reading_cell
from tfstep.view.cell.rules import rule_in_words
from tfstep.view.cell.story import Story
from tfstep.view.text.spans import Span
from tfstep.view.text.width import width

TRAIL = 20  # marks of the way that are ever shown


def factor(state: ScreenState, screen: Screen, by: int) -> None:
    """Mark the next number or name of the explanation."""
    links = state.frame.account.links
    to = min(state.look.factor, len(links) - 1) + by
    if not links:
        say(state, screen, Bilingual("there is nothing to mark", "没有可选的数"))
    elif 0 <= to < len(links):
        state.status = ()
        look(state, screen, factor=to)
    else:
        last = Bilingual("that is the last one of {n}", "这是 {n} 个中的最后一个", n=len(links))
        first = Bilingual("that is the first one of {n}", "这是 {n} 个中的第一个", n=len(links))
        say(state, screen, last if by > 0 else first)


def _marked(state: ScreenState) -> str | None:
    """The number of the explanation that is marked; None where there is none."""
    links = state.frame.account.links
    return links[min(state.look.factor, len(links) - 1)] if links else None


def _comes_from_nothing(state: ScreenState) -> Bilingual | None:
    if _marked(state) is not None:
        return None
    rule = rule_in_words(state.frame.account.rule)
    return Bilingual("this number comes from nothing else: {rule}", "这个数不来自别的数：{rule}", rule=rule)


def follow(state: ScreenState, screen: Screen) -> None:
    """Go to the cell that the marked number came from."""
    marked = _marked(state)
    if marked is not None:
        go_to(state, screen, marked)


def _readers(state: ScreenState) -> list[str]:
    return list(readers(state.session.trace[state.frame.focus]))


def _read_by_none(state: ScreenState) -> Bilingual | None:
    if _readers(state):
        return None
    return Bilingual("no step reads {name}", "没有步骤读取 {name}", name=state.frame.account.name)


def onward(state: ScreenState, screen: Screen) -> None:
    """Go to a cell that reads this one; where several steps do, to the one that is chosen."""
    found = _readers(state)
    if len(found) == 1:
        go_to(state, screen, found[0])
        return
    from tfstep.faces.tui.widgets.chooser import Choice, Chooser

    trace = state.session.trace
    title = Bilingual("{name} goes to", "{name} 的去向", name=state.frame.account.name)
    choices = [Choice(path, trace[path].formula or "", partial(go_to, state, screen, path)) for path in found]
    screen.open(Chooser(str(title), choices))


def why(state: ScreenState, screen: Screen) -> None:
    """The whole story of the number under the cursor, as a tree."""
    if screen.waits():
        return
    state.look_at(earlier=False)
    tell(state, screen, Story(state.session.trace, state.frame.account.cell, state.session.cursor.on))


def tell(state: ScreenState, screen: Screen, story: Story, at: int = 0) -> None:
    """Show a story; where one of its cells is gone to, Backspace leads back to it."""
    from tfstep.faces.tui.widgets.instead.story import Told  # not for the first Frame

    popup = Told(story, lambda cell: go_to(state, screen, cell, (story, popup.at)), at)
    screen.open(popup)


def go_to(state: ScreenState, screen: Screen, link: str, told: tuple[Story, int] | None = None) -> None:
    """Go to a cell or a tensor, remembering where we were, in the tree of it ``told``. Of a tensor that reads the cell
    under the cursor, to a cell that does."""
    if screen.waits():
        return
    session, frame = state.session, state.frame
    here = cell_name(frame.focus, frame.cell)
    mark = Mark(session.here, state.look.subject, state.look.focus, frame.focus, frame.cell, frame.account.name)
    path, index = parse_cell(link)
    try:
        tensor = session.trace[path]
        if index is None and frame.focus in tensor.inputs:
            index = reading_cell(session.trace, path, here, session.cursor.on)
        if index is not None:
            session.cursor.move_to(tensor, whole(tensor, index))
        if tensor.step is not None:
            session.run(f"goto {path}")
    except TfstepError as error:
        say(state, screen, str(error), "bad")
        return
    state.trail.append(replace(mark, led=path, told=told))
    state.status = ()
    subject = None if tensor.step is not None else path
    look(state, screen, subject=subject, focus=None, factor=0, mode="value")


def _nothing_followed(state: ScreenState) -> Bilingual | None:
    if state.trail:
        return None
    key = next((action.shown for action in state.actions if action.does is follow and action.shown), "")
    if not key:
        return Bilingual("nothing was followed", "还没有追踪过")
    return Bilingual("nothing was followed: {key} follows a number", "还没有追踪过：{key} 追踪一个数", key=key)


def go_back(state: ScreenState, screen: Screen) -> None:
    """Return to where the last number was followed from."""
    if screen.waits():
        return
    mark = state.trail.pop()
    state.session.return_to(mark.here)
    try:
        state.session.cursor.move_to(state.session.trace[mark.path], mark.cell)
    except TfstepError as error:  # the tensor is gone with another variant
        state.say(str(error), "bad")
    look(state, screen, subject=mark.subject, focus=mark.focus, factor=0)
    if mark.told is not None and mark.told[0].root is state.session.trace:
        tell(state, screen, *mark.told)


def trail(state: ScreenState, cells: int) -> list[Span]:
    """The way one came, in so many cells: the last steps of it, and where one is; ``…`` where one walked on since."""
    names = [mark.name for mark in state.trail[-TRAIL:]]
    left = len(state.trail) - len(names)
    if names and state.trail[-1].led != state.frame.focus:
        names.append("…")
    here = state.frame.account.name
    while names and width(" › ".join([*names, here])) + 4 > cells:
        names.pop(0)
        left += 1
    before = " › ".join([*(["…"] if left else []), *names, ""])
    return [Span(before, "dim"), Span(here, "accent")]


# -- what they do here -----------------------------------------------------------------------------


def _followed(state: ScreenState) -> Bilingual | None:
    cell = _marked(state)
    return None if cell is None else Bilingual("go to {cell}, the marked number", "跳到选中的数 {cell}", cell=cell)


def _read(state: ScreenState) -> Bilingual | None:
    found = _readers(state)
    return Bilingual("go where it goes: {names}", "跟到它的去向：{names}", names=listed(found)) if found else None


def _back(state: ScreenState) -> Bilingual | None:
    return Bilingual("back to {name}", "返回 {name}", name=state.trail[-1].name) if state.trail else None


FOLLOWING = (
    Action(
        "next-mark",
        "full_stop",
        Bilingual("mark", "选数"),
        factor,
        (1,),
        about=Bilingual(
            "Mark the next number or name of the explanation: the equation, the gradient, where it goes.",
            "选中说明里的下一个数或名称：等式、梯度、去向。",
        ),
    ),
    Action(
        "previous-mark",
        "comma",
        Bilingual("mark", "选数"),
        factor,
        (-1,),
        about=Bilingual("Mark the one before it.", "选中上一个。"),
    ),
    Action(
        "why",
        "W",
        Bilingual("why", "为何"),
        why,
        command="why",
        footer=2,
        about=Bilingual(
            "The whole story of the number as a tree: its equation, those of its operands, its gradient's, where it goes; "
            "arrows unfold it, `*` down to the inputs, Enter goes to a cell, `[[return]]` comes back.",
            "把这个数的来龙去脉画成树：它的等式、各运算数的等式、梯度的等式、去向；方向键展开，`*` 展开到输入，回车前往单元格，"
            "`[[return]]` 返回。",
        ),
    ),
    Action(
        "follow",
        "enter",
        Bilingual("follow", "追踪"),
        follow,
        footer=3,
        why_not=_comes_from_nothing,
        here=_followed,
        about=Bilingual("Go to the cell that the marked number came from.", "跳到所选的数所来自的单元格。"),
    ),
    Action(
        "onward",
        "t",
        Bilingual("to", "去向"),
        onward,
        footer=3,
        why_not=_read_by_none,
        here=_read,
        about=Bilingual(
            "Go where the number goes: to a cell that reads it; of several steps that read it, choose one.",
            "跟着这个数往后走：跳到读取它的单元格；有几步读取它时选其中一步。",
        ),
    ),
    Action(
        "return",
        "backspace",
        Bilingual("return", "返回"),
        go_back,
        footer=3,
        why_not=_nothing_followed,
        here=_back,
        about=Bilingual("Return to where you followed from.", "返回追踪之前的位置。"),
    ),
)
