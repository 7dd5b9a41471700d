"""The Frame: one picture of the session, from which the screen draws and computes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.address.indices import Cell
from tfstep.engine.naming import short
from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation, Term
from tfstep.errors import PathError
from tfstep.session.change.marks import SMALL, ChangeTracker
from tfstep.session.place import PHASE_NAMES, step_text
from tfstep.session.state import State
from tfstep.session.terms import Partial
from tfstep.text import Bilingual
from tfstep.view.board.board import At, difference_board, gradient_board, overlaid_board, step_board
from tfstep.view.board.heads import heads_board
from tfstep.view.board.places import Piece
from tfstep.view.board.ranges import one_range
from tfstep.view.board.spoken import mark_spoken
from tfstep.view.board.theirs import theirs_board
from tfstep.view.board.versus import versus_board
from tfstep.view.cell.cell_panel import CellPanel, account
from tfstep.view.cell.edit_effects import EditEffects, anchor, edit_effects
from tfstep.view.cell.purpose import purpose
from tfstep.view.cell.since import moved_by
from tfstep.view.cell.story import Story
from tfstep.view.cell.sums import explain_cell
from tfstep.view.frame.course import Course, course
from tfstep.view.frame.stops import key, stops
from tfstep.view.frame.timeline import Row, Signs, rows
from tfstep.view.frame.view_state import AUTO, Drawing, ViewState
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.picker import Choice, choices
from tfstep.view.text.number import COMING, plain
from tfstep.work import Glance, NotYetError, at_once, watched

LEAVES = {
    "parameter": Bilingual("parameter", "参数"),
    "constant": Bilingual("constant", "常量"),
    "input": Bilingual("input", "输入"),
}
AT_ONCE = 50_000  # cells of a plan up to which a Frame waits for every number, to say how many an edit moved


class Header(Struct, frozen=True):
    """What stands above everything."""

    title: str
    name: str
    variant: str
    phase: str
    trail: tuple[str, ...]
    step: str
    loss: str
    stops: int
    edits: int
    course: Course | None = None


class Heading(Struct, frozen=True):
    """What stands above the matrices: the tensor, its formula, what it is for, and which plane of it is shown."""

    path: str
    formula: str
    op: str
    purpose: str
    planes: tuple[Choice, ...]
    mode: str
    back: bool = False
    earlier: bool = False
    since: str = ""  # the line that moved the numbers and was no edit


class Counterpart(Struct, frozen=True, eq=False):
    """The step of the other direction: of a tensor's value that of its gradient, of a gradient that of its value."""

    phase: str
    formula: str
    pieces: tuple[Piece, ...]


class Frame(Struct, frozen=True, eq=False):
    """One picture. ``focus`` is the path of the tensor that the cursor is in, ``cell`` its cell under the cursor."""

    header: Header
    rows: tuple[Row, ...]
    heading: Heading
    pieces: tuple[Piece, ...]
    account: CellPanel
    since: EditEffects | None
    focus: str
    cell: tuple[int, ...]
    subject: str
    drawing: Drawing = AUTO
    ascii: bool = False
    counterpart: Counterpart | None = None
    story: Story | None = None
    coming: bool = False  # whether something in it is still to be computed, and says so


