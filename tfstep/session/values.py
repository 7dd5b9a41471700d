"""Values to come back to: ``$1``, ``$2`` … as they were shown, ``$_`` the last one, ``$name`` those that were named."""

from __future__ import annotations

import numpy as np

from tfstep.errors import PathError, did_you_mean
from tfstep.text import Bilingual

KEPT = 1000  # numbered values that are remembered


class Values:
    """The values of a session."""

    def __init__(self) -> None:
        self.count = 0
        self.named: dict[str, np.ndarray] = {}
        self._shown: dict[int, np.ndarray] = {}

    def add(self, value: np.ndarray) -> int:
        """Remember a value that is shown; returns its number."""
        self.count += 1
        self._shown[self.count] = value
        self._shown.pop(self.count - KEPT, None)
        return self.count

    def get(self, name: str) -> np.ndarray:
        """The value of ``$name``, without the ``$``. Raises PathError."""
        if name == "_" and self.count:
            return self._shown[self.count]
        if name.isdecimal() and len(name) < 16 and int(name) in self._shown:
            return self._shown[int(name)]
        if name in self.named:
            return self.named[name]
        raise PathError(
            Bilingual(
                "there is no value ${name}{near}; `print` numbers them $1, $2 …, `set ${name} = EXPR` names one",
                "没有值 ${name}{near}；`print` 依次编号为 $1、$2 …，`set ${name} = EXPR` 可命名",
                name=name[:40],
                near=did_you_mean(name, self.named),
            )
        )
