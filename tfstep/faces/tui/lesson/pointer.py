"""Looking at what the lesson speaks of: which tensor stands on the board, which cells are lit."""

from __future__ import annotations

from tfstep.address.indices import Index
from tfstep.engine.trace import Tensor
from tfstep.errors import TfstepError
from tfstep.faces.tui.lesson.state import LessonState
from tfstep.lessons.player.events import Asked, Event, Looked, Ran, Worked
from tfstep.session.address.target import target
from tfstep.session.place import position_of
from tfstep.session.results import Explained, Moved, Shown
from tfstep.view.frame.frame import subject_of

Place = tuple[str, Index | None]  # a tensor's path, and which part of it


def point(state: LessonState) -> None:
    """Look where the lesson looked last, light the cells that it speaks of, and put the cursor on the first."""
    page = state.page
    wanted = None
    for entry in page.entries[page.new :]:
        wanted = _wanted(state, entry.event) or wanted
    if wanted is None and state.stands is not None:
        _look(state, (state.stands, None))  # the lesson's own place came back with its numbers
    meant = [place for text in page.cells() if (place := _read(state, text)) is not None]
    state.look_at(spoken=page.cells(), folds=(), factor=0)
    if wanted is None and not _seen(state):
        wanted = next((place for place in meant if _worth(state, place)), None)
    if wanted is not None:
        _look(state, wanted)
    _put_cursor(state, meant)
    state.player.keep_cursor()


def _wanted(state: LessonState, event: Event) -> Place | None:
    """What an event has one look at."""
    match event:
        case Ran(result=Moved(tensor=tensor)):
            return tensor.path, None
        case Ran(result=Shown(tensor=tensor, index=index)):
            return tensor.path, index
        case Ran(result=Explained(explanation=explanation)):
            return _read(state, explanation.cell)
        case Worked(explanations=(first, *_)):
            return _read(state, first.cell)
        case Looked(cells=(first, *_)):
            return _read(state, first)
        case Asked(kind="cell", of=of):
            return _read(state, of)
    return None


def _read(state: LessonState, text: str) -> Place | None:
    """The tensor and part that a text means; None where it is not there (in this variant)."""
    try:
        tensor, index = target(state.session, text)
    except TfstepError:
        return None
    return tensor.path, index


def _seen(state: LessonState) -> bool:
    """Whether any of the cells that are spoken of stands on the board as it is."""
    return any(grid.spoken for grid in state.grids)


def _worth(state: LessonState, place: Place) -> bool:
    """Whether a number is worth a board of its own: a cell, or what a step makes; the loss stands above anyway."""
    path, index = place
    return path != "loss" and (index is not None or state.session.trace[path].step is not None)


def _look(state: LessonState, place: Place) -> None:
    """Go to the step that makes a tensor; one that no step makes is looked at from where we are."""
    session, (path, index) = state.session, place
    try:
        tensor = session.trace[path]
        if tensor.step is not None:
            session.position = position_of(tensor, session.trace)
    except TfstepError:  # shown out of another variant
        return
    state.stands = path
    subject = None if tensor.step is not None else path
    state.look_at(subject=subject, focus=None, mode="value")
    _move(state, tensor, index)


def _put_cursor(state: LessonState, meant: list[Place]) -> None:
    """Onto the first cell that is spoken of, where it is one of the tensor that is looked at."""
    subject = subject_of(state.session, state.look)
    index = next((index for path, index in meant if path == subject.path and index), None)
    _move(state, subject, index)


def _move(state: LessonState, tensor: Tensor, index: Index | None) -> None:
    cell = list(state.session.cursor.on(tensor))
    for axis, item in enumerate((index or ())[: len(cell)]):
        if not isinstance(item, slice):
            cell[axis] = item % tensor.shape[axis]
    state.session.cursor.move_to(tensor, tuple(cell))
