"""Both sides start alike: their weights and inputs are taken over where they recorded them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from tfstep.compare.book import Book, Entry, Sizes
from tfstep.compare.layout import Layout, layouts, role
from tfstep.compare.names import affinity, plain
from tfstep.compare.proposed.weights import PLACES
from tfstep.compare.recorded.gathered import gathered
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.taken.fused import fused, laid_out
from tfstep.compare.taken.left_over import left_over
from tfstep.compare.walk import walk
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.models.config import ModelConfig
from tfstep.scenario.scenario import Scenario

SURE = 1.5  # an affinity from which a name alone says which weight it is
INPUTS = 6  # arrays that are tried as an input
BIASES = ("b_Q", "b_K", "b_V", "b_O", "b_1", "b_2", "b_gate", "b")
NORMS = ("layer_norm", "rms_norm", "batch_norm")
TURNED = ("Linear", "Conv1d", "NonDynamicallyQuantizableLinear")  # modules that keep (out, in)
CONV1D = ("c_attn", "c_fc", "c_proj")  # GPT-2 keeps these as (in, out), and not as torch.nn.Linear does
WIDENS = ("c_attn", "c_fc")  # and of these (out, in) is higher than wide


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
        own = values[node.path]
        size = partial(np.abs, own)
        hits = book.find(node, own, [], Sizes(size, size, partial(_some, own)))
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
    groups = list(fused(book, values, open_, taken, known))
    _longer(book, values, open_, taken)
    rest = [node for node in open_ if node.path not in taken]
    _norms(book, plan, values, rest, taken, known)
    places = _places(book, plan)
    pairs = [
        (score + 4.0 * (places.get(node.path) == entry.name), node, entry, layout)
        for score, node, entry, layout in _pairs(book, rest, config, known)
        if _may_be(book, entry, node)
    ]
    pairs.sort(key=lambda each: -each[0])
    biases = book.uses.biases
    tied = {path: group[0] for group in config.tie for path in group}
    for score, node, entry, layout in (
        *(each for each in pairs if each[2].name not in biases),
        *(each for each in pairs if each[2].name in biases),  # a bias goes with its matrix
    ):
        if node.path in taken or entry.name in known or not (score >= SURE or _is_weight(entry, score)):
            continue
        matrix = biases.get(entry.name)
        weight = node.path.replace(".b", ".W")
        if matrix in taken.values() and taken.get(tied.get(weight, weight)) != matrix:
            continue
        values[node.path] = layout.back(entry.array)
        taken[node.path] = entry.name
        known.add(entry.name)
    _ids(book, plan, values, taken)
    _tried(book, plan, values, [n for n in rest if n.kind == "input" and n.path not in taken], config, taken)
    laid_out(book, plan, leaves, values, groups, config)
    _doubted(book, plan, leaves, values, taken)
    left_over(book, plan, values, rest, taken, config)
    return values, taken


def weights(kept: Recording, scenario: Scenario) -> dict[str, np.ndarray]:
    """The weights of a recording that are parameters of a scenario, by our paths, laid out as ours are."""
    program, book = scenario.program, Book.of(gathered(kept), scenario.model)
    leaves = {program.plan.nodes[slot].path: np.asarray(value) for slot, value in program.leaves.items()}
    values, taken = start(book, program.plan, leaves, scenario.model)
    return {path: values[path] for path in taken if program.plan.paths[path].kind == "parameter"}


def _some(own: np.ndarray, step: int) -> np.ndarray:
    """The size of every so many cells."""
    return np.asarray(np.abs(own.reshape(-1)[::step]))


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
            fit = _oriented(book, node, entry, layouts(node, config, entry.array.shape))
            if not fit:
                continue
            score = affinity(entry.name, node.path)
            if entry.note.kind == "weight" and node.kind == "parameter":
                score += 0.6 - 0.5 * abs(places[node.path] / len(places) - ranks[entry.name] / len(ranks))
            if entry.note.kind == "input" and node.kind == "input":
                score += 2.0
            found.append((score, node, entry, fit[0]))
    return sorted(found, key=lambda each: -each[0])


def _norms(
    book: Book, plan: Plan, values: dict[str, np.ndarray], nodes: list[Node], taken: dict[str, str], known: set[str]
) -> None:
    """The scales and shifts of norms in the order of their use, where there are as many of theirs: `post_attention_layernorm`
    is before the feed-forward network in one model, and behind the attention in another."""
    steps = [node for node in plan.steps if node.op is not None and node.op.name in NORMS and node.phase == "forward"]
    for k, mine in ((1, book.uses.scales), (2, book.uses.shifts)):
        ours = list(dict.fromkeys(plan.nodes[node.slots[k]] for node in steps if len(node.slots) > k))
        theirs = [book.by_name[name] for name in mine]
        if len(ours) != len(theirs) or any(o.shape != t.array.shape for o, t in zip(ours, theirs, strict=True)):
            continue
        for node, entry in zip(ours, theirs, strict=True):
            if node in nodes and entry.name not in known:
                values[node.path] = np.array(entry.array)
                taken[node.path] = entry.name
                known.add(entry.name)


def _places(book: Book, plan: Plan) -> dict[str, str]:
    """Our matrices with those of theirs that have their role in the same layer, where there are as many."""
    found: dict[str, str] = {}
    for name, theirs in book.roles.items():
        ours = [
            node.path for node in plan.nodes if node.kind == "parameter" and node.path.endswith(PLACES[name] + name)
        ]
        if len(ours) == len(theirs):
            found |= dict(zip(ours, theirs, strict=True))
    return found


def _is_weight(entry: Entry, score: float) -> bool:
    """Whether an array is known to be a weight, or called one as PyTorch does and by a name that goes with ours."""
    return entry.note.kind == "weight" or (score >= 1 and entry.name.endswith((".weight", ".bias")))


def _may_be(book: Book, entry: Entry, node: Node) -> bool:
    """Whether what a weight is used for lets it be this parameter; names only tell apart what does."""
    told, own = book.uses, role(node.path)
    if entry.note.kind != "weight" or node.kind != "parameter":
        return True
    if entry.array.ndim == 1 and told.biases:
        return (own in BIASES) == (entry.name in told.biases)
    roles = told.roles(entry.name)
    return not roles or own in roles


def _oriented(book: Book, node: Node, entry: Entry, fit: tuple[Layout, ...]) -> tuple[Layout, ...]:
    """Of a matrix, which way round: torch.nn.Linear keeps (out, in)."""
    if node.role.name != "weight" or len(node.shape) != 2:
        return fit
    conv1d = not _all_linear(book) and any(word in plain(entry.name) for word in CONV1D)
    named = entry.name.endswith("weight") and not conv1d
    turned = entry.note.op in ("linear", "conv1d") or (not entry.note.op and named)
    if book.made.get(entry.name) in TURNED:
        turned = True
    elif entry.name in book.uses.turned:
        turned = book.uses.turned[entry.name]
    elif not turned:
        return fit
    return tuple(each for each in fit if turned == (each.order != tuple(sorted(each.order))))


def _all_linear(book: Book) -> bool:
    """Whether what GPT-2 keeps as (in, out) is kept as (out, in), as its rewritings with torch.nn.Linear do."""
    wide = [
        e for e in book.entries if e.of is None and e.array.ndim == 2 and any(f"{w}.weight" in e.name for w in WIDENS)
    ]
    return bool(wide) and all(e.array.shape[0] > e.array.shape[1] for e in wide)


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
