"""The line at the bottom in which one types: commands, a new number, a name to search for."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.message import Message
from textual.widgets import Input, Label

Complete = Callable[[str], list[tuple[str, int, str]]]  # the line so far -> (text, characters it replaces, about)


class Prompt(Horizontal):
    """An input with a sign before it. It is asked with `ask`, and answers with `Answered` or `Left`."""

    class Answered(Message):
        """Enter was pressed."""

        def __init__(self, kind: str, text: str) -> None:
            super().__init__()
            self.kind, self.text = kind, text

    class Typed(Message):
        """The text changed; ``candidates`` are the ways to go on."""

        def __init__(self, kind: str, text: str, candidates: list[tuple[str, int, str]]) -> None:
            super().__init__()
            self.kind, self.text, self.candidates = kind, text, candidates

    class Left(Message):
        """Escape was pressed."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.kind = ""
        self._complete: Complete = lambda before: []
        self._history: list[str] = []
        self._at = 0
        self._cycle: list[str] = []

    def compose(self) -> ComposeResult:
        """The sign and the input."""
        yield Label("", id="sign", markup=False)
        yield Input(id="answer", select_on_focus=True, compact=True)

    def ask(self, kind: str, sign: str, text: str, history: list[str], complete: Complete | None = None) -> None:
        """Begin: with this sign before it and this text in it."""
        self.kind, self._history, self._at = kind, history, len(history)
        self._complete = complete or (lambda before: [])
        self._cycle = []
        self.query_one("#sign", Label).update(sign)
        answer = self.query_one(Input)
        answer.value = text
        self.display = True
        self.screen.set_focus(answer)  # at once: the next key is the prompt's

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what was typed."""
        event.stop()
        if self.display:
            self.post_message(self.Typed(self.kind, event.value, self._complete(event.value)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        event.stop()
        self.display = False
        self.post_message(self.Answered(self.kind, event.value))

    def on_key(self, event: Key) -> None:
        """Escape leaves, Tab completes, the arrows go through the history."""
        if event.key == "escape":
            self.display = False
            self.post_message(self.Left())
        elif event.key in ("tab", "shift+tab"):
            self._next_candidate(1 if event.key == "tab" else -1)
        elif event.key in ("up", "down"):
            self._recall(-1 if event.key == "up" else 1)
        else:
            self._cycle = []
            return
        event.stop()
        event.prevent_default()

    def _next_candidate(self, by: int) -> None:
        answer = self.query_one(Input)
        if not self._cycle:
            found = self._complete(answer.value)
            self._cycle = [answer.value[: len(answer.value) - replaces] + text for text, replaces, _ in found]
            common = _common(self._cycle)
            if len(self._cycle) > 1 and len(common) > len(answer.value):
                self._cycle = [common, *self._cycle]
        if self._cycle:
            now = self._cycle.index(answer.value) + by if answer.value in self._cycle else 0
            answer.value = self._cycle[now % len(self._cycle)]
            answer.cursor_position = len(answer.value)

    def _recall(self, by: int) -> None:
        at = self._at + by
        if 0 <= at <= len(self._history):
            self._at = at
            answer = self.query_one(Input)
            answer.value = self._history[at] if at < len(self._history) else ""
            answer.cursor_position = len(answer.value)


def _common(texts: list[str]) -> str:
    """What all the texts begin with."""
    if not texts:
        return ""
    least, most = min(texts), max(texts)
    for k, character in enumerate(least):
        if k >= len(most) or most[k] != character:
            return least[:k]
    return least
