"""Mistakes of the update: weight decay, eps, the correction of the bias, momentum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tfstep.address.roles import NEW
from tfstep.compare.backwards.clipped import length
from tfstep.compare.backwards.clipped import told as clips
from tfstep.compare.backwards.lacking import lacking_of
from tfstep.compare.backwards.settled import again, blame, enter_cause
from tfstep.compare.backwards.unmoved import unmoved
from tfstep.compare.book import Entry, Sizes
from tfstep.compare.causes.gradients import one_ratio, several_ratios, some_rows
from tfstep.compare.layout import layouts
from tfstep.compare.tolerance import allowed
from tfstep.compare.walk import Override
from tfstep.engine.node import Node
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search


NOT_CLIPPED = Bilingual("the gradients are not clipped", "梯度没有裁剪")
CLOSE = 1e-4  # how far the number of times that a step is ours may be off one that is round
MOST_TIMES = 9  # passes that may have been added up
FEW = 3  # new values that tell whether a way to update is likely
DECAYS = (0.01, 0.1, 0.05, 1e-3, 1e-4, 5e-4, 0.02, 0.2, 0.3, 0.5)


def updates(search: Search) -> None:
    """The update: weight decay, eps, bias correction, momentum; or that there is none."""
    unmoved(search)
    lacking = [e for e in lacking_of(search) if e.is_new]
    open_names = {e.name for e in lacking}
    if not lacking:
        return
    best: tuple[int, str, Bilingual, dict[str, Override]] | None = None
    before = search.walk.names
    for kind, text, make in _likely_first(search, _update_ways(search), open_names):
        if search.stopped():
            break
        changes = {n.path: make(n) for n in search.plan.nodes if n.role.name == "new"}
        search.tried += 1
        there = again(search, overrides=changes)
        gained = len((there.names - before) & open_names) - len(before - there.names)
        if gained > 0 and (best is None or gained > best[0]):
            best = gained, kind, text, changes
            if gained == len(open_names):
                break
    news = [n for n in search.plan.nodes if n.role.name == "new" and not search.walk.found.get(n.slot)]
    if not news:
        return
    own = {e.name: e for e in lacking}
    if best is not None and best[0] < len(open_names):  # an update is one rule for all that it was seen to be given
        reached = again(search, overrides=best[3]).names
        if any(e is not None and e.name not in reached for e in (_recorded(search, node, own) for node in news)):
            best = None
    if best is None:
        for node in news:
            entry = _recorded(search, node, own)
            if entry is not None:
                blame(search, node, entry, float("nan"))
                return
        return
    gained, kind, text, changes = best
    search.overrides |= changes
    search.walk = again(search)
    node = next(
        (n for n in news if any(h.entry.name in open_names for h in search.walk.found.get(n.slot, ()))), news[0]
    )
    entry = next((h.entry for h in search.walk.found.get(node.slot, ()) if h.entry.name in open_names), lacking[0])
    blame(search, node, entry, float("nan"))
    enter_cause(search, kind, node.path, text, gained, open_names, entry)


def _recorded(search: Search, node: Node, lacking: dict[str, Entry]) -> Entry | None:
    """Their new value of a parameter whose old value and gradient they recorded, so that the update alone is judged."""
    walked, old = search.walk, search.plan.base(node)
    g = search.plan.gradient(old)
    if g is None or not (walked.found.get(g.slot) or g.slot in walked.wrong):
        return None
    return next((lacking[n] for h in walked.found.get(old.slot, ()) if (n := h.entry.name + NEW) in lacking), None)


Made = tuple[str, Bilingual, Callable[[Node], Override]]


def _likely_first(search: Search, made: Iterator[Made], lacking: set[str]) -> Iterator[Made]:
    """The ways to update with which one of the smallest parameters is theirs, and after them the others."""
    sizes = {search.book.by_name[name].array.size for name in lacking}
    news = [n for n in search.plan.nodes if n.role.name == "new" and n.spec.size in sizes]
    news = [n for n in news if not search.walk.found.get(n.slot)]
    few = sorted(news, key=lambda n: n.spec.size)[:FEW]
    later = []
    for each in made:
        if not few or any(_gives_theirs(search, node, each[2](node), lacking) for node in few):
            yield each
        else:
            later.append(each)
    yield from later


def _gives_theirs(search: Search, node: Node, rule: Override, lacking: set[str]) -> bool:
    """Whether by this rule a new value is one of theirs that is none of ours."""
    args = search.walk.arguments(node)
    with np.errstate(all="ignore"):
        y = np.asarray(rule(args, search.walk.get)).astype(search.book.dtype, copy=False)
    sizes = Sizes(partial(search.walk.most, node, y, args, search.book))
    return any(hit.entry.name in lacking for hit in search.book.find(node, y, args, sizes))


def _update_ways(search: Search) -> Iterator[Made]:
    train, plan, values = search.scenario.train, search.plan, search.walk.values
    if train.accumulate > 1 and int(values[plan.paths["update.part"].slot]) < train.accumulate:
        return  # nothing is updated yet
    lr, (b1, b2), eps = rate_of(search), train.betas, train.eps
    apart = train.optimizer == "adamw"  # its decay stands beside the gradient
    coupled, beside = (0.0, train.decay) if apart else (train.decay, 0.0)

    def of(node: Node, whole: bool = False) -> tuple[np.ndarray, np.ndarray]:
        p = plan.base(node)
        made = ("unscaled", "accumulated") if whole else ("clipped", "unscaled", "accumulated")
        g = next((plan.paths[path] for name in made if (path := f"{p.path}.{name}") in plan.paths), plan.gradient(p))
        assert g is not None  # a parameter without one has no new value
        return np.asarray(values[p.slot]), np.asarray(values[g.slot])

    def matrices(rule: Callable[..., Callable[[Node], Override]], **gone: Any) -> Callable[[Node], Override]:
        return lambda node: rule()(node) if len(node.shape) > 1 else rule(**gone)(node)

    def remembered(node: Node, name: str) -> np.ndarray:
        path = f"{plan.base(node).path}.{name}_before"
        return np.asarray(search.leaves[path]) if path in search.leaves else np.zeros(node.shape)

    t = 1 + int(search.leaves["update.done"]) if "update.done" in search.leaves else 1

    def adam(
        *,
        decay: float = coupled,
        decoupled: float = beside,
        e: float = eps,
        inside: bool = False,
        fix_m: bool = True,
        fix_v: bool = True,
        hat: bool = False,
        moved: bool = False,
        bare: bool = False,
        whole: bool = False,
        rooted: bool = True,
    ) -> Callable[[Node], Override]:
        def make(node: Node) -> Override:
            def rule(args: list[Any], get: Any) -> np.ndarray:
                p, g = of(node, whole)
                g = g + decay * p
                m = b1 * remembered(node, "m") + (1 - b1) * g
                v = b2 * remembered(node, "v") + (1 - b2) * g * g
                m = m / (1 - b1**t) if fix_m else m
                root = np.sqrt(v / (1 - b2**t) if fix_v else v)
                below = np.sqrt(root**2 + e) if inside else root + (e / np.sqrt(1 - b2**t) if hat else e)
                to = p - lr * (m / below if rooted else m)
                return np.asarray(to - (1 if bare else lr) * decoupled * (to if moved else p))

            return rule

        return make

    def sgd(
        *,
        decay: float = coupled,
        momentum: float = train.momentum,
        damp: float = 0.0 if t == 1 else train.dampening,
        nesterov: bool = train.nesterov,
        decoupled: float = 0.0,
        whole: bool = False,
    ) -> Callable[[Node], Override]:
        def make(node: Node) -> Override:
            def rule(args: list[Any], get: Any) -> np.ndarray:
                p, g = of(node, whole)
                g = g + decay * p
                v = momentum * remembered(node, "velocity") + (1 - damp) * g
                return np.asarray(p - lr * (g + momentum * v if nesterov else v) - lr * decoupled * p)

            return rule

        return make

    adamic = train.optimizer != "sgd"
    usual = adam if adamic else sgd
    if train.clip_norm is not None or train.clip_value is not None:
        yield "grad-clipped", NOT_CLIPPED, usual(whole=True)
    if train.nesterov:
        yield "momentum", Bilingual("without Nesterov: v alone", "没有用 Nesterov：只有 v"), sgd(nesterov=False)
    if train.decay:
        gone = Bilingual("no weight decay, in place of {own:g}", "没有权重衰减，应为 {own:g}", own=train.decay)
        none: dict[str, Any] = {"decay": 0.0, "decoupled": 0.0}
        yield "weight-decay", gone, usual(**none)
        some = Bilingual("matrices alone decay, not biases and norms", "只有矩阵有权重衰减，偏置和归一化的参数没有")
        yield "weight-decay", some, matrices(usual, **none)
    for wd in dict.fromkeys((train.decay, *_solved(search, lr, train.decay), *DECAYS)):
        if not wd:
            continue
        one = Bilingual(
            "p shrinks by lr · {wd:g} · p besides: decoupled weight decay",
            "p 另外缩小 lr · {wd:g} · p：解耦的权重衰减",
            wd=wd,
        )
        two = Bilingual("g + {wd:g} · p: weight decay in the gradient", "g + {wd:g} · p：权重衰减加进了梯度", wd=wd)
        if adamic and (coupled, beside) != (0.0, wd):
            yield "weight-decay", one, adam(decay=0.0, decoupled=wd)
        if (coupled, beside) != (wd, 0.0):
            yield "weight-decay", two, adam(decay=wd, decoupled=0.0) if adamic else sgd(decay=wd)
    if beside:
        text = Bilingual(
            "the parameter shrinks by lr · {wd:g} after its step, not before",
            "参数先走一步，再缩小 lr · {wd:g}",
            wd=beside,
        )
        yield "weight-decay", text, adam(moved=True)
        whole = Bilingual("p shrinks by {wd:g} · p, without lr", "p 缩小 {wd:g} · p，没有乘 lr", wd=beside)
        yield "weight-decay", whole, adam(bare=True)
        both = Bilingual(
            "{one}; eps added to √v before its bias is corrected", "{one}；eps 加在未修正偏差的 √v 上", one=text
        )
        yield "weight-decay", both, adam(moved=True, hat=True)
    if adamic:
        for fm, fv, how in (
            (False, False, Bilingual("m and v as they are", "m 和 v 原样使用")),
            (False, True, Bilingual("m as it is", "m 原样使用")),
            (True, False, Bilingual("v as it is", "v 原样使用")),
        ):
            yield (
                "optimizer-bias",
                Bilingual("no bias correction: {how}", "没有偏差修正：{how}", how=how),
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
        bare = Bilingual("not divided by √v̂: p − lr · m̂", "没有除以 √v̂：p − lr · m̂")
        yield "scale", bare, adam(rooted=False)
        yield from _rates(search, lr)
        return
    yield from _clipped(search, likely=True)
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
            Bilingual("Nesterov: g + {mu:g} · v", "Nesterov 动量：g + {mu:g} · v", mu=mu),
            sgd(momentum=mu, nesterov=True),
        )
    if train.momentum:
        yield "momentum", Bilingual("without momentum", "没有动量"), sgd(momentum=0.0)
        yield (
            "momentum",
            Bilingual("lr · (1 − {mu:g}) · g", "lr · (1 − {mu:g}) · g", mu=train.momentum),
            sgd(damp=train.momentum),
        )
    yield from _rates(search, lr)
    yield from _clipped(search, likely=False)


def rate_of(search: Search) -> float:
    """The learning rate of this update: that of its schedule, where it has one."""
    at = search.plan.paths.get("update.lr")
    return search.scenario.train.lr if at is None else float(search.walk.ours(at.slot))


def _rates(search: Search, lr: float) -> Iterator[Made]:
    """The step that ours makes, times a number: another rate, that of another update, gradients that were added up."""
    walked, plan, at = search.walk, search.plan, search.plan.paths.get("update.lr")
    rates: list[tuple[str, Bilingual, float]] = []
    if at is not None:
        (t,) = (int(walked.ours(s)) for s in at.slots)
        for other in (t - 1, t + 1, t - 2, t + 2):
            with np.errstate(all="ignore"):
                rate = _rate_at(at, other)
            text = Bilingual(
                "lr = {lr:.6g}, the rate of update {other}, not of update {t}",
                "lr = {lr:.6g}，是第 {other} 次更新的学习率，而不是第 {t} 次的", lr=rate, other=other, t=t,
            )  # fmt: skip
            rates.append(("scale", text, rate))
        base = search.scenario.train.lr
        none = Bilingual("lr = {lr:g} without its schedule, which has {own:.6g} here",
                         "lr = {lr:g}，没有用学习率计划（此处应为 {own:.6g}）", lr=base, own=lr)  # fmt: skip
        rates.append(("scale", none, base))
    found = _times(search)
    if found is not None:
        times = round(found) if abs(found - round(found)) <= CLOSE * abs(found) and round(found) else found
        near = float(f"{times * lr:.3g}")
        rate = near if abs(near - times * lr) <= CLOSE * abs(near) else times * lr
        if times == -1:
            rates.append(
                ("scale", Bilingual("uphill: + lr · the step, not −", "方向反了：加上了这一步，而不是减去"), -lr)
            )
        elif times in range(2, MOST_TIMES):
            text = Bilingual("the step is {n} times ours: gradients of {n} passes added up, not set to zero, or {n} · lr",
                             "步长是我方的 {n} 倍：{n} 次反向传播的梯度累加了（没有清零），或者是 {n} · lr", n=times)  # fmt: skip
            rates.append(("grad-accumulated", text, times * lr))
        elif rate == near and float(f"{near:.2g}") == near:
            text = Bilingual("lr = {lr:g}, not {own:g}", "lr = {lr:g}，而不是 {own:g}", lr=rate, own=lr)
            rates.append(("scale", text, rate))

    def made(share: float) -> Callable[[Node], Override]:
        def make(node: Node) -> Override:
            old, own = walked.values[plan.base(node).slot], walked.ours(node.slot)
            return lambda args, get: old + share * (own - old)

        return make

    for kind, text, rate in rates:
        if np.isfinite(rate) and lr and abs(rate - lr) > CLOSE * lr:
            yield kind, text, made(rate / lr)


def _rate_at(at: Node, t: int) -> float:
    """The rate that a schedule has at another update; none before the first."""
    first = int(at.attrs["first"]) if "first" in at.attrs else 0
    return float(at.op.forward(np.asarray(t), **at.attrs)) if at.op is not None and t - 1 + first >= 0 else float("nan")


def _times(search: Search) -> float | None:
    """How many times the step of ours that of theirs is, over all parameters of which old and new were recorded."""
    walked, plan, names = search.walk, search.plan, {e.name: e for e in search.book.entries if e.is_new}
    above = below = 0.0
    for node in plan.nodes:
        hits = walked.found.get(plan.base(node).slot, ()) if node.role.name == "new" else ()
        hit = next((h for h in hits if h.entry.name + NEW in names and h.entry.of is None), None)
        if hit is None or names[hit.entry.name + NEW].array.shape != hit.entry.array.shape:
            continue
        own = walked.ours(node.slot) - walked.ours(plan.base(node).slot)
        step = hit.layout.back(names[hit.entry.name + NEW].array) - hit.layout.back(hit.entry.array)
        above, below = above + float(np.vdot(own, step)), below + float(np.vdot(own, own))
    return above / below if below and np.isfinite(above) else None


def _clipped(search: Search, likely: bool) -> Iterator[Made]:
    """Gradients that are clipped otherwise before a plain step p − lr · g: their step tells what was left. A norm that is
    no round number is less ``likely`` than a rate that is."""
    train, plan, walked, lr = search.scenario.train, search.plan, search.walk, rate_of(search)
    if train.momentum or train.decay or train.accumulate > 1 or train.loss_scale is not None:
        return
    names = {e.name: e for e in search.book.entries if e.is_new}
    news = [n for n in plan.nodes if n.role.name == "new" and plan.gradient(plan.base(n)) is not None]
    raw = {n.path: walked.values[g.slot] for n in news if (g := plan.gradient(plan.base(n))) is not None}
    pairs = []
    for node in news:
        entry = _recorded(search, node, names)
        old = next((h for h in walked.found.get(plan.base(node).slot, ()) if entry is not None and h.entry.of is None
                    and h.entry.name + NEW == entry.name), None)  # fmt: skip
        if entry is not None and old is not None and entry.array.shape == old.entry.array.shape:
            left = (old.entry.array - entry.array) / lr
            pairs.append((np.asarray(raw[node.path]), old.layout.back(left)))

    large = max((float(np.abs(walked.values[plan.base(n).slot]).max(initial=0.0)) for n in news), default=0.0)
    noise = allowed(search.book.level) * large / lr  # of what is left of two parameters taken from each other

    def made(cut: Callable[[np.ndarray], np.ndarray]) -> Callable[[Node], Override]:
        def make(node: Node) -> Override:
            return lambda args, get: walked.values[plan.base(node).slot] - lr * cut(np.asarray(raw[node.path]))

        return make

    for clip in clips(pairs, length(np.asarray(g) for g in raw.values()), noise):
        if clip.sure and clip.round == likely:
            yield "grad-clipped", clip.text, made(clip.cut)


def _m_as_g(of: Any, lr: float, eps: float, b1: float) -> Callable[[Node], Override]:
    def make(node: Node) -> Override:
        def rule(args: list[Any], get: Any) -> np.ndarray:
            p, g = of(node)
            return np.asarray(p - lr * g / (1 - b1) / (np.abs(g) + eps))

        return rule

    return make


def _solved(search: Search, lr: float, own: float) -> Iterator[float]:
    """The weight decay that their numbers tell, if any: (ours − theirs) / (lr · p) is one number, beside ``own``."""
    for node in search.plan.nodes:
        if node.role.name != "new":
            continue
        p = np.asarray(search.walk.values[search.plan.base(node).slot])
        size = lr * float(np.abs(p).max(initial=0.0))
        entries = [e for e in search.book.entries if e.is_new and e.array.size == p.size and p.size > 1]
        some, new = lr * some_rows(p), search.walk.ours(node.slot)
        for entry in entries:
            for layout in layouts(node, search.scenario.model, entry.array.shape):
                theirs = layout.back(entry.array)
                if several_ratios(some, some_rows(new) - some_rows(theirs), size):
                    continue
                found = one_ratio(lr * p, new - theirs)
                if found is not None and 1e-6 < found + own < 1:
                    yield float(f"{found + own:.6g}")
