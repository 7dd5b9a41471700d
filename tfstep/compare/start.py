"""Both sides start alike: their weights and inputs are taken over where they recorded them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from tfstep.compare.book import Book, Entry, Sizes
from tfstep.compare.layout import Layout, layouts
from tfstep.compare.names import affinity, plain
from tfstep.compare.walk import walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import ModelConfig

SURE = 1.5  # an affinity from which a name alone says which weight it is
INPUTS = 6  # arrays that are tried as an input
CONV1D = ("c_attn", "c_fc", "c_proj")  # GPT-2 keeps these as (in, out), and not as torch.nn.Linear does


def start(
    book: Book, plan: Plan, leaves: Mapping[str, np.ndarray], config: ModelConfig
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The numbers of all leaves, theirs where there are any; and which array each that was taken over is."""
    values = dict(leaves)
    taken: dict[str, str] = {}
    known: set[str] = set()
    open_: list[Node] = []
    for node in plan.nodes:
        if node.op is not None or node.dtype.kind != "f" or node.path not in values:
            continue
        hits = book.find(node, values[node.path], [], Sizes(partial(np.abs, values[node.path])))
        telling = [
            hit
            for hit in hits
            if (not hit.entry.trivial or affinity(hit.entry.name, node.path) >= SURE)
            and hit.entry.of is None
            and not hit.entry.is_new
        ]
        if telling:
            known |= {hit.entry.name for hit in telling}
        elif node.kind in ("parameter", "input"):
            open_.append(node)
    _fused(book, plan, values, open_, taken, known)
    _longer(book, values, open_, taken)
    rest = [node for node in open_ if node.path not in taken]
    for score, node, entry, layout in _pairs(book, rest, config, known):
        if node.path in taken or entry.name in known or (score < SURE and entry.note.kind != "weight"):
            continue
        values[node.path] = layout.back(entry.array)
        taken[node.path] = entry.name
        known.add(entry.name)
    _ids(book, plan, values, taken)
    _tried(book, plan, values, [n for n in rest if n.kind == "input" and n.path not in taken], config, taken)
    _doubted(book, plan, leaves, values, taken)
    return values, taken


def _doubted(
    book: Book, plan: Plan, leaves: Mapping[str, np.ndarray], values: dict[str, np.ndarray], taken: dict[str, str]
) -> None:
    """What is called like a weight, and may as well be a tensor of the run (``emb``), is a weight only if more of
    theirs is found with it."""
    steps = [node for node in plan.steps if node.phase == "forward"]
    for path, name in list(taken.items()):
        entry = book.by_name[name]
        if entry.note.kind != "tensor" or plan.paths[path].kind != "parameter":
            continue
        if not any(n.spec.size == entry.array.size and affinity(name, n.path) >= 1 for n in steps):
            continue
        mine = {**values, path: leaves[path]}
        with_it, without = (walk(book, plan, each, until="forward").names - {name} for each in (values, mine))
        if len(with_it) <= len(without):
            values[path] = leaves[path]
            del taken[path]


def _tried(
    book: Book,
    plan: Plan,
    values: dict[str, np.ndarray],
    inputs: list[Node],
    config: ModelConfig,
    taken: dict[str, str],
) -> None:
    """An input that no name tells: of the first arrays of its size the one with which more of theirs is found."""
    for node in inputs:
        near = [e for e in book.by_size.get(node.spec.size, ()) if e.number and not e.trivial and e.of is None][:INPUTS]
        best = len(walk(book, plan, values, until="forward").names) + 1 if near else 0
        for entry in near:
            for layout in layouts(node, config, entry.array.shape)[:1]:
                mine = {**values, node.path: layout.back(entry.array)}
                found = len(walk(book, plan, mine, until="forward").names - {entry.name})
                if found > best:
                    best, values[node.path], taken[node.path] = found, mine[node.path], entry.name


def _pairs(
    book: Book, nodes: list[Node], config: ModelConfig, known: set[str]
) -> list[tuple[float, Node, Entry, Layout]]:
    """Every recorded array that may be one of these weights, the likeliest first."""
    found = []
    places = {node.path: k for k, node in enumerate(n for n in nodes if n.kind == "parameter")}
    ranks = {
        e.name: k for k, e in enumerate(e for e in book.entries if e.note.kind == "weight" and e.name not in known)
    }
    for node in nodes:
        for entry in book.by_size.get(int(np.prod(node.shape, initial=1)), ()):
            if entry.name in known or not entry.number or entry.of is not None:
                continue
            fit = _oriented(node, entry, layouts(node, config, entry.array.shape))
            if not fit:
                continue
            score = affinity(entry.name, node.path)
            if entry.note.kind == "weight" and node.kind == "parameter":
                score += 0.6 - 0.5 * abs(places[node.path] / len(places) - ranks[entry.name] / len(ranks))
            if entry.note.kind == "input" and node.kind == "input":
                score += 2.0
            found.append((score, node, entry, fit[0]))
    return sorted(found, key=lambda each: -each[0])


