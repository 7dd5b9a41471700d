"""Which plane of a tensor of higher rank is shown, and the others that one can turn to: ``head 1 ▸2◂ 3``."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tfstep.engine.axis import Axis
from tfstep.text import Bilingual
from tfstep.view.text.axes import axis_name
from tfstep.view.text.spans import Line, Span, line

FEW = 8  # places that are all written out
AROUND = 2  # of more, how many on either side of the present one
_KEYS = {"head": "[ ]", "batch": "{ }"}


class Choice(Struct, frozen=True):
    """One axis before the last two: its number and name, the place that is shown, of how many."""

    axis: int
    name: str
    at: int
    size: int

    def long(self) -> Line:
        """Every place, to be clicked."""
        spans = [Span(f"{self._named} ", "key")]
        first, stop = 0, self.size
        if self.size > FEW:
            first = max(0, min(self.at - AROUND, self.size - 2 * AROUND - 1))
            stop = first + 2 * AROUND + 1
        if first:
            spans.append(Span("… ", "dim"))
        for place in range(first, stop):
            if place == self.at:
                spans.append(Span(f"▸{place}◂", "key"))
            else:
                spans.append(Span(f" {place} ", "dim", link_to(self.axis, place)))
        if self.size > stop:
            spans.append(Span(f"… {self.size - 1}", "dim"))
        return line(*spans, Span(f" {_KEYS.get(self.name, '')}", "dim"))

    def short(self) -> Line:
        """The place alone."""
        text = Bilingual("{axis} {at} of {n}", "{axis} {at}，共 {n}", axis=self._named, at=self.at, n=self.size)
        return line(Span(str(text), "key" if self.size > 1 else "dim"))

    @property
    def _named(self) -> str:
        return axis_name(self.name) or f"#{self.axis}"


def choices(axes: Sequence[Axis], shape: Sequence[int], cell: Sequence[int]) -> tuple[Choice, ...]:
    """The axes of a tensor that are not in its plane: those with a choice, and the heads always."""
    lead = list(zip(axes, shape, cell, strict=True))[:-2]
    found = (Choice(k, axis.name, at, size) for k, (axis, size, at) in enumerate(lead))
    return tuple(each for each in found if each.size > 1 or each.name == "head")


def ways(op: str, found: Sequence[Choice]) -> list[Line]:
    """What may stand at the right of a heading, the longest first."""
    longs = [each.long() if each.size > 1 else each.short() for each in found]
    shorts = [each.short() for each in found]
    return [_apart(each) for each in ([line(Span(op, "dim")), *longs], longs, shorts)]


def _apart(parts: Sequence[Line]) -> Line:
    return tuple(span for k, part in enumerate(parts) for span in ((Span("   "),) if k else ()) + part)


def link_to(axis: int, place: int) -> str:
    """What stands for a place on an axis of the tensor that is shown."""
    return f"@{axis}={place}"


def link_target(link: str) -> tuple[int, int] | None:
    """The axis and the place of such a link; None for a cell or a path."""
    axis, sign, place = link.removeprefix("@").partition("=")
    return (int(axis), int(place)) if link.startswith("@") and sign else None
