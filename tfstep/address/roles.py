"""How the end of a path says what a tensor is of another: ``P.grad``, ``P.grad/CONSUMER``, ``P.new``.

Inside, a node's role says it; this is for what is typed, printed and written to files.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

GRAD, NEW, INNER = ".grad", ".new", "/"
MARKS = (GRAD, NEW, INNER)
"""What a ``*`` in a pattern does not stand for: it has to be spelled."""
KEPT = (
    *(
        "new",
        "m",
        "v",
        "m_hat",
        "v_hat",
        "denominator",
        "direction",
        "velocity",
        "ahead",
        "decayed",
        "with_decay",
        "clipped",
    ),
    *("accumulated", "accumulated_next", "stepped", "moved", "unscaled", "half", "m_next", "v_next", "velocity_next"),
)
"""What the update makes of a parameter, by the last part of its path: the parameter's own name is said as well."""


class PathParts(Struct, frozen=True):
    """A path taken apart: the tensor ``of`` which it is the gradient or the new value (``mark``; empty: the tensor itself),
    and the consumer through which a share of a gradient comes back."""

    of: str
    mark: str = ""
    consumer: str = ""


@lru_cache(1 << 14)
def path_parts(path: str) -> PathParts:
    """The parts of a path: ``enc0.attn.Q.grad/enc0.attn.scores`` is a share of the gradient of ``enc0.attn.Q``."""
    of, grad, rest = path.partition(GRAD)
    if grad and rest[:1] in ("", INNER):
        return PathParts(of, GRAD, rest[1:])
    return PathParts(path.removesuffix(NEW), NEW) if path.endswith(NEW) else PathParts(path)


def owner(path: str) -> str:
    """The tensor that a path is the gradient, the new value or an optimizer's average of; else the path itself."""
    found = path_parts(path)
    head, _, last = found.of.rpartition(".")
    return head if head and last in KEPT else found.of
