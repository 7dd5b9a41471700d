"""What is read of one step of a lesson: the events so far, where they look, what waits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

from msgspec import Struct

from tfstep.engine.trace import Trace
from tfstep.lessons.player.events import Asked, Began, Event, Invited, Judged, Looked, Ran, Said
from tfstep.session.results import Explained, Moved, Shown
from tfstep.text import Bilingual

SIGNS = {">": Bilingual("larger", "更大"), "<": Bilingual("smaller", "更小"), "=": Bilingual("the same", "一样")}
MOST_KEYS = 9


class Entry(Struct, frozen=True, eq=False):
    """One event with the numbers of its moment. ``live``: what it shows stands on the board."""

    event: Event
    trace: Trace
    live: bool = False


def is_look(event: Event) -> TypeGuard[Ran]:
    """Whether an event shows a tensor, or goes to one."""
    return isinstance(event, Ran) and isinstance(event.result, Moved | Shown | Explained)


class Given(Event, frozen=True):
    """What the reader answered."""

    text: str


class Broken(Event, frozen=True):
    """Where the lesson itself is wrong: file, line, and what is wrong there."""

    text: str


class Page:
    """The events of one step. ``number`` and ``of`` are its place in the lesson; ``asked`` is what waits."""

    def __init__(self) -> None:
        self.number, self.of, self.title = 0, 1, ""
        self.entries: list[Entry] = []
        self.new = 0  # the first entry of those that came last
        self.asked: Asked | None = None
        self.tries: tuple[str, ...] = ()
        self.tried = 0
        self.given = ""  # the answer that was given last
        self.turns = 0  # how often something came

    def add(self, events: Iterable[tuple[Event, Trace]]) -> None:
        """What came of going on: a step that begins clears the page."""
        found = list(events)
        last = max((k for k, (event, _) in enumerate(found) if is_look(event)), default=-1)
        shown = link(found[last][0]) if last >= 0 else None
        self.new, self.turns = len(self.entries), self.turns + 1
        for k, (event, trace) in enumerate(found):
            if isinstance(event, Began):
                self.number, self.of, self.title = event.number, event.of, event.title
                self.entries, self.new, self.asked, self.tries, self.tried = [], 0, None, (), 0
            if isinstance(event, Asked):
                self.asked = event
            if isinstance(event, Invited):
                self.tries, self.tried = event.lines, 0
            if isinstance(event, Judged):
                self.entries.append(Entry(Given(self.given), trace))
            live = k == last or (k < last and is_look(event) and link(event) == shown)
            if not (live and k < last):
                self.entries.append(Entry(event, trace, live))

    def cells(self) -> tuple[str, ...]:
        """The cells that what came last speaks of."""
        found: dict[str, None] = {}
        for entry in self.entries[self.new :]:
            if isinstance(entry.event, Said | Asked | Looked):
                found.update(dict.fromkeys(entry.event.cells))
        return tuple(found)


def link(event: Event) -> str | None:
    """The tensor or cell that an event shows."""
    match event.result if isinstance(event, Ran) else None:
        case Moved(tensor=tensor) | Shown(tensor=tensor):
            return tensor.path
        case Explained(explanation=explanation):
            return explanation.cell
    return None


def offered(event: Asked) -> dict[str, str]:
    """The answers that one key gives, by that key."""
    if event.kind == "order":
        return {key: str(text) for key, text in SIGNS.items()}
    texts = event.choices or event.words
    if len(texts) > MOST_KEYS or any(text.isdecimal() for text in event.words):
        return {}
    return {str(k): text for k, text in enumerate(texts, 1)}


def how(event: Asked) -> str:
    """In which way it is answered."""
    if event.kind in ("number", "cell", "recording"):
        return event.kind
    return "key" if offered(event) else "word"
