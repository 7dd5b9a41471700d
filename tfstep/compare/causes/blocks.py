"""Blocks: the residual, and where the norm stands."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.compare.causes.table import ONE_ALONE, Made, Step, cause
from tfstep.compare.plant import Patch, Site, elsewhere
from tfstep.engine.node import Node
from tfstep.engine.op import Array
from tfstep.text import Bilingual

NORMS = ("layer_norm", "rms_norm", "batch_norm")
ADDS = ("add1", "add2", "add3")


@cause("residual-missing", *ADDS)
def missing(step: Step) -> Iterator[Made]:
    """f(x) in place of x + f(x), or x alone."""
    yield ONE_ALONE[1], lambda at: at.args[1]
    yield ONE_ALONE[0], lambda at: at.args[0]
    yield Bilingual("x − f(x)", "x − f(x)"), lambda at: at.args[0] - at.args[1]
    yield Bilingual("x + 2 f(x)", "x + 2 f(x)"), lambda at: at.args[0] + at.args[1] + at.args[1]
    yield Bilingual("x + f(x) / 2", "x + f(x) / 2"), lambda at: at.args[0] + at.args[1] * 0.5
    yield Bilingual("(x + f(x)) / 2", "(x + f(x)) / 2"), lambda at: at.usual() * 0.5
    yield Bilingual("2 x + f(x)", "2 x + f(x)"), lambda at: at.args[0] + at.args[0] + at.args[1]


def _block(path: str) -> str:
    return path.partition(".")[0] + "."


@cause("residual-place", *ADDS)
def place(step: Step) -> Iterator[Made]:
    """The sum takes another tensor of the block: after the norm, before it, or of an earlier sublayer."""
    block = _block(step.node.path)
    other = [n for n in step.plan.steps if n.slot < step.node.slot and n.shape == step.node.shape]
    near = [
        n for n in other if (n.path.startswith(block) and n.path.count(".") == 1) or n.path.endswith((".x", ".embed"))
    ]
    before = [n for n in other if not n.path.startswith(block) and n.path.count(".") == 1][
        -1:
    ]  # none of a mistake's own
    own = step.plan.nodes[step.node.slots[0]].path
    for node in {n.path: n for n in (*near, *before)}.values():
        if node.path != own:
            name = node.path.removeprefix(block)
            yield (
                Bilingual(
                    "{name} + f(x) in place of {own} + f(x)",
                    "{name} + f(x)，而不是 {own} + f(x)",
                    name=name,
                    own=own.removeprefix(block),
                ),
                _sum_with(node.path),
            )


@cause("residual-place", *ADDS)
def normed(step: Step) -> Iterator[Made]:
    """LN(x) + f(LN(x)): the sum takes what the norm made."""
    if step.config.norm_position == "pre":
        norms = {n.path: n.path.replace("add", "norm") for n in step.plan.steps if n.path.rpartition(".")[2] in ADDS}
        own = norms.get(step.node.path)
        if own in step.plan.paths:
            yield (
                Bilingual("LN(x) + f(LN(x)) in place of x + f(LN(x))", "LN(x) + f(LN(x))，而不是 x + f(LN(x))"),
                _sum_with(own),
            )
            if len(norms) > 1 and all(norm in step.plan.paths for norm in norms.values()):
                yield (
                    Bilingual("LN(x) + f(LN(x)) in place of x + f(LN(x))", "LN(x) + f(LN(x))，而不是 x + f(LN(x))"),
                    {add: _sum_with(norm) for add, norm in norms.items()},
                )


def _sum_with(path: str) -> Patch:
    return lambda at: at.earlier(path) + at.args[1]


def _sublayers(step: Step) -> Iterator[tuple[Node, Node, list[Node]]]:
    """For each sublayer of the model its sum, its norm, and the steps that read its input."""
    plan = step.plan
    for node in plan.steps:
        name = node.path.rpartition(".")[2]
        if name not in ADDS or len(node.slots) != 2:
            continue
        norm = plan.paths.get(node.path.replace("add", "norm"))
        if norm is not None and norm.op is not None and norm.op.name in NORMS:
            read = norm if step.config.norm_position in ("pre", "both") else plan.nodes[node.slots[0]]
            users = [plan.nodes[s] for s in plan.consumers[read.slot]]
            yield node, norm, [n for n in users if n.phase == "forward" and n.slot not in (node.slot, norm.slot)]


def _usual_norm(at: Site, norm: Node, plan_paths: tuple[str, ...], x: Array) -> Array:
    assert norm.op is not None
    return norm.op(x, *(at.earlier(p) for p in plan_paths), **norm.attrs)


def _parameters(step: Step, norm: Node) -> tuple[str, ...]:
    return tuple(step.plan.nodes[s].path for s in norm.slots[1:])


def _moved(step: Step, add: Node, norm: Node, readers: list[Node], to: str) -> dict[str, Patch]:
    """One sublayer with its norm elsewhere: before it (pre), behind the sum (post), or before the sum (output)."""
    gains, own = _parameters(step, norm), step.config.norm_position
    first = step.plan.nodes[add.slots[0]]
    end = norm if own == "post" else add  # whose result the next sublayer reads
    found: dict[str, Patch] = {norm.path: elsewhere}

    def before(slots: tuple[int, ...]) -> Patch:
        """Every use of the sublayer's input is a use of its norm."""

        def made(at: Site) -> Array:
            args = [
                _usual_norm(at, norm, gains, a) if s == first.slot else a for s, a in zip(slots, at.args, strict=True)
            ]
            return at.usual(*args)

        return made

    def behind(at: Site) -> Array:
        return _usual_norm(at, norm, gains, at.usual())

    if to == "pre":
        return found | {reader.path: before(reader.slots) for reader in readers}
    if to == "post":
        return {**found, end.path: behind}
    if end is norm:  # the norm is made one step earlier, the sum one step later
        return {
            add.path: lambda at: _usual_norm(at, norm, gains, at.args[1]),
            end.path: lambda at: at.earlier(first.path) + at.args[0],
        }

    branch = step.plan.nodes[add.slots[1]].path

    def within(at: Site) -> Array:
        return at.earlier(first.path) + _usual_norm(at, norm, gains, at.earlier(branch))

    return {**found, end.path: within}


