"""A lesson in a plain terminal or on a pipe: text and questions one after the other, answers line by line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator

from tfstep.commands.language.line import half_width
from tfstep.commands.language.registry import names_command
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.faces.script import Say, Show, show_result
from tfstep.lessons.format.lesson import Lesson
from tfstep.lessons.player.answers import AnswerError, NoNumberError
from tfstep.lessons.player.events import Event
from tfstep.lessons.player.player import Player
from tfstep.lessons.player.progress import Progress
from tfstep.lessons.player.shown import event_lines
from tfstep.session.results import Quit
from tfstep.text import Bilingual
from tfstep.view.text.spans import line, span

WIDTH = 88  # columns of text where a line could be longer
Read = Callable[[str], str | None]


class Plain:
    """One reader at one lesson. ``read`` gives the next line after a prompt, or None at the end."""

    def __init__(self, player: Player, progress: Progress, read: Read, show: Show, say: Say, cells: int) -> None:
        self.player, self.progress, self.read = player, progress, read
        self.show, self.say, self.cells = show, say, cells

    def play(self) -> int:
        """Until the lesson is over or the reader leaves; returns the exit status."""
        player = self.player
        self.tell(player.advance())
        while not player.done or player.question is not None:
            typed = self.read("? " if player.question else _GO_ON)
            if typed is None or half_width(typed).strip() in ("q", "quit", "exit"):
                self.remember()
                return 0
            self.take(typed.strip())
        self.remember()
        return 0

    def take(self, typed: str) -> None:
        """One line of the reader's: an answer, a hint, the way on, or a command of the debugger."""
        player, typed = self.player, _plain_sign(typed)
        if typed in ("b", "back"):
            self.tell(player.back())
        elif typed.startswith(":") or (player.question is None and typed):
            self.command(typed.removeprefix(":"))
        elif player.question is None:
            self.tell(player.advance())
        elif typed == "?":
            hint = player.hint()
            self.tell([hint] if hint else [])
            if hint is None:
                self.say(_NONE_LEFT if player.question.kind == "recording" else _NO_OTHER)
        elif typed == "!":
            self.tell(player.reveal())
            self.tell(player.advance())
        elif typed or player.question.kind == "recording":  # an empty line stands for the usual file
            self.answer(typed)

    def answer(self, typed: str) -> None:
        """An answer; a right one goes on."""
        if self.player.question is not None and self.player.question.kind == "recording":
            self.say(Bilingual("held against the steps of the scenario …", "正在与场景的各步对照……"))
        try:
            self.tell(self.player.answer(typed))
        except NoNumberError as error:
            if names_command(typed):
                self.command(typed)
            else:
                self.say(error)
            return
        except AnswerError as error:
            self.say(error)
            return
        if self.player.question is None:
            self.tell(self.player.advance())

    def command(self, typed: str) -> None:
        """Free play: a line of the debugger's language; an error is told and nothing else."""
        session = self.player.session
        try:
            result = session.run(typed)
        except TfstepError as error:
            self.say(error)
            return
        if not isinstance(result, Quit):
            show_result(session, result, self.show, self.cells)

    def tell(self, events: Iterable[Event]) -> None:
        """Show what the player gives, and remember how far it has come."""
        for event in events:
            self.show(event_lines(event, self.player.session.trace, self.cells))
        self.remember()

    def remember(self) -> None:
        """Write down the step that comes next."""
        lesson = self.player.lesson
        self.progress.reach(
            lesson.name, 0 if self.player.done else self.player.step, len(lesson.steps), self.player.done
        )


def _plain_sign(typed: str) -> str:
    """The line with a sign at its start, or a single letter, as the keyboard's own: ``？`` is ``?``."""
    first = half_width(typed[:1])
    return first + typed[1:] if first == ":" or len(typed) == 1 else typed


_GO_ON = "> "
_NO_OTHER = Bilingual("there is no other hint; `!` shows the answer", "没有更多提示；`!` 看答案")
_NONE_LEFT = Bilingual("there is no other hint; `!` goes on without it", "没有更多提示；`!` 跳过这一题")


def learn(
    lesson: Lesson, session: Session, progress: Progress, show: Show, say: Say, cells: int = WIDTH, again: bool = False
) -> int:
    """Play a lesson from where the reader left it, or ``again`` from its beginning. Raises TfstepError."""
    player = Player(lesson, session)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    minutes = Bilingual("{n} min", "{n} 分钟", n=lesson.minutes)
    show([line(span(lesson.title, "name"), span(f"   {lesson.scenario} · {minutes}", "dim")), ()])
    reached = progress.of(lesson.name)
    if interactive and not again and reached is not None and 0 < reached.step < len(lesson.steps):
        player.resume(reached.step)
        say(Bilingual("going on at step {n}; `b` goes back", "从第 {n} 步继续；`b` 返回上一步", n=reached.step + 1))
    if interactive:
        say(
            Bilingual(
                "Enter goes on, `b` back, `q` leaves; any command of the debugger runs (behind `:` at a question)",
                "回车继续，`b` 返回，`q` 离开；随时可执行调试器命令（提问时前面加 `:`）",
            )
        )
        show([()])
    lines = _typed() if interactive else _piped(show)
    return Plain(player, progress, lambda prompt: _next(lines, prompt), show, say, cells).play()


def _next(lines: Iterator[str] | Callable[[str], str | None], prompt: str) -> str | None:
    return lines(prompt) if callable(lines) else next(lines, None)


def _typed() -> Callable[[str], str | None]:
    """Lines of a person at a terminal."""

    def read(prompt: str) -> str | None:
        try:
            return input(prompt)
        except EOFError:
            return None

    return read


def _piped(show: Show) -> Iterator[str]:
    """Lines of a pipe, shown as they are read, so that what is written can be followed."""
    for each in sys.stdin:
        typed = each.rstrip("\r\n")
        show([line(span(f"< {typed}", "dim"))])
        yield typed
