"""One tensor of a trace as people see it: its numbers, its gradient, its axes with their words."""

from __future__ import annotations

from operator import getitem
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from tfstep.engine.op import Vjp
from tfstep.engine.plan import Literal, Node
from tfstep.engine.surface.above import Displayed
from tfstep.engine.surface.arraylike import ArrayLike
from tfstep.errors import PathError, did_you_mean
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.engine.trace import Trace


class Tensor(Displayed, ArrayLike, Struct, frozen=True, eq=False):  # type: ignore[metaclass]  # NumPy's is no ABC, its stub is
    """A view of one tensor. ``step`` is the number of the step that makes it, ``14.2`` inside one, None for a leaf.

    It behaves as an array of its ``value``: ``np.asarray(tensor)``, ``tensor * 2``, ``tensor[0, 0, "我", "爱"]``,
    ``float(tensor)`` of a scalar.
    """

    trace: Trace
    node: Node
    step: str | int | None

    @property
    def path(self) -> str:
        """Its full path."""
        return self.trace.prefix + self.node.path

    @property
    def name(self) -> str:
        """Its name inside formulas: ``scores``, ``∂scores``; of an inner step, also inside a gradient, its own."""
        return short(self.node.path)

    @property
    def value(self) -> np.ndarray:
        """Its numbers, read-only; computed now where an edit left them stale."""
        return self.trace.value(self.node.slot)

    @property
    def grad(self) -> np.ndarray | None:
        """∂loss/∂(this tensor), of the same shape, or None where no path leads to the loss."""
        node = self.trace.plan.paths.get(self.node.path + ".grad")
        return None if node is None else self.trace.value(node.slot)

    @property
    def new(self) -> np.ndarray | None:
        """A parameter's value after the update, else None."""
        node = self.trace.plan.paths.get(self.node.path + ".new")
        return None if node is None else self.trace.value(node.slot)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its axes."""
        return self.node.shape

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of its axes."""
        return tuple(axis.name for axis in self.node.spec.axes)

    @property
    def labels(self) -> dict[str, list[list[str]]]:
        """For each axis that has words along it: one list a sentence."""
        return {a.name: [list(words) for words in a.labels] for a in self.node.spec.axes if a.labels is not None}

    @property
    def phase(self) -> str | None:
        """forward, backward or update; None for a leaf."""
        return self.node.phase or None

    @property
    def op(self) -> str | None:
        """The name of the op that makes it; None for a leaf."""
        return None if self.node.op is None else self.node.op.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """The paths of the tensors that its step reads."""
        return tuple(path_of(self.trace, s) for s in self.node.slots)

    @property
    def formula(self) -> str | None:
        """How it is made, in the paper's notation: ``scores = Q Kᵀ``."""
        return formula(self.trace, self.node)

    def __reduce__(self) -> tuple[Any, ...]:
        return getitem, (self.trace.outermost, self.path)


def short(path: str) -> str:
    """The name of a tensor inside its formula: ``scores`` for ``enc0.attn.scores``, ``∂scores`` for its gradient."""
    path = path.split("/")[-1] if "/" in path and ".grad/" not in path else path
    if ".grad" in path:
        path, _, use = path.partition(".grad")
        return "∂" + path.rsplit(".", 1)[-1] + (f"/{use[1:].rsplit('.', 1)[-1]}" if use else "")
    head, _, last = path.rpartition(".")
    of_a_parameter = last in ("new", "m", "v", "m_hat", "v_hat", "velocity")
    return f"{head.rsplit('.', 1)[-1]}.{last}" if head and of_a_parameter else last


def formula(trace: Trace, node: Node) -> str | None:
    """The formula of a step with the names of its operands filled in. None for a leaf."""
    if node.op is None:
        return None
    names = {}
    for argument, s in zip(node.op.arguments, node.inputs, strict=False):
        names[argument] = (s.name or f"{s.value:g}") if isinstance(s, Literal) else short(_outer(trace, s))
    if isinstance(node.op, Vjp) and node.of is not None:
        of = trace.plan.nodes[node.of]
        names.setdefault("g", "∂" + short(of.path))
        names.setdefault("y", short(of.path))
        for argument, s in zip(node.op.op.arguments, of.inputs, strict=False):
            names.setdefault(
                argument, (s.name or f"{s.value:g}") if isinstance(s, Literal) else short(_outer(trace, s))
            )
    text = str(node.op.formula) or f"{node.op.name}({', '.join('{' + a + '}' for a in node.op.arguments)})"
    if not node.op.arguments and node.slots:
        names["xs"] = ", ".join(short(_outer(trace, s)) for s in node.slots)
        names["sum"] = " + ".join(short(_outer(trace, s)) for s in node.slots)
    names.update({key: _attribute(value) for key, value in node.attrs.items() if key not in names})
    return f"{short(node.path)} = {text.format_map(_Blank(names))}"


