"""Whether the user has keys of his own, and the actions as they have them."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path

from tfstep.faces.tui.state.action import Action
from tfstep.view.text.spans import Line, Span, line


def keys_file() -> Path:
    """Where they are written down."""
    return Path(user_config_path("tfstep")) / "keys.toml"


def with_own_keys(actions: tuple[Action, ...]) -> tuple[tuple[Action, ...], tuple[Line, ...]]:
    """These actions with the keys of the user, and a line for each mistake of the file; without one, as they are."""
    file = keys_file()
    if not file.exists():
        return actions, ()
    from tfstep.faces.tui.keys.rebinding import rebound

    found = rebound(actions, file)
    return found.actions, tuple(line(Span(each, "bad")) for each in found.mistakes)
