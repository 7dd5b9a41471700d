"""What a trace and its tensors can do that is made in rooms above the engine: compared, checked, trained, drawn.

The engine imports nothing above it. The package at the top, which is always there before any of its rooms, says
where each of these is made; it is imported when it is first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

HOMES: dict[str, str] = {}
"""For each name ``MODULE:FUNCTION``; filled by the package itself."""


@cache
def above(name: str) -> Any:
    """The function of this name. Raises KeyError where nothing was entered for it."""
    module, _, function = HOMES[name].partition(":")
    return getattr(import_module(module), function)


class Displayed:
    """What a notebook shows as HTML, ``print`` as text, and a list of several in one line."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(above("html")(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows where there is no HTML."""
        printer.text(str(self))

    def __str__(self) -> str:
        return str(above("text")(self))

    def __repr__(self) -> str:
        return str(above("line")(self))
