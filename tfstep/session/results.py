"""What a command gives back: data, for whichever face shows it. A command never prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct, field

from tfstep.address.indices import Index
from tfstep.engine.arrays.bits import same_bits
from tfstep.engine.node import Node
from tfstep.engine.surface.above import Displayed
from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation
from tfstep.session.place import Position, StackFrame
from tfstep.session.stop.points import Stop
from tfstep.session.terms import Partial
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.diagnosis import Diagnosis
    from tfstep.session.study.beams import Search
    from tfstep.session.study.checks import Report
    from tfstep.session.study.compare import Comparison
    from tfstep.session.study.curves import Landscape, Sweep
    from tfstep.session.study.decoding import Word
    from tfstep.session.study.reasons import Reasons


class Result(Displayed, Struct, frozen=True, dict=True):
    """What every command returns one of. It shows itself in a notebook and to ``print``, once a session has run it."""

    def told_of(self, trace: Trace) -> None:
        """Note the run that this speaks of; only what it looks like depends on it."""
        self.__dict__["trace"] = trace

    @property
    def trace(self) -> Trace | None:
        """The run that it speaks of, where a session gave it."""
        return self.__dict__.get("trace")


class Nothing(Result, frozen=True):
    """An empty line, a comment: there is nothing to show."""


class Message(Result, frozen=True):
    """A sentence, or several."""

    texts: tuple[Bilingual, ...]


class Lines(Result, frozen=True):
    """Lines as they are, such as commands."""

    lines: tuple[str, ...]


class Ran(Result, frozen=True):
    """What the lines of a script gave."""

    results: tuple[Result, ...]


class Quit(Result, frozen=True):
    """The user wants to leave."""


class Shown(Result, frozen=True, eq=False):
    """A tensor, or a part of it: ``index`` is None for all of it, ``values`` the numbers that are meant."""

    tensor: Tensor
    index: tuple[Any, ...] | None
    values: np.ndarray


class Value(Result, frozen=True, eq=False):
    """What an expression comes to. ``number`` counts the values of the session: ``$3``; ``part`` says which tensor,
    or part of one, it is, where it is nothing else; ``brief``: of many numbers, only what they amount to."""

    expression: str
    values: np.ndarray
    number: int = 0
    part: tuple[Tensor, Index | None] | None = None
    brief: bool = False


class Moved(Result, frozen=True, eq=False):
    """Where a move led: the step, or the term of its cell (``partial``), whether the timeline ended (``end``), what
    stopped it, what is displayed there; ``leaf`` is what no step makes that was asked for, and is read there."""

    start: Position
    position: Position
    tensor: Tensor
    phase: str
    total: int
    end: Bilingual | None = None
    stops: tuple[Stop, ...] = ()
    displays: tuple[Result, ...] = ()
    note: Bilingual | None = None
    partial: Partial | None = None
    leaf: str = ""


class Explained(Result, frozen=True, eq=False):
    """Why a cell is what it is; ``gradient`` is ∂loss/∂(the cell) where there is one, with the reason why it does not
    say how the loss moves, if it was ``edited``; ``purpose`` is what the cell is for."""

    explanation: Explanation
    gradient: float | None = None
    purpose: Bilingual | None = None
    edited: Bilingual | None = None


class Edit(Struct, frozen=True, eq=False):
    """One tensor (or with ``target`` a part of it) before and after a change."""

    target: str
    old: np.ndarray
    new: np.ndarray
    pinned: bool = False
    share: bool = False  # whether its numbers are shares of 1, which have no sign

    @property
    def same(self) -> bool:
        """Whether not a bit moved."""
        return same_bits(self.old, self.new)


class Changed(Result, frozen=True, eq=False):
    """A change of the numbers. ``lines`` are the commands done or undone, ``waiting`` counts the steps that wait
    to be computed; ``loss`` is old and new where that is known."""

    lines: tuple[str, ...]
    edits: tuple[Edit, ...] = ()
    downstream: int = 0
    loss: tuple[float, float] | None = None
    notes: tuple[Bilingual, ...] = ()
    stops: tuple[Stop, ...] = ()  # the watched values that it moved


class Trained(Changed, frozen=True, eq=False):
    """Updates made, or gone back over. ``losses`` are those the updates started from, and the one reached at last;
    ``moved`` says where a breakpoint stopped them. ``data`` is whether they are losses over `train.data` and not over
    the input that is shown."""

    start: int = 0
    update: int = 0
    moved: Moved | None = None
    losses: np.ndarray = field(default_factory=lambda: np.array([]))
    data: bool = False


class Switched(Result, frozen=True, eq=False):
    """Another variant: from where with how many changes, to where with how many. ``same_step`` says whether the
    step we were at is there too, and ``tensor`` is the one we are at."""

    left: str
    left_changes: int
    variant: str
    changes: int
    title: Bilingual
    same_step: bool
    tensor: Tensor


class Compared(Result, frozen=True, eq=False):
    """Two runs beside each other; ``here`` is the current tensor in this one, ``there`` in the other if it has it."""

    comparison: Comparison
    names: tuple[str, str]
    here: Tensor
    there: Tensor | None


class Reasoned(Result, frozen=True, eq=False):
    """Why a cell of a run is what it is, down to inputs and parameters."""

    reasons: Reasons
    run: Trace


class Plotted(Result, frozen=True, eq=False):
    """Curves over the updates: ``values`` (update, curve)."""

    title: str
    updates: np.ndarray
    values: np.ndarray


class Pictured(Result, frozen=True, eq=False):
    """Numbers to be looked at: a row as bars, a matrix as shades. ``part`` says of which tensor they are a part."""

    title: str
    values: np.ndarray
    part: tuple[Tensor, Index | None] | None = None


class Swept(Result, frozen=True, eq=False):
    """The loss along one cell."""

    sweep: Sweep


class Drawn(Result, frozen=True, eq=False):
    """The loss over two cells."""

    landscape: Landscape


class Checked(Result, frozen=True, eq=False):
    """What a check found."""

    report: Report


class Diagnosed(Result, frozen=True, eq=False):
    """What of somebody's own run is computed otherwise."""

    diagnosis: Diagnosis


