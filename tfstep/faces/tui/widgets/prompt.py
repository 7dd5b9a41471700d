"""The line at the bottom in which one types: commands, a new number, a name to search for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.containers import Horizontal
from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from tfstep.commands.language.line import LONGEST
from tfstep.faces.tui.state.screen import Candidate, Complete, Question, nothing


async def caught_up(*widgets: Widget) -> None:
    """Until these widgets, each of which hears from the one before, have dealt with what waits for them."""
    for widget in widgets:
        done = asyncio.Event()
        widget.call_later(done.set)
        await done.wait()


class Answer(Input):
    """An input that takes no more of what is pasted than a command line may hold, and several lines as lines to run."""

    def on_paste(self, event: Paste) -> None:
        """What there is room for of the only line; several commands are the App's to run, behind what is typed."""
        event.prevent_default()
        event.stop()
        lines = [each.strip() for each in event.text.splitlines() if each.strip()]
        prompt = self.parent
        if len(lines) > 1 and isinstance(prompt, Prompt) and prompt.kind == "command":
            prompt.post_message(Prompt.Pasted([f"{self.value}{lines[0]}", *lines[1:]]))
        elif lines:
            self.replace(lines[0][: max(0, LONGEST - len(self.value))], *self.selection)


class Prompt(Horizontal):
    """An input with a sign before it. It is asked with `ask`; the App ends it with Enter or Escape."""

    class Typed(Message):
        """The text changed; ``candidates`` are the ways to go on, ``at`` the number of the one that was taken."""

        def __init__(self, kind: str, text: str, candidates: Sequence[Candidate], at: int) -> None:
            super().__init__()
            self.kind, self.text, self.candidates, self.at = kind, text, candidates, at

    class Pasted(Message):
        """Several commands were pasted."""

        def __init__(self, lines: Sequence[str]) -> None:
            super().__init__()
            self.lines = lines

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.kind = ""
        self._complete: Complete = nothing
        self._history: list[str] = []
        self._recalled = 0
        self._base = ""  # what was typed, and how it may go on
        self._offered: list[Candidate] = []
        self._at = -1
        self._put: str | None = None  # the text that a candidate made

    @property
    def answer(self) -> Answer:
        """The input, with the sign before it: they are there from the first question on."""
        if not self.children:
            self.mount(Label("", id="sign", markup=False), Answer(id="answer", select_on_focus=True, compact=True))
        return self.query_one(Answer)

    def ask(self, question: Question, begun: bool = False) -> None:
        """Begin; with what is ``begun`` one goes on, else it is replaced by what is typed."""
        text = question.text
        self.kind, self._history = question.kind, question.history or []
        self._recalled, self._complete = len(self._history), question.complete
        self._put = None
        answer = self.answer
        self.query_one("#sign", Label).update(question.sign)
        answer.select_on_focus = True
        answer.value = text
        answer.select_on_focus = not begun
        answer.cursor_position = len(text)
        self.display = True
        self.screen.set_focus(answer)  # at once: the next key is the prompt's
        self._typed(text)

    def again(self, text: str) -> None:
        """The same question once more, with what was answered: the cursor at its end."""
        self._put = None
        self.display = True
        answer = self.answer
        answer.select_on_focus = False
        self.screen.set_focus(answer)
        self._fill(text)
        self._typed(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what was typed."""
        event.stop()
        if self.display:
            self._typed(event.value)

    def _typed(self, text: str) -> None:
        if text != self._put:
            self._base, self._at, self._put = text, -1, None
            self._offered = self._complete(text)
        self.post_message(self.Typed(self.kind, text, self._offered, self._at))

    async def ended(self) -> str:
        """What was typed, once every key before this one has been dealt with; the prompt is gone."""
        answer = self.answer
        await caught_up(answer, self)
        self.display = False
        return answer.value

    def on_key(self, event: Key) -> None:
        """Tab completes, the arrows choose a candidate or go through the history."""
        if event.key in ("tab", "shift+tab"):
            self._complete_by(1 if event.key == "tab" else -1)
        elif event.key in ("up", "down"):
            self._arrow(-1 if event.key == "up" else 1)
        else:
            return
        event.stop()
        event.prevent_default()

    def _complete_by(self, by: int) -> None:
        """Tab: first as far as all candidates agree, then one after the other."""
        self._catch_up()
        if self._at < 0 and len(self._offered) > 1:
            common = _common([self._made(k) for k in range(len(self._offered))])
            if len(common) > len(self._base):
                self._fill(common)
                return
        if self._offered:
            self._choose((self._at + by) % len(self._offered) if self._at >= 0 or by > 0 else len(self._offered) - 1)

    def _arrow(self, by: int) -> None:
        """Within the candidates once one is taken; else through the history, and from its end down into them."""
        self._catch_up()
        if self._at >= 0:
            to = self._at + by
            if to < 0:
                self._at, self._put = -1, None
                self._fill(self._base)
            elif to < len(self._offered):
                self._choose(to)
        elif by > 0 and self._recalled >= len(self._history) and self._offered:
            self._choose(0)
        else:
            self._recall(by)

    def _catch_up(self) -> None:
        """Keys that come in one burst outrun the message of the change."""
        text = self.answer.value
        if text not in (self._base, self._put):
            self._typed(text)

    def _made(self, k: int) -> str:
        text, replaces, _ = self._offered[k]
        return self._base[: len(self._base) - replaces] + text

    def _choose(self, k: int) -> None:
        self._at, self._put = k, self._made(k)
        self._fill(self._put)
        self.post_message(self.Typed(self.kind, self._put, self._offered, k))

    def _fill(self, text: str) -> None:
        answer = self.answer
        answer.value = text
        answer.cursor_position = len(text)

    def _recall(self, by: int) -> None:
        at = self._recalled + by
        if 0 <= at <= len(self._history):
            self._recalled = at
            self._fill(self._history[at] if at < len(self._history) else "")


def _common(texts: list[str]) -> str:
    """What all the texts begin with."""
    if not texts:
        return ""
    least, most = min(texts), max(texts)
    for k, character in enumerate(least):
        if k >= len(most) or most[k] != character:
            return least[:k]
    return least
