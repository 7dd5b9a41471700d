"""Work that takes a while: what it will take, how far it is, and whether it is to stop.

Whoever runs work lets somebody watch it (`watched`). The work itself says what it will take before it begins (`expect`),
goes through its parts with `each`, and so asks, and tells, at every one of them; a pass asks at every step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

from tfstep.text import Bilingual

LONG = 60.0  # seconds of work that nobody should begin without being asked
MUCH = 200_000_000  # bytes of output, likewise
T = TypeVar("T")
NOTHING = Bilingual("", "")
TENSORS = Bilingual("tensors", "个张量")


class Cancelled(KeyboardInterrupt):
    """The work was asked to stop. It is raised where the work asks, never from outside, so nothing is half written.

    It is a KeyboardInterrupt because it means what Ctrl+C means: whoever keeps what is done by then keeps it here, too.
    """


class Cost(NamedTuple):
    """What some work will take: about so many seconds on a usual machine, and bytes that are written out."""

    seconds: float = 0.0
    bytes: float = 0.0

    @property
    def large(self) -> bool:
        """Whether it is not to be begun without a question."""
        return self.seconds > LONG or self.bytes > MUCH

    def __str__(self) -> str:
        return str(self.told())

    def told(self) -> Bilingual:
        """It in words."""
        size = Bilingual("about {n:,.0f} MB", "约 {n:,.0f} MB", n=self.bytes / 1e6)
        if self.seconds < 1 and self.bytes:
            return size
        if self.seconds < 2 * LONG:
            time = Bilingual("about {n:.0f} s of work", "约需 {n:.0f} 秒", n=self.seconds)
        elif self.seconds < 120 * LONG:
            time = Bilingual("about {n:.0f} min of work", "约需 {n:.0f} 分钟", n=self.seconds / 60)
        else:
            time = Bilingual("about {n:,.0f} h of work", "约需 {n:,.0f} 小时", n=self.seconds / 3600)
        return Bilingual("{size}, {time}", "{size}，{time}", size=size, time=time) if self.bytes >= 1e6 else time


class Watcher:
    """Who watches some work: lets it begin, is told how far it is, and may raise the flag (``up``) for it to stop."""

    def __init__(self) -> None:
        self.up = False
        self.agreed = False  # whether nothing is asked now
        self.inside = 0  # loops that are watched inside each other; the outermost one tells
        self._raised = False

    def agree(self, cost: Cost) -> None:
        """Let work of this cost begin, or raise CommandError."""

    def tell(self, done: int, of: int, note: Bilingual) -> None:
        """How far it is."""

    def within(self, share: float) -> None:
        """How far the part is that was begun after it was told last."""

    def at_step(self, done: int = 0, of: int = 0) -> None:
        """Raise Cancelled where the work is to stop, but once: what keeps the part that is done may compute."""
        if self.up and not self._raised:
            self._raised = True
            raise Cancelled
        if of and not self.inside:
            self.tell(done, of, NOTHING)
        elif of and self.inside == 1:
            self.within(done / of)

    def at_inner_step(self, done: int = 0, of: int = 0) -> None:
        """The same where a step that is there is looked into: at each step inside it, at each cell of its terms."""
        self.at_step(done, of)

    def at_line(self) -> None:
        """Raise Cancelled where the work is to stop: no line is begun after that."""
        if self.up:
            self._raised = True
            raise Cancelled


class NotYetError(Exception):
    """What was asked for is still to be computed, and whoever watches does not wait for it (`Glance`). What was computed
    by then stays, so who asks again gets further."""


class Glance(Watcher):
    """Waits no longer than ``seconds`` for what is still to be computed; 0: not for a single step. The time begins with
    the first step, and one is made in it at least. Looking into what is there is no such step.
    ``missed`` says whether something was not waited for.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds, self.missed = seconds, False
        self._end: float | None = None

    def at_step(self, done: int = 0, of: int = 0) -> None:
        """Raise NotYetError where the time is over."""
        now = time.monotonic()
        if self._end is None and self.seconds:
            self._end = now + self.seconds
        elif self._end is None or now >= self._end:
            self.missed = True
            raise NotYetError

    def at_inner_step(self, done: int = 0, of: int = 0) -> None:
        """What is there may be looked into."""


_present: ContextVar[Watcher | None] = ContextVar("_present", default=None)


def present() -> Watcher | None:
    """Who watches the work of this thread; None where nobody does."""
    return _present.get()


def at_once(find: Callable[[], T], instead: T) -> T:
    """What ``find`` gives, or ``instead`` where nobody waits for it."""
    try:
        return find()
    except NotYetError:
        return instead


@contextmanager
def watched(by: Watcher) -> Iterator[None]:
    """Within this, all work is watched."""
    token = _present.set(by)
    try:
        yield
    finally:
        _present.reset(token)


def expect(seconds: float = 0.0, bytes: float = 0.0) -> None:
    """Say what is about to begin. Raises CommandError where that is more than whoever watches agrees to."""
    watcher, cost = _present.get(), Cost(seconds, bytes)
    if watcher is not None and not watcher.inside and not watcher.agreed:
        watcher.agree(cost)


@contextmanager
def agreed() -> Iterator[None]:
    """Within this nothing is asked: it was agreed to before."""
    watcher = _present.get()
    before = watcher is not None and watcher.agreed
    try:
        if watcher is not None:
            watcher.agreed = True
        yield
    finally:
        if watcher is not None:
            watcher.agreed = before


def each(things: Sequence[T], note: Bilingual = NOTHING) -> Iterator[T]:
    """The things one after the other; before each it is told how far that is, and whoever watches may stop it.

    What ``note`` names is counted. Raises Cancelled.
    """
    watcher = _present.get()
    if watcher is None:
        yield from things
        return
    for k, thing in enumerate(things):
        watcher.at_step()
        if not watcher.inside:
            watcher.tell(k, len(things), note)
        with part():
            yield thing


@contextmanager
def part() -> Iterator[None]:
    """Within this is a part of some work: how far that part is for itself is told to nobody."""
    watcher = _present.get()
    if watcher is None:
        yield
        return
    watcher.inside += 1
    try:
        yield
    finally:
        watcher.inside -= 1


def tell(done: int, of: int, note: Bilingual = NOTHING) -> None:
    """Say how far some work is that goes through its parts in another way."""
    watcher = _present.get()
    if watcher is not None and not watcher.inside:
        watcher.tell(done, of, note)
