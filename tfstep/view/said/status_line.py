"""What a command gave back, in one line for the status line."""

from __future__ import annotations

from tfstep.session.results import Changed, Message, Moved, Result, Switched, Trained, Value
from tfstep.text import Bilingual
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, line

LOSS = Bilingual("loss", "损失")
DATA_LOSS = Bilingual("loss over train.data", "train.data 上的损失")


def said(result: Result) -> Line | None:
    """A line, empty where there is nothing to say; None where one line is not enough."""
    match result:
        case Moved(end=end, stops=stops, note=note):
            texts = [*(stop.reason for stop in stops), *(text for text in (end, note) if text)]
            return line(*(Span(f"{text}  ", "accent") for text in texts))
        case Trained():
            return None
        case Changed():
            return _changed(result)
        case Switched():
            return line(
                Span(str(Bilingual("variant ", "变体 ")), "dim"),
                Span(result.variant, "accent"),
                Span(f"  {result.title}", "dim"),
            )
        case Message(texts=texts) if len(texts) == 1:
            return line(str(texts[0]))
        case Value(values=values, expression=expression) if values.ndim == 0:
            return line(Span(f"{expression} = ", "dim"), Span(plain(float(values)), "strong"))
        case _:
            return None


def _changed(result: Changed) -> Line:
    spans = [Span("  ".join(result.lines) + "  ", "strong")]
    for edit in result.edits[:1]:
        if edit.old.ndim == 0:
            spans.append(Span(f"{plain(float(edit.old))} → {plain(float(edit.new))}  "))
        if edit.pinned:
            spans.append(Span(str(Bilingual("pinned  ", "已固定  ")), "changed"))
    if result.loss is not None:
        old, new = (plain(value, sign=False) for value in result.loss)
        spans.append(Span(str(Bilingual("loss {old} → {new}  ", "损失 {old} → {new}  ", old=old, new=new)), "good"))
    spans += [Span(f"{note}  ", "dim") for note in result.notes]
    spans += [Span(f"{stop.reason}  ", "accent") for stop in result.stops]
    return tuple(spans)
