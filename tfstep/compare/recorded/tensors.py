"""Recordings in ``.safetensors``, and the notes that stand beside the arrays of a recording."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tfstep.compare.recorded.note import NOTES, SETTINGS, Note, Setting, bad
from tfstep.compare.recorded.recording import Recording
from tfstep.scenario.weights.safetensors import Safetensors
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual


def noted(found: Recording, text: bytes | str) -> None:
    """Enter what the notes say of the arrays; those of another program are left."""
    try:
        kept = msgspec.json.decode(text, type=dict[str, Note])
    except msgspec.MsgspecError:
        return
    found.notes.update({name: note for name, note in kept.items() if name in found.arrays})


def settled(found: Recording, text: bytes | str) -> None:
    """Enter the settings of the module; those of another program are left."""
    try:
        found.settings.update(msgspec.json.decode(text, type=dict[str, Setting]))
    except msgspec.MsgspecError:
        return


def of_safetensors(path: Path) -> Recording:
    """The tensors of one file in the order in which they stand there. Raises RecordingError."""
    try:
        file, found = Safetensors(path), Recording()
    except BadWeightsError as error:
        raise bad(path, error.why) from None
    for name in sorted(file.entries, key=lambda name: file.entries[name][-1]):
        found.add(name, file.plain(name))
    if isinstance(file.notes, dict) and isinstance(file.notes.get(NOTES), str):
        noted(found, file.notes[NOTES])
    if isinstance(file.notes, dict) and isinstance(file.notes.get(SETTINGS), str):
        settled(found, file.notes[SETTINGS])
    if not found.arrays:
        raise bad(path, Bilingual("there is no array in it", "里面没有数组"))
    return found
