"""What a player gives, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from tfstep.engine.trace import Trace
from tfstep.lessons.format.prose import prose_lines, verbatim_lines
from tfstep.lessons.player.events import (
    Asked,
    Began,
    Ended,
    Event,
    Hinted,
    Invited,
    Judged,
    Ran,
    Returned,
    Revealed,
    Said,
    Worked,
)
from tfstep.session.results import Changed
from tfstep.text import Bilingual
from tfstep.view.report.explanation import explanation
from tfstep.view.result.lines import lines as result_lines
from tfstep.view.text.spans import Line, folded, indented, line, plain, span


@singledispatch
def event_lines(event: Event, trace: Trace, cells: int) -> Iterator[Line]:
    """The lines of an event, at most ``cells`` wide where they can be folded; ``trace`` are the numbers now."""
    yield from ()


@event_lines.register
def _began(event: Began, trace: Trace, cells: int) -> Iterator[Line]:
    yield line(span(f"{event.number}/{event.of}  ", "dim"), span(event.title, "name"))
    yield ()


@event_lines.register
def _said(event: Said, trace: Trace, cells: int) -> Iterator[Line]:
    yield from verbatim_lines(event.text, cells) if event.verbatim else prose_lines(event.text, cells)
    yield ()


@event_lines.register
def _ran(event: Ran, trace: Trace, cells: int) -> Iterator[Line]:
    yield from folded(line(span(f"> {event.line}", "accent")), cells, indent=2)
    found = list(result_lines(event.result, trace, cells - 2))
    if found and plain(found[0]) == event.line:  # a change that is called by the command that made it
        found = found[1:]
    words = isinstance(event.result, Changed)  # no matrix: it may be folded
    yield from indented(part for each in found for part in (folded(each, cells - 2) if words else [each]))
    yield ()


@event_lines.register
def _asked(event: Asked, trace: Trace, cells: int) -> Iterator[Line]:
    first, *rest = prose_lines(event.text, cells - 2)
    yield line(span("? ", "accent"), *first)
    yield from indented(rest)
    for number, choice in enumerate(event.choices, 1):
        mark = f"  {number}. "
        head, *more = prose_lines(choice, cells - len(mark))
        yield line(span(mark, "dim"), *head)
        yield from indented(more, len(mark))
    how = Bilingual("({how}; ? hint, ! answer)", "（{how}；? 提示，! 答案）", how=event.how)
    if event.file:
        how = Bilingual("({how}; ? hint, ! later)", "（{how}；? 提示，! 以后再做）", how=event.how)
    yield from indented([line(span(how, "dim"))])


@event_lines.register
def _judged(event: Judged, trace: Trace, cells: int) -> Iterator[Line]:
    yield from folded(line(span(event.message, "good" if event.right else "bad")), cells)
    yield ()


@event_lines.register
def _hinted(event: Hinted, trace: Trace, cells: int) -> Iterator[Line]:
    yield from indented(prose_lines(event.text, cells - 2))
    if event.left:
        yield line(span(Bilingual("  ({n} more)", "  （还有 {n} 条）", n=event.left), "dim"))


@event_lines.register
def _revealed(event: Revealed, trace: Trace, cells: int) -> Iterator[Line]:
    if event.open:
        yield from prose_lines(str(event.answer), cells)
        yield ()
        return
    yield from folded(line(span(Bilingual("The answer: ", "答案："), "dim"), span(event.answer, "name")), cells)
    yield ()


@event_lines.register
def _worked(event: Worked, trace: Trace, cells: int) -> Iterator[Line]:
    for each in event.explanations:
        yield from indented(explanation(event.trace, each))
        yield ()


@event_lines.register
def _invited(event: Invited, trace: Trace, cells: int) -> Iterator[Line]:
    for each in event.lines:
        yield from folded(line(span(f"  {each}", "accent")), cells, indent=4)
    yield ()


@event_lines.register
def _returned(event: Returned, trace: Trace, cells: int) -> Iterator[Line]:
    yield from prose_lines(str(event.message), cells)
    yield ()


@event_lines.register
def _ended(event: Ended, trace: Trace, cells: int) -> Iterator[Line]:
    if event.last:
        yield line(span(Bilingual("This lesson is over.", "本课到此结束。"), "good"))