class Generated(Result, frozen=True, eq=False):
    """What the decoder said, and why it ends early, where it does."""

    words: tuple[Word, ...]
    end: Bilingual | None = None


class Searched(Result, frozen=True, eq=False):
    """What a beam search found."""

    search: Search


class Stack(Result, frozen=True):
    """Where we are, outermost first."""

    frames: tuple[StackFrame, ...]
    total: int


class Steps(Result, frozen=True, eq=False):
    """Neighbouring steps at one depth; ``around`` is the position of the step that holds them."""

    around: Position
    nodes: tuple[Node, ...]
    current: int
    marks: dict[int, str] = field(default_factory=dict)


class Summed(Result, frozen=True, eq=False):
    """The terms around the one we are at, ``nearby`` on each side; ``step`` is the position of their step."""

    step: Position
    partial: Partial
    nearby: int


class Listing(Result, frozen=True):
    """A table: a title, the names of its columns, its rows; ``empty`` is said where there are none."""

    title: Bilingual
    columns: tuple[Bilingual, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: Bilingual | None = None


GROUPS: dict[str, Bilingual] = {
    "move": Bilingual("Moving", "移动"),
    "stop": Bilingual("Stopping", "停下"),
    "look": Bilingual("Looking", "查看"),
    "change": Bilingual("Changing", "改动"),
    "compare": Bilingual("Comparing", "比较"),
    "learn": Bilingual("Training and checking", "训练与检查"),
    "keep": Bilingual("Keeping", "保存"),
}
"""The commands by what they are for, in the order in which help shows them."""


class HelpEntry(Struct, frozen=True):
    """One command in the help: how it is written, its short forms, its key, what it does."""

    name: str
    group: str
    usage: str
    aliases: tuple[str, ...]
    key: str | None
    about: Bilingual
    refused: Bilingual | None = None


class Help(Result, frozen=True):
    """The help: commands with what they do, their names alone (``brief``), or one in full."""

    entries: tuple[HelpEntry, ...]
    full: bool = False
    brief: bool = False
