"""Recordings in ``.safetensors``, and the notes that stand beside the arrays of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from tfstep.compare.recorded.note import NOTES, REMARKS, SETTINGS, Note, Setting, bad
from tfstep.compare.recorded.recording import Recording
from tfstep.scenario.weights.safetensors import Safetensors
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual


def noted(found: Recording, texts: Mapping[str, bytes | str]) -> None:
    """Enter what stands beside the arrays: notes on them, settings of the module, remarks; another program's are left."""
    with suppress(msgspec.MsgspecError):
        kept = msgspec.json.decode(texts.get(NOTES, "{}"), type=dict[str, Note])
        found.notes.update({name: note for name, note in kept.items() if name in found.arrays})
    with suppress(msgspec.MsgspecError):
        found.settings.update(msgspec.json.decode(texts.get(SETTINGS, "{}"), type=dict[str, Setting]))
    with suppress(msgspec.MsgspecError):
        said = msgspec.json.decode(texts.get(REMARKS, "[]"), type=list[dict[str, str]])
        found.remarks += tuple(Bilingual.of(each) for each in said if each)


def of_safetensors(path: Path) -> Recording:
    """The tensors of one file in the order in which they stand there. Raises RecordingError."""
    if not path.is_file():
        raise bad(path, Bilingual("not a plain file", "不是普通文件"))
    found = Recording()
    try:
        file = Safetensors(path)
        for name in sorted(file.entries, key=lambda name: file.entries[name][-1]):
            found.add(name, file.plain(name))
    except BadWeightsError as error:
        raise bad(path, error.why) from None
    if isinstance(file.notes, dict):
        noted(found, {name: text for name, text in file.notes.items() if isinstance(text, str)})
    if not found.arrays:
        raise bad(path, Bilingual("there is no array in it", "里面没有数组"))
    return found
