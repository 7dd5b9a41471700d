"""Looking at what the lesson speaks of: which tensor stands on the board, which cells are lit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfstep.address.indices import Index
from tfstep.engine.trace import Tensor
from tfstep.errors import TfstepError
from tfstep.faces.tui.actions.pointing import grids
from tfstep.lessons.player.events import Asked, Event, Looked, Ran, Worked
from tfstep.session.address.target import target
from tfstep.session.place import position_of
from tfstep.session.results import Explained, Moved, Shown
from tfstep.view.frame.frame import subject_of

if TYPE_CHECKING:
    from tfstep.faces.tui.lesson.app import LessonApp


Place = tuple[str, Index | None]  # a tensor's path, and which part of it


def point(app: LessonApp) -> None:
    """Look where the lesson looked last, light the cells that it speaks of, and put the cursor on the first."""
    page = app.page
    wanted = None
    for entry in page.entries[page.new :]:
        wanted = _wanted(app, entry.event) or wanted
    if wanted is None and app.stands is not None:
        _look(app, (app.stands, None))  # the lesson's own place came back with its numbers
    meant = [place for text in page.cells() if (place := _read(app, text)) is not None]
    app.look = replace(app.look, spoken=page.cells(), folds=(), factor=0)
    if wanted is None and not _seen(app):
        wanted = next((place for place in meant if _worth(app, place)), None)
    if wanted is not None:
        _look(app, wanted)
    _put_cursor(app, meant)
    app.player.keep_cursor()


def _wanted(app: LessonApp, event: Event) -> Place | None:
    """What an event has one look at."""
    match event:
        case Ran(result=Moved(tensor=tensor)):
            return tensor.path, None
        case Ran(result=Shown(tensor=tensor, index=index)):
            return tensor.path, index
        case Ran(result=Explained(explanation=explanation)):
            return _read(app, explanation.cell)
        case Worked(explanations=(first, *_)):
            return _read(app, first.cell)
        case Looked(cells=(first, *_)):
            return _read(app, first)
        case Asked(kind="cell", of=of):
            return _read(app, of)
    return None


def _read(app: LessonApp, text: str) -> Place | None:
    """The tensor and part that a text means; None where it is not there (in this variant)."""
    try:
        tensor, index = target(app.session, text)
    except TfstepError:
        return None
    return tensor.path, index


def _seen(app: LessonApp) -> bool:
    """Whether any of the cells that are spoken of stands on the board as it is."""
    frame = app.camera.frame(app.session, app.look)
    return any(grid.spoken for grid in grids(frame.pieces))


def _worth(app: LessonApp, place: Place) -> bool:
    """Whether a number is worth a board of its own: a cell, or what a step makes; the loss stands above anyway."""
    path, index = place
    return path != "loss" and (index is not None or app.session.trace[path].step is not None)


def _look(app: LessonApp, place: Place) -> None:
    """Go to the step that makes a tensor; one that no step makes is looked at from where we are."""
    session, (path, index) = app.session, place
    try:
        tensor = session.trace[path]
        if tensor.step is not None:
            session.position = position_of(tensor, session.trace)
    except TfstepError:  # shown out of another variant
        return
    app.stands = path
    subject = None if tensor.step is not None else path
    app.look = replace(app.look, subject=subject, focus=None, mode="value")
    _move(app, tensor, index)


def _put_cursor(app: LessonApp, meant: list[Place]) -> None:
    """Onto the first cell that is spoken of, where it is one of the tensor that is looked at."""
    subject = subject_of(app.session, app.look)
    index = next((index for path, index in meant if path == subject.path and index), None)
    _move(app, subject, index)


def _move(app: LessonApp, tensor: Tensor, index: Index | None) -> None:
    cell = list(app.session.cursor.on(tensor))
    for axis, item in enumerate((index or ())[: len(cell)]):
        if not isinstance(item, slice):
            cell[axis] = item % tensor.shape[axis]
    app.session.cursor.move_to(tensor, tuple(cell))