def _one_of_two(step: Step, add: Node, norm: Node, to: str) -> Iterator[dict[str, Patch]]:
    """One sublayer that is to have a norm on either side, with one of them, by the weights of the one or of the other."""
    out = step.plan.paths[f"{norm.path}_out"]
    first: dict[str, Patch] = {norm.path: elsewhere}
    second: dict[str, Patch] = {out.path: elsewhere}
    if to == "pre":
        yield second
    for each in (norm, out) if to != "pre" else ():
        gains = _parameters(step, each)

        def normed(at: Site, gains: tuple[str, ...] = gains) -> Array:
            return _usual_norm(at, norm, gains, at.args[0] if to == "output" else at.usual())

        yield {**first, out.path: normed} if to == "output" else {**first, **second, add.path: normed}


PLACES = {"pre": "x + f(LN(x))", "post": "LN(x + f(x))", "output": "x + LN(f(x))", "both": "x + LN(f(LN(x)))"}


@cause("norm-place", "q_proj", "k_proj", "v_proj", "hidden", "gate")
def beside_norm(step: Step) -> Iterator[Made]:
    """One projection of a sublayer reads what goes into its norm, not what comes out."""
    norm = step.input(0)
    if step.node.op is None or norm.op is None or norm.op.name not in NORMS:
        return
    source, name = step.plan.nodes[norm.slots[0]].path, norm.path.removeprefix(step.block)

    def unnormed(at: Site) -> Array:
        return at.usual(at.earlier(source), *at.args[1:])

    text = Bilingual(
        "it reads what goes into {norm}, not what comes out", "读的是 {norm} 的输入，而不是输出", norm=name
    )
    yield text, unnormed
    for other in ("k_proj", "v_proj"):
        if step.node.path.endswith(".q_proj") and step.has(other):
            both = Bilingual(
                "q and {k} read what goes into {norm}, not what comes out",
                "q 和 {k} 读的是 {norm} 的输入，而不是输出",
                k=other[0],
                norm=name,
            )
            yield both, {step.node.path: unnormed, step.at(other): unnormed}


@cause("norm-place", "q_proj", "hidden", "gate")
def norm_of_before(step: Step) -> Iterator[Made]:
    """A sublayer reads what the norm of another sublayer of its layer made: a name that was not changed."""
    norm = step.input(0)
    if norm.op is None or norm.op.name not in NORMS or norm.path.startswith(step.scope):
        return
    alike = [n for n in step.plan.steps if n.slot < norm.slot and n.op is norm.op and n.path.startswith(step.block)]
    for node in alike:
        readers = [step.plan.nodes[s].path for s in step.plan.consumers[norm.slot]]
        own = [path for path in readers if path.startswith(step.scope)]
        if step.node.path != min(own, key=lambda path: step.plan.paths[path].slot):
            continue

        def made(at: Site, other: str = node.path) -> Array:
            return at.usual(at.earlier(other), *at.args[1:])

        yield (
            Bilingual(
                "it reads {other}, not {own}",
                "读的是 {other}，而不是 {own}",
                other=node.path.removeprefix(step.block),
                own=norm.path.removeprefix(step.block),
            ),
            dict.fromkeys(own, made),
        )


