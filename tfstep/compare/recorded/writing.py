"""Writing a recording: ``.npz`` or ``.safetensors``, its notes beside the arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import numpy as np

from tfstep.compare.recorded.note import NOTES, REMARKS, SETTINGS, Note, Setting, bad
from tfstep.scenario.weights.files import SUFFIXES, WRITTEN, write_weights
from tfstep.text import Bilingual


def write(
    path: Path,
    arrays: Mapping[str, np.ndarray],
    notes: Mapping[str, Note],
    settings: Mapping[str, Setting],
    remarks: Iterable[Bilingual],
) -> None:
    """Write the whole file or nothing. Raises TfstepError."""
    if path.suffix not in SUFFIXES:
        raise bad(path, Bilingual("write .safetensors or .npz", "请写成 .safetensors 或 .npz"))
    said = [{"en": each.in_("en"), "zh": each.in_("zh")} for each in remarks]
    parts = {NOTES: notes, SETTINGS: settings, REMARKS: said}
    texts = {name: msgspec.json.encode(part).decode() for name, part in parts.items() if part}
    write_weights(path, {name: _common(array) for name, array in arrays.items()}, texts, private=False)


def _common(array: np.ndarray) -> np.ndarray:
    """The array in a type that both formats have."""
    return array if array.dtype.name in WRITTEN else array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