class Camera:
    """Takes the Frames of one session, and remembers what need not be found again."""

    def __init__(self) -> None:
        self._known: ChangeTracker | None = None
        self._stops: tuple[tuple[object, ...], frozenset[str]] = ((), frozenset())

    def frame(self, state: State, look: ViewState, wait: float | None = None) -> Frame:
        """The picture of the session as it is looked at now.

        What an edit left stale is computed for it: of a plan of many numbers for no more than ``wait`` seconds. What is
        not there by then has a sign in its place.
        """
        plan = state.trace.plan
        if wait is None or plan.cells <= SMALL or plan.kept is not None:  # what is not kept would never be there
            return self._taken(state, look)
        glance = Glance(wait)
        try:
            with watched(glance):
                found = self._taken(state, look)
        except NotYetError:  # where there is no sign for it
            return self._taken(state, look)
        return replace(found, coming=glance.missed)

    def _taken(self, state: State, look: ViewState) -> Frame:
        subject = subject_of(state, look)
        before = anchor(state)
        compared = self._comparison(before, state.trace)
        shown_before = before if before is not state.trace and before.plan is state.trace.plan else None
        at = state.cursor.on
        partial = state.partial if subject.path == state.current.path and look.focus is None else None
        trace, beside = state.trace, shown_before
        if look.earlier and shown_before is not None:
            trace, beside, partial = shown_before, state.trace, None
            subject = _at_key(trace, subject.path, trace[subject.path.partition("/")[0]])  # a pin has more inside
        why = partial.explanation if partial is not None else _why(subject, at)
        pieces: tuple[Piece, ...] = ()
        for seen in (_held(trace, subject, look), subject):
            if pieces := _view(seen, state, look, beside):
                break
        if not pieces:
            pieces = _step(subject, state, look, beside, why, partial)
        elif seen.path != subject.path:
            subject, partial = seen, None
            why = _why(subject, at)
        pieces = mark_spoken(one_range(pieces) if look.shared else pieces, state, look.spoken)
        grid = next((g for piece in pieces for g in piece.grids if g.focused), None)
        focus = subject if grid is None else _at_key(trace, grid.key.partition("@")[0], subject)
        cell = at(focus)
        if focus.path != subject.path:
            why = _why(focus, at)
        moved = compared.changed if shown_before is not None else _nothing
        panel = account(
            trace, focus, cell, why, None if trace is before else shown_before, at, look.factor, _hidden(grid), partial
        )
        panel = replace(panel, since=moved_by(state.journal.now.line))
        if any(g.key.endswith("@theirs") for piece in pieces for g in piece.grids):
            panel = replace(panel, run=str(Bilingual("in the scenario's own run", "在场景自己的运行里")))
        signs = Signs(state.edited, state.pinned, moved, self._stopping(state))
        return Frame(
            header=_header(state, trace),
            rows=rows(state.trace, state.position, dict(look.folds), signs),
            heading=_heading(state, subject, look, trace is not state.trace),
            pieces=pieces,
            account=panel,
            since=edit_effects(state, before, compared, subject, at) if shown_before is not None else None,
            focus=focus.path,
            cell=cell,
            subject=subject.path,
            drawing=look.drawing,
            ascii=look.ascii,
            counterpart=_counterpart(subject, state, look, beside) if look.wide else None,
            story=_story(trace, focus, cell, state)
            if look.wide and partial is None and panel.computed is None
            else None,
        )

    def _stopping(self, state: State) -> frozenset[str]:
        if self._stops[0] != key(state):
            self._stops = (key(state), stops(state))
        return self._stops[1]

    def _comparison(self, before: Trace, now: Trace) -> ChangeTracker:
        known = self._known
        if known is None or known.before is not before or known.now is not now:
            self._known = known = ChangeTracker(before, now, AT_ONCE)
        return known

    def settle(self) -> bool:
        """Compute what the last Frame did not wait for; says whether another Frame would show more."""
        return self._known is not None and self._known.settle()


def subject_of(state: State, look: ViewState) -> Tensor:
    """The tensor that is looked at: the one chosen, where it is still there, else that of the current step."""
    if look.subject is not None:
        try:
            return state.trace[look.subject]
        except PathError:
            return state.current
    return state.current


def _why(tensor: Tensor, at: At) -> Explanation | None:
    """Why the cell under the cursor is what it is; None where that is still to be computed."""
    return at_once(lambda: explain_cell(tensor, at(tensor), at), None)


def _nothing(path: str) -> bool:
    return False


def _at_key(trace: Trace, path: str, subject: Tensor) -> Tensor:
    try:
        return trace[path]
    except PathError:
        return subject


def _hidden(grid: Grid | None) -> bool:
    """Whether the cell under the cursor is masked."""
    return grid is not None and grid.hidden is not None and grid.cursor is not None and bool(grid.hidden[grid.cursor])


def _sources(terms: Sequence[Term]) -> dict[str, list[Cell]]:
    """The cells of the terms of an explanation by their tensors."""
    found: dict[str, list[Cell]] = {}
    for term in terms:
        for factor in term.factors:
            if factor.cell is not None:
                path, index = parse_cell(factor.cell)
                found.setdefault(path, []).append(index or ())
    return found


