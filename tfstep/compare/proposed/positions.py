"""How positions come in, and how words become vectors, by what a recording shows of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfstep.compare.proposed import masks
from tfstep.compare.proposed.choice import Choice, Option
from tfstep.compare.proposed.turned import turning
from tfstep.compare.proposed.weights import Weights
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.tolerance import allowed, precision
from tfstep.text import Bilingual

_TURNED = re.compile(r"(?:^|[_.])(?:rope|rotary|rot|freqs|inv_freq)(?:[_.\d]|$)", re.IGNORECASE)


def positions(kept: Recording, w: Weights, words: int, reads_words: bool) -> Iterator[Choice]:
    """How positions come in, of so many words. Raises RecordingError where vectors are turned as no key says it."""
    if reads_words and len(w.tables) > 1:
        rows = w.tables[1][1].shape[0]
        change = {"model": {"positional": "learned", "positions": rows}}
        yield Choice([Option(change, "positional learned")], w.tables[1][0])
        return
    found = turning(kept, words)
    if found is not None:
        if found.base is None:
            raise RecordingError(
                Bilingual(
                    "no scenario can be proposed from this recording: {after} is {before}, turned by the angles {speeds} from "
                    "one position to the next, and these are no base^(−2i/{width}); write one with the rope.scaling that it "
                    "has (tfstep new decoder -o FILE.yaml): `tfstep diagnose SCENARIO RECORDING`",
                    "无法由这份记录推断场景：{after} 由 {before} 旋转而来，相邻位置之间的角度是 {speeds}，"
                    "不是 base^(−2i/{width}) 的形式；请自己写一个带相应 rope.scaling 的场景（tfstep new decoder -o FILE.yaml）："
                    "`tfstep diagnose SCENARIO RECORDING`",
                    after=found.after,
                    before=found.before,
                    speeds=", ".join(f"{each:.4g}" for each in found.speeds[:6]),
                    width=found.width,
                )
            )
        rope: dict[str, Any] = {"pairs": found.pairs, "base": found.base}
        if found.width != found.d:
            rope["part"] = found.width / found.d
        said = f"positional rope, pairs {found.pairs}, base {found.base:g}"
        yield Choice([Option({"model": {"positional": "rope", "rope": rope}}, said)], found.after)
        return
    lowered = masks.alibi(kept)
    if lowered:
        yield Choice([Option({"model": {"positional": "alibi"}}, "positional alibi")], lowered)
        return
    kinds: list[Option] = []
    if any(_TURNED.search(name) for name in kept):
        kinds = [
            Option({"model": {"positional": "rope", "rope": {"pairs": pairs}}}, f"rope {pairs}")
            for pairs in ("half", "interleaved")
        ]
    if reads_words:
        kinds += [Option({"model": {"positional": kind}}, f"positional {kind}") for kind in ("sinusoidal", "none")]
    if kinds:
        yield Choice(kinds)


def scaled(kept: Recording, table: np.ndarray, ids: np.ndarray) -> Iterator[Choice]:
    """What the vectors (…, position, feature) of the words are multiplied with, where an array shows it."""
    if ids.size == 0 or ids.min() < 0 or ids.max() >= len(table):
        return
    plain = np.asarray(table[ids], np.float64)
    size = float(np.vdot(plain, plain))
    d = table.shape[1]
    for name, array in kept.arrays.items():
        if array.dtype.kind != "f" or array.size != plain.size or array.shape[-1] != d or not size:
            continue
        if kept.note(name).kind != "tensor" or name.endswith((".grad", ".new")):
            continue
        values = np.asarray(array, np.float64).reshape(plain.shape)
        times = float(np.vdot(plain, values)) / size
        near = 8 * allowed(precision(array))
        if not times or abs(times - 1) <= near or not (np.abs(values - times * plain) <= near * np.abs(values)).all():
            continue
        root = abs(times / d**0.5 - 1) <= near
        said = f"embed_scale √{d}" if root else f"embed_scale {times:.6g}"
        yield Choice([Option({"model": {"embed_scale": True if root else float(f"{times:.9g}")}}, said)], name)
        return
