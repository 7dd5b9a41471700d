"""The ops: each written once, over primitives that compute with NumPy and explain their cells.

All that belongs to an op stands in its declaration. Every file in this room is found by itself.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType


def rooms() -> list[ModuleType]:
    """The modules that declare ops, each with a TITLE: the compound ops first, then the primitives."""
    found = [import_module(each.name) for each in pkgutil.walk_packages(__path__, f"{__name__}.") if not each.ispkg]
    return sorted(found, key=lambda room: ".primitive." in room.__name__)


rooms()
