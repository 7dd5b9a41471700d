"""Whether the user has keys of his own, and the screen that has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from platformdirs import user_config_path

from tfstep.view.text.spans import Line, Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger

Screen = TypeVar("Screen", bound="Debugger")


def keys_file() -> Path:
    """Where they are written down."""
    return Path(user_config_path("tfstep")) / "keys.toml"


def with_own_keys(screen: type[Screen]) -> tuple[type[Screen], tuple[Line, ...]]:
    """This screen with the keys of the user, and a line for each mistake of the file; without one, as it is."""
    file = keys_file()
    if not file.exists():
        return screen, ()
    from tfstep.faces.tui.keys.rebinding import rebound, with_keys

    found = rebound(screen.keys, file)
    return with_keys(screen, found.keys), tuple(line(Span(each, "bad")) for each in found.mistakes)
