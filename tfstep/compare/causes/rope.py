"""Rope: pairs, base, direction and place of the rotation; rotated twice, in part, along another axis, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.compare.causes.table import Made, Step, cause
from tfstep.compare.names import axis_called
from tfstep.compare.plant import Blended, Patch, Site
from tfstep.compare.tolerance import rounded
from tfstep.engine.op import Array
from tfstep.models.keys.sections import RopePart, ScalingPart
from tfstep.models.parts.positions import rope_tables
from tfstep.ops.primitive.shape import concat_heads, reshape, split_heads, transpose
from tfstep.ops.rotate import rope
from tfstep.text import Bilingual


def _tables(length: int, d: int, rope_part: RopePart, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """The cos and sin of such a rope."""
    return rope_tables(np.arange(offset, offset + length), d, rope_part)


class Turn(Struct, frozen=True):
    """How a rope is set: ``angles`` says how its tables are laid out where that is not as its pairs are, ``of`` over how
    many features the exponents run, ``on`` whether anything is turned at all."""

    part: RopePart
    start: int
    sign: float = 1.0
    angles: Literal["half", "interleaved"] | None = None
    of: int = 0
    on: bool = True


def _made(at: Site, turn: Turn) -> Array:
    x = at.args[0]
    if not turn.on:
        return x
    n, d = x.shape[2], x.shape[3]
    if turn.of:
        frequency = turn.part.base ** (-np.arange(0, int(d * turn.part.part), 2) / turn.of)
        return _turned_by(frequency, turn.start, turn.part.pairs)(at)
    cos, sin = _tables(n, d, replace(turn.part, pairs=turn.angles or turn.part.pairs), turn.start)
    return rope(x, at.constant(cos), at.constant(turn.sign * sin), pairs=turn.part.pairs)


def _turned(step: Step, **changes: Any) -> Patch:
    """Turned with some of its settings changed: those of `Turn`, else those of the `rope:` of a scenario."""
    own = {name: changes.pop(name) for name in Turn.__struct_fields__ if name in changes and name != "part"}

    def change(turn: Turn) -> Turn:
        if "start" in own:
            return replace(turn, start=turn.start + own["start"])
        return replace(turn, part=replace(turn.part, **changes), **own)

    return Blended(Turn(step.config.rope, step.inputs.offset), change, _made)


def _both(step: Step, patch: Patch) -> dict[str, Patch]:
    return {step.at(name): patch for name in ("Q_rot", "K_rot")}


@cause("rope-pairs", "Q_rot")
def rope_pairs(step: Step) -> Iterator[Made]:
    """Other pairs, tables of the other kind, the other direction."""
    c = step.config
    other: Literal["half", "interleaved"] = "half" if c.rope.pairs == "interleaved" else "interleaved"
    yield (
        Bilingual("pairs {other} in place of {own}", "配对方式为 {other}，而不是 {own}", other=other, own=c.rope.pairs),
        _both(step, _turned(step, pairs=other)),
    )

    yield (
        Bilingual(
            "angles laid out {other}, pairs {own}", "角度按 {other} 排，配对按 {own}", other=other, own=c.rope.pairs
        ),
        _both(step, _turned(step, angles=other)),
    )
    yield (
        Bilingual(
            "angles laid out {own}, pairs {other}", "角度按 {own} 排，配对按 {other}", other=other, own=c.rope.pairs
        ),
        _both(step, _turned(step, angles=c.rope.pairs, pairs=other)),
    )
    yield (
        Bilingual("turned the other way: −sine", "转向相反：−sin"),
        _both(step, _turned(step, sign=-1.0)),
    )


@cause("position-twice", "Q_rot")
def rope_twice(step: Step) -> Iterator[Made]:
    """Q and K turned, and turned again: every angle is doubled. One writes that rather than frequencies halved."""
    text = Bilingual("Q and K are rotated twice: every angle is doubled", "Q 和 K 旋转了两次：每个角度都加倍了")
    yield text, _both(step, lambda at: at.usual(at.usual(), *at.args[1:]))


@cause("rope-base", "Q_rot")
def rope_base(step: Step) -> Iterator[Made]:
    """Another base of the angles: first the one that their own vectors are turned by, where some are recorded."""
    c = step.config
    there = step.book.turning(step.node.shape[-2])
    width = int(step.node.shape[-1] * c.rope.part)
    own = (there.base,) if there is not None and there.base is not None and there.width == width else ()
    for base in dict.fromkeys((*own, 10000.0, 500000.0, 1000000.0, 100000.0, 1000.0, 100.0, 10.0, 150000.0)):
        if base != c.rope.base:
            yield (
                Bilingual(
                    "base {base:.9g} in place of {own:.9g}",
                    "底数 {base:.9g}，而不是 {own:.9g}",
                    base=base,
                    own=c.rope.base,
                ),
                _both(step, _turned(step, base=base)),
            )
    d = step.node.shape[-1]
    for of in (2 * d, c.d_model, c.d_model * 2):
        if of > d:
            yield (
                Bilingual(
                    "angles pos · base^(−2i/{of}) in place of /{d}",
                    "角度为 pos · base^(−2i/{of})，而不是 /{d}",
                    of=of,
                    d=d,
                ),
                _both(step, _turned(step, of=of)),
            )


@cause("rope-base", "Q_rot")
def rope_stretched(step: Step) -> Iterator[Made]:
    """The frequencies stretched for long texts though ours are not, or not stretched, or by another rule."""
    c, d = step.config, int(step.node.shape[-1] * step.config.rope.part)
    own = c.rope.scaling
    if own is not None:
        yield (
            Bilingual("the angles are not stretched: no rope scaling", "角度没有拉伸：没有 rope scaling"),
            _both(step, _turned(step, scaling=None)),
        )
        if own.kind in ("yarn", "longrope"):
            yield (
                Bilingual("cos and sin stretched, and not multiplied", "拉伸了 cos 和 sin，但没有乘系数"),
                _both(step, _turned(step, scaling=replace(own, attention=1.0))),
            )
    for factor in dict.fromkeys((*([] if own is None else [own.factor]), 2.0, 4.0, 8.0, 16.0, 32.0, 0.25)):
        linear = ScalingPart(kind="linear", factor=factor)
        if factor != 1 and not (own is not None and own.kind == "linear" and own.factor == factor):
            yield (
                Bilingual(
                    "every frequency / {factor:g}: linear scaling", "每个频率 / {factor:g}：线性拉伸", factor=factor
                ),
                _both(step, _turned(step, scaling=linear)),
            )
        if factor > 1 and d > 2:
            base = c.rope.base * factor ** (d / (d - 2))
            yield (
                Bilingual(
                    "base {base:.6g}, as NTK scaling by {factor:g} has it",
                    "底数 {base:.6g}，即 NTK 拉伸 {factor:g} 倍",
                    base=base,
                    factor=factor,
                ),
                _both(step, _turned(step, base=base, scaling=None)),
            )


@cause("rope-place", "Q_rot")
def rope_on_a_part(step: Step) -> Iterator[Made]:
    """More or fewer features of a head turned."""
    c, start, d = step.config, step.inputs.offset, step.node.shape[-1]
    own = int(d * c.rope.part)
    for n in dict.fromkeys((d, d // 2, d // 4, 3 * d // 4)):
        if n == own or n < 2 or n % 2:
            continue
        text = Bilingual(
            "the first {n} of {d} features turned, not {own}",
            "旋转前 {n} 个特征（共 {d} 个），而不是 {own} 个",
            n=n,
            d=d,
            own=own,
        )
        yield text, _both(step, _turned(step, part=n / d))
        if n < own:
            angles = Bilingual("{text}; angles as for all of them", "{text}；角度仍按全部特征算", text=text)
            frequency = c.rope.base ** (-np.arange(0, n, 2) / own)
            yield angles, _both(step, _turned_by(frequency, start, c.rope.pairs))


@cause("dtype", "Q_rot")
def rope_rounded(step: Step) -> Iterator[Made]:
    """The frequencies rounded to half precision, as a module's `.to(bfloat16)` rounds the buffer that holds them;
    `.float()` does not bring them back."""
    c, start, d = step.config, step.inputs.offset, step.node.shape[-1]
    for level in ("bfloat16", "float16"):
        frequency = rounded((1.0 / c.rope.base ** (np.arange(0, d, 2) / d)).astype(np.float32), level)
        yield (
            Bilingual(
                "the frequencies of rope rounded to {level}: the buffer goes with .to({level})",
                "rope 的频率被舍入到 {level}：缓冲区随 .to({level}) 一起变了",
                level=level,
            ),
            _both(step, _turned_by(frequency, start, c.rope.pairs)),
        )


def _turned_by(frequency: np.ndarray, start: int, pairs: str) -> Patch:
    def made(at: Site) -> Array:
        x = at.args[0]
        each = np.tile(frequency, 2) if pairs == "half" else np.repeat(frequency, 2)
        angle = np.arange(start, start + x.shape[2])[:, None] * each
        return rope(x, at.constant(np.cos(angle)), at.constant(np.sin(angle)), pairs=pairs)

    return made


@cause("position-shifted", "Q_rot")
def rope_shifted(step: Step) -> Iterator[Made]:
    """Angles counted from another position: only for one of the two it shows."""
    start = step.inputs.offset
    for by in (1, -1):
        patch = _turned(step, start=by)
        yield Bilingual("positions counted from {start}", "位置从 {start} 数起", start=start + by), _both(step, patch)
        yield Bilingual("queries counted from {start}", "查询的位置从 {start} 数起", start=start + by), patch


@cause("position-missing", "Q_rot", "K_rot")
def rope_missing(step: Step) -> Iterator[Made]:
    """Nothing turned, or only one of the two."""
    if step.node.path.endswith("Q_rot"):
        yield Bilingual("Q and K are not rotated", "Q 和 K 都没有旋转"), _both(step, _turned(step, on=False))


@cause("rope-place", "Q_rot")
def rope_along(step: Step) -> Iterator[Made]:
    """The angles of another axis: by the number of the head, or of the sentence, where that of the word is due."""
    start, names = step.inputs.offset, ("batch", "head")
    for axis in (1, 0):
        if step.node.shape[axis] > 1:
            yield (
                Bilingual(
                    "angles by the index along the axis {name}, not along positions",
                    "角度按{name}的序号算，而不是按位置算",
                    name=axis_called(names[axis]),
                ),
                _both(step, _turned_along(axis, start)),
            )


def _turned_along(axis: int, start: int) -> Patch:
    def made(at: Site) -> Array:
        x = at.args[0]
        order = list(range(len(x.shape)))
        order[axis], order[2] = order[2], order[axis]
        cos, sin = _tables(x.shape[axis], x.shape[3], at.config.rope, start)
        turned = rope(transpose(x, order=tuple(order)), at.constant(cos), at.constant(sin), pairs=at.config.rope.pairs)
        return transpose(turned, order=tuple(order))

    return made


@cause("rope-place", "Q_rot", "K_rot")
def rope_on_one(step: Step) -> Iterator[Made]:
    """Only one of the two turned, or turned before the heads are split."""
    own = step.node.path.rpartition(".")[2][0]
    yield Bilingual("{own} is not rotated", "{own} 没有旋转", own=own), _turned(step, on=False)
    yield (
        Bilingual("{own} is rotated twice", "{own} 旋转了两次", own=own),
        lambda at: at.usual(at.usual(), *at.args[1:]),
    )
    if own == "Q" and step.config.heads > 1:
        yield (
            Bilingual("rotated before the heads are split", "切分多头之前就旋转了"),
            _both(step, _before_split(step.inputs.offset)),
        )


def _before_split(start: int) -> Patch:
    def made(at: Site) -> Array:
        x, c = at.args[0], at.config
        heads = x.shape[1]
        flat = concat_heads(x)
        one = reshape(flat, shape=(flat.shape[0], 1, *flat.shape[1:]))
        cos, sin = _tables(x.shape[2], flat.shape[-1], c.rope, start)
        turned = rope(one, at.constant(cos), at.constant(sin), pairs=c.rope.pairs)
        return split_heads(reshape(turned, shape=flat.shape), heads=heads)

    return made


@cause("rope-place", "heads")
def rope_on_values(step: Step) -> Iterator[Made]:
    """The values turned too."""
    if not step.has("Q_rot"):
        return
    c, start = step.config, step.inputs.offset

    def made(at: Site) -> Array:
        v = at.args[1]
        cos, sin = _tables(v.shape[2], v.shape[3], c.rope, start)
        return at.usual(at.args[0], rope(v, at.constant(cos), at.constant(sin), pairs=c.rope.pairs))

    yield Bilingual("V is rotated too", "V 也旋转了"), made
