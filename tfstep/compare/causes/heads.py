"""Heads: split or merged by a reshape where a transpose belongs between."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfstep.compare.causes.table import Made, Step, cause
from tfstep.compare.plant import Patch, Site
from tfstep.engine.op import Array
from tfstep.ops.linear import matmul
from tfstep.ops.primitive.shape import reshape, transpose
from tfstep.text import Bilingual

QKV = ("Q", "K", "V")


def _reshaped(at: Site) -> Array:
    return reshape(at.args[0], shape=at.node.shape)


def _inside_out(at: Site) -> Array:
    batch, heads, n, d = at.node.shape
    return transpose(reshape(at.args[0], shape=(batch, n, d, heads)), order=(0, 3, 1, 2))


def _positions_last(at: Site) -> Array:
    batch, heads, n, d = at.node.shape
    flat = transpose(at.args[0], order=(0, 2, 1))
    return reshape(flat, shape=(batch, heads, n, d))


def _merged(at: Site) -> Array:
    return reshape(at.args[0], shape=at.node.shape)


def _merged_inside_out(at: Site) -> Array:
    return reshape(transpose(at.args[0], order=(0, 2, 3, 1)), shape=at.node.shape)


def _merged_turned(at: Site) -> Array:
    return reshape(transpose(at.args[0], order=(0, 1, 3, 2)), shape=at.node.shape)


def _backwards(at: Site, x: Array, heads: int) -> Array:
    """Features side by side with the heads in reversed order."""
    apart = transpose(reshape(x, shape=(*x.shape[:-1], heads, x.shape[-1] // heads)), order=(0, 1, 3, 2))
    turned = matmul(apart, at.constant(np.eye(heads)[:, ::-1]))
    return reshape(transpose(turned, order=(0, 1, 3, 2)), shape=x.shape)


def _split_backwards(at: Site) -> Array:
    return at.usual(_backwards(at, at.args[0], at.node.shape[1]), *at.args[1:])


def _merged_backwards(at: Site) -> Array:
    return _backwards(at, at.usual(), at.args[0].shape[1])


SPLITS: tuple[tuple[Bilingual, Patch], ...] = (
    (
        Bilingual("reshape(batch, head, position, d) without a transpose", "reshape(批次, 头, 位置, d)，没有转置"),
        _reshaped,
    ),
    (
        Bilingual("reshape(…, d, head): every n-th feature to a head", "reshape(…, d, 头)：每隔 n 个特征归一个头"),
        _inside_out,
    ),
    (Bilingual("transposed before it is split", "先转置再切分"), _positions_last),
    (Bilingual("heads in reversed order", "头的次序颠倒了"), _split_backwards),
)
MERGES: tuple[tuple[Bilingual, Patch], ...] = (
    (Bilingual("reshape(batch, position, model) without a transpose", "reshape(批次, 位置, 特征)，没有转置"), _merged),
    (Bilingual("merged as (d, head)", "按 (d, 头) 合并"), _merged_inside_out),
    (Bilingual("the last two axes exchanged before merging", "合并前交换了最后两个轴"), _merged_turned),
    (Bilingual("heads in reversed order", "头的次序颠倒了"), _merged_backwards),
)


@cause("heads-reshaped", "Q", "K", "V")
def reshaped(step: Step) -> Iterator[Made]:
    """Heads that mix positions and features."""
    own = step.node.path.rpartition(".")[2]
    group = [each for each in QKV if step.has(each)]
    if step.node.op is None or step.node.op.name != "split_heads" or step.node.shape[1] == 1:
        return
    for how, patch in SPLITS:
        if own == "Q":
            yield Bilingual("Q, K, V: {how}", "Q、K、V：{how}", how=how), {step.at(each): patch for each in group}
            if step.has("concat"):
                for then, merge in MERGES:
                    yield (
                        Bilingual("Q, K, V: {how}; {then}", "Q、K、V：{how}；{then}", how=how, then=then),
                        {**{step.at(each): patch for each in group}, step.at("concat"): merge},
                    )
            yield Bilingual("Q, K: {how}", "Q、K：{how}", how=how), {step.at(each): patch for each in ("Q", "K")}
        if own == "K":
            yield Bilingual("K, V: {how}", "K、V：{how}", how=how), {step.at(each): patch for each in ("K", "V")}
        yield Bilingual("{own}: {how}", "{own}：{how}", own=own, how=how), patch


@cause("heads-merged", "concat")
def merged(step: Step) -> Iterator[Made]:
    """Heads laid together so that positions or features are mixed."""
    if step.node.op is None or step.node.op.name != "concat_heads" or step.arg(0).shape[1] == 1:
        return
    for how, patch in MERGES:
        yield Bilingual("merged: {how}", "合并：{how}", how=how), patch


def _by_turns(groups: int) -> Patch:
    """Head h with the keys or values h mod groups, as `repeat` lays them out in place of `repeat_interleave`."""

    def made(at: Site) -> Array:
        batch, heads, n, d = at.args[0].shape
        each = heads // groups
        turned = transpose(reshape(at.args[0], shape=(batch, each, groups, n, d)), order=(0, 2, 1, 3, 4))
        y = at.usual(reshape(turned, shape=(batch, heads, n, d)), *at.args[1:])
        m = y.shape[-1]
        back = transpose(reshape(y, shape=(batch, groups, each, n, m)), order=(0, 2, 1, 3, 4))
        return reshape(back, shape=(batch, heads, n, m))

    return made


def _only_the(group: int, groups: int) -> Patch:
    """Every head with the keys or values of one group."""

    def made(at: Site) -> Array:
        batch, _, n, d = at.args[1].shape
        shares = np.zeros((groups, groups))
        shares[:, group] = 1.0
        flat = reshape(at.args[1], shape=(batch, groups, n * d))
        return at.usual(at.args[0], reshape(matmul(at.constant(shares), flat), shape=(batch, groups, n, d)))

    return made


@cause("heads-reshaped", "scores", "heads")
def grouped(step: Step) -> Iterator[Made]:
    """Keys and values of few heads repeated as a whole, not each beside itself."""
    heads, groups = step.config.heads, step.config.kv_heads
    if step.node.op is None or step.node.op.name != "grouped_matmul" or groups in (1, heads):
        return
    text = Bilingual(
        "head h reads the keys and values h mod {groups}, not h // {each}: repeat in place of repeat_interleave",
        "第 h 个头读的是第 h mod {groups} 组键和值，而不是第 h // {each} 组：用了 repeat，而不是 repeat_interleave",
        groups=groups,
        each=heads // groups,
    )
    every = [(text, _by_turns(groups))]
    for group in (0, groups - 1):
        said = Bilingual(
            "every head reads the keys and values of group {group}, not h // {each}",
            "每个头读的都是第 {group} 组键和值，而不是第 h // {each} 组",
            group=group,
            each=heads // groups,
        )
        every.append((said, _only_the(group, groups)))
    own = step.node.path.rpartition(".")[2]
    for how, patch in every:
        if own == "scores" and step.has("heads"):
            yield how, {step.at(each): patch for each in ("scores", "heads")}
        yield how, patch
