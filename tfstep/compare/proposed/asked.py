"""What a recorded module reads, and what its settings say."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.compare.names import affinity
from tfstep.compare.proposed.weights import Weights, read, vectors
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.recorded.recording import Recording
from tfstep.text import Bilingual


class Read(Struct, frozen=True, eq=False):
    """What the module reads: vectors (batch, position, feature) by name, or ids and the table of their vectors."""

    name: str
    array: np.ndarray
    weights: Weights
    memory: str = ""

    @property
    def words(self) -> bool:
        """Whether it reads ids."""
        return self.array.dtype.kind != "f"

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape without features, (batch, position) or (position,)."""
        return self.array.shape if self.words else self.array.shape[:-1]


def by_hand(found: Bilingual) -> RecordingError:
    """What is said where no scenario can be proposed."""
    return RecordingError(
        Bilingual(
            "no scenario can be proposed from this recording: {found}; write one (tfstep new encoder -o FILE.yaml), or name one "
            "that ships, or the folder of the model: `tfstep diagnose SCENARIO RECORDING`",
            "无法由这份记录推断场景：{found}；请自己写一个（tfstep new encoder -o FILE.yaml），或指定自带的场景、模型的文件夹："
            "`tfstep diagnose SCENARIO RECORDING`",
            found=found,
        )
    )


def read_by(kept: Recording) -> Read:
    """What the module reads. Raises RecordingError where that, or an attention, is not among the arrays."""
    ids = [n for n in kept if kept.note(n).kind == "input" and kept[n].dtype.kind in "iu" and kept[n].ndim in (1, 2)]
    tables = [n for n in kept if kept.note(n).kind == "weight" and kept.note(n).op == "embedding"]
    if ids and tables:
        weights = read(kept, kept[tables[0]].shape[1])
        if weights.layers:
            return Read(ids[0], kept[ids[0]], weights)
    names = list(vectors(kept))
    for name in names[:12]:
        weights = read(kept, kept[name].shape[-1])
        if not weights.layers:
            continue
        others = [n for n in names if n != name and kept.note(n).kind == "input" and kept[n].shape[-1] == weights.width]
        others += [n for n in names if n != name and not others and affinity(n, "memory") >= 2]
        other = [n for n in others if kept[n].shape != kept[name].shape or not np.array_equal(kept[n], kept[name])]
        return Read(name, kept[name], weights, other[0] if other else "")
    if not names:
        raise by_hand(Bilingual("no array (position, feature) that a module reads; record the input x",
                                 "没有模块所读的数组（位置, 特征）；请记录输入 x"))  # fmt: skip
    raise by_hand(
        Bilingual(
            "no weights of an attention over vectors as wide as {name}; record them, too, as W_q, W_k, W_v (and W_o)",
            "没有与 {name} 等宽的注意力权重；请把权重也记录下来，命名为 W_q、W_k、W_v（以及 W_o）",
            name=f"{names[0]} {'×'.join(map(str, kept[names[0]].shape))}",
        )
    )


def settings(kept: Recording, *names: str) -> dict[str, Any]:
    """The settings of these names, by their whole names."""
    return {key: value for key, value in kept.settings.items() if key.rpartition(".")[2] in names and value != ""}
