"""Why the number under the cursor is what it is, and how it moves the loss: all the lines under the matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.grammar import cell_name
from tfstep.engine.arrays.bits import but_for_rounding
from tfstep.engine.naming import short
from tfstep.engine.node import Node
from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation, also
from tfstep.session.change.marks import both_computed
from tfstep.session.study.finite import not_of_the_loss
from tfstep.session.terms import Partial
from tfstep.text import Bilingual
from tfstep.view.board.board import At
from tfstep.view.cell.equation import NO_EQUATION, Equation, equation, name_of
from tfstep.view.cell.readers import readers
from tfstep.view.cell.since import before_what
from tfstep.view.cell.sums import explain_cell
from tfstep.view.report.hidden import hidden_because
from tfstep.view.text.number import COMING, became, plain, told_apart
from tfstep.view.text.spans import Line, Span, clipped, ends, flow, line, line_width
from tfstep.work import NotYetError, at_once

LISTED = 4  # steps that read a number, of which the names are shown
STEP = 0.1  # by how much a number is raised in the sentence on its gradient

_LEAF = {
    "parameter": Bilingual("a parameter: training changes it", "参数：训练会改变它"),
    "constant": Bilingual("a constant: it stays as it is", "常量：保持不变"),
    "input": Bilingual("an input: it comes from the scenario", "输入：来自场景"),
}


class CellPanel(Struct, frozen=True, eq=False):
    """The cell under the cursor: ``name`` by its words, ``cell`` as commands write it, and what is known of it."""

    name: str
    cell: str
    value: float
    rule: str
    equation: Equation
    total: float
    residual: float
    holds: bool
    note: str
    leaf: str = ""
    before: float | None = None
    computed: float | None = None
    gradient: float | None = None
    gradient_name: str = ""
    gradient_cell: str = ""
    comes_from: Line = ()
    goes_to: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    after: float | None = None
    meaning: str = ""
    partial: Partial | None = None  # the term of the sum that we are at
    chosen: int = 0  # which of the links Enter follows
    cancels: bool = False  # whether the gradient is nothing but rounding
    edited: str = ""  # why the gradient does not say how the loss moves, if it does not
    share: bool = False  # whether it is one of several shares of 1
    since: str = ""  # the line that moved the numbers and was no edit, such as ``rewind 50``
    coming: frozenset[str] = frozenset()  # what of it is still to be computed: value, made, computed, gradient, after
    run: str = ""  # of which run all this is, where the matrices show another

    @property
    def links(self) -> tuple[str, ...]:
        """The cells and tensors that can be followed, in the order in which they are shown."""
        return (*self.equation.links, *self._flow)

    @property
    def _flow(self) -> tuple[str, ...]:
        """Of these, those behind the equation: the gradient, what it is made from, what reads it and the number."""
        made = (span.link for span in self.comes_from if span.link)
        return (*filter(None, (self.gradient_cell,)), *made, *self.goes_to[:LISTED], *self.used_by[:LISTED])

    def _marked(self, spans: Line, first: int) -> Line:
        """These spans, the one that is followed next marked; their first link is number ``first`` behind the
        equation."""
        found, number = [], len(self.equation.links) + first
        for span in spans:
            found.append(replace(span, chosen=True) if span.link and number == self.chosen else span)
            number += bool(span.link)
        return tuple(found)

    def lines(self, cells: int, lines: int) -> list[Line]:
        """At most so many lines, the more telling ones first to stay."""
        groups = [self._head(cells), self._made(cells, lines - 1), self._moves(cells)]
        roomy = sum(len(group) for group in groups) + 2 <= lines
        found: list[Line] = []
        for group in groups:
            if found and roomy and group:
                found.append(())
            found.extend(group)
        return [clipped(each, cells) for each in found[:lines]]

    def _head(self, cells: int) -> list[Line]:
        left = line(Span(str(Bilingual("why", "为何")) + "  ", "key"), Span(self.name, "accent"), "  ", self._value())
        left = (*left, Span(f"  {self.run}", "note")) if self.run else left
        left = (*left, *self._old())
        hint = line(Span(self.cell, "dim"))
        return [ends(left, hint if line_width((*left, *hint)) + 2 <= cells else (), cells)]

    def number(self, x: float) -> str:
        """Shares of 1 stand without a sign, as in their matrix."""
        return plain(x, sign=not self.share)

    @property
    def said(self) -> str:
        """The number in words, a sign where it is still to be computed."""
        return COMING if "value" in self.coming else self.number(self.value)

    def _value(self) -> Span:
        return Span(self.said, "strong")

    def _made(self, cells: int, lines: int) -> list[Line]:
        if self.leaf:
            return [line(Span(self.leaf, "dim"))]
        if self.computed is not None:
            pinned = Span(str(Bilingual("pinned; it would have been ", "已固定；本来会是 ")), "changed")
            return [line(pinned, COMING if "computed" in self.coming else self.number(self.computed))]
        if "made" in self.coming:
            return [line(Span(f"= {COMING} {Bilingual('being computed', '计算中')}", "dim"))]
        found: list[Line] = []
        if self.note:
            found.append(line(Span("▒ ", "bad"), Span(self.note, "note")))
        if self.equation.symbols:
            found.append(line(Span("= ", "dim"), *self.equation.symbols))
        terms = [line(Span("= ", "dim")), *self.equation.terms, self.equation.rest]
        total = line(Span("  = ", "dim"), Span(self.number(self.total), "accent"), "   ", self._checked())
        if self.partial is not None:
            total = line("   ", _so_far(self.partial), Span(plain(self.partial.total), "accent"))
        return [*found, *_summed([t for t in terms if t], total, cells, lines - len(found))]

    def _checked(self) -> Span:
        if self.holds:
            gap = "0" if self.residual == 0 else plain(self.residual)
            text = Bilingual("recorded, difference {gap}", "与记录一致，相差 {gap}", gap=gap)
            return Span(str(text), "good")
        text = Bilingual(
            "recorded {value}, difference {gap}",
            "记录为 {value}，相差 {gap}",
            value=self.number(self.value),
            gap=plain(self.residual),
        )
        return Span(str(text), "bad")

    def _old(self) -> Line:
        """What it was before the edit."""
        if self.before is None or self.before == self.value:
            return ()
        if "value" in self.coming:
            return line("   ", Span(f"{before_what(self.since)} ", "changed"), Span(self.number(self.before)))
        was, now = told_apart(self.before, self.value, sign=not self.share)
        was = (
            was
            if now == self.number(self.value)
            else f"{self.number(self.before)}, Δ {plain(self.value - self.before)}"
        )
        return line("   ", Span(f"{before_what(self.since)} ", "changed"), Span(was))

    def _moves(self, cells: int) -> list[Line]:
        found: list[Line] = []
        if "gradient" in self.coming:
            name = Span(f"∂loss/∂{self.gradient_name}", "key", self.gradient_cell or None)
            found.append(line(*self._marked((name,), 0), "  ", Span(COMING, "strong")))
        if self.meaning:
            found.append(line(Span(self.meaning, "dim")))
        if self.gradient is not None:
            name = Span(f"∂loss/∂{self.gradient_name}", "key", self.gradient_cell or None)
            head = line(
                *self._marked((name,), 0), "  ", Span(plain(0.0 if self.cancels else self.gradient), "strong"), "  "
            )
            sentence = _sentence(self.gradient, self.cancels) if math.isfinite(self.value) else ""
            found.extend(flow([head, line(Span(self.edited or sentence, "dim"))], cells))
        parts: list[Line] = []
        first = 1 if self.gradient_cell else 0
        if self.comes_from:
            made = self._marked(self.comes_from, first)
            parts.append(line(Span(str(Bilingual("comes from ", "来自 ")), "dim"), *made, "   "))
            first += sum(bool(span.link) for span in made)
        if self.goes_to:
            goes = self._marked(_listed(self.goes_to), first)
            parts.append(line(Span(str(Bilingual("goes to ", "传往 ")), "dim"), *goes, "   "))
            first += len(self.goes_to[:LISTED])
        if self.after is not None:
            text = Bilingual("after the update ", "更新之后 ")
            after = COMING if "after" in self.coming else became(self.value, self.after)
            parts.append(line(Span(str(text), "dim"), Span(after), "   "))
        if self.used_by:
            used = self._marked(_listed(self.used_by), first)
            parts.append(line(Span(str(Bilingual("used by ", "用于 ")), "dim"), *used))
        return found + flow(parts, cells)


def _summed(terms: list[Line], total: Line, cells: int, lines: int) -> list[Line]:
    """A sum and what it comes to; where it is too long, terms are left out and not the total."""
    whole = flow([*terms, total], cells, indent=2)
    if len(whole) <= lines or lines < 2:
        return whole
    shown = flow(terms, cells - 2, indent=2)[: lines - 1]
    return [*shown[:-1], (*shown[-1], Span(" …", "dim")), total]


def _so_far(partial: Partial) -> str:
    """What is said before the sum up to a term."""
    return str(Bilingual("up to term {k} of {n}: ", "到第 {k}/{n} 项为止：", k=partial.number, n=partial.of))


def _listed(paths: tuple[str, ...]) -> Line:
    spans: list[Span] = []
    for path in paths[:LISTED]:
        spans.append(Span(short(path), "name", path))
        spans.append(Span("  "))
    if len(paths) > LISTED:
        spans.append(Span(f"+{len(paths) - LISTED}", "dim"))
    return tuple(spans)


def _meaning(node: Node, cell: tuple[int, ...], root: Trace, value: float, cancels: bool) -> str:
    """What the number of a gradient says."""
    of = node.role.of
    if (why := not_of_the_loss(root, node, cell)) is not None:
        return str(why)
    if node.role.name != "gradient" or of is None or value == 0:
        return ""
    name = name_of(root, cell_name(root.plan.nodes[of].path, cell))
    return str(Bilingual("{name}: {said}", "{name}：{said}", name=name, said=_sentence(value, cancels)))


def _sentence(gradient: float, cancels: bool = False) -> str:
    if cancels:
        return str(
            Bilingual("0 but for rounding: moving it does not move the loss", "除舍入误差外就是 0：改动它，损失不变")
        )
    if gradient == 0:
        return str(Bilingual("moving it a little does not move the loss", "稍微改动它，损失不变"))
    if not math.isfinite(gradient):
        return ""
    moved = plain(abs(gradient) * STEP, sign=False)
    if gradient > 0:
        return str(
            Bilingual(
                "raising it by {step} raises the loss by about {by}",
                "增大 {step}，损失约增大 {by}",
                step=STEP,
                by=moved,
            )
        )
    return str(
        Bilingual(
            "raising it by {step} lowers the loss by about {by}", "增大 {step}，损失约减小 {by}", step=STEP, by=moved
        )
    )


def account(
    root: Trace,
    tensor: Tensor,
    cell: tuple[int, ...],
    why: Explanation | None,
    before: Trace | None,
    at: At,
    chosen: int,
    hidden: bool = False,
    partial: Partial | None = None,
) -> CellPanel:
    """The panel of one cell from its explanation, None where that is still to be computed; ``before`` is the trace
    before the edit, ``hidden`` whether the cell is masked, ``partial`` the term of it that we are at."""
    trace, node, path = tensor.trace, tensor.node, tensor.path
    address = cell_name(path, cell)
    coming: set[str] = set()

    def known(what: str, find: Callable[[], float | None]) -> float | None:
        """A number, or NaN where it is coming."""
        try:
            return find()
        except NotYetError:
            coming.add(what)
            return math.nan

    name = name_of(root, address)
    because = hidden_because(root, tensor, cell) if hidden else None
    if why is None:
        coming.add("made")
        value = known("value", lambda: float(tensor.value[cell]))
        panel = CellPanel(name, address, value or 0.0, "", NO_EQUATION, 0.0, 0.0, True, str(because or ""))
    else:
        note = (also(because, why.beyond) if because and why.rule == "masked" else why.note) or because or ""
        made = equation(root, why, chosen, partial.number if partial is not None else 0)
        panel = CellPanel(
            name, address, why.value, why.rule, made, why.total, why.residual, why.holds, str(note), partial=partial
        )
        panel = replace(panel, meaning=at_once(lambda: _meaning(node, cell, root, why.value, why.rounding), ""))
    slope = _slope(root, tensor, cell, at)
    if slope is None:
        coming.add("gradient")
    pin, new = trace.pins.get(node.slot), trace.plan.new(node)
    pinned = pin is not None and pin.mask[cell]
    return replace(
        panel,
        leaf=str(_LEAF.get(node.kind, _LEAF["constant"])) if node.op is None else "",
        before=at_once(lambda: _before(root, tensor, cell, before), None),
        computed=known("computed", lambda: float(root[f"{path}/computed"].value[cell])) if pinned else None,
        used_by=readers(tensor),
        after=None if new is None else known("after", lambda: float(trace.value(new.slot)[cell])),
        chosen=chosen,
        share=node.shares,
        coming=frozenset(coming),
        gradient_name=name,
        **(slope or {}),
    )


def _before(root: Trace, tensor: Tensor, cell: tuple[int, ...], before: Trace | None) -> float | None:
    """The number before the edit, where the tensor was there before."""
    trace, node = tensor.trace, tensor.node
    was = None if before is None else before.plan.paths.get(tensor.path)
    if before is None or was is None or before is root or trace.prefix or was.shape != node.shape:
        return None
    numbers = before.value(was.slot)
    if both_computed(before, was, trace, node):
        numbers = but_for_rounding(numbers, tensor.value)
    return float(numbers[cell])


def _slope(root: Trace, tensor: Tensor, cell: tuple[int, ...], at: At) -> dict[str, Any] | None:
    """How a number moves the loss, and what makes its gradient; None where that is still to be computed."""
    trace = tensor.trace
    # of a checkpoint the backward pass is long, and waits until somebody asks for it with g
    grad = None if trace.prefix else trace.plan.gradient(tensor.node)
    if grad is None or (trace.plan.later and trace.stale(grad.slot)):
        return {}
    try:
        gradient = float(trace.value(grad.slot)[cell])
        reason = explain_cell(root[grad.path], cell, at)
        held = root.pins.get(grad.slot)
        comes = () if held is not None and held.mask[cell] else equation(root, reason).symbols
        edited = str(not_of_the_loss(root, grad, cell) or "")
    except NotYetError:
        return None
    return {
        "gradient": gradient,
        "gradient_cell": cell_name(grad.path, cell),
        "edited": edited,
        "comes_from": comes,
        "cancels": reason.rounding,
        "goes_to": tuple(trace.plan.nodes[s].path for s in trace.plan.consumers[grad.slot]),
    }