@cause("norm-place", ops=(*NORMS, "linear", "linear_no_bias", "split_heads", "add"))
def norm_place(step: Step) -> Iterator[Made]:
    """The norm before the sublayer, behind the sum, or of the branch alone, where it belongs elsewhere."""
    own = step.config.norm_position
    if own not in PLACES:
        return
    for place in ("pre", "post", "output"):
        if place == own:
            continue
        said = Bilingual("{made} in place of {right}", "{made}，而不是 {right}", made=PLACES[place], right=PLACES[own])
        sublayers = list(_sublayers(step))
        if own == "both":
            made = [list(_one_of_two(step, add, norm, place)) for add, norm, _ in sublayers]
        else:
            made = [[_moved(step, add, norm, readers, place)] for add, norm, readers in sublayers]
        for alike in zip(*made, strict=True):  # of all sublayers
            for one in alike:
                if step.node.path == _first_of(step, one):
                    yield said, one
            every = {path: patch for one in alike for path, patch in one.items()}
            if step.node.path == _first_of(step, every):
                yield said, every
                last = next((n.path for n in step.plan.steps if n.path in ("enc.norm", "dec.norm")), None)
                if last is not None:
                    yield said, {**every, last: lambda at: at.args[0]}


@cause("norm-place", *ADDS)
def norm_twice(step: Step) -> Iterator[Made]:
    """LN(x + f(LN(x))) where x + f(LN(x)) is due: the norm before the sublayer, and the same norm behind the sum."""
    if step.config.norm_position != "pre":
        return
    for add, norm, _ in _sublayers(step):
        if add.path == step.node.path:
            gains = _parameters(step, norm)

            def behind(at: Site, norm: Node = norm, gains: tuple[str, ...] = gains) -> Array:
                return _usual_norm(at, norm, gains, at.usual())

            yield (
                Bilingual(
                    "LN(x + f(LN(x))) in place of x + f(LN(x)): the norm stands before the sublayer and behind the sum",
                    "LN(x + f(LN(x)))，而不是 x + f(LN(x))：子层之前归一化了，残差相加之后又归一化了一次",
                ),
                behind,
            )


def _first_of(step: Step, patches: dict[str, Patch]) -> str:
    """The first of the steps that are made otherwise."""
    return min(patches, key=lambda path: step.plan.paths[path].slot)


@cause("residual-place", *ADDS)
def after_norm(step: Step) -> Iterator[Made]:
    """LN(x) + f(x) where the norm belongs after the sum: with the norm there as well, or in its place."""
    if step.config.norm_position != "post":
        return
    for add, norm, _ in _sublayers(step):
        if add.path != step.node.path:
            continue
        gains = _parameters(step, norm)

        def made(at: Site, norm: Node = norm, gains: tuple[str, ...] = gains) -> Array:
            return _usual_norm(at, norm, gains, at.args[0]) + at.args[1]

        text = Bilingual("LN(x) + f(x) in place of x + f(x)", "LN(x) + f(x)，而不是 x + f(x)")
        yield text, made
        instead = Bilingual("LN(x) + f(x) in place of LN(x + f(x))", "LN(x) + f(x)，而不是 LN(x + f(x))")
        yield instead, {add.path: made, norm.path: elsewhere}


@cause("residual-place", ops=("linear", "linear_no_bias", "split_heads", "add"))
def normed_first(step: Step) -> Iterator[Made]:
    """h = LN(x), then h + f(h), where LN(x + f(x)) is due: the residual leaves behind the norm."""
    if step.config.norm_position != "post":
        return
    text = Bilingual("LN(x) + f(LN(x)) in place of LN(x + f(x))", "LN(x) + f(LN(x))，而不是 LN(x + f(x))")
    every: dict[str, Patch] = {}
    for add, norm, readers in _sublayers(step):
        gains = _parameters(step, norm)

        def made(at: Site, norm: Node = norm, gains: tuple[str, ...] = gains) -> Array:
            return _usual_norm(at, norm, gains, at.args[0]) + at.args[1]

        one = {**_moved(step, add, norm, readers, "pre"), add.path: made}
        every |= one
        if step.node.path == min(one, key=lambda path: step.plan.paths[path].slot):
            yield text, one, add.path
    if step.node.path == min(every, key=lambda path: step.plan.paths[path].slot, default=None):
        yield text, every, next(path for path in every if path.rpartition(".")[2] in ADDS)
