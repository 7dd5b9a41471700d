"""What the user means by a key or a click, beyond plain commands: moving the cursor, editing, following numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfstep.engine.cell import cell_name, index_of, parse_cell
from tfstep.errors import TfstepError
from tfstep.faces.tui.help import Pages
from tfstep.faces.tui.prompt import Prompt
from tfstep.session.results import Explained, Moved, Result, Shown
from tfstep.text import Text
from tfstep.view.arrange import Piece
from tfstep.view.grid import Grid
from tfstep.view.number import plain
from tfstep.view.results import lines
from tfstep.view.spans import Line, Span, line, line_width
from tfstep.view.width import clip, width

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger
    from tfstep.session.place import Position


@dataclass(frozen=True)
class Mark:
    """Where one was before following a number."""

    position: Position
    subject: str | None
    focus: str | None
    path: str
    cell: tuple[int, ...]


def grids(pieces: Sequence[Piece]) -> list[Grid]:
    """Every matrix of the board, in reading order."""
    return [grid for piece in pieces for grid in (piece.grid, *piece.under)]


def focused(app: Debugger) -> Grid | None:
    """The matrix that the cursor is in."""
    return next((grid for grid in grids(app.frame.pieces) if grid.focused), None) if app.frame else None


# -- the cell cursor -------------------------------------------------------------------------------


def cursor(app: Debugger, rows: int, columns: int) -> None:
    """Move the cursor within its matrix; at the edge it stays."""
    grid = focused(app)
    if grid is None or grid.cursor is None or app.frame is None:
        return
    row = max(0, min(grid.cursor[0] + rows, grid.height - 1))
    column = max(0, min(grid.cursor[1] + columns, grid.breadth - 1))
    _put(app, app.frame.focus, grid.at(row, column))


def _put(app: Debugger, path: str, cell: tuple[int, ...]) -> None:
    app.session.cursor.move_to(app.session.trace[path], cell)
    app.look_at(factor=0)


def point(app: Debugger, key: str, row: int, column: int) -> None:
    """Put the cursor where the mouse points, into whichever matrix."""
    grid = next((grid for grid in grids(app.frame.pieces) if grid.key == key), None) if app.frame else None
    if grid is None or app.frame is None:
        return
    path = key.partition("@")[0]
    if path.removesuffix(".grad").removesuffix(".new") == app.frame.subject:
        path = app.frame.subject
    elif not grid.focused:
        app.look_at(focus=path)
    if path == app.frame.subject:
        app.look_at(focus=None)
    _put(app, path, grid.at(row, column))


def matrix(app: Debugger, by: int) -> None:
    """Put the cursor into the next matrix of the step."""
    if app.frame is None or app.look.mode != "value":
        return
    keys = list(dict.fromkeys([grid.key for grid in grids(app.frame.pieces)]))
    here = app.look.focus if app.look.focus in keys else app.frame.subject
    to = keys[(keys.index(here) + by) % len(keys)] if here in keys else keys[0]
    app.look_at(focus=None if to == app.frame.subject else to, factor=0)


def along(app: Debugger, axis: str, by: int) -> None:
    """The next head, or the next sentence of the batch."""
    if app.frame is None:
        return
    tensor = app.session.trace[app.frame.subject]
    names = tensor.axes
    if axis not in names or tensor.shape[names.index(axis)] < 2:
        label = {"head": Text("one head only", "这里只有一个头"), "batch": Text("one sentence only", "这里只有一句")}
        app.say(line(Span(str(label[axis]), "dim")))
        return
    k = names.index(axis)
    cell = list(app.session.cursor.on(tensor))
    cell[k] = (cell[k] + by) % tensor.shape[k]
    _put(app, tensor.path, tuple(cell))


# -- changing --------------------------------------------------------------------------------------


def edit(app: Debugger) -> None:
    """Ask for a new number for the cell under the cursor."""
    if app.frame is None:
        return
    account = app.frame.account
    app.query_one(Prompt).ask("edit", f"{account.cell} =", f"{account.value:.10g}", [])
    _prompting(app)


def nudge(app: Debugger, direction: int) -> None:
    """Raise or lower the number under the cursor by one nudge."""
    if app.frame is None:
        return
    account = app.frame.account
    value = round(account.value + direction * app.nudge, 12)
    app.perform(f"set {account.cell} = {value!r}")


def nudge_size(app: Debugger, power: int) -> None:
    """Make the nudge ten times larger or smaller."""
    app.nudge = round(app.nudge * 10.0**power, 12)
    app.say(line(Span(str(Text("one nudge is now {size}", "每次微调 {size}", size=f"{app.nudge:g}")), "dim")))


def variant(app: Debugger, by: int = 1) -> None:
    """The next variant."""
    names = app.session.scenario.variants
    if len(names) < 2:
        app.say(line(Span(str(Text("this scenario has no variants", "这个场景没有变体")), "dim")))
        return
    app.perform(f"variant {names[(names.index(app.session.variant) + by) % len(names)]}")


# -- ways of looking -------------------------------------------------------------------------------


def mode(app: Debugger, wanted: str) -> None:
    """Switch to a way of looking, or back to the step."""
    if wanted == "difference" and (app.frame is None or app.frame.since is None):
        text = Text("nothing was edited yet: `e` edits, `+` and `-` nudge", "还没有改动：`e` 编辑，`+` `-` 微调")
        app.say(line(Span(str(text), "dim")))
        return
    app.look_at(mode="value" if app.look.mode == wanted else wanted, focus=None, factor=0)


def heat(app: Debugger) -> None:
    """Numbers, or shades only."""
    app.look_at(heat=not app.look.heat)


def breakpoint_(app: Debugger) -> None:
    """Set or take away a breakpoint on this step."""
    app.perform(f"break {app.session.current.path}")


# -- following numbers -----------------------------------------------------------------------------


def factor(app: Debugger, by: int) -> None:
    """Mark the next number of the equation."""
    if app.frame is not None and app.frame.account.links:
        app.look_at(factor=(app.look.factor + by) % len(app.frame.account.links))


def follow(app: Debugger) -> None:
    """Go to the cell that the marked number came from."""
    if app.frame is None:
        return
    links = app.frame.account.links
    if not links:
        text = Text(
            "this number comes from nothing else: {rule}", "这个数不来自别的数：{rule}", rule=app.frame.account.rule
        )
        app.say(line(Span(str(text), "dim")))
        return
    go_to(app, links[min(app.look.factor, len(links) - 1)])


def go_to(app: Debugger, link: str) -> None:
    """Go to a cell or a tensor, remembering where we were."""
    if app.frame is None:
        return
    session = app.session
    mark = Mark(session.position, app.look.subject, app.look.focus, app.frame.focus, app.frame.cell)
    path, index = parse_cell(link)
    try:
        tensor = session.trace[path]
        if index is not None:
            session.cursor.move_to(tensor, index_of(tensor, index))
        if tensor.step is not None:
            session.run(f"goto {path}")
    except TfstepError as error:
        app.say(line(Span(str(error), "bad")))
        return
    app.trail.append(mark)
    app.status = ()
    app.look_at(subject=None if tensor.step is not None else path, focus=None, factor=0, mode="value")


def go_back(app: Debugger) -> None:
    """Return to where the last number was followed from."""
    if not app.trail:
        app.say(
            line(Span(str(Text("nothing was followed: Enter follows a number", "还没有追踪过：回车追踪一个数")), "dim"))
        )
        return
    mark = app.trail.pop()
    app.session.position = mark.position
    try:
        app.session.cursor.move_to(app.session.trace[mark.path], mark.cell)
    except TfstepError as error:  # the tensor is gone with another variant
        app.status = (line(Span(str(error), "bad")),)
    app.look_at(subject=mark.subject, focus=mark.focus, factor=0)


# -- the prompt ------------------------------------------------------------------------------------


def command(app: Debugger) -> None:
    """Ask for a command."""
    from tfstep.commands.completion import complete

    def ways(before: str) -> list[tuple[str, int, str]]:
        return [(each.text, each.replaces, each.about) for each in complete(app.session, before)]

    app.query_one(Prompt).ask("command", "(tfstep)", "", app.session.history, ways)
    _prompting(app)


def search(app: Debugger) -> None:
    """Ask for part of the name of a step."""

    def ways(before: str) -> list[tuple[str, int, str]]:
        return [(path, len(before), "") for path in _matching(app, before)]

    app.query_one(Prompt).ask("search", "/", app.look.search, [], ways)
    _prompting(app)


def _matching(app: Debugger, part: str) -> list[str]:
    """The steps with this in their name, from the present one on, round the end."""
    steps, at = app.session.trace.plan.steps, app.session.position[0]
    ordered = [*steps[at:], *steps[:at]]
    return [node.path for node in ordered if part and part.lower() in node.path.lower()]


def _prompting(app: Debugger) -> None:
    app.query_one("#status").display = False


def left_prompt(app: Debugger) -> None:
    """The prompt is gone; the status line is back."""
    app.query_one("#status").display = True
    app.set_focus(None)
    app.redraw()


def answered(app: Debugger, kind: str, text: str) -> None:
    """Do what the prompt was asked for."""
    left_prompt(app)
    if kind == "command":
        app.perform(text)
    elif kind == "edit" and app.frame is not None and text.strip():
        app.perform(f"set {app.frame.account.cell} = {text}")
    elif kind == "search":
        found = _matching(app, text.strip())
        if found:
            app.perform(f"goto {found[0]}")
            app.look_at(search=text.strip())
        elif text.strip():
            said = Text("no step has {part!r} in its name", "没有名字里含 {part!r} 的步骤", part=text.strip()[:40])
            app.say(line(Span(str(said), "bad")))


def candidates(found: list[tuple[str, int, str]], cells: int) -> Line:
    """How the line may go on, in one line: with one candidate also what it is."""
    if not found:
        return ()
    if len(found) == 1:
        text, _, about = found[0]
        return line(Span(text, "accent"), Span(clip(f"  {about}", max(0, cells - width(text))), "dim"))
    spans: list[Span] = []
    for text, _, _ in found:
        span = Span(f"{text}  ", "")
        if line_width((*spans, span)) > cells - 8:
            spans.append(Span(f"… {len(found)}", "dim"))
            break
        spans.append(span)
    return tuple(spans)


# -- what comes of it ------------------------------------------------------------------------------


def after(app: Debugger, result: Result) -> None:
    """Look where a command led."""
    from dataclasses import replace

    match result:
        case Moved():
            app.look = replace(app.look, subject=None, focus=None, factor=0, folds=())
        case Shown(tensor=tensor):
            subject = None if tensor.path == app.session.current.path else tensor.path
            app.look = replace(app.look, subject=subject, focus=None, factor=0, mode="value")
        case Explained(explanation=explanation):
            path, index = parse_cell(explanation.cell)
            tensor = app.session.trace[path]
            app.session.cursor.move_to(tensor, index or ())
            subject = None if path == app.session.current.path else path
            app.look = replace(app.look, subject=subject, focus=None, factor=0, mode="value")


def show_pages(app: Debugger, result: Result) -> None:
    """Show a result that is longer than a line; a tensor is shown by looking at it."""
    if not isinstance(result, Shown | Explained):
        found = list(lines(result, app.session.trace, max(20, min(app.size.width - 12, 96))))
        if found:
            app.push_screen(Pages(found))


def hint(app: Debugger, cells: int) -> Line:
    """The status line when there is nothing to say: the cell, as commands write it."""
    if app.frame is None:
        return ()
    account = app.frame.account
    spans = [Span(account.cell, "dim"), Span(f"  {plain(account.value)}", "dim")]
    if app.trail:
        spans.append(Span("  ⌫ " + cell_name(app.trail[-1].path, app.trail[-1].cell), "dim"))
    return tuple(spans)


def begin(app: Debugger, scripts: Sequence[Path], commands: Sequence[str]) -> None:
    """Run the lines that the command line asks for, before the first Frame; stops at the first that fails."""
    written = [each for path in scripts for each in path.read_text("utf-8").splitlines()]
    for each in [*written, *commands]:
        try:
            after(app, app.session.run(each))
        except TfstepError as error:
            app.status = (line(Span(f"{each}: {error}", "bad")),)
            return


INTENTS: dict[str, Callable[..., None]] = {
    "head": lambda app, by: along(app, "head", by),
    "sentence": lambda app, by: along(app, "batch", by),
    "edit": edit,
    "nudge": nudge,
    "nudge_size": nudge_size,
    "variant": variant,
    "gradient": lambda app: mode(app, "gradient"),
    "difference": lambda app: mode(app, "difference"),
    "heat": heat,
    "breakpoint": breakpoint_,
    "factor": factor,
    "follow": follow,
    "go_back": go_back,
    "command": command,
    "search": search,
}
