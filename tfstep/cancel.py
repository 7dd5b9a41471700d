"""Work that another thread may ask to stop: it asks a flag at every step of a pass and at every line of a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancelled(KeyboardInterrupt):
    """The work was asked to stop. It is raised where the work asks, never from outside, so nothing is half written.

    It is a KeyboardInterrupt because it means what Ctrl+C means: whoever keeps what is done by then keeps it here, too.
    """


class Flag:
    """Whether some work is to stop."""

    def __init__(self) -> None:
        self.up = False
        self._told = False

    def at_step(self) -> None:
        """Raise Cancelled where the work is to stop, but once: what keeps the part that is done may compute."""
        if self.up and not self._told:
            self._told = True
            raise Cancelled

    def at_line(self) -> None:
        """Raise Cancelled where the work is to stop: no line is begun after that."""
        if self.up:
            self._told = True
            raise Cancelled


_present: ContextVar[Flag | None] = ContextVar("_present", default=None)


def present() -> Flag | None:
    """The flag that the work of this thread is to ask; None where nothing can stop it."""
    return _present.get()


@contextmanager
def stoppable(flag: Flag) -> Iterator[None]:
    """Within this, all work asks this flag."""
    token = _present.set(flag)
    try:
        yield
    finally:
        _present.reset(token)
