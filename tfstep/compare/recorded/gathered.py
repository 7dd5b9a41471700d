"""Heads that are modules of their own, each with its matrices: taken together they are the matrices of all heads."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
from msgspec.structs import replace

from tfstep.address.roles import GRAD
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.recorded.uses import Uses, uses


def gathered(kept: Recording) -> Recording:
    """The recording with the weights of heads that are laid side by side as one weight each, under the name of the
    first; the recording itself where there are none."""
    told = uses(kept)
    heads = _heads(kept, told)
    if not heads:
        return kept
    whole: dict[str, np.ndarray] = {}
    first: dict[str, str] = {}
    beside = {matrix: bias for bias, matrix in told.biases.items()}
    for names in heads:
        axis = 0 if told.turned.get(names[0], True) else 1
        for group in (names, [beside[name] for name in names if name in beside]):
            if len(group) == len(names):
                whole[group[0]] = np.concatenate([kept[name] for name in group], axis if kept[group[0]].ndim > 1 else 0)
                first |= dict.fromkeys(group, group[0])
    gone = {name for name, of in first.items() if name != of} | {name + GRAD for name in first}
    found = Recording(remarks=kept.remarks, settings=dict(kept.settings))
    for name in kept:
        if name not in gone:
            read = tuple(dict.fromkeys(first.get(each, each) for each in kept.note(name).inputs))
            found.add(name, whole.get(name, kept[name]), replace(kept.note(name), inputs=read))
    found.settings[heads[0][0].rpartition(".")[0] + ".num_heads"] = len(heads[0])
    return found


def _heads(kept: Recording, told: Uses) -> list[list[str]]:
    """The matrices that are one another's in the heads of an attention, in their order; [] where heads are no modules."""
    found: dict[tuple[str, str, tuple[int, ...]], list[str]] = defaultdict(list)
    for matrix in [name for name in kept if name in told.joined]:
        found[told.joined[matrix], re.sub(r"\d+", "#", matrix), kept[matrix].shape].append(matrix)
    groups = [group for group in found.values() if len(group) > 1]
    apart = all(len({told.together[name] for name in group}) == len(group) for group in groups)
    return groups if apart and len({len(group) for group in groups}) == 1 else []
