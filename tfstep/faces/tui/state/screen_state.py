"""The state of the screen: where one looks and what is open. Plain data; it knows nothing that draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfstep.commands.language.session import Session
from tfstep.faces.tui.state.action import Action
from tfstep.session.place import Position
from tfstep.session.study.origin import first_broken
from tfstep.text import Bilingual
from tfstep.view.cell.story import Story
from tfstep.view.frame.frame import Camera, Frame
from tfstep.view.frame.view_state import ViewState
from tfstep.view.matrix.grid import Grid
from tfstep.view.text.spans import Line, Span, line

LARGE = 2_000_000  # numbers of a model from which computing it is more than a key press


class Mark(Struct, frozen=True):
    """Where one was before following a number; ``name`` is the cell as it is called on the screen, ``led`` the path
    of the tensor that it led to, ``told`` the tree of it that one came from, with the row there."""

    here: tuple[str, Position]
    subject: str | None
    focus: str | None
    path: str
    cell: tuple[int, ...]
    name: str
    led: str = ""
    told: tuple[Story, int] | None = None


class Spot(Struct, frozen=True):
    """Something on the screen that one can go to: on which part, at which column and line, and how."""

    place: str
    x: int
    y: int
    take: Callable[[], None]


class Jump(Struct):
    """Labels on everything one can go to, and how much of one is spelled."""

    spots: dict[str, Spot]
    spelled: str = ""


class Stand(Struct, frozen=True):
    """What the cards of the tour look at to see that something was done."""

    position: object
    cell: object
    entry: object
    followed: int


class Tour(Struct):
    """The card of the tour that is shown, and how things stood when it came up."""

    stand: Stand
    at: int = 0


class Refused(Struct, frozen=True):
    """What was typed at the prompt, and why it was not taken."""

    text: str
    reason: str


class ScreenState:
    """Everything that the screen of a session remembers beyond the session.

    ``actions`` are those of the screen with the keys in force. ``code``: the step stands there as code as well.
    ``editing`` is what the prompt asks a value for. ``extreme`` is the matrix, the place in it and its rank that was
    found last. ``running`` is the command that runs beside the screen, ``hovered`` the
    part on which the mouse is over something.
    """

    def __init__(self, session: Session, actions: Sequence[Action], *, ascii_only: bool = False) -> None:
        self.session = session
        self.actions = tuple(actions)
        self.look = ViewState(ascii=ascii_only)
        self.camera = Camera()
        self.size = (80, 24)
        self.code = False
        self.nudge = 0.1
        self.editing = ""
        self.refused: Refused | None = None
        self.extreme: tuple[str, tuple[int, int] | None, int] = ("", None, 0)
        self.trail: list[Mark] = []
        self.status: tuple[Line, ...] = ()
        self.running = ""
        self.jump: Jump | None = None
        self.tour: Tour | None = None
        self.hovered = ""
        self._frame: Frame | None = None
        self._broken: tuple[object, str] = (None, "")
        self._coded: tuple[tuple[object, ...], list[Line]] = ((), [])

    @property
    def frame(self) -> Frame:
        """The picture of the session as it is now; what of a large model is still to be computed has a sign there."""
        if self._frame is None:
            self._frame = self.camera.frame(self.session, self.look, 0.0)
        return self._frame

    @property
    def coming(self) -> bool:
        """Whether the picture that was taken last waits for something."""
        return self._frame is not None and self._frame.coming

    def get_on(self, seconds: float | None = None) -> bool:
        """Compute for so long what the picture waits for, or all of it; says whether all of it is there."""
        if self.frame.coming:
            self._frame = self.camera.frame(self.session, self.look, seconds)
        return not self.frame.coming

    def renew(self) -> None:
        """The picture is to be taken anew."""
        self._frame = None

    def look_at(self, **changes: object) -> None:
        """Look differently."""
        self.look = replace(self.look, **changes)
        self.renew()

    def say(self, said: Bilingual | str, role: str = "dim") -> None:
        """Put a sentence in the status line."""
        self.status = (line(Span(str(said), role)),)

    def action(self, name: str) -> Action | None:
        """The action of this name, if the screen has it."""
        return next((action for action in self.actions if action.name == name), None)

    @property
    def broken(self) -> str | None:
        """Where NaN or infinity begins that has reached the loss."""
        if self.frame.header.loss not in ("nan", "+inf", "-inf", "inf"):
            return None
        trace = self.session.trace
        if self._broken[0] is not trace:
            self._broken = trace, str(first_broken(self.session))
        return self._broken[1]

    @property
    def computed(self) -> bool:
        """Whether the number under the cursor is computed: changing it pins it."""
        return self.frame.account.leaf == ""

    @property
    def large(self) -> bool:
        """Whether the model is so large that computing all of it would hold up the screen."""
        return self.session.trace.plan.cells > LARGE

    def remarks(self, cells: int, most: int) -> list[Line]:
        """What stands under the formula: what is wrong with theirs where that is beside it, and the step as code where
        that is wanted, in so many lines at most."""
        found = self.session.diagnosis if self.look.mode == "theirs" else None
        if found is None:
            return self._code_lines(cells, most)
        from tfstep.view.report.diagnosis import step_lines

        said = step_lines(found, self.frame.subject, cells)[:most]
        return [*said, *self._code_lines(cells, max(2, most - len(said)))]

    def _code_lines(self, cells: int, most: int) -> list[Line]:
        if not self.code:
            return []
        from tfstep.view.report.code import code_lines  # what the first Frame does not need

        trace, path = self.session.trace, self.frame.subject
        kept = (id(trace), path, cells, most)
        if self._coded[0] != kept:
            self._coded = kept, code_lines(trace, trace[path], cells, most)
        return self._coded[1]

    @property
    def grids(self) -> list[Grid]:
        """Every matrix of the board, in reading order."""
        return [grid for piece in self.frame.pieces for grid in piece.grids]
