"""A sign for whoever drives the program through a terminal: nothing is left to be done. Tests wait for it.

With the environment variable TFSTEP_SIGN set, the terminal's title becomes ``idle 17 80x24`` once 17 keys were dealt
with and all that they changed is drawn at that size; ``busy 17 80x24`` while a command runs beside the screen. The
title comes behind what was drawn in the same stream, so a terminal that shows it has drawn all of that.
"""

from __future__ import annotations

import os

VARIABLE = "TFSTEP_SIGN"


def asked() -> bool:
    """Whether signs are asked for."""
    return bool(os.environ.get(VARIABLE))


def sign(keys: int, columns: int, rows: int, busy: bool = False) -> str:
    """The sign, to be written behind what was drawn."""
    return f"\x1b]2;{'busy' if busy else 'idle'} {keys} {columns}x{rows}\x07"