def _oriented(node: Node, entry: Entry, fit: tuple[Layout, ...]) -> tuple[Layout, ...]:
    """Of a matrix, which way round: torch.nn.Linear keeps (out, in)."""
    if node.role.name != "weight" or len(node.shape) != 2:
        return fit
    named = entry.name.endswith("weight") and not any(word in plain(entry.name) for word in CONV1D)
    if entry.note.op == "linear" or (not entry.note.op and named):
        return tuple(each for each in fit if each.order != tuple(sorted(each.order)))
    return fit


def _fused(
    book: Book, plan: Plan, values: dict[str, np.ndarray], nodes: list[Node], taken: dict[str, str], known: set[str]
) -> None:
    """Queries, keys and values as one weight: ``in_proj_weight`` (3d, d), ``c_attn.weight`` (d, 3d)."""
    told = any(entry.note.kind == "weight" for entry in book.entries)
    for node in nodes:
        for tail, others in (("W_Q", ("W_K", "W_V")), ("b_Q", ("b_K", "b_V"))):
            if not node.path.endswith(tail):
                continue
            paths = [node.path, *(node.path.removesuffix(tail) + other for other in others)]
            if any(path not in values for path in paths):
                continue
            widths = [values[path].shape[-1] for path in paths]
            total = sum(values[path].size for path in paths)
            for entry in book.by_size.get(total, ()):
                if (
                    entry.name in known
                    or not entry.number
                    or entry.of is not None
                    or (told and entry.note.kind != "weight")
                    or entry.array.ndim != values[node.path].ndim
                    or not ("in_proj" in entry.name or "qkv" in plain(entry.name) or "attn" in plain(entry.name))
                ):
                    continue
                array = entry.array
                if array.ndim == 2 and (array.shape[1] != sum(widths) or "in_proj" in entry.name):
                    array = array.T
                if array.shape[-1] != sum(widths):
                    continue
                for path, part in zip(paths, np.split(array, np.cumsum(widths)[:-1], -1), strict=True):
                    values[path] = np.array(part)
                    taken[path] = entry.name
                known.add(entry.name)
                break


def _ids(book: Book, plan: Plan, values: dict[str, np.ndarray], taken: dict[str, str]) -> None:
    """The words they read, where they recorded other ids."""
    for node in plan.nodes:
        if node.kind != "input" or node.dtype.kind not in "iu" or node.path not in values:
            continue
        same = [e for e in book.by_size.get(int(np.prod(node.shape)), ()) if not e.number and e.array.size > 1]
        near = [
            e
            for e in same
            if e.note.kind == "input" or affinity(e.name, node.path) or "id" in plain(e.name) or "tok" in plain(e.name)
        ]
        if near and not any((e.array.reshape(node.shape) == values[node.path]).all() for e in same):
            limit = max((plan.nodes[s].shape[0] for s in _readers(plan, node)), default=0)
            ids = near[0].array.reshape(node.shape)
            if limit and ids.min() >= 0 and ids.max() < limit:
                values[node.path] = ids.astype(node.dtype)
                taken[node.path] = near[0].name


def _longer(book: Book, values: dict[str, np.ndarray], nodes: list[Node], taken: dict[str, str]) -> None:
    """A table of positions with more rows than the words of this run: the first of them."""
    for node in nodes:
        if not node.path.endswith(".pos"):
            continue
        rows, d = node.shape
        for entry in book.entries:
            shape = entry.array.shape
            if (
                len(shape) == 2
                and shape[1] == d
                and shape[0] > rows
                and affinity(entry.name, node.path) >= 1
                and entry.of is None
            ):
                values[node.path], taken[node.path] = np.array(entry.array[:rows]), entry.name
                break


def _readers(plan: Plan, node: Node) -> list[int]:
    """The tables that are read by these ids."""
    return [plan.nodes[s].slots[0] for s in plan.consumers[node.slot] if plan.nodes[s].phase == "forward"]
