"""What comes of a command on the screen: where one looks next, pages, the status line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfstep.address.grammar import parse_cell
from tfstep.errors import TfstepError, refusal
from tfstep.faces.tui.actions import following
from tfstep.session.results import Drawn, Explained, Moved, Pictured, Plotted, Result, Shown, Swept
from tfstep.text import Bilingual
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, ends, line, line_width

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger


def after(app: Debugger, result: Result) -> None:
    """Look where a command led."""
    if not isinstance(result, Moved | Shown | Explained):
        app.look = replace(app.look, earlier=False)
    match result:
        case Moved(leaf=leaf):  # the cursor goes into a parameter that was asked for: there it can be edited
            app.look = replace(app.look, subject=None, focus=leaf or None, factor=0, folds=())
        case Shown(tensor=tensor):
            subject = None if tensor.path == app.session.current.path else tensor.path
            app.look = replace(app.look, subject=subject, focus=None, factor=0, mode="value")
        case Explained(explanation=explanation):
            path, index = parse_cell(explanation.cell)
            tensor = app.session.trace[path]
            app.session.cursor.move_to(tensor, index or ())
            subject = None if path == app.session.current.path else path
            app.look = replace(app.look, subject=subject, focus=None, factor=0, mode="value")


def told(app: Debugger, result: Result) -> tuple[Line, ...]:
    """The status line that says what came of it; what is longer is shown in a page, a tensor by looking at it."""
    from tfstep.view.result.lines import in_one_line, lines  # here and below: what the first Frame does not need

    short = in_one_line(result)
    if short is not None:
        return (short,) if short else ()
    if isinstance(result, Shown | Explained):
        return ()
    if isinstance(result, Plotted | Pictured | Swept | Drawn):
        from tfstep.faces.tui.widgets.plot import Plot

        app.push_screen(Plot(app, result))
        return ()
    from tfstep.faces.tui.widgets.help import Pages, room  # here and below: what the first Frame does not need

    found = list(lines(result, app.session.trace, min(room(app.size.width), 96)))
    if len(found) > 1:
        app.push_screen(Pages(found))
        return ()
    return tuple(found)


def picture(app: Debugger) -> None:
    """Write what is on the screen as SVG into the present folder, under a name that is free."""
    if app.session.confined is not None:
        app.say(line(Span(str(app.session.confined), "bad")))
        return
    stem = f"tfstep-{app.session.scenario.name}"
    path = next(p for k in count(1) if not (p := Path(f"{stem}-{k}.svg")).exists())
    try:
        path.write_text(app.export_screenshot(title=stem), "utf-8")
    except OSError as error:
        app.say(line(Span(f"{path}: {refusal(error)}", "bad")))
        return
    app.say(line(Span(str(Bilingual("wrote {path}", "已写入 {path}", path=path)), "good")))


def hint(app: Debugger, cells: int) -> Line:
    """The status line when there is nothing to say: the cell, as commands write it."""
    if app.frame is None:
        return ()
    account = app.frame.account
    nudge = Bilingual("nudge {size}", "微调 {size}", size=f"{app.nudge:g}")
    value = f"  {plain(account.value)}   {nudge}"
    if not app.trail:
        return line(Span(account.cell, "dim"), Span(value, "dim"))
    back = line(Span("⌫ ", "accent"), Span(str(Bilingual("back", "返回")), "dim"))
    room = cells - line_width(back) - len(value) - 2
    return ends(line(*following.trail(app, room), Span(value, "dim")), back, cells)


def begin(app: Debugger, scripts: Sequence[Path], commands: Sequence[str]) -> None:
    """Run the lines that the command line asks for, before the first Frame; stops at the first that fails."""
    written = [each for path in scripts for each in path.read_text("utf-8").splitlines()]
    for each in [*written, *commands]:
        try:
            after(app, app.session.run(each))
        except TfstepError as error:
            app.status = (line(Span(f"{each}: {error}", "bad")),)
            return
