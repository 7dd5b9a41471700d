"""Recordings of which nothing can be said: what they lack, and what to record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfstep.compare.names import affinity
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.refusals.sizes import WAY_ON
from tfstep.compare.refusals.widths import NAMED, of_one
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.book import Book
    from tfstep.compare.search import Search


def usable(book: Book) -> None:
    """Raises RecordingError where nothing can be compared."""
    numbers = [e for e in book.entries if e.number and e.array.size]
    if not numbers:
        raise RecordingError(
            Bilingual(
                "nothing to compare: no array of real numbers among the {n} recorded",
                "没有可比较的内容：记录的 {n} 个数组里没有实数数组",
                n=len(book.entries),
            )
        )
    if all(np.isnan(e.array).all() for e in numbers):
        raise RecordingError(
            Bilingual("nothing to compare: every number is NaN", "没有可比较的内容：所有数都是 NaN"),
        )


def nothing(search: Search) -> None:
    """Raises RecordingError: what of theirs could not be held against anything, and what to record or to change."""
    own = [n for n in search.plan.nodes if n.kind == "parameter"]
    sizes = {n.spec.size for n in own}
    weights = [e for e in search.book.entries if e.note.kind == "weight"]
    if weights and own and not any(e.array.size in sizes for e in weights):
        theirs = max(weights, key=lambda e: e.array.ndim)
        ours = max(own, key=lambda n: len(n.shape))
        raise RecordingError(
            Bilingual(
                "nothing to compare: the weights have other widths, {theirs} beside {ours} of {scenario}; {way}, or set d_model, "
                "heads and d_ff of the scenario to those of the module",
                "没有可比较的内容：权重的宽度不同，对方是 {theirs}，{scenario} 是 {ours}；"
                "{way}，或把场景的 d_model、heads、d_ff 设成与模块一致",
                way=WAY_ON,
                theirs=f"{theirs.name} {'×'.join(map(str, theirs.array.shape))}",
                ours=f"{ours.path} {'×'.join(map(str, ours.shape))}",
                scenario=search.scenario.name,
            )
        )
    _other_words(search)
    numbers = [e for e in search.book.entries if e.number]
    known = search.walk.names | set(search.taken.values())
    names = [e.name for e in [e for e in numbers if e.trivial or e.name not in known] or numbers][:6]
    if not search.tried:
        raise RecordingError(
            Bilingual(
                "nothing to compare: {names} tell of no tensor of {scenario}: zeros, equal numbers, or of other sizes; record "
                "the input x and the weights, too, or use those of the scenario; {way}",
                "没有可比较的内容：从 {names} 看不出是 {scenario} 的哪个张量：全是零、全都相同，或大小不符；"
                "请把输入 x 和权重一并记录，或使用场景自己的；{way}",
                way=WAY_ON,
                names=", ".join(names),
                scenario=search.scenario.name,
            )
        )
    raise RecordingError(
        Bilingual(
            "nothing to compare: none of {names} is a tensor of {scenario}, nor with one of {n} known mistakes in it{time}; "
            "record the input x and the weights, too, or use those of the scenario; {way}",
            "没有可比较的内容：{names} 都不是 {scenario} 的张量，试了 {n} 种已知错误也不是{time}；"
            "请把输入 x 和权重一并记录，或使用场景自己的；{way}",
            way=WAY_ON,
            names=", ".join(names),
            scenario=search.scenario.name,
            n=search.tried,
            time=Bilingual(", all that were tried in the time there is", "（时间所限，只试了这些）")
            if search.late
            else "",
        )
    )


def _other_words(search: Search) -> None:
    """Raises RecordingError where an attention of theirs has another number of words than that of the scenario."""
    own = next((n for n in search.plan.steps if n.phase == "forward" and n.path.endswith("attn.weights")), None)
    if own is None:
        return
    square = [
        e for e in search.book.entries
        if e.array.ndim > 1 and e.array.shape[-1] == e.array.shape[-2] > 1 and e.of is None and not (e.is_new or e.trivial)
    ]  # fmt: skip
    named = [e for e in square if max(affinity(e.name, path) for path in ("attn.weights", "attn.scores")) >= NAMED]
    found = next((e for e in (*(e for e in square if e.number and of_one(e.array)), *named)), None)
    ours = own.shape[-1]
    if own.shape[-2] != ours or found is None or found.array.shape[-1] == ours:
        return
    raise RecordingError(
        Bilingual(
            "theirs reads {theirs} words ({name} {shape}), the scenario {ours} ({path} {own} of {scenario}): nothing to "
            "compare at other lengths; {way}, or give the scenario's input.x their vectors",
            "对方读入 {theirs} 个词（{name} {shape}），场景读入 {ours} 个（{scenario} 的 {path} 为 {own}）：长度不同，"
            "没有可比较的内容；{way}，或把对方的向量写进场景的 input.x",
            theirs=found.array.shape[-1],
            ours=ours,
            name=found.name,
            shape="×".join(map(str, found.array.shape)),
            path=own.path,
            own="×".join(map(str, own.shape)),
            scenario=search.scenario.name,
            way=WAY_ON,
        )
    )
