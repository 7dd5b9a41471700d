"""What comes of a command on the screen: where one looks next, pages, the status line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from pathlib import Path

from tfstep.address.grammar import parse_cell
from tfstep.errors import TfstepError, refusal
from tfstep.faces.tui.actions import following
from tfstep.faces.tui.state.action import Action, spelled
from tfstep.faces.tui.state.screen import Screen, say
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.files import write_whole
from tfstep.session.results import Diagnosed, Drawn, Explained, Moved, Pictured, Plotted, Reasoned, Result, Shown, Swept
from tfstep.text import Bilingual
from tfstep.view.cell.story import Story
from tfstep.view.text.spans import Line, Span, ends, line, line_width


def after(state: ScreenState, result: Result) -> None:
    """Look where a command led."""
    if not isinstance(result, Moved | Shown | Explained):
        state.look_at(earlier=False)
    match result:
        case Moved(leaf=leaf):  # the cursor goes into a parameter that was asked for: there it can be edited
            state.look_at(subject=None, focus=leaf or None, factor=0, folds=())
        case Shown(tensor=tensor):
            subject = None if tensor.path == state.session.current.path else tensor.path
            state.look_at(subject=subject, focus=None, factor=0, mode="value")
        case Diagnosed(diagnosis=found):
            if found.first is not None and found.first.path in state.session.trace.plan.paths:
                state.session.run(f"goto {found.first.path}")
                state.look_at(subject=None, focus=None, factor=0, mode="theirs")
        case Explained(explanation=explanation):
            path, index = parse_cell(explanation.cell)
            tensor = state.session.trace[path]
            state.session.cursor.move_to(tensor, index or ())
            subject = None if path == state.session.current.path else path
            state.look_at(subject=subject, focus=None, factor=0, mode="value")


def told(state: ScreenState, screen: Screen, result: Result) -> tuple[Line, ...]:
    """The status line that says what came of it; what is longer is shown in a page, a tensor by looking at it."""
    from tfstep.view.result.lines import in_one_line, lines  # here and below: what the first Frame does not need

    if isinstance(result, Reasoned) and result.run is state.session.trace:
        top = result.reasons.chain[0].explanation.cell
        following.tell(state, screen, Story(result.run, top, state.session.cursor.on, result.reasons))
        return ()
    short = in_one_line(result, state.size[0] - 2)
    if short is not None:
        return (short,) if short else ()
    if isinstance(result, Shown | Explained):
        return ()
    if isinstance(result, Plotted | Pictured | Swept | Drawn):
        from tfstep.faces.tui.widgets.plot import Plot

        screen.open(Plot(result))
        return ()
    from tfstep.faces.tui.widgets.help import Pages, fitted, room

    found = list(lines(result, state.session.trace, min(room(state.size[0]), 96)))
    if len(found) > 1:
        screen.open(Pages(partial(fitted, found)))
        return ()
    return tuple(found)


def picture(state: ScreenState, screen: Screen) -> None:
    """Write what is on the screen as SVG into the present folder, under a name that is free."""
    if state.session.confined is not None:
        say(state, screen, state.session.confined, "bad")
        return
    stem = f"tfstep-{state.session.scenario.name}"
    path = next(p for k in count(1) if not (p := Path(f"{stem}-{k}.svg")).exists())
    try:
        write_whole(path, lambda file: file.write(screen.drawn_as_svg(stem).encode()))
    except OSError as error:
        say(state, screen, f"{path}: {refusal(error)}", "bad")
        return
    say(state, screen, Bilingual("wrote {path}", "已写入 {path}", path=path), "good")


def hint(state: ScreenState, cells: int) -> Line:
    """The status line when there is nothing to say: the cell, as commands write it."""
    account = state.frame.account
    size = f"{state.nudge:g}"
    nudge = Bilingual("nudge {size}", "微调 {size}", size=size)
    if state.computed:
        nudge = Bilingual("computed: nudge {size} pins it", "计算所得：微调 {size} 会固定它", size=size)
    value = f"  {account.said}   {nudge}"
    if (broken := state.broken) is not None:
        long = line(Span(f"{account.cell}  {account.said}   ", "dim"), Span(broken, "bad"))
        return long if line_width(long) <= cells else line(Span(broken, "bad"))
    if not state.trail:
        return line(Span(account.cell, "dim"), Span(value, "dim"))
    key = spelled("[[return]]", state.actions)
    back = line(Span(f"{key} ", "accent"), Span(str(Bilingual("back", "返回")), "dim"))
    room = cells - line_width(back) - len(value) - 2
    return ends(line(*following.trail(state, room), Span(value, "dim")), back, cells)


def begin(state: ScreenState, scripts: Sequence[Path], commands: Sequence[str]) -> None:
    """Run the lines that the command line asks for, before the first Frame; stops at the first that fails."""
    written = [each for path in scripts for each in path.read_text("utf-8").splitlines()]
    for each in [*written, *commands]:
        try:
            after(state, state.session.run(each))
        except TfstepError as error:
            state.say(f"{each}: {error}", "bad")
            return


PICTURE = Action(
    "picture",
    "S",
    Bilingual("picture", "截图"),
    picture,
    about=Bilingual("Write what is on the screen as an SVG picture.", "把屏幕内容存为 SVG 图片。"),
)
