"""The words that a recorded run read, where they are among its arrays."""

from __future__ import annotations

from tfstep.compare.recorded.recording import Recording
from tfstep.scenario.opening.reading import Reading

OTHER = ("mask", "label", "position", "type", "cache")  # inputs of whole numbers that are no words


def words(kept: Recording) -> Reading | None:
    """What a model on disk has to read to be held against this run; None where that was not recorded, or some of it is
    hidden by a mask."""
    given = {
        name: array
        for name, array in kept.arrays.items()
        if kept.note(name).kind == "input" and array.dtype.kind in "iub"
    }
    if any("attention_mask" in name and not array.all() for name, array in given.items()):
        return None
    ids = {
        name: tuple(map(tuple, array.reshape(-1, array.shape[-1]).tolist()))
        for name, array in given.items()
        if array.ndim in (1, 2) and array.dtype.kind in "iu" and not any(part in name.lower() for part in OTHER)
    }
    target = next((name for name in ids if "decoder" in name or "target" in name or "tgt" in name), None)
    source = next((name for name in ids if name != target), None)
    if source is None:
        return None
    return Reading(ids=ids[source], target_ids=ids[target] if target is not None else ())
