"""A trace: a plan with its numbers. Edits make a new trace that shares whatever they do not reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import getitem
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.grammar import parse
from tfstep.address.indices import Cell, Index, places, whole
from tfstep.address.names import full_path, one_of
from tfstep.address.roles import GRAD, path_parts
from tfstep.engine.arrays.bits import same_bits
from tfstep.engine.arrays.coerce_edit import coerce_edit
from tfstep.engine.computation import Computation
from tfstep.engine.naming import formula, path_of, short
from tfstep.engine.node import Node
from tfstep.engine.substeps import Pin
from tfstep.engine.surface.above import Displayed
from tfstep.engine.surface.arraylike import ArrayLike
from tfstep.engine.surface.beyond import Whole
from tfstep.engine.why import Explanation, explain
from tfstep.errors import EditError, PathError, meant, nearest
from tfstep.text import Bilingual


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
        return self._numbers(self.trace.plan.gradient(self.node))

    @property
    def new(self) -> np.ndarray | None:
        """A parameter's value after the update, else None."""
        return self._numbers(self.trace.plan.new(self.node))

    def _numbers(self, node: Node | None) -> np.ndarray | None:
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

    def words(self, axis: int, sentence: int = 0) -> Sequence[str]:
        """The words along one axis in one sentence of the batch, the first where there is no such sentence."""
        labels = self.node.spec.axes[axis].labels or ((),)
        words = labels[sentence if -len(labels) <= sentence < len(labels) else 0]
        return words if len(words) == self.shape[axis] else ()

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


class Trace(Whole, Computation):
    """Every tensor of one forward, backward and update pass, by path: ``trace["loss"]``, ``for path in trace``.

    A trace is a value: it never changes, but for numbers that an edit left stale, which are computed
    when they are first read. ``runs`` counts the steps that were computed for this trace.
    """

    # -- looking ---------------------------------------------------------------------------------

    def __getitem__(self, path: str) -> Tensor:
        """The tensor with this path, inner ones (``enc0.attn.weights/exp``) included. Raises PathError."""
        return resolve(self, str(path))

    def explain(self, cell: str, depth: int = 1) -> Explanation:
        """Why this number is what it is: its rule and terms, ``depth`` levels down.

        Raises PathError when there is no such cell.
        """
        tensor, index = cell_of(self, str(cell))
        return replace(explain(tensor.trace, tensor.node.slot, index, depth), trace=self)

    # -- changing --------------------------------------------------------------------------------

    def edit(self, changes: Mapping[str, Any]) -> Trace:
        """A new trace with these tensors (``PATH``) or parts of them (``PATH[0,1]``, ``PATH[:,1]``) set.

        A parameter or constant gets the value; any other tensor is pinned: the cells keep the value,
        and no gradient flows back through them. A value has the shape of what it is set to, or is one number
        for all of it. Raises PathError, EditError.
        """
        if type(changes) is not dict and not isinstance(changes, Mapping):
            raise EditError(
                Bilingual(
                    "{found} is no dictionary; an edit is one from paths to numbers: trace.edit({{PATH: value}})",
                    "{found} 不是字典；修改要写成从路径到数值的字典：trace.edit({{PATH: value}})",
                    found=repr(changes)[:60],
                )
            )
        values, pins, touched = list(self.values), dict(self.pins), set()
        for target, new in changes.items():
            tensor, index = locate(self, str(target))
            node = self._editable(tensor)
            where = ... if index is None else index
            if node.op is None:
                value = np.array(self.value(node.slot) if values[node.slot] is None else values[node.slot])
            else:
                old = pins.get(node.slot)
                value = np.zeros(node.shape, node.dtype) if old is None else old.value.copy()
                mask = np.zeros(node.shape, bool) if old is None else old.mask.copy()
            value[where] = coerce_edit(target, node, value, where, new)
            if node.op is None:
                values[node.slot] = value
            else:
                mask[where] = True
                pins[node.slot] = Pin(mask, value)
            touched.add(node.slot)
        return self._changed(values, pins, touched)

    def release(self, *paths: str) -> Trace:
        """A new trace in which these tensors are computed again. Raises EditError where nothing is pinned."""
        pins, touched = dict(self.pins), set()
        for path in paths:
            node = self[path].node
            if self[path].trace is not self or pins.pop(node.slot, None) is None:
                held = ", ".join(self.plan.nodes[s].path for s in self.pins)
                raise EditError(
                    Bilingual(
                        "{path} is not pinned; pinned: {held}",
                        "{path} 没有被固定；已固定：{held}",
                        path=path,
                        held=held or "-",
                    )
                )
            touched.add(node.slot)
        return self._changed(list(self.values), pins, touched)

    def advance(self) -> Trace:
        """The trace after the update: every parameter has its new value. Pins stay."""
        values: list[Any] = [None] * len(self.plan.nodes)
        for node in self.plan.nodes:
            if node.op is None:
                values[node.slot] = self.values[node.slot]
        for leaf, slot in reversed(self.plan.carry):  # the last part's first: where less is kept, in one pass back
            values[leaf] = self.value(slot)
        return Trace(self.plan, values, self.pins)

    def _editable(self, tensor: Tensor) -> Node:
        path = tensor.path
        if tensor.trace is not self:
            outer = path.split("/")[0]
            raise EditError(
                Bilingual(
                    "{path} is inside a step and follows from it; set {outer} itself",
                    "{path} 在某一步的内部，由那一步决定；请直接设置 {outer}",
                    path=path,
                    outer=outer,
                )
            )
        if tensor.node.kind == "view":
            owner = tensor.inputs[0]
            raise EditError(
                Bilingual(
                    "{path} is tied to {owner}, which owns the numbers; set {owner}",
                    "{path} 与 {owner} 共享权重，数值归 {owner} 所有；请设置 {owner}",
                    path=path,
                    owner=owner,
                )
            )
        if tensor.node.dtype.kind not in "f":
            raise EditError(
                Bilingual(
                    "{path} holds integers that come from the words or the mask of the scenario; change those",
                    "{path} 是由场景的词或掩码得来的整数；请改词或掩码",
                    path=path,
                )
            )
        return tensor.node

    def _changed(self, values: list[Any], pins: dict[int, Pin], touched: set[int]) -> Trace:
        pinned = (slot for slot in touched if self.plan.nodes[slot].op is not None)
        for slot in chain(pinned, self.plan.follow(touched)):
            values[slot] = None
        return Trace(self.plan, values, pins, self.sources, self.prefix)

    def set_apart(self, other: Trace) -> set[int]:
        """The slots that are given otherwise in another trace of the same plan: other numbers, other pins."""
        found = {slot for slot in {*self.pins, *other.pins} if self.pins.get(slot) is not other.pins.get(slot)}
        for node in self.plan.nodes:
            same = node.op is not None or self.values[node.slot] is other.values[node.slot]
            if not same and not same_bits(self.value(node.slot), other.value(node.slot)):
                found.add(node.slot)
        return found


