"""A trace as a whole: its paths, its copies and pickles, and what is found of it in rooms above the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

from tfstep.engine.surface.above import Displayed, above
from tfstep.errors import PathError

if TYPE_CHECKING:
    from tfstep.engine.plan import Plan


class Differing(Protocol):
    """One tensor of two runs: figures are None where shapes differ; ``equal`` is, too, where it was not compared."""

    @property
    def path(self) -> str: ...
    @property
    def equal(self) -> bool | None: ...
    @property
    def max_abs(self) -> float | None: ...
    @property
    def cosine(self) -> float | None: ...


class Compared(Protocol):
    """Two runs beside each other: their common steps, and the first one that differs."""

    @property
    def steps(self) -> Sequence[Differing]: ...
    @property
    def first(self) -> Differing | None: ...
    @property
    def equal(self) -> bool: ...


class Verdict(Protocol):
    """What a check found: ``ok`` where nothing that applies fails."""

    @property
    def ok(self) -> bool: ...
    @property
    def gradient(self) -> Any: ...
    @property
    def invariants(self) -> Sequence[Any]: ...


class Run(Protocol):
    """Updates made: the loss before each and after the last, and the run with the parameters they led to."""

    @property
    def losses(self) -> Sequence[float]: ...
    @property
    def trace(self) -> Any: ...


class Whole(Displayed):
    """A run as users of Python hold it: a mapping from paths to tensors, and a value that is copied by sharing it."""

    plan: Plan
    values: list[Any]
    pins: dict[int, Any]
    prefix: str
    outer: Self | None

    if TYPE_CHECKING:

        def __getitem__(self, path: str) -> Any: ...

    def paths(self, pattern: str = "*") -> list[str]:
        """The paths that a pattern names, in the order of the timeline; ``*`` stands for any characters, dots included.

        ``.grad``, ``.new`` and what is inside a step are named only where the pattern spells them: ``*.grad``.
        """
        return list(above("paths")(self, str(pattern)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths())

    def __len__(self) -> int:
        return len(self.paths())

    def __bool__(self) -> bool:
        return True

    def __contains__(self, path: object) -> bool:
        try:
            return isinstance(path, str) and self[path] is not None
        except PathError:
            return False

    def diff(self, other: Self, align: str = "position", tol: float = 1e-9) -> Compared:
        """This run beside another: which steps differ, and by how much; ``first`` is the first one.

        ``align`` pairs token axes by ``position`` or by ``token``, their word; ``tol`` is relative to a tensor's
        largest number, 0 asks for equal bits. Raises TfstepError for another ``align``.
        """
        found: Compared = above("diff")(self, other, align, tol)
        return found

    def check(self) -> Verdict:
        """Gradients against finite differences, and the invariants of a Transformer; ``ok`` says whether all hold.

        Raises TfstepError for a trace that belongs to no scenario.
        """
        found: Verdict = above("check")(self)
        return found

    def train(self, updates: int) -> Run:
        """So many updates from these parameters on: ``losses`` before each and after the last, and the ``trace`` then.

        Raises TfstepError where there is no loss.
        """
        found: Run = above("train")(self, updates)
        return found

    @property
    def outermost(self) -> Self:
        """The whole run, also of the inside of a step."""
        return self if self.outer is None else self.outer.outermost

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """What a pickle keeps: the scenario, from which the plan is made again, and the numbers."""
        if self.outer is not None:
            return _inside_of, (self.outermost, self.prefix[:-1])
        if self.plan.origin is None:
            raise TypeError("a trace whose plan was made by hand belongs to no scenario and cannot be pickled")
        return above("restored"), (self.plan.origin, self.values, self.pins)


def _inside_of(run: Whole, path: str) -> Any:
    """The inside of the step with this path, as a pickle finds it again."""
    tensor = run[path]
    return tensor.trace.substeps(tensor.node.slot)
