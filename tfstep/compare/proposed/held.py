"""Whether a proposed scenario holds: a guess accuses nobody.

What a proposal leaves open was decided by trying. Where a run differs from it afterwards, and that is a matter of a key
that nothing recorded tells, or of nothing that is known, the proposal is as likely to be wrong as the run.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tfstep.address.roles import GRAD, NEW
from tfstep.compare.diagnosis import Diagnosis
from tfstep.compare.proposed.propose import Proposal
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.recorded.recording import Recording
from tfstep.text import Bilingual

KEYS = {
    "activation": "activation",
    "embed": "embed_scale",
    "mask": "mask",
    "norm": "norm",
    "position": "positional",
    "rope": "rope",
}
"""The key that a kind of mistake is a matter of, by the first word of the kind."""
OWN = {"norm-place": "norm_position", "norm-eps": "eps"}
"""And of kinds that have one of their own."""


class DoesNotHoldError(RecordingError):
    """A scenario that was proposed is not what was recorded, and the difference says nothing against the run."""


def has_loss(found: Diagnosis, kept: Recording) -> bool:
    """Whether the last number of theirs, from which their gradients start, is our loss."""
    numbers = [n for n in kept if kept.note(n).kind == "tensor" and kept[n].dtype.kind == "f" and kept[n].size == 1]
    last = next((n for n in reversed(numbers) if not n.endswith((GRAD, NEW))), "")
    return any((match.name, match.path) == (last, "loss") for match in found.matched)


def loss_stands(found: Diagnosis, kept: Recording, proposal: Proposal) -> bool:
    """Whether the loss of a proposal is theirs, or theirs is wrong: of labels that they recorded by a known mistake alone,
    of a number that only looked like ours never."""
    named = any(each.path == "loss" for each in found.causes)
    if proposal.instead is not None:
        return not (named or any(each.path == "loss" for each in found.faults))
    return named or has_loss(found, kept)


def held(found: Diagnosis, proposal: Proposal) -> Diagnosis:
    """A diagnosis against a proposal. Raises DoesNotHoldError where it rests on a guess."""
    first = found.first
    left = next((name for name in found.unmatched if name in proposal.matrices), "")
    if left and found.agrees:
        raise _refused(
            proposal, Bilingual("their {name} is no weight of it", "对方的 {name} 不是其中的任何权重", name=left)
        )
    if first is None or first.path.endswith((GRAD, NEW)):
        return found
    named = {path for cause in found.causes for path in (cause.path, *cause.also)} | _without_weights(found)
    bare = next((f for f in found.faults if f.path not in named and not f.path.endswith((GRAD, NEW))), None)
    for cause in found.causes:
        key = OWN.get(cause.kind, KEYS.get(cause.kind.partition("-")[0], ""))
        if key and key not in proposal.told:
            value = proposal.keys["model"].get(key)
            raise _refused(
                proposal,
                Bilingual(
                    "{key} is {value} by guess, and {path} ({name}) shows otherwise: {detail}",
                    "{key} 取 {value} 只是猜测，而 {path}（{name}）与之不符：{detail}",
                    key=key,
                    value=_value(value),
                    path=cause.path,
                    name=cause.name,
                    detail=cause.detail,
                ),
            )
    if bare is not None:
        raise _refused(
            proposal,
            Bilingual(
                "{path} does not give their {name}, and nor does it with any of {n} known mistakes",
                "{path} 得不到对方的 {name}，试了 {n} 种已知错误也得不到",
                path=bare.path,
                name=bare.name,
                n=found.known,
            ),
        )
    return found


def _without_weights(found: Diagnosis) -> set[str]:
    """The steps that differ since theirs never reads their weight: that is no guess."""
    weights = {match.name for match in found.matched if match.path.rpartition(".")[2].startswith("W")}
    return {fault.path for fault in found.faults if fault.name in weights}


def _refused(proposal: Proposal, why: Bilingual) -> DoesNotHoldError:
    return DoesNotHoldError(
        Bilingual(
            "the scenario proposed from the recording does not hold: {why}; the module may be right, and is not judged. Write "
            "its scenario (tfstep new {kind} -o FILE.yaml; so far: model: {model}), then `tfstep diagnose FILE.yaml RECORDING`",
            "由记录推断的场景不成立：{why}；对方的模块可能没有错，因此不作判断。请自己写出它的场景"
            "（tfstep new {kind} -o FILE.yaml；目前读出：model: {model}），再用 `tfstep diagnose FILE.yaml RECORDING` 比较",
            why=why,
            kind=proposal.keys["model"]["kind"],
            model=json.dumps(_short(proposal.keys["model"])).replace('"', ""),
        )
    )


def _value(value: object) -> str:
    return json.dumps(_short(value)).replace('"', "") if value is not None else str(Bilingual("left out", "没有写"))


def _short(value: Any) -> Any:
    """Keys without the numbers of arrays."""
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    return "…" if isinstance(value, list | np.ndarray) else value
