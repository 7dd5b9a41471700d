"""Numbers that a file gives and that are NaN or infinite: no mistake, but nothing that is computed from them says much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tfstep.engine.arrays.leaves import Leaves
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.scenario.scenario import Scenario

MOST = 3  # tensors that are named one by one


def warnings(name: str, scenario: Scenario) -> Iterator[Bilingual]:
    """One line a tensor with such numbers, and one for those beyond a few. −inf is none of them, for masks are written
    with it. Those of a model on disk that nothing has read yet stay there."""
    program = scenario.program
    found = list(_broken(program.leaves))
    for slot, odd, size in found[:MOST]:
        yield Bilingual(
            "{file}: warning: NaN or infinite: {odd} of the {all} numbers of {path}, and what is computed from them",
            "{file}：警告：{path} 的 {all} 个数中有 {odd} 个是 NaN 或无穷大，由它们算出的数也是如此",
            file=name,
            odd=odd,
            all=size,
            path=program.plan.nodes[slot].path,
        )
    if len(found) > MOST:
        yield Bilingual(
            "{file}: warning: NaN or infinite numbers are in {n} more tensors",
            "{file}：警告：另有 {n} 个张量含 NaN 或无穷大",
            file=name,
            n=len(found) - MOST,
        )


def _broken(leaves: Mapping[int, np.ndarray]) -> Iterator[tuple[int, int, int]]:
    """Slot, how many numbers are broken, of how many."""
    for slot, value in (leaves.ready if isinstance(leaves, Leaves) else leaves).items():
        odd = 0 if value.dtype.kind != "f" else int((np.isnan(value) | np.isposinf(value)).sum())
        if odd:
            yield slot, odd, value.size
