"""What a lesson gives, as lines for its pane: shorter than in a terminal, as the board shows the matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfstep.engine.trace import Trace
from tfstep.engine.why import Explanation
from tfstep.faces.tui.lesson.page import Broken, Entry, Given, Page, how, link, offered
from tfstep.lessons.format.prose import prose_lines
from tfstep.lessons.player.events import Asked, Began, Ended, Hinted, Invited, Ran, Worked
from tfstep.lessons.player.shown import event_lines
from tfstep.session.results import Drawn, Explained, Moved, Shown, Switched
from tfstep.text import Bilingual
from tfstep.view.matrix.values import part_lines
from tfstep.view.report.explanation import shortly
from tfstep.view.result.landscape import map_lines
from tfstep.view.text.spans import Line, Span, flow, folded, indented, line, line_width, plain, span
from tfstep.view.text.width import width, wrap

MAP = 16  # lines of a map of the loss


def page_lines(page: Page, cells: int) -> tuple[list[Line], int]:
    """The lines of a page, and the first of those that came last."""
    found: list[Line] = []
    first = 0
    for k, entry in enumerate(page.entries):
        if k == page.new:
            first = len(found)
        found += _drawn(entry, page, cells)
    while found and not found[-1]:
        found.pop()
    return found, min(first, len(found))


def _drawn(entry: Entry, page: Page, cells: int) -> Iterator[Line]:
    event = entry.event
    match event:
        case Began() | Ended():
            return
        case Ran() if entry.live:
            yield _went(event)
            yield ()
        case Asked():
            yield from _question(event, cells, event is page.asked)
        case Hinted():
            yield from _hint(event, cells)
        case Ran(result=Moved()):
            yield _went(event)
            yield ()
        case Ran(result=Switched(title=title)):
            yield from folded(line(*_went(event), span(f"  {title}", "dim")), cells)
            yield ()
        case Ran(result=Shown(tensor=tensor, index=index, values=values)):
            yield from _made(_went(event), tensor.formula or "", cells)
            yield from indented(part_lines(tensor, index, values, cells - 2))
            yield ()
        case Ran(result=Explained(explanation=explanation)):
            yield _went(event)
            yield from _working(entry.trace, (explanation,), cells)
        case Ran(result=Drawn(landscape=landscape)):
            yield _went(event)
            yield from indented(map_lines(landscape, cells - 2, MAP))
            yield ()
        case Worked():
            yield from _working(event.trace, event.explanations, cells)
        case Broken(text=text):
            for told in text.splitlines():
                yield from folded(line(span(told if told[:1] == " " else f"✗ {told}", "bad")), cells)
            goes = Bilingual("mend the file, and open the lesson again", "改好文件，再打开课程")
            yield from folded(line(span(goes, "dim")), cells)
        case Given(text=text):
            yield line(span("› ", "accent"), span(text, "strong"))
        case Invited():
            yield from _invited(event, page.tried, cells)
        case _:
            for found in event_lines(event, entry.trace, cells):
                yield from _fitted(found, cells)


def _made(went: Line, formula: str, cells: int) -> list[Line]:
    """A command, and how what it shows is made: beside it where there is room, else under it."""
    made = line(span(formula, "dim"))
    if line_width(went) + 2 + line_width(made) <= cells:
        return [line(*went, "  ", *made)]
    return [went, *indented(folded(made, cells - 2))]


def _working(trace: Trace, explanations: Iterable[Explanation], cells: int) -> Iterator[Line]:
    for each in explanations:
        for found in shortly(trace, each):
            yield from indented(folded(found, cells - 2))
    yield ()


def _fitted(found: Line, cells: int) -> list[Line]:
    """A line in several where it is too long a sentence; the rows of tables and pictures stay whole."""
    text = plain(found)
    if not found or line_width(found) <= cells or "  " in text.strip() or "│" in text:
        return [found]
    margin = len(text) - len(text.lstrip())
    first, *rest = folded(found, cells - margin)
    return [first, *indented(rest, margin)]


def _invited(event: Invited, tried: int, cells: int) -> Iterator[Line]:
    for k, each in enumerate(event.lines):
        mark, role = ("✓ ", "dim") if k < tried else ("▸ ", "accent") if k == tried else ("  ", "")
        yield from folded(line(span(mark, "good" if k < tried else "accent"), span(each, role)), cells, indent=4)
    yield ()


def _went(event: Ran) -> Line:
    """A command whose result stands on the board."""
    return line(span("▸ ", "dim"), Span(event.line, "accent", link(event)))


def _hint(event: Hinted, cells: int) -> Iterator[Line]:
    label = span(Bilingual("Hint: ", "提示："), "key")
    n = width(label.text)
    first, *rest = prose_lines(event.text, cells - 2 - n)
    yield from indented([line(label, *first), *indented(rest, n)])
    yield ()


def _question(event: Asked, cells: int, waits: bool) -> Iterator[Line]:
    first, *rest = prose_lines(event.text, cells - 2)
    yield line(span("? ", "accent"), *(Span(each.text, each.role or "strong") for each in first))
    yield from indented(line(*(Span(each.text, each.role or "strong") for each in other)) for other in rest)
    yield ()
    answers = offered(event)
    if event.words and answers:
        yield from indented(
            flow((line(span(f"{k} ", "accent"), f"{text}   ") for k, text in answers.items()), cells - 2)
        )
        answers = {}
        yield ()
    for key, text in answers.items():
        head, *more = prose_lines(text, cells - 4)
        yield line(span(f"  {key} ", "accent"), *head)
        yield from indented(more, 4)
    if answers:
        yield ()
    if waits:
        yield from indented(line(span(each, "dim")) for each in wrap(str(_HOW[how(event)]), cells - 2))
        yield ()


_HOW = {
    "number": Bilingual("Type a number, or Enter and an expression.", "直接输入数字，或按回车输入算式。"),
    "word": Bilingual("Press Enter and type the word; Tab completes.", "按回车后输入这个词；Tab 补全。"),
    "cell": Bilingual("Move the cursor onto the cell and press Enter.", "把光标移到那个单元格，按回车。"),
    "recording": Bilingual(
        "When your program has written its file, press Enter, and Enter again at its name.",
        "你的程序写好文件之后，按回车，确认文件名再按一次回车。",
    ),
    "key": Bilingual("Press the key before your answer.", "按答案前面的键。"),
}
