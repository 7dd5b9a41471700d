"""What is known of a recorded array beside its numbers, and what is said of a recording that cannot be used."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from tfstep.errors import TfstepError
from tfstep.text import Bilingual

NOTES = "__tfstep__"  # the notes of a recording, as JSON, beside its arrays
SETTINGS = "__tfstep_module__"  # and the settings of the module that was recorded
REMARKS = "__tfstep_remarks__"  # and what was said of the run
Setting = bool | int | float | str


LABELLED = ("cross_entropy", "nll_loss")  # calls of PyTorch that hold rows against labels

LOST = "lost"  # it requires a gradient, and none came back
OFF = "off"  # it requires none, and nor does what it was computed from
CUT = "cut"  # it requires none, though what it was computed from does


class RecordingError(TfstepError):
    """What was recorded, or its file, cannot be used."""


class Note(Struct, frozen=True):
    """What is known of an array beside its numbers: ``kind`` (tensor, weight, input; labels, that a loss was given; mask:
    flags, which are compared with nothing), where it was computed (``FILE:LINE``), by what, and from which arrays. ``grad``
    says of an array whose gradient was asked for why there is none: one of the three above, or nothing where that is not
    known. ``result`` says that the module gives it back."""

    kind: str = "tensor"
    line: str = ""
    op: str = ""
    inputs: tuple[str, ...] = ()
    grad: str = ""
    result: bool = False


def bad(path: Path, why: Bilingual) -> RecordingError:
    """The error of a recording's file."""
    return RecordingError(Bilingual("{path}: {why}", "{path}：{why}", path=path, why=why))
