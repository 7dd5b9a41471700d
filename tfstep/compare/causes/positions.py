"""Words and positions: the scale of the embedding; positions missing, twice, shifted, laid out otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tfstep.compare.causes.table import Made, Step, cause, equation
from tfstep.compare.plant import Patch
from tfstep.models.parts.positions import sinusoidal
from tfstep.ops.embed import add_rows
from tfstep.ops.primitive.index import gather
from tfstep.text import Bilingual


@cause("embed-scale", "embed")
def embed_scale(step: Step) -> Iterator[Made]:
    """The embedding times √d, or not."""
    d = step.node.shape[-1]
    scaled = step.node.op is not None and step.node.op.name == "embed_scaled"
    if scaled:
        yield Bilingual("E[tokens] without · √{d}", "E[tokens]，少了 · √{d}", d=d), lambda at: gather(*at.args)
    for name, factor in (("√d", math.sqrt(d)), ("d", float(d)), ("1/√d", 1 / math.sqrt(d))):
        if not (scaled and name == "√d"):
            yield (
                equation(f"E[tokens] · {name} = E[tokens] · {factor:.6g}"),
                lambda at, f=factor: gather(*at.args) * f,
            )


def _has_positions(step: Step) -> bool:
    return step.has("embed") and step.has("pos") and len(step.node.slots) == 2


@cause("position-missing", "x")
def missing(step: Step) -> Iterator[Made]:
    """X = embed."""
    if _has_positions(step):
        yield Bilingual("x = embed, without + pos", "x = embed，少了 + pos"), lambda at: at.args[0]
        yield (
            Bilingual("x = embed · pos, in place of embed + pos", "x = embed · pos，而不是 embed + pos"),
            lambda at: at.args[0] * (at.usual() - at.args[0]),
        )


@cause("position-twice", "x")
def twice(step: Step) -> Iterator[Made]:
    """X = embed + 2 pos."""
    if _has_positions(step):
        yield (
            equation("x = embed + pos + pos"),
            lambda at: at.usual() + (at.usual() - at.args[0]),
        )


@cause("embed-scale", "x")
def scaled_late(step: Step) -> Iterator[Made]:
    """The scale over embedding and positions together."""
    if _has_positions(step):
        d = step.node.shape[-1]
        yield (
            equation(f"(embed + pos) · √{d}"),
            lambda at: at.usual() * math.sqrt(d),
        )
        yield (
            equation(f"embed + pos · √{d}"),
            lambda at: at.args[0] + (at.usual() - at.args[0]) * math.sqrt(d),
        )
        yield (
            equation(f"embed · √{d} + pos"),
            {step.node.path: lambda at: at.args[0] * (math.sqrt(d) - 1) + at.usual()},
            step.at("embed"),
        )
    elif step.has("embed") and step.node.op is not None and len(step.node.slots) == 1:
        root = math.sqrt(step.node.shape[-1])
        yield (
            equation(f"embed · √{step.node.shape[-1]}"),
            {step.node.path: lambda at: at.args[0] * root},
            step.at("embed"),
        )


def _sinusoidal(step: Step) -> bool:
    return _has_positions(step) and step.plan.paths[step.at("pos")].kind == "constant"


def _with(table: np.ndarray) -> Patch:
    return lambda at: at.args[0] + at.constant(table)


@cause("position-shifted", "x")
def shifted(step: Step) -> Iterator[Made]:
    """Positions counted from another number, backwards, or from the words that are no pads."""
    if not _has_positions(step):
        return
    n, d = step.node.shape[1], step.node.shape[2]
    start = step.inputs.offset
    if _sinusoidal(step):
        for by in (1, -1, 2, 3, -start):
            if by:
                yield (
                    Bilingual("positions counted from {start}", "位置从 {start} 数起", start=start + by),
                    _with(sinusoidal(np.arange(start + by, start + by + n), d)),
                )
        whole = sinusoidal(np.arange(n + start), d)
        rows = whole[start:]
    else:
        rows = step.arg(1)
    if not _sinusoidal(step):
        for entry in step.book.entries:  # a table of theirs with more rows than there are words
            longer = entry.array
            if (
                longer.ndim == 2
                and len(longer) > len(rows)
                and longer.shape[1] == d
                and (longer[: len(rows)] == rows).all()
            ):
                for by in range(1, min(4, len(longer) - n + 1)):
                    yield (
                        Bilingual("positions counted from {start}", "位置从 {start} 数起", start=by),
                        _with(longer[by : by + n]),
                    )
        table = rows
        begin = int(step.node.attrs.get("start", 0))
        for by in (1, 2, -1, -begin):
            if by and begin + by >= 0 and begin + by + n <= table.shape[0]:
                yield (
                    Bilingual("positions counted from {start}", "位置从 {start} 数起", start=begin + by),
                    lambda at, s=begin + by: add_rows(*at.args, start=s),
                )
        at_most = table.shape[0]
        for by in (1, -1, 2):
            ids = np.clip(np.arange(begin, begin + n) + by, 0, at_most - 1)
            yield _gathered(
                Bilingual("positions shifted by {by}, the last one repeated", "位置错开 {by}，末尾重复", by=by), ids
            )
            ids = (np.arange(begin, begin + n) + by) % at_most
            yield _gathered(Bilingual("positions shifted by {by}, going round", "位置错开 {by}，首尾相接", by=by), ids)
        yield _gathered(Bilingual("position 0 for every word", "每个词都用位置 0"), np.zeros(n, int))
        yield _gathered(Bilingual("positions counted backwards", "位置倒着数"), np.arange(begin, begin + n)[::-1])
    else:
        for text, ids in (
            (Bilingual("position {n} for every word", "每个词都用位置 {n}", n=start), np.zeros(n, int)),
            (Bilingual("positions counted backwards", "位置倒着数"), np.arange(n)[::-1]),
        ):
            yield text, _with(rows[ids])
    yield from _by_pads(step, rows, n)


def _gathered(text: Bilingual, ids: np.ndarray) -> Made:
    return text, lambda at: at.args[0] + gather(at.args[1], at.constant(ids))


def _by_pads(step: Step, table: np.ndarray, n: int) -> Iterator[Made]:
    side = step.inputs.source if step.node.path.startswith("src") else step.inputs.target
    if side is None or side.pad is None or not (side.ids == side.pad).any():
        return
    real = side.ids != side.pad
    counted = np.cumsum(real, 1) - 1
    for ids in (np.clip(counted, 0, n - 1), np.where(real, counted, 0), np.where(real, counted, 1 % n)):
        yield (
            Bilingual("pads are not counted", "没有把填充词数进去"),
            lambda at, i=ids: at.args[0] + gather(at.args[1], at.constant(i)),
        )


@cause("position-layout", "x")
def layout(step: Step) -> Iterator[Made]:
    """Sines and cosines in halves, exchanged, or of other frequencies."""
    if not _sinusoidal(step):
        return
    n, d = step.node.shape[1], step.node.shape[2]
    start = step.inputs.offset
    right = sinusoidal(np.arange(start, start + n), d)
    sine, cosine = right[:, 0::2], right[:, 1::2]
    yield (
        Bilingual("sines in the first half, cosines in the second", "正弦在前一半，余弦在后一半"),
        _with(np.concatenate([sine, cosine], 1)),
    )
    yield (
        Bilingual("cosines in the first half, sines in the second", "余弦在前一半，正弦在后一半"),
        _with(np.concatenate([cosine, sine], 1)),
    )
    turned = np.empty_like(right)
    turned[:, 0::2][:, : cosine.shape[1]], turned[:, 1::2] = cosine, sine[:, : turned[:, 1::2].shape[1]]
    if d % 2 == 0:
        yield Bilingual("cosine and sine exchanged", "正弦与余弦对调"), _with(turned)
    pos = np.arange(start, start + n)[:, None]
    k = np.arange(d)
    for text, exponent in (
        (Bilingual("angle pos / 10000^(i/d), i not in pairs", "角度为 pos / 10000^(i/d)，i 没有成对"), k / d),
        (
            Bilingual("angle pos / 10000^(4i/d): the exponent doubled", "角度为 pos / 10000^(4i/d)：指数翻倍"),
            2 * (k // 2 * 2) / d,
        ),
        (
            Bilingual(
                "angle pos / 10000^(i/d) for pair i: the exponent halved", "第 i 对的角度为 pos / 10000^(i/d)：指数减半"
            ),
            (k // 2) / d,
        ),
        (
            Bilingual(
                "angle pos / 10000^(i/(d/2 − 1)), as tensor2tensor has it",
                "角度为 pos / 10000^(i/(d/2 − 1))，tensor2tensor 的写法",
            ),
            (k // 2) / max(d // 2 - 1, 1),
        ),
    ):
        angle = pos / 10000.0**exponent
        yield text, _with(np.where(k % 2 == 0, np.sin(angle), np.cos(angle)))
    for base in (1000.0, 100.0, 100000.0, 1000000.0):
        angle = pos / base ** ((k // 2 * 2) / d)
        yield (
            Bilingual("base {base:g} in place of 10000", "底数 {base:g}，而不是 10000", base=base),
            _with(np.where(k % 2 == 0, np.sin(angle), np.cos(angle))),
        )
    if n == d:
        yield Bilingual("the table transposed", "位置表转置了"), _with(right.T)
