"""Mistakes that show only in the numbers, or come after the forward pass: rounding, dropout, gradients, the update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstep.compare.book import Entry
from tfstep.compare.layout import Layout, layouts, role
from tfstep.compare.plant import Patch, Site, Way, planted
from tfstep.compare.tolerance import LEVELS, apart, rounded
from tfstep.compare.walk import Override, Walk, walk
from tfstep.engine.op import Array
from tfstep.engine.plan import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.diagnose import Search, Tried

ENOUGH = 1e-6


def _like(search: Search, node: Node, missing: list[Entry]) -> Iterator[tuple[Entry, Layout]]:
    for entry in missing:
        if entry.array.size == node.spec.size:
            for layout in layouts(node, search.scenario.model, entry.array.shape):
                yield entry, layout


def _fixed(change: np.ndarray, factor: bool) -> Patch:
    """The step times, or plus, numbers that are what they have."""

    def made(at: Site) -> Array:
        y = at.usual()
        return y * at.constant(change) if factor else y + at.constant(change)

    return made


def rounding(search: Search, suspects: list[Node], missing: list[Entry]) -> Tried | None:
    """A step that is rounded to a smaller type than the rest."""
    for node in suspects[:20]:
        y = search.walk.ours(node.slot)
        if y.dtype.kind != "f":
            continue
        for level in LEVELS[1:]:
            if LEVELS.index(level) <= LEVELS.index(search.book.level):
                continue
            small = rounded(y, level)
            for _, layout in _like(search, node, missing):
                del layout
                way = Way("dtype", node.path, _in_type(level), {node.path: _fixed(small - y, False)}, f"dtype {level}")
                tried = search.attempt(way)
                if tried is not None:
                    return tried
                break
    return None


def _in_type(level: str) -> Bilingual:
    return Bilingual("rounded to {level}", "舍入到 {level}", level=level)


def dropout(search: Search, suspects: list[Node], missing: list[Entry]) -> Tried | None:
    """Zeros here and there, and all else times 1/(1 − p)."""
    for node in suspects:
        y = search.walk.ours(node.slot)
        if y.dtype.kind != "f" or y.size < 4:
            continue
        for _, layout in _like(search, node, missing):
            theirs = layout.back(_.array)
            for base, patch in _dropped(search, node, y, theirs):
                tried = search.attempt(
                    Way("dropout", node.path, _dropout_text(base), {node.path: patch}, f"dropout {role(node.path)}")
                )
                if tried is not None:
                    return tried
        for k, slot in enumerate(node.slots):
            source = search.plan.nodes[slot]
            if source.op is None or source.dtype.kind != "f" or (k and slot in node.slots[:k]):
                continue
            for entry, layout in _like(search, source, [search.book.by_name[n] for n in sorted(search.open_names())]):
                kept = _kept(search.walk.values[slot], layout.back(entry.array))
                if kept is not None:
                    text = _dropout_text(kept[0])
                    way = Way(
                        "dropout",
                        source.path,
                        text,
                        {source.path: _fixed(kept[1], True)},
                        f"dropout {role(source.path)}",
                    )
                    tried = search.attempt(way)
                    if tried is not None:
                        return tried
    return None


def _dropout_text(factor: float) -> Bilingual:
    return Bilingual(
        "dropout is on: zeros, and all else · {f:.6g} = 1/(1 − p), p = {p:.4g}",
        "dropout 还开着：有零，其余乘了 {f:.6g} = 1/(1 − p)，p = {p:.4g}",
        f=factor,
        p=1 - 1 / factor,
    )


def _dropped(search: Search, node: Node, y: np.ndarray, theirs: np.ndarray) -> Iterator[tuple[float, Patch]]:
    """Where theirs is ours with dropout, or for a sum of two with dropout on one of them: the factor and the patch."""
    found = _kept(y, theirs)
    if found is not None:
        yield found[0], _fixed(found[1], True)
    if node.op is not None and node.op.name == "add" and len(node.slots) == 2:
        a, b = (np.asarray(search.walk.values[s]) for s in node.slots)
        if a.shape == b.shape == theirs.shape:
            for k, (one, other) in enumerate(((a, b), (b, a))):
                found = _kept(other, theirs - one)
                if found is not None:
                    yield found[0], _part(1 - k, found[1])


def _part(which: int, mask: np.ndarray) -> Patch:
    def made(at: Site) -> Array:
        args = list(at.args)
        args[which] = args[which] * at.constant(mask)
        return at.usual(*args)

    return made


def _kept(y: np.ndarray, theirs: np.ndarray) -> tuple[float, np.ndarray] | None:
    """The factor and the mask, if theirs is y with some cells 0 and all others times one factor above 1."""
    size = np.abs(y).max(initial=0.0)
    real = np.abs(y) > 1e-6 * size
    if not real.any():
        return None
    with np.errstate(all="ignore"):
        ratio = theirs / y
    kept = real & (np.abs(theirs) > 1e-7 * size)
    if not kept.any() or kept.sum() == real.sum():
        return None
    factor = float(np.median(ratio[kept]))
    if factor <= 1 + 1e-6 or not (np.abs(ratio[kept] - factor) <= 1e-4 * factor).all():
        return None
    return factor, np.where((theirs == 0) & (y != 0), 0.0, factor)


# -- after the forward pass ----------------------------------------------------------------------------------


def _again(search: Search, plan: Any = None, overrides: dict[str, Override] | None = None) -> Walk:
    return walk(
        search.book,
        plan or search.plan,
        search.leaves,
        pins=search.pins,
        overrides={**search.overrides, **(overrides or {})},
    )


def _lacking(search: Search) -> list[Entry]:
    """Gradients and new parameters that are none of ours."""
    names = search.walk.names
    return [
        e
        for e in search.book.entries
        if e.number
        and e.name not in names
        and (e.of is not None or e.name.endswith(".new"))
        and not (e.trivial and not _wrong_name(search, e))
    ]


def _wrong_name(search: Search, entry: Entry) -> bool:
    return any(e is entry for e, _ in search.walk.wrong.values())


def _note(search: Search, kind: str, path: str, detail: Bilingual, explains: int, of: int, entry: Entry | None) -> None:
    from tfstep.compare.diagnosis import Cause

    name, line = (entry.name, entry.note.line) if entry is not None else ("", "")
    search.causes.append(Cause(kind, path, detail, explains, of, name, line))


def _fault(search: Search, node: Node, entry: Entry | None, far: float) -> None:
    from tfstep.compare.diagnosis import First

    names = tuple(hits[0].entry.name for s in node.slots if (hits := search.walk.found.get(s)))
    search.faults.append(First(node.path, entry.name if entry else "", names, far, entry.note.line if entry else ""))


def losses(search: Search) -> None:
    """Mistakes of the loss that only its gradients show."""
    from tfstep.compare.causes.table import ways

    node = search.plan.paths.get("loss")
    if node is None or node.op is None or search.walk.found.get(node.slot) or "loss" in search.patches:
        return
    lacking = _lacking(search)
    if not lacking:
        return
    before = search.walk.names
    best: tuple[int, Way, Any, Walk] | None = None
    for way in ways(search.step(node)):
        try:
            plan = planted(search.plan, way.patches, search.scenario.model, search.scenario.train)
        except (KeyError, ValueError, IndexError, TypeError):
            continue
        search.tried += 1
        there = _again(search, plan)
        gained = len(there.names - before) - 2 * len(before - there.names)
        if gained > 0 and (best is None or gained > best[0]):
            best = gained, way, plan, there
    if best is not None:
        gained, way, plan, there = best
        _fault(search, node, None, float("nan"))
        _note(search, way.kind, "loss", way.detail, gained, len(lacking), None)
        search.plan, search.walk = plan, there
        search.patches |= dict(way.patches)


def gradients(search: Search) -> None:
    """Gradients: added to old ones, clipped, or with a branch left out."""
    for _ in range(8):
        lacking = [e for e in _lacking(search) if e.of is not None]
        if not lacking:
            return
        if not (_scaled(search, lacking) or _left_out(search, lacking)):
            _unknown(search, lacking)
            return


def _pairs(search: Search, lacking: list[Entry]) -> list[tuple[Node, Entry, np.ndarray, np.ndarray]]:
    """For each gradient that is not ours: our node, theirs, and both numbers in our layout."""
    found = []
    names = {e.name for e in lacking}
    for slot, (entry, layout) in search.walk.wrong.items():
        if entry.name in names:
            found.append((search.plan.nodes[slot], entry, search.walk.ours(slot), layout.back(entry.array)))
    there = {entry.name for _, entry, _, _ in found}
    for entry in lacking:
        if entry.name in there or entry.of is None:
            continue
        for slot, hits in search.walk.found.items():
            node = search.plan.paths.get(search.plan.nodes[slot].path + ".grad")
            hit = next((h for h in hits if h.entry.name == entry.of), None)
            if (
                node is not None
                and hit is not None
                and entry.array.shape == hit.entry.array.shape
                and hit.layout.ours == node.shape
            ):
                found.append((node, entry, search.walk.ours(node.slot), hit.layout.back(entry.array)))
                break
    return sorted(found, key=lambda each: each[0].slot)


def _ratio(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    """The one number that theirs / ours is everywhere."""
    size = np.abs(ours).max(initial=0.0)
    real = np.abs(ours) > 1e-6 * size
    if not size or not real.any():
        return None
    ratio = theirs[real] / ours[real]
    middle = float(np.median(ratio))
    return middle if np.abs(ratio - middle).max() <= 1e-5 * abs(middle) and middle else None


def _scaled(search: Search, lacking: list[Entry]) -> bool:
    """All gradients of parameters times one number: added several times, or clipped."""
    pairs = [p for p in _pairs(search, lacking) if _is_parameter(search, p[0])]
    ratios = [(p, r) for p in pairs if (r := _ratio(p[2], p[3])) is not None]
    if not ratios:
        return False
    factor = ratios[0][1]
    same = [p for p, r in ratios if abs(r - factor) <= 1e-4 * abs(factor)]
    every = [p for p in pairs if np.abs(p[2]).max(initial=0.0) > 1e-12]
    if len(same) < max(1, len(every)) or abs(factor - 1) < 1e-6:
        return _clipped_by_value(search, pairs)
    node, _, ours, theirs = same[0]
    whole = factor > 1 and abs(factor - round(factor)) < 1e-4
    norm = float(np.sqrt(sum((search.walk.ours(n.slot) ** 2).sum() for n in _parameter_grads(search))))
    if whole:
        kind, text = (
            "grad-accumulated",
            Bilingual(
                "gradients are {n} times ours: not set to zero before the backward pass",
                "梯度是我方的 {n} 倍：反向传播之前没有清零",
                n=round(factor),
            ),
        )
    elif 0 < factor < 1:
        kind, text = (
            "grad-clipped",
            Bilingual(
                "gradients · {f:.6g}: clipped to a norm of {norm:.6g}, where it is {whole:.6g}",
                "梯度 · {f:.6g}：范数从 {whole:.6g} 裁剪到了 {norm:.6g}",
                f=factor,
                norm=factor * norm,
                whole=norm,
            ),
        )
    else:
        return False
    _settle(
        search,
        kind,
        node,
        text,
        [p[1] for p in same],
        lacking,
        {p[0].path: _times(factor) for p in _grads_of(search)},
        apart(ours, theirs).max(),
    )
    return True


def _is_parameter(search: Search, node: Node) -> bool:
    of = search.plan.paths.get(node.path.removesuffix(".grad"))
    return of is not None and of.kind == "parameter"


def _parameter_grads(search: Search) -> list[Node]:
    return [
        n for n in search.plan.nodes if n.phase == "backward" and n.path.endswith(".grad") and _is_parameter(search, n)
    ]


def _grads_of(search: Search) -> list[tuple[Node]]:
    return [(n,) for n in _parameter_grads(search)]


def _times(factor: float) -> Callable[[Node], Override]:
    return lambda node: lambda args, get: factor * np.asarray(node.op.forward(*args, **node.attrs))  # type: ignore[union-attr]


def _clipped_by_value(search: Search, pairs: list[tuple[Node, Entry, np.ndarray, np.ndarray]]) -> bool:
    limits = [float(np.abs(theirs).max(initial=0.0)) for _, _, _, theirs in pairs]
    if not pairs:
        return False
    limit = max(limits)
    clipped = [p for p in pairs if np.allclose(np.clip(p[2], -limit, limit), p[3], rtol=1e-5, atol=1e-12)]
    if len(clipped) < len(pairs) or limit <= 0:
        return False
    node, _, ours, theirs = pairs[0]
    text = Bilingual("every number of the gradients clipped to ±{v:.6g}", "梯度的每个数都裁剪到 ±{v:.6g}", v=limit)

    def clip(node: Node) -> Override:
        return lambda args, get: np.clip(np.asarray(node.op.forward(*args, **node.attrs)), -limit, limit)  # type: ignore[union-attr]

    changes = {n.path: clip for n in _parameter_grads(search)}
    _settle(
        search,
        "grad-clipped",
        node,
        text,
        [p[1] for p in clipped],
        [p[1] for p in pairs],
        changes,
        apart(ours, theirs).max(),
    )
    return True


def _settle(
    search: Search,
    kind: str,
    node: Node,
    text: Bilingual,
    found: list[Entry],
    lacking: list[Entry],
    changes: Mapping[str, Callable[[Node], Override]],
    far: float,
) -> None:
    """A mistake of the backward pass is the cause: go on with it planted."""
    _fault(search, node, found[0] if found else None, float(far))
    search.overrides |= {path: make(search.plan.paths[path]) for path, make in changes.items()}
    before = search.walk.names
    search.walk = _again(search)
    gained = {e.name for e in lacking} & (search.walk.names - before)
    _note(search, kind, node.path, text, max(len(gained), len(found)), len(lacking), found[0] if found else None)


def _left_out(search: Search, lacking: list[Entry]) -> bool:
    """A gradient without one of its uses, without a row, or none at all."""
    for node, entry, ours, theirs in _pairs(search, lacking):
        for text, made in _less(search, node):
            y = made(search.walk)
            if y.shape == theirs.shape and _same(y, theirs, ours):
                fixed = _always(y)

                _settle(
                    search,
                    "grad-missing",
                    node,
                    text,
                    [entry],
                    lacking,
                    {node.path: fixed},
                    float(apart(ours, theirs).max()),
                )
                return True
        rows = _rows_of_zeros(ours, theirs)
        if rows is not None:
            text = Bilingual(
                "row {rows} of the gradient is 0, as padding_idx makes it",
                "梯度的第 {rows} 行为 0，是 padding_idx 造成的",
                rows=", ".join(map(str, rows)),
            )
            value = theirs.copy()
            _settle(
                search,
                "grad-missing",
                node,
                text,
                [entry],
                lacking,
                {node.path: _always(value)},
                float(apart(ours, theirs).max()),
            )
            return True
    return False


def _always(value: np.ndarray) -> Callable[[Node], Override]:
    return lambda node: lambda args, get: value


def _same(y: np.ndarray, theirs: np.ndarray, ours: np.ndarray) -> bool:
    return bool((np.abs(y - theirs) <= ENOUGH * (np.abs(ours) + np.abs(ours).mean())).all())


def _less(search: Search, node: Node) -> Iterator[tuple[Bilingual, Callable[[Walk], np.ndarray]]]:
    """Less than the whole gradient: nothing, or the sum without some of its uses."""
    from itertools import combinations

    yield (
        Bilingual("no gradient comes here: a branch is detached", "这里没有梯度：有一支被 detach 了"),
        lambda w: np.zeros(node.shape),
    )
    if node.op is None or node.op.name != "accumulate" or len(node.slots) > 8:
        return
    uses = list(node.slots)
    for n in range(len(uses) - 1, 0, -1):
        for kept in combinations(uses, n):
            gone = [search.plan.nodes[s].path.rpartition("/")[2] for s in uses if s not in kept]
            yield (
                Bilingual(
                    "the share that comes by {gone} is missing", "缺少经 {gone} 传来的那一份", gone=", ".join(gone)
                ),
                lambda w, kept=kept: np.sum([w.values[s] for s in kept], axis=0),  # type: ignore[misc]  # its own share
            )


def _rows_of_zeros(ours: np.ndarray, theirs: np.ndarray) -> list[int] | None:
    if ours.ndim != 2:
        return None
    gone = (theirs == 0).all(1) & (ours != 0).any(1)
    if not gone.any() or gone.all() or not _same(np.where(gone[:, None], 0.0, ours), theirs, ours):
        return None
    return [int(i) for i in np.flatnonzero(gone)]


def _unknown(search: Search, lacking: list[Entry]) -> None:
    """Gradients that none of the known mistakes gives: each is judged alone, from their gradients before it."""
    from tfstep.compare import shown

    pairs = _pairs(search, lacking)
    for k, (node, entry, ours, theirs) in enumerate(pairs):
        _fault(search, node, entry, float(apart(ours, theirs).max(initial=0.0)))
        if not k and not search.causes:
            search.findings += shown.what(ours, theirs, node)


# -- the update ----------------------------------------------------------------------------------------------

DECAYS = (0.01, 0.1, 0.05, 1e-3, 1e-4, 5e-4, 0.02, 0.2, 0.3, 0.5, 1e-2)


def updates(search: Search) -> None:
    """The update: weight decay, eps, bias correction, momentum."""
    lacking = [e for e in _lacking(search) if e.name.endswith(".new")]
    open_names = {e.name for e in lacking}
    if not lacking:
        return
    best: tuple[int, str, Bilingual, dict[str, Override]] | None = None
    before = search.walk.names
    for kind, text, make in _update_ways(search):
        changes = {n.path: make(n) for n in search.plan.nodes if n.phase == "update" and n.path.endswith(".new")}
        search.tried += 1
        there = _again(search, overrides=changes)
        gained = len((there.names - before) & open_names) - len(before - there.names)
        if gained > 0 and (best is None or gained > best[0]):
            best = gained, kind, text, changes
            if gained == len(open_names):
                break
    news = [
        n
        for n in search.plan.nodes
        if n.phase == "update" and n.path.endswith(".new") and not search.walk.found.get(n.slot)
    ]
    if not news:
        return
    if best is None:
        _fault(search, news[0], lacking[0], float("nan"))
        return
    gained, kind, text, changes = best
    search.overrides |= changes
    search.walk = _again(search)
    node = next(
        (n for n in news if any(h.entry.name in open_names for h in search.walk.found.get(n.slot, ()))), news[0]
    )
    entry = next((h.entry for h in search.walk.found.get(node.slot, ()) if h.entry.name in open_names), lacking[0])
    _fault(search, node, entry, float("nan"))
    _note(search, kind, node.path, text, gained, len(open_names), entry)


Made = tuple[str, Bilingual, Callable[[Node], Override]]


def _update_ways(search: Search) -> Iterator[Made]:
    train, plan, values = search.scenario.train, search.plan, search.walk.values
    lr, (b1, b2), eps = train.lr, train.betas, train.eps

    def of(node: Node) -> tuple[np.ndarray, np.ndarray]:
        path = node.path.removesuffix(".new")
        return np.asarray(values[plan.paths[path].slot]), np.asarray(values[plan.paths[path + ".grad"].slot])

    def simple(rule: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Node], Override]:
        def make(node: Node) -> Override:
            return lambda args, get: rule(*of(node))

        return make

    def remembered(node: Node, name: str) -> np.ndarray:
        path = node.path.removesuffix(".new") + f".{name}_before"
        return np.asarray(search.leaves[path]) if path in search.leaves else np.zeros(node.shape)

    t = 1 + int(search.leaves["update.done"]) if "update.done" in search.leaves else 1

    def adam(
        *,
        decay: float = 0.0,
        decoupled: float = 0.0,
        e: float = eps,
        inside: bool = False,
        fix_m: bool = True,
        fix_v: bool = True,
        hat: bool = False,
    ) -> Callable[[Node], Override]:
        def make(node: Node) -> Override:
            def rule(args: list[Any], get: Any) -> np.ndarray:
                p, g = of(node)
                g = g + decay * p
                m = b1 * remembered(node, "m") + (1 - b1) * g
                v = b2 * remembered(node, "v") + (1 - b2) * g * g
                m = m / (1 - b1**t) if fix_m else m
                root = np.sqrt(v / (1 - b2**t) if fix_v else v)
                below = np.sqrt(root**2 + e) if inside else root + (e / np.sqrt(1 - b2**t) if hat else e)
                return np.asarray(p - lr * m / below - lr * decoupled * p)

            return rule

        return make

    def sgd(
        *,
        decay: float = 0.0,
        momentum: float = train.momentum,
        damp: float = 0.0,
        nesterov: bool = False,
        decoupled: float = 0.0,
    ) -> Callable[[Node], Override]:
        def make(node: Node) -> Override:
            def rule(args: list[Any], get: Any) -> np.ndarray:
                p, g = of(node)
                g = g + decay * p
                v = momentum * remembered(node, "velocity") + (1 - damp) * g
                return np.asarray(p - lr * (g + momentum * v if nesterov else v) - lr * decoupled * p)

            return rule

        return make

    adamic = train.optimizer == "adam"
    for wd in dict.fromkeys((*_solved(search, lr), *DECAYS)):
        one = Bilingual(
            "p shrinks by lr · {wd:g} · p besides: decoupled weight decay",
            "p 另外缩小 lr · {wd:g} · p：解耦的权重衰减",
            wd=wd,
        )
        two = Bilingual("g + {wd:g} · p: weight decay in the gradient", "g + {wd:g} · p：权重衰减加进了梯度", wd=wd)
        if adamic:
            yield "weight-decay", one, adam(decoupled=wd)
            yield "weight-decay", two, adam(decay=wd)
        else:
            yield "weight-decay", two, sgd(decay=wd)
    if adamic:
        for fm, fv, en, zh in (
            (False, False, "m and v as they are", "m 和 v 原样使用"),
            (False, True, "m as it is", "m 原样使用"),
            (True, False, "v as it is", "v 原样使用"),
        ):
            yield (
                "optimizer-bias",
                Bilingual("no bias correction: " + en, "没有偏差修正：" + zh),
                adam(fix_m=fm, fix_v=fv),
            )
        yield (
            "optimizer-eps",
            Bilingual("√(v̂ + eps) in place of √v̂ + eps", "√(v̂ + eps)，而不是 √v̂ + eps"),
            adam(inside=True),
        )
        yield (
            "optimizer-eps",
            Bilingual("eps added to √v before its bias is corrected", "eps 加在未修正偏差的 √v 上"),
            adam(hat=True),
        )
        for e in (0.0, 1e-6, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 1e-10, 1e-12, 1e-16, 1e-8):
            if e != eps:
                yield (
                    "optimizer-eps",
                    Bilingual("eps = {e:g} in place of {eps:g}", "eps = {e:g}，而不是 {eps:g}", e=e, eps=eps),
                    adam(e=e),
                )
                yield "optimizer-eps", Bilingual("√(v̂ + {e:g})", "√(v̂ + {e:g})", e=e), adam(e=e, inside=True)
        yield (
            "momentum",
            Bilingual("m starts as g, not as (1 − β₁) g", "m 从 g 起步，而不是 (1 − β₁) g"),
            _m_as_g(of, lr, eps, b1),
        )
        return
    momentum = train.momentum or 0.9
    for damp in dict.fromkeys((momentum, 0.1, 0.9)):
        yield (
            "momentum",
            Bilingual("the first step is {d:g} · g: dampened", "第一步是 {d:g} · g：带阻尼", d=1 - damp),
            sgd(momentum=momentum, damp=damp),
        )
    for mu in dict.fromkeys((momentum, 0.9, 0.99, 0.5)):
        yield (
            "momentum",
            Bilingual("Nesterov: g + {mu:g} · v", "Nesterov：g + {mu:g} · v", mu=mu),
            sgd(momentum=mu, nesterov=True),
        )
    if train.momentum:
        yield "momentum", Bilingual("without momentum", "没有动量"), sgd(momentum=0.0)
        yield (
            "momentum",
            Bilingual("lr · (1 − {mu:g}) · g", "lr · (1 − {mu:g}) · g", mu=train.momentum),
            sgd(damp=train.momentum),
        )


def _m_as_g(of: Any, lr: float, eps: float, b1: float) -> Callable[[Node], Override]:
    def make(node: Node) -> Override:
        def rule(args: list[Any], get: Any) -> np.ndarray:
            p, g = of(node)
            return np.asarray(p - lr * g / (1 - b1) / (np.abs(g) + eps))

        return rule

    return make


def _solved(search: Search, lr: float) -> Iterator[float]:
    """The weight decay that their numbers tell, if any: (ours − theirs) / (lr · p) is one number."""
    for node in search.plan.nodes:
        if node.phase != "update" or not node.path.endswith(".new"):
            continue
        p = np.asarray(search.walk.values[search.plan.paths[node.path.removesuffix(".new")].slot])
        entries = [e for e in search.book.entries if e.name.endswith(".new") and e.array.size == p.size and p.size > 1]
        for entry in entries:
            for layout in layouts(node, search.scenario.model, entry.array.shape):
                gap = search.walk.ours(node.slot) - layout.back(entry.array)
                found = _ratio(lr * p, gap)
                if found is not None and 1e-6 < found < 1:
                    yield float(f"{found:.6g}")
