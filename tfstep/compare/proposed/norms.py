"""The norms of a recording: which kind, where they stand, and the eps of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.compare.proposed.asked import by_hand, settings
from tfstep.compare.proposed.choice import Choice, Option
from tfstep.compare.proposed.weights import Weights
from tfstep.compare.recorded.recording import Recording
from tfstep.text import Bilingual

EPS = (1e-5, 1e-6, 1e-8, 1e-12)
DECADES = tuple(10.0**-k for k in range(1, 13))
SMALL = 0.1  # a plain number of a norm that may be its eps


def choices(kept: Recording, w: Weights) -> Iterator[Choice]:
    """Which norm, where, whether one ends the stack, and its eps."""
    from_weights = str(Bilingual("weights", "权重"))
    each, rest = divmod(len(w.scales), w.layers)
    if not w.scales:
        yield Choice(
            [
                Option({"model": {"norm": "layer", "norm_weight": False, "norm_position": place}}, f"norm {place}")
                for place in ("post", "pre")
            ]
            + [Option({"model": {"norm": "none"}}, "norm none")]
        )
        return
    if each not in (2, 3, 4) or rest not in (0, 1) or (each == 3 and w.layers > 1):
        found = Bilingual(
            "{n} norms in {layers} layers", "{layers} 层里有 {n} 个归一化", n=len(w.scales), layers=w.layers
        )
        raise by_hand(found)
    final = bool(rest) or each == 3
    yield Choice([Option({"model": {"final_norm": final}}, f"final_norm {str(final).lower()}")], from_weights)
    seen = norms(kept, w)
    types = {str(kept.settings.get(name.rpartition(".")[0], "")) for name in w.scales}
    ops = {kept.note(name).op for name in w.scales}
    if any("rms" in name.lower() for name in types | ops | set(w.scales)):
        kinds = ["rms"]
    elif w.shifts or "LayerNorm" in types:
        kinds = ["layer"]
    else:
        shown = {norm.kind for norm in seen if norm.kind}
        kinds = sorted(shown) if len(shown) == 1 else ["layer", "rms"]
    yield Choice([Option({"model": {"norm": kind}}, f"norm {kind}") for kind in kinds], from_weights)
    told = {bool(v) for v in settings(kept, "norm_first", "pre_norm", "prenorm", "pre_ln").values()}
    order = list(kept)
    queries = [*w.roles.get("W_Q", ()), *w.fused]
    early = bool(queries) and order.index(w.scales[0]) < order.index(queries[0][0])
    places = ["pre", "post", "output"] if early else ["post", "pre", "output"]
    if each == 4:
        places = ["both"]
    elif len(told) == 1:
        places = ["pre" if True in told else "post"]
    yield Choice(
        [Option({"model": {"norm_position": place}}, f"norm_position {place}") for place in places],
        from_weights if each == 4 else "norm_first",
    )
    yield _eps(seen)
    if all(norm.offset for norm in seen):
        yield Choice([Option({"model": {"norm_offset": 1}}, "norm_offset 1")], from_numbers())


def from_numbers() -> str:
    """What told a key that was computed."""
    return str(Bilingual("from their numbers", "由对方的数算出"))


def _eps(seen: Sequence[Norm]) -> Choice:
    """The eps of the norms: that of most of them."""
    counts = Counter(norm.eps for norm in seen if norm.eps is not None)
    if not counts:
        return Choice([Option({"model": {"eps": v}}, f"eps {v:g}") for v in EPS], "eps")
    eps = counts.most_common(1)[0][0]
    source = next(norm.source for norm in seen if norm.eps == eps)
    return Choice([Option({"model": {"eps": eps}}, f"eps {eps:g}")], source)


def other_eps(seen: Sequence[Norm], eps: float) -> dict[str, float]:
    """The norms, by the names of their scales, that have another eps than the scenario."""
    return {norm.scale: norm.eps for norm in seen if norm.eps is not None and norm.eps != eps}


class Norm(Struct, frozen=True):
    """A norm of theirs: its scale, its kind and eps where they are known, what tells the eps, and what it multiplies."""

    scale: str
    kind: str = ""
    eps: float | None = None
    source: str = "eps"
    offset: bool = False  # multiplies by 1 + its scale


def norms(kept: Recording, w: Weights) -> list[Norm]:
    """What is known of each norm: from the settings of its module, else from its numbers."""
    found = [_norm(kept, w, scale) for scale in w.scales]
    return [replace(norm, offset=_solved(kept, w, norm.scale, True) is not None) for norm in found]


def _norm(kept: Recording, w: Weights, scale: str) -> Norm:
    owner = scale.rpartition(".")[0]
    own = {
        key.removeprefix(owner + "."): value
        for key, value in kept.settings.items()
        if owner and key.rpartition(".")[0] == owner and isinstance(value, float)
    }
    told = {value for key, value in own.items() if "eps" in key.lower()}
    solved = _solved(kept, w, scale) or _solved(kept, w, scale, True)
    if len(told) == 1:
        return Norm(scale, solved[0] if solved else "", told.pop())
    if solved is not None and solved[1] is not None:
        return Norm(scale, *solved, from_numbers())
    small = {value for value in own.values() if 0 < value <= SMALL}
    return Norm(scale, solved[0] if solved else "", small.pop() if len(small) == 1 else None)


def _solved(kept: Recording, w: Weights, scale: str, offset: bool = False) -> tuple[str, float | None] | None:
    """The kind and the eps with which a norm makes its numbers of what it reads; no eps where rounding hides it."""
    owner = scale.rpartition(".")[0]
    ends = _ends(kept, scale, owner)
    if ends is None:
        return None
    x, y = (kept[name].astype(np.float64).reshape(-1, w.width) for name in ends)
    unit = float(np.finfo(kept[ends[1]].dtype).eps)
    beside = [name for name in w.shifts if name.rpartition(".")[0] == owner]
    gamma, shift = kept[scale].astype(np.float64) + offset, kept[beside[0]].astype(np.float64) if beside else 0.0
    for kind, centred in (("layer", x - x.mean(-1, keepdims=True)), ("rms", x)):
        variance = (centred**2).mean(-1)
        plain, wanted = centred * gamma, y - shift
        with np.errstate(all="ignore"):
            share = (wanted * plain).sum(-1) / (plain**2).sum(-1)
            off = np.abs(wanted - share[:, None] * plain).max(-1) / np.abs(wanted).max(-1)
            eps, noise = share**-2.0 - variance, 8 * unit * variance
        if not np.isfinite(eps).all() or (off > 64 * unit).any():
            continue
        sure = 1 / np.maximum(noise, 1e-300) ** 2
        middle, rounding = float((eps * sure).sum() / sure.sum()), float(sure.sum() ** -0.5)
        if (np.abs(eps - middle) > 8 * noise + 0.02 * abs(middle)).any():
            continue  # not one eps for all rows: another variance, or eps elsewhere
        near = [e for e in DECADES if abs(e - middle) <= 4 * rounding]
        if len(near) == 1:
            return kind, near[0]
        return kind, float(f"{middle:.2g}") if not near and middle > 0 and rounding < 0.01 * middle else None
    return None


def _ends(kept: Recording, scale: str, owner: str) -> tuple[str, str] | None:
    """What a norm reads, and what it gives: of a module's, else of the call that takes the scale."""
    within = [name for name in kept if name == owner or name.startswith(owner + ".")] if owner in kept else []
    calls = [name for name in kept if scale in kept.note(name).inputs]
    for names, y in ((within, owner), (calls[:1], calls[0] if calls and "norm" in kept.note(calls[0]).op else "")):
        outside = [
            n for name in names for n in kept.note(name).inputs if n not in names and kept.note(n).kind != "weight"
        ]
        if y and outside and kept[outside[0]].shape == kept[y].shape:
            return outside[0], y
    return None
