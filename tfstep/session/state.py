"""The state of a session: which numbers, where on the timeline, which cell; everything the screen shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfstep.engine.plan import PHASES
from tfstep.engine.trace import Tensor, Trace
from tfstep.errors import PathError, ScenarioError, did_you_mean
from tfstep.scenario.scenario import Scenario
from tfstep.session.change.crash_log import Diary, Leftover
from tfstep.session.change.marks import ChangeTracker
from tfstep.session.change.undo_history import Entry, Journal
from tfstep.session.cursor import Cursor
from tfstep.session.place import (
    Position,
    StackFrame,
    position_of,
    scopes,
    step_of,
    steps_inside,
    substeps_at,
    tensor_at,
)
from tfstep.session.speaker import PERSON, Speaker
from tfstep.session.stop.points import Points
from tfstep.session.terms import Partial, Sums
from tfstep.session.values import Values
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.diagnosis import Diagnosis


class State:
    """One scenario under the debugger. What moves it are the commands; reading it never changes a number.

    ``before`` is the trace before the last change.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.journals: dict[str, Journal] = {}
        self.variant = scenario.variant
        self.journals[self.variant] = Journal([Entry("", scenario, scenario.program.trace())])
        self.chosen_baseline: Trace | None = None
        self.before: Trace = self.trace
        self.checkpoints: dict[str, Entry] = {}
        self.checkpoint_variants: dict[str, str] = {}
        self._position: Position = (1,)
        self.cursor = Cursor()
        self.values = Values()
        self.asides: list[Bilingual] = []  # what else is to be said with the last result
        self.points = Points()
        self.key_of: Callable[[str], str | None] = _no_key  # the screen's that does what a command does
        self.diary: Diary | None = None
        self.diagnosis: Diagnosis | None = None  # what was said last of somebody's own run
        self.passes: dict[str, Entry] = {}  # those of the words that were generated last: pass1, pass2, …
        self.confined: Bilingual | None = None  # why this session reads and writes no files, if it does not
        self.speaker: Speaker = PERSON  # who says the line that runs
        self.leftovers: list[Leftover] = []  # diaries of sessions that were cut off
        self._sums = Sums()
        self._moved = self._beside = ChangeTracker(self.trace, self.trace)

    @contextmanager
    def spoken_by(self, speaker: Speaker) -> Iterator[None]:
        """Within this, lines are said by ``speaker``; a lesson stays one whoever it lets speak."""
        before = self.speaker
        self.speaker = before if before.touches_no_files() else speaker
        try:
            yield
        finally:
            self.speaker = before

    # -- the numbers -----------------------------------------------------------------------------

    @property
    def journal(self) -> Journal:
        """The changes of the variant that is shown."""
        return self.journals[self.variant]

    @property
    def scenario(self) -> Scenario:
        """The scenario as it is now, words and model keys that were changed included."""
        return self.journal.now.scenario

    @property
    def trace(self) -> Trace:
        """The numbers as they are now."""
        return self.journal.now.trace

    @property
    def baseline(self) -> Trace:
        """What runs are compared with: the variant before its first change, until a baseline is chosen."""
        return self.journal.start.trace if self.chosen_baseline is None else self.chosen_baseline

    @property
    def update(self) -> int:
        """How many updates were made."""
        return len(self.journal.now.past)

    @property
    def edited(self) -> frozenset[str]:
        """The paths that were set and neither released nor undone."""
        return self.journal.now.edited

    @property
    def pinned(self) -> frozenset[str]:
        """The paths of the tensors with cells that are held."""
        return frozenset(self.trace.plan.nodes[slot].path for slot in self.trace.pins)

    def changed(self, path: str) -> bool | None:
        """Whether the last change moved a bit of this tensor; None where that is not known yet."""
        return self.against_before().changed(path)

    def against_before(self) -> ChangeTracker:
        """This run beside the one before the last change."""
        self._moved = self._same(self._moved, self.before)
        return self._moved

    def differs(self, path: str) -> bool | None:
        """Whether a bit of this tensor is not as in the baseline; None where that is not known yet."""
        return self.against_baseline().changed(path)

    def against_baseline(self) -> ChangeTracker:
        """This run beside the baseline."""
        self._beside = self._same(self._beside, self.baseline)
        return self._beside

    def _same(self, known: ChangeTracker, before: Trace) -> ChangeTracker:
        """The comparison that is known already, where it is still the one asked for."""
        same = known.before is before and known.now is self.trace
        return known if same else ChangeTracker(before, self.trace)

    # -- where we are ----------------------------------------------------------------------------

    @property
    def current(self) -> Tensor:
        """The tensor of the step we are at."""
        return tensor_at(self.trace, self._position)

    @property
    def position(self) -> Position:
        """The position of that step, or of the term of its cell that we are at."""
        partial = self.partial
        return self.step if partial is None else (*self.step, partial.number)

    @position.setter
    def position(self, position: Position) -> None:
        self._position = position

    @property
    def step(self) -> Position:
        """The position of that step."""
        return step_of(self.trace, self._position)

    @property
    def partial(self) -> Partial | None:
        """The term that we are at, with the sum up to it; None at a step, and where the cell is no sum."""
        if self.step == self._position:
            return None
        found = self._sums.of(self.current, self.cell)
        return None if found is None else Partial(found, min(self._position[-1], len(found.terms)))

    def inside(self, trace: Trace, position: Position) -> int:
        """How many steps there are inside what stands at a position; for a primitive, how many terms of its cell."""
        found = steps_inside(trace, position)
        if found or step_of(trace, position) != position:
            return found
        tensor = tensor_at(trace, position)
        why = self._sums.of(tensor, self.cursor.on(tensor))
        return 0 if why is None else len(why.terms)

    @property
    def steps_total(self) -> int:
        """How many steps the timeline has."""
        return len(self.trace.plan.steps)

    @property
    def phase(self) -> str:
        """forward, backward or update."""
        return self.trace.plan.steps[self._position[0] - 1].phase

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases that this timeline has; without a loss it ends after the forward pass."""
        present = {node.phase for node in self.trace.plan.steps}
        return tuple(phase for phase in PHASES if phase in present)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The parts of the model around the step, outermost first: ``("enc0", "attn")``."""
        return scopes(self.trace.plan, self.trace.plan.steps[self._position[0] - 1])

    def frames(self) -> tuple[StackFrame, ...]:
        """The stack, outermost first: phase, scopes, the step, the steps inside it, the term of its cell."""
        found = [StackFrame("phase", self.phase), *(StackFrame("scope", name) for name in self.scopes)]
        for depth in range(1, len(self.step) + 1):
            position = self._position[:depth]
            around = substeps_at(self.trace, position[:-1])
            assert around is not None
            found.append(StackFrame("step", around.plan.steps[position[-1] - 1].path, position))
        if (partial := self.partial) is not None:
            found.append(StackFrame("term", f"{partial.number}/{partial.of}", self.position))
        return tuple(found)

    @property
    def cell(self) -> tuple[int, ...]:
        """The indices of the cell under the cursor, within the current tensor's shape."""
        return self.cursor.on(self.current)

    @cell.setter
    def cell(self, cell: tuple[int, ...]) -> None:
        self.cursor.move_to(self.current, cell)

    # -- changing --------------------------------------------------------------------------------

    def record(self, entry: Entry, instead: bool = False) -> None:
        """Enter a change in the journal, or put it ``instead`` of the last; the place is kept where it still exists."""
        here = self.here
        self.before = self.trace
        self.journal.add(entry, instead)
        self.return_to(here)

    def take_back(self) -> None:
        """The last change has come to nothing: the numbers before it hold, to the bit."""
        here = self.here
        self.before = self.trace
        self.journal.take_back()
        self.return_to(here)

    def switch(self, variant: str) -> bool:
        """Go over to another variant, with the changes made there before; says whether our step is there too.

        Raises ScenarioError for a variant that is not there.
        """
        here, before = self.here, self.trace
        self.trace_of(variant)
        self.variant, self.before = variant, before
        return self.return_to(here)

    def trace_of(self, variant: str) -> Trace:
        """The numbers of a variant, with the changes made there, or of a pass of `generate` (``pass2``).

        Raises ScenarioError where there is none.
        """
        if variant not in self.journals:
            entry = self.passes.get(variant)
            if entry is None:
                scenario = self.journal.start.scenario
                known = (*scenario.variants, *self.passes)
                if variant not in known:
                    raise ScenarioError(
                        Bilingual(
                            "no variant '{variant}'{near}; there are {known}",
                            "没有变体“{variant}”{near}；现有：{known}",
                            variant=variant[:40],
                            near=did_you_mean(variant, known),
                            known=", ".join(known),
                        )
                    )
                scenario = scenario.with_variant(variant)
                entry = Entry("", scenario, scenario.program.trace())
            self.journals[variant] = Journal([entry])
        return self.journals[variant].now.trace

    def keep_passes(self, passes: Sequence[tuple[Scenario, Trace]]) -> None:
        """The passes of words just generated: runs to go to by the names ``pass1``, ``pass2``, … until the next ones."""
        for name in self.passes:
            self.journals.pop(name, None)
        named = {
            f"pass{k}": (replace(scenario, variant=f"pass{k}"), trace) for k, (scenario, trace) in enumerate(passes, 1)
        }
        self.passes = {name: Entry("", scenario, trace) for name, (scenario, trace) in named.items()}

    @property
    def here(self) -> tuple[str, Position]:
        """Where we are, in a form that outlives a change: the path of the tensor, and the number of its term."""
        return self.current.path, self.position[len(self.step) :]

    def return_to(self, here: tuple[str, Position]) -> bool:
        """Go to the step that makes this tensor, if it is there; else stay near where we were. Says which."""
        path, term = here
        try:
            step = position_of(self.trace[path], self.trace)
        except PathError:
            self.position = (min(self._position[0], self.steps_total),)
            return False
        self.position = step if steps_inside(self.trace, step) else (*step, *term)
        return True


def _no_key(command: str) -> None:
    """Where there is no screen, no key does it."""