def _held(trace: Trace, subject: Tensor, look: ViewState) -> Tensor:
    """The tensor that the cursor is in: of it are the views."""
    return subject if look.focus is None else _at_key(trace, look.focus, subject)


def _view(tensor: Tensor, state: State, look: ViewState, before: Trace | None) -> tuple[Piece, ...]:
    """What is looked at in another way than as a step; nothing where it is not, or a tensor has no such side."""
    at = state.cursor.on
    if look.mode == "gradient":
        return gradient_board(tensor, at, before)
    if look.mode == "overlaid":
        return overlaid_board(tensor, at, before)
    if look.mode == "difference" and before is not None and not look.earlier and not tensor.trace.prefix:
        return difference_board(tensor, at, before)
    if look.mode == "theirs":
        return theirs_board(state.diagnosis, tensor, at)
    if look.mode in ("variant", "word"):
        return versus_board(state, tensor, at, look.mode == "word")
    if look.heads and look.mode == "value":
        return heads_board(tensor, at, before)
    return ()


def _step(
    subject: Tensor,
    state: State,
    look: ViewState,
    before: Trace | None,
    why: Explanation | None,
    partial: Partial | None,
) -> tuple[Piece, ...]:
    """The step: operands and result."""
    at = state.cursor.on
    if partial is not None:
        return step_board(subject, at, look.focus, before, _sources([partial.term]), alone=True)
    return step_board(subject, at, look.focus, before, _sources(why.terms if why is not None else ()))


def _counterpart(subject: Tensor, state: State, look: ViewState, before: Trace | None) -> Counterpart | None:
    """What stands below the step; nothing where it is looked at in another way, or where there is no gradient."""
    trace = subject.trace
    if look.mode != "value" or trace.prefix:
        return None
    backward = subject.node.role.name == "gradient"
    node = trace.plan.base(subject.node) if backward else trace.plan.gradient(subject.node)
    if node is None or (not backward and trace.plan.later and trace.stale(node.slot)):  # nobody asked for it
        return None
    other, at = trace[node.path], state.cursor.on
    why = _why(other, at)
    pieces = step_board(other, at, None, before, _sources(why.terms if why is not None else ()))
    pieces = tuple(replace(piece, grid=replace(piece.grid, focused=False)) for piece in pieces)
    return Counterpart(str(PHASE_NAMES[node.phase or "forward"]), other.formula or short(other.path), pieces)


def _story(trace: Trace, tensor: Tensor, cell: Cell, state: State) -> Story | None:
    """Where a number comes from in the end; of a large model that takes longer than a key may."""
    return Story(trace, cell_name(tensor.path, cell), state.cursor.on) if trace.plan.cells <= AT_ONCE else None


def _header(state: State, trace: Trace) -> Header:
    node = trace.plan.paths.get("loss")
    loss = ""
    if node is not None:
        slot = node.slot
        loss = at_once(lambda: plain(float(trace.value(slot)), sign=False), COMING)
    return Header(
        title=str(state.scenario.title),
        name=state.scenario.name,
        variant=state.variant,
        phase=str(PHASE_NAMES[state.phase]),
        trail=tuple(short(frame.name) if frame.kind == "step" else frame.name for frame in state.frames()[1:]),
        step=f"{step_text(state.position)}/{state.steps_total}",
        loss=loss,
        stops=len(state.points.all),
        edits=state.journal.at,
        course=course(state.journal) if len(state.journal.entries) > 1 else None,
    )


def _made_by(tensor: Tensor) -> str:
    """The op, without the input that it carries a gradient to, for the formula names that; of a leaf what it is."""
    if tensor.op is None:
        return str(LEAVES.get(tensor.node.kind, tensor.node.kind))
    name, backward, _ = tensor.op.partition("_vjp_")
    return str(Bilingual("gradient of {op}", "{op} 的梯度", op=name)) if backward else name


def _heading(state: State, subject: Tensor, look: ViewState, earlier: bool) -> Heading:
    return Heading(
        path=subject.path,
        formula=subject.formula or "",
        op=_made_by(subject),
        purpose=str(purpose(subject)),
        planes=choices(subject.node.spec.axes, subject.shape, state.cursor.on(subject)),
        mode=look.mode,
        back=look.subject is not None,
        earlier=earlier,
        since=moved_by(state.journal.now.line),
    )
