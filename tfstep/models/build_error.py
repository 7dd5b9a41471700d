"""What shows only when the model is built: parts of a scenario that are right alone but do not fit together."""

from __future__ import annotations

from tfstep.errors import ScenarioError
from tfstep.text import Bilingual


class ModelBuildError(ScenarioError):
    """``keys`` say where in the file, ``column`` how many characters into a text that stands there."""

    def __init__(self, keys: tuple[str, ...], message: Bilingual, column: int = 0) -> None:
        super().__init__(message)
        self.keys, self.column = keys, column
