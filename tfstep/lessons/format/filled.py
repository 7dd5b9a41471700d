"""Numbers filled into the text of a lesson, from the live session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.lessons.format.lesson import Line, Number, Pieces
from tfstep.scenario.file.mistakes import Mistakes, Place, fault
from tfstep.session.address.target import target
from tfstep.session.evaluate import evaluate
from tfstep.text import Bilingual
from tfstep.view.export.indices import along


@contextmanager
def mistakes_at(place: Place) -> Iterator[None]:
    """What goes wrong within is a mistake of the lesson at this place. Raises `Mistakes`."""
    try:
        yield
    except Mistakes:
        raise
    except TfstepError as error:
        raise fault(place, error.message) from error


def value_of(session: Session, line: Line) -> np.ndarray:
    """What an expression of the lesson comes to. Raises `Mistakes`."""
    with mistakes_at(line.place):
        return evaluate(session, line.text)


def number_of(session: Session, line: Line) -> float:
    """The same, of an expression that comes to a single number. Raises `Mistakes`."""
    value = value_of(session, line)
    if value.size != 1:
        message = Bilingual(
            "{text} is an array of shape {shape}; here a single number is needed",
            "{text} 是形状为 {shape} 的数组；这里要一个数",
            text=line.text,
            shape=value.shape,
        )
        raise fault(line.place, message)
    return float(value.item())


def words_along(session: Session, line: Line) -> list[str]:
    """The words along the last axis of a tensor, of the sentence that its first index picks. Raises `Mistakes`."""
    with mistakes_at(line.place):
        tensor, index = target(session, line.text)
    first = index[0] if index else 0
    spec = tensor.node.spec
    if not spec.shape or spec.axes[-1].words(first if isinstance(first, int) else 0) is None:
        message = Bilingual("{path} has no words along its last axis", "{path} 的最后一个轴上没有词", path=tensor.path)
        raise fault(line.place, message)
    return along(spec.axes[-1], spec.shape[-1], first if isinstance(first, int) else 0)


def fill(session: Session, pieces: Pieces) -> str:
    """The text with its numbers as they are now. Raises `Mistakes` where one cannot be computed."""
    return "".join(piece if isinstance(piece, str) else number_text(session, piece) for piece in pieces)


def number_text(session: Session, number: Number) -> str:
    """One number, an array as ``(0.28, 0.14)``."""
    value = value_of(session, Line(number.expr, number.place))
    if number.spec.startswith("word"):
        words = words_along(session, Line(number.spec[4:].strip(), number.place))
        return _word(words, value, number.place)
    if value.ndim > 1 or value.size > 16:
        message = Bilingual(
            "{expr} is an array of shape {shape}; the text takes a number or a short row",
            "{expr} 是形状为 {shape} 的数组；正文里只能放一个数或短短一行",
            expr=number.expr,
            shape=value.shape,
        )
        raise fault(number.place, message)
    texts = [_one(each, number.spec) for each in value.reshape(-1).tolist()]
    return f"({', '.join(texts)})" if value.ndim else texts[0]


def _word(words: list[str], value: np.ndarray, place: Place) -> str:
    places = value.reshape(-1).tolist()
    if any(not 0 <= k < len(words) or k != int(k) for k in places):
        raise fault(place, Bilingual("no word stands at {k}", "位置 {k} 上没有词", k=places))
    return " ".join(words[int(k)] for k in places)


def _one(value: float | bool, spec: str) -> str:
    if isinstance(value, bool):
        return str(Bilingual("true", "真") if value else Bilingual("false", "假"))
    if value != value or value in (np.inf, -np.inf):
        return {np.inf: "∞", -np.inf: "−∞"}.get(value, "NaN")
    spec = spec or ("d" if isinstance(value, int) else ".4g")
    text = format(int(value) if spec.endswith("d") else float(value), spec)
    digits = text.replace("e-", "").strip("+-")
    if not digits.strip("0.%"):
        text = text.lstrip("+-")  # no minus zero
    return text.replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
