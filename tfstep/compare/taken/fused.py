"""Weights that lie side by side in one of theirs: queries, keys and values; keys and values; a gate and what it lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from msgspec import Struct

from tfstep.compare.book import Book, Entry
from tfstep.compare.names import SIDE_BY_SIDE, plain
from tfstep.compare.walk import walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import ModelConfig

ATTENTION, STORE, GATE = "attention", "store", "gate"
TOGETHER = (
    (ATTENTION, ("W_Q", "W_K", "W_V")),
    (ATTENTION, ("b_Q", "b_K", "b_V")),
    (STORE, ("W_K", "W_V")),
    (STORE, ("b_K", "b_V")),
    (GATE, ("W_gate", "W_1")),
    (GATE, ("b_gate", "b_1")),
)
"""What others keep in one array, in the usual order."""
Way = Callable[[np.ndarray, tuple[int, ...], ModelConfig], Iterator[np.ndarray]]


class Group(Struct, frozen=True, eq=False):
    """Weights or biases as one (…, their widths added up), and the paths of ours that they are."""

    kind: str
    name: str
    paths: tuple[str, ...]
    array: np.ndarray
    widths: tuple[int, ...]


def fused(
    book: Book, values: dict[str, np.ndarray], nodes: list[Node], taken: dict[str, str], known: set[str]
) -> Iterator[Group]:
    """The groups of theirs: ``in_proj_weight`` (q + k + v, d), ``c_attn.weight`` (d, q + k + v), ``gate_up`` (d, 2 d_ff)."""
    told = any(entry.note.kind == "weight" for entry in book.entries)
    known |= {
        entry.name for path in values for _, paths in _groups(path, values) for entry in _ours(book, values, paths)
    }
    for node in nodes:
        for kind, paths in _groups(node.path, values):
            if node.path in taken:
                continue
            widths = tuple(values[path].shape[-1] for path in paths)
            for entry in book.by_size.get(sum(values[path].size for path in paths), ()):
                if (
                    entry.name in known
                    or not entry.number
                    or entry.of is not None
                    or (told and entry.note.kind != "weight")
                    or len([n for n in entry.array.shape if n != 1]) != values[node.path].ndim
                    or not _side_by_side(book, entry, kind)
                ):
                    continue
                array = entry.array.reshape([n for n in entry.array.shape if n != 1])
                if array.ndim == 2 and (array.shape[1] != sum(widths) or "in_proj" in entry.name):
                    array = array.T
                if array.shape[-1] != sum(widths):
                    continue
                group = Group(kind, entry.name, paths, array, widths)
                for path, part in zip(paths, next(_ways(group, 1))(array, widths, book.config), strict=True):
                    values[path] = np.array(part)
                    taken[path] = entry.name
                known.add(entry.name)
                yield group
                break


def _groups(first: str, values: Mapping[str, np.ndarray]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What may lie side by side with this weight as the first of them."""
    for kind, names in TOGETHER:
        if first.endswith(f".{names[0]}"):
            paths = tuple(first.removesuffix(names[0]) + name for name in names)
            if all(path in values for path in paths):
                yield kind, paths


def _ours(book: Book, values: Mapping[str, np.ndarray], paths: tuple[str, ...]) -> Iterator[Entry]:
    """What has ours in it already, side by side."""
    whole = np.concatenate([values[path] for path in paths], -1)
    for entry in book.by_size.get(whole.size, ()):
        array = entry.array.reshape([n for n in entry.array.shape if n != 1])
        if (
            entry.number
            and not entry.trivial
            and any(
                turned.shape == whole.shape and np.allclose(turned, whole, rtol=1e-3, atol=1e-5)
                for turned in (array, array.T)
            )
        ):
            yield entry


def _side_by_side(book: Book, entry: Entry, kind: str) -> bool:
    """Whether a weight is several in one: as it is used, else as it is called."""
    matrix, name = book.uses.biases.get(entry.name, entry.name), plain(entry.name)
    if kind == GATE:
        return "gate" in name or "up" in name
    if kind == STORE:
        return "kv" in name and "qkv" not in name
    if book.uses.together:
        return book.uses.together.get(matrix) == (matrix,)
    return "attn" in name or any(word in name for word in SIDE_BY_SIDE)


def _behind(array: np.ndarray, widths: tuple[int, ...], c: ModelConfig) -> Iterator[np.ndarray]:
    """All queries, then all keys, then all values."""
    yield from np.split(array, np.cumsum(widths)[:-1], -1)


def _reversed(array: np.ndarray, widths: tuple[int, ...], c: ModelConfig) -> Iterator[np.ndarray]:
    """What is let through, then the gate."""
    yield from reversed(np.split(array, np.cumsum(widths[::-1])[:-1], -1))


def _by_head(array: np.ndarray, widths: tuple[int, ...], c: ModelConfig) -> Iterator[np.ndarray]:
    """For each head of the keys its queries, its keys and its values, as GPT-NeoX, BLOOM and Falcon have them."""
    groups = array.reshape(*array.shape[:-1], c.kv_heads, -1)
    for part in np.split(groups, np.cumsum([width // c.kv_heads for width in widths])[:-1], -1):
        yield part.reshape(*array.shape[:-1], -1)


def _innermost(array: np.ndarray, widths: tuple[int, ...], c: ModelConfig) -> Iterator[np.ndarray]:
    """The query, the key and the value of each feature beside each other: (head, d, 3)."""
    yield from (array[..., k :: len(widths)] for k in range(len(widths)))


def _heads_last(array: np.ndarray, widths: tuple[int, ...], c: ModelConfig) -> Iterator[np.ndarray]:
    """For each feature of a head those of all heads: (d, 3, head)."""
    parts = array.reshape(*array.shape[:-1], -1, len(widths), c.heads)
    for k in range(len(widths)):
        yield parts[..., k, :].swapaxes(-1, -2).reshape(*array.shape[:-1], -1)


def _ways(group: Group, heads: int) -> Iterator[Way]:
    """How a group may lie in one array, the usual way first; the order of a gate and of what it lets through is that of
    their names, for exchanged they are a mistake."""
    equal = len(set(group.widths)) == 1
    if group.kind == GATE:
        name = plain(group.name)
        yield _reversed if "gate" in name and "up" in name and name.index("up") < name.index("gate") else _behind
        return
    yield _behind
    if heads > 1:
        yield _by_head
    if equal:
        yield _innermost
        if heads > 1:
            yield _heads_last


def laid_out(
    book: Book,
    plan: Plan,
    leaves: Mapping[str, np.ndarray],
    values: dict[str, np.ndarray],
    groups: list[Group],
    config: ModelConfig,
) -> None:
    """How the groups lie in one array: so that they are ours, else so that most of theirs is found."""
    for kind in dict.fromkeys(group.kind for group in groups):
        alike = [group for group in groups if group.kind == kind]
        made: list[dict[str, np.ndarray]] = []
        for way in _ways(alike[0], config.kv_heads):
            parts = {
                path: np.ascontiguousarray(part)
                for group in alike
                for path, part in zip(group.paths, way(group.array, group.widths, config), strict=True)
            }
            made.append(parts)
            if all(np.allclose(leaves[path], part, rtol=1e-3, atol=1e-5) for path, part in parts.items() if part.any()):
                break
        else:
            if len(made) > 1:
                counts = [len(walk(book, plan, {**values, **each}, until="forward").names) for each in made]
                made = [made[counts.index(max(counts))]]
        values.update(made[-1])