def locate(
    trace: Trace,
    text: str,
    full: Callable[[str], str] = str,
    under: Callable[[Tensor], Cell | None] = lambda tensor: None,
) -> tuple[Tensor, Index | None]:
    """What an address means: the tensor, and the places along its axes, None where no indices are given.

    ``full`` completes the path, ``under`` says which cell of a tensor is under a cursor. Raises PathError.
    """
    address = parse(text)
    if address.variant is not None:
        raise PathError(
            Bilingual(
                "{text}: one run is looked at here, and none of variant {variant}",
                "{text}：这里只看一次运行，没有变体 {variant}",
                text=text,
                variant=address.variant,
            )
        )
    tensor = trace[full(address.path)]
    return tensor, None if address.items is None else places(tensor, address.items, under(tensor))


def cell_of(trace: Trace, text: str, full: Callable[[str], str] = str) -> tuple[Tensor, Cell]:
    """The tensor and the one cell that an address means. Raises PathError."""
    tensor, index = locate(trace, text, full)
    return tensor, whole(tensor, index)


def resolve(trace: Trace, path: str) -> Tensor:
    """The tensor with this path, with this name elsewhere, or the only one that ends so; ``STEP/INNER`` looks inside
    a step, to any depth. Raises PathError.
    """
    node = trace.plan.paths.get(path)
    if node is not None:
        return Tensor(trace, node, node.number or None)
    cut = path.rfind("/")
    while cut > 0:
        outer = trace.plan.paths.get(path[:cut])
        if outer is not None:
            inside = trace.substeps(outer.slot)
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
    full = full_path(trace.plan.paths, path, elsewhere=trace.plan.elsewhere)
    if full == path and not trace.prefix and "/" not in path and "." not in path:
        found_inside = [f"{node.path}/{path}" for node in trace.plan.steps if _inside(trace, node, path)]
        full = one_of(path, found_inside) if found_inside else path
    if full != path:
        return resolve(trace, full)
    raise _unknown(trace, path)


def _inside(trace: Trace, node: Node, name: str) -> bool:
    """Whether a step of this name is one level down inside a step."""
    inside = trace.substeps(node.slot)
    return inside is not None and any(each.path == name for each in inside.plan.steps)


def _unknown(trace: Trace, path: str) -> PathError:
    asked = path_parts(path)
    if not trace.prefix and "loss" not in trace.plan.paths and (asked.mark or path == "loss"):
        return PathError(
            Bilingual(
                "{path}: this scenario has no loss (`loss`, or `input.labels` for cross-entropy), "
                "so there is no backward phase and no update",
                "{path}：本场景没有损失（由 `loss`，或交叉熵所需的 `input.labels` 给出），"
                "所以没有反向传播，也没有参数更新",
                path=path,
            )
        )
    base = asked.of
    there = trace.plan.paths.get(base) if asked.mark == GRAD and not asked.consumer else None
    if there is not None and there.kind in ("constant", "input"):
        return PathError(
            Bilingual(
                "{path}: {base} is given, not learned; gradients are recorded for parameters and for what is computed",
                "{path}：{base} 是给定的，不参与学习；只记录参数和计算结果的梯度",
                path=path,
                base=base,
            )
        )
    if there is not None:
        return PathError(
            Bilingual(
                "{path}: no path leads from {base} to the loss, so it has no gradient",
                "{path}：从 {base} 没有通向损失的路径，所以它没有梯度",
                path=path,
                base=base,
            )
        )
    removed = next((key for gone, key in trace.plan.switched_off() if gone in (path, base)), None)
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
    near = meant(_by_its_end(path, names) or nearest(path, names))
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


def _by_its_end(path: str, names: Sequence[str]) -> str | None:
    """The path whose last part is most like a name without dots: enc0.attn.W_Q for wq; of several the last part."""
    ends: dict[str, list[str]] = {}
    for name in names if "." not in path else ():
        ends.setdefault(name.rpartition(".")[2], []).append(name)
    near = nearest(path, ends) or next((end for end in ends if len(path) > 1 and end.startswith(path)), None)
    return None if near is None else ends[near][0] if len(ends[near]) == 1 else near