class _Blank(dict[str, str]):
    """Places that nothing fills stay empty: an attribute left at its default."""

    def __missing__(self, key: str) -> str:
        return ""


def _attribute(value: object) -> str:
    if isinstance(value, bool):  # a matrix read as its transpose
        return "ᵀ" if value else ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def path_of(trace: Trace, slot: int) -> str:
    """The full path of a node; for the input of an inside that of the tensor it stands for."""
    trace, slot = _source(trace, slot)
    return trace.prefix + trace.plan.nodes[slot].path


def _outer(trace: Trace, slot: int) -> str:
    """The same path as its own trace calls it."""
    trace, slot = _source(trace, slot)
    return trace.plan.nodes[slot].path


def _source(trace: Trace, slot: int) -> tuple[Trace, int]:
    while trace.plan.nodes[slot].kind == "input" and slot < len(trace.sources):
        source = trace.sources[slot]
        trace, slot = source.trace, source.slot
    return trace, slot


def resolve(trace: Trace, path: str) -> Tensor:
    """The tensor with this path, or with this name elsewhere; ``STEP/INNER`` looks inside a step, to any depth.

    Raises PathError.
    """
    node = trace.plan.paths.get(path)
    if node is not None:
        return Tensor(trace, node, node.number or None)
    cut = path.rfind("/")
    while cut > 0:
        outer = trace.plan.paths.get(path[:cut])
        if outer is not None:
            inside = trace.inside(outer.slot)
            if inside is None:
                raise PathError(
                    Bilingual(
                        "{path}: there is nothing inside {outer} ({op})",
                        "{path}：{outer}（{op}）内部没有更小的步骤",
                        path=path,
                        outer=path[:cut],
                        op=outer.op.name if outer.op else outer.kind,
                    )
                )
            found = resolve(inside, path[cut + 1 :])
            step = found.step if found.step is None else f"{outer.number}.{found.step}"
            return Tensor(found.trace, found.node, step)
        cut = path.rfind("/", 0, cut)
    if (known := trace.plan.elsewhere(path)) is not None:
        return resolve(trace, known)
    raise _unknown(trace, path)


def _unknown(trace: Trace, path: str) -> PathError:
    if (
        not trace.prefix
        and "loss" not in trace.plan.paths
        and (".grad" in path or path.endswith(".new") or path == "loss")
    ):
        return PathError(
            Bilingual(
                "{path}: this scenario has no loss (`loss`, or `input.labels` for cross-entropy), "
                "so there is no backward phase and no update",
                "{path}：本场景没有损失（由 `loss`，或交叉熵所需的 `input.labels` 给出），"
                "所以没有反向传播，也没有参数更新",
                path=path,
            )
        )
    base, _, _ = path.partition(".grad")
    if path.endswith(".grad") and base in trace.plan.paths:
        return PathError(
            Bilingual(
                "{path}: no path leads from {base} to the loss, so it has no gradient",
                "{path}：从 {base} 没有通向损失的路径，所以它没有梯度",
                path=path,
                base=base,
            )
        )
    removed = next((key for there, key in trace.plan.switched_off() if there in (path, base)), None)
    if removed:
        return PathError(
            Bilingual(
                "{path}: this scenario switches it off with `{key}`",
                "{path}：本场景用 `{key}` 把它关掉了",
                path=path,
                key=removed,
            )
        )
    names = [n for n in trace.plan.paths if not n.startswith("#")]
    near = did_you_mean(path, names)
    if trace.prefix:
        return PathError(
            Bilingual(
                "inside {outer} there is no step {path!r}{near}; there are {names}",
                "{outer} 内部没有步骤 {path!r}{near}；里面有 {names}",
                outer=trace.prefix[:-1],
                path=path,
                near=near,
                names=", ".join(names),
            )
        )
    scopes = [name for name in dict.fromkeys(n.partition(".")[0] for n in names) if name != path]
    begin = Bilingual("; names begin with {scopes}", "；名称以 {scopes} 开头", scopes=", ".join(scopes[:8]))
    return PathError(
        Bilingual(
            "there is no tensor {path!r}{near}", "没有张量 {path!r}{near}", path=path, near=near if near.en else begin
        )
    )
