"""Which weight of theirs is which, told by its name, by its shape, and by the order in which weights are used."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from msgspec import Struct, field

from tfstep.compare.names import SIDE_BY_SIDE, affinity, plain
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.recorded.uses import PRODUCTS, Uses, uses

MATRICES = ("W_Q", "W_K", "W_V", "W_O", "W_1", "W_2", "W_gate")
PLACES = dict.fromkeys(MATRICES[:4], "attn.") | dict.fromkeys(MATRICES[4:], "ffn.")
SURE = 1.0  # an affinity from which a name says what a matrix is
_NORMS = re.compile(r"(?:^|_)(?:norm\d?|ln|ln_\w|ln\d|layernorm\d?|rms\w*|gamma\d?|beta\d?|g\d?)(?:_|$)")


class Weights(Struct, eq=False):
    """The weights of a recording by what they are: ``roles`` of matrices, in the order of their use; ``tables`` that
    words are looked up in, ``scales`` and ``shifts`` of norms, ``biases``; ``heads`` behind the last layer,
    the last of which is ``tied`` where it is the table that words are looked up in (Press & Wolf 2017)."""

    width: int
    roles: dict[str, list[tuple[str, np.ndarray]]] = field(default_factory=dict)
    fused: list[tuple[str, np.ndarray]] = field(default_factory=list)
    tables: list[tuple[str, np.ndarray]] = field(default_factory=list)
    scales: list[str] = field(default_factory=list)
    shifts: list[str] = field(default_factory=list)
    biases: list[str] = field(default_factory=list)
    heads: list[tuple[str, np.ndarray]] = field(default_factory=list)
    tied: bool = False
    uses: Uses = field(default_factory=Uses)

    def count(self, role: str) -> int:
        """How many matrices are this."""
        return len(self.roles.get(role, ()))

    @property
    def layers(self) -> int:
        """How many attentions there are."""
        return self.count("W_Q") + len(self.fused)

    def biased(self, *roles: str) -> bool:
        """Whether matrices of these roles have a bias, by its name or by that of the matrix."""
        near = {sibling(name) for role in roles for name, _ in self.roles.get(role, ())}
        near |= {sibling(name) for name, _ in self.fused} if "W_Q" in roles else set()
        mine = {name for role in roles for name, _ in self.roles.get(role, ())}
        mine |= {name for name, _ in self.fused} if "W_Q" in roles else set()
        if mine & set(self.uses.biases.values()):
            return True
        paths = [PLACES[role] + role.replace("W_", "b_") for role in roles]
        return any(name in near or any(affinity(name, path) >= 2 for path in paths) for name in self.biases)


def across(array: np.ndarray, width: int) -> int:
    """The side of a matrix that is not as wide as the model."""
    return int(array.shape[0] if array.shape[1] == width and array.shape[0] != width else array.shape[1])


def sibling(name: str) -> str:
    """What the bias beside a weight is called: ``attn.wq.bias`` for ``attn.wq.weight``."""
    head, dot, last = name.rpartition(".")
    return head + dot + last.replace("weight", "bias") if "weight" in last else ""


def is_weight(kept: Recording, name: str) -> bool:
    """Whether an array is a weight: as it was recorded, else as it is called."""
    if any(note.kind == "weight" for note in kept.notes.values()):
        return kept.note(name).kind == "weight"
    array = kept[name]
    if array.dtype.kind != "f" or name.endswith((".grad", ".new")):
        return False
    if any(affinity(name, path) >= 2 for path in ("attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.out")):
        return False  # q, k, v, o
    if array.ndim == 2:
        return any(affinity(name, PLACES[role] + role) >= 1.5 for role in MATRICES) or _named(name, SIDE_BY_SIDE)
    if array.ndim == 1:
        biases = (PLACES[role] + role.replace("W_", "b_") for role in MATRICES)
        return any(affinity(name, path) >= 1.5 for path in biases) or bool(_NORMS.search(plain(name)))
    return False


def read(kept: Recording, width: int) -> Weights:
    """The weights of a recording whose vectors have this width."""
    found = Weights(width, uses=uses(kept))
    weights = [(name, _matrix(kept[name])) for name in kept if is_weight(kept, name) and kept[name].dtype.kind == "f"]
    open_: list[tuple[str, np.ndarray]] = []
    for name, array in weights:
        if array.ndim == 2 and _is_mask(array):
            continue
        if array.ndim == 2 and (kept.note(name).op == "embedding" or _table(name, array, width)):
            found.tables.append((name, array))
        elif array.ndim == 2 and width in array.shape:
            open_.append((name, array))
    _sorted(found, open_, kept)
    for name, table in found.tables[:1]:
        made = found.uses.made.get(name)
        if made is not None and kept[made].shape[-1] == len(table):
            found.heads.append((name, table))
            found.tied = True
    beside = {sibling(name) for name, array in weights if array.ndim == 2}
    for name, array in weights:
        if array.ndim != 1:
            continue
        if name in found.uses.biases:
            found.biases.append(name)
            continue
        word = plain(name)
        named = any(affinity(name, PLACES[role] + role.replace("W_", "b_")) >= 2 for role in MATRICES)
        of_matrix = name in beside or (named and not _NORMS.search(word)) or "in_proj_bias" in name
        if of_matrix or array.size != width:
            found.biases.append(name)
        elif re.search(r"(bias|beta\d?|shift|(?:^|_)b\d?)$", word):
            found.shifts.append(name)
        else:
            found.scales.append(name)
    return found


def _matrix(array: np.ndarray) -> np.ndarray:
    """A convolution over one word as the matrix that it is."""
    return array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array


def _sorted(found: Weights, open_: list[tuple[str, np.ndarray]], kept: Recording) -> None:
    """What each matrix is: by name, and where names tell of no queries, by the order of use."""
    nameless: list[tuple[str, np.ndarray]] = []
    for name, array in open_:
        told = found.uses.roles(name)
        scores = {role: affinity(name, PLACES[role] + role) for role in told or MATRICES}
        best = max(scores, key=lambda role: scores[role])
        if _side_by_side(found, name, array, scores[best]):
            found.fused.append((name, array))
        elif name in found.uses.partners and len(told) > 1 and not _both_named(found.uses, name):
            role = "W_gate" if name in found.uses.gating else "W_1"
            found.roles.setdefault(role, []).append((name, array))
        elif len(told) == 1 or scores[best] >= SURE:
            found.roles.setdefault(best, []).append((name, array))
        else:
            nameless.append((name, array))
    nameless = list(_asking(found, nameless))
    if found.layers:
        for name, array in nameless:
            found.roles.setdefault("W_O" if found.count("W_O") < found.layers and _square(array) else "", []).append(
                (name, array)
            )
    else:
        _in_turn(found, [pair for pair in open_ if _named_not(pair[0])])
    unknown = found.roles.pop("", [])
    found.heads += [pair for pair in unknown if pair[0] in found.uses.made or kept.note(pair[0]).op in PRODUCTS]


def _side_by_side(found: Weights, name: str, array: np.ndarray, named: float) -> bool:
    """Whether a matrix is those of queries, keys and values in one."""
    d = found.width
    other = array.shape[0] if array.shape[1] == d else array.shape[1]
    alone = found.uses.together.get(name, ()) == (name,)
    if name in found.uses.asking:
        return alone and other > d
    return not found.uses.roles(name) and other == 3 * d and (_named(name, SIDE_BY_SIDE) or named < SURE)


def _asking(found: Weights, nameless: list[tuple[str, np.ndarray]]) -> Iterator[tuple[str, np.ndarray]]:
    """Gives the matrices that attention reads, and no name tells apart, the roles that are left in their attention, in
    the order of use; yields the others."""
    named = {name: role for role, group in found.roles.items() for name, _ in group}
    for name, array in nameless:
        group = found.uses.together.get(name, ())
        left = [role for role in MATRICES[:3] if role not in {named.get(each) for each in group}]
        if name in found.uses.asking and left:
            named[name] = left[0]
            found.roles.setdefault(left[0], []).append((name, array))
        else:
            yield name, array


def _both_named(uses: Uses, name: str) -> bool:
    """Whether of two matrices that are multiplied one is called the gate, and only one."""
    gate = [affinity(each, "ffn.W_gate") >= SURE for each in (name, uses.partners[name])]
    return sum(gate) == 1


def _in_turn(found: Weights, matrices: list[tuple[str, np.ndarray]]) -> None:
    """Nobody called a matrix that of the queries: in the order of use four square ones are an attention, then two or
    three others a feed-forward network."""
    found.roles.clear()
    for group in _by_layer(matrices).values():
        if len(group) < 3:
            continue
        order = iter(("W_Q", "W_K", "W_V", "W_O") if len(group) != 3 else ("W_Q", "W_K", "W_V"))
        later = iter(("W_1", "W_2") if len(group) < 7 else ("W_gate", "W_1", "W_2"))
        for name, array in group:
            role = next(order, None) or next(later, "")
            found.roles.setdefault(role, []).append((name, array))


def _by_layer(matrices: list[tuple[str, np.ndarray]]) -> dict[str, list[tuple[str, np.ndarray]]]:
    groups: dict[str, list[tuple[str, np.ndarray]]] = {}
    for name, array in matrices:
        number = re.search(r"(?:layers?|blocks?|h|encoder|decoder)\.(\d+)\.", name)
        groups.setdefault(number[1] if number else "", []).append((name, array))
    return groups


def _square(array: np.ndarray) -> bool:
    return len(set(array.shape)) == 1


def _named(name: str, words: tuple[str, ...]) -> bool:
    return any(word in plain(name) for word in words)


def _named_not(name: str) -> bool:
    return not _named(name, ("lm_head", "head_weight", "unembed", "classifier"))


def _table(name: str, array: np.ndarray, width: int) -> bool:
    said = max(affinity(name, "src.E"), affinity(name, "src.pos"))
    return said >= 2 and array.shape[1] == width


def _is_mask(array: np.ndarray) -> bool:
    return array.size > 1 and bool(np.isin(array, (0, 1)).all() or np.isinf(array).any())


def vectors(kept: Recording) -> Iterator[str]:
    """The arrays that may be what the model reads, the likeliest first: inputs, what is called x, the first array."""
    floats = [n for n in kept if kept[n].dtype.kind == "f" and kept[n].ndim in (2, 3) and kept.note(n).kind != "mask"]
    mine = [
        n for n in floats if not is_weight(kept, n) and not n.endswith((".grad", ".new")) and "mask" not in n.lower()
    ]
    inputs = [n for n in mine if kept.note(n).kind == "input"]
    named = sorted((n for n in mine if affinity(n, "x") >= 1), key=lambda n: -affinity(n, "x"))
    yield from dict.fromkeys([*inputs, *named, *mine])
