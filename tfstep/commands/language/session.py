"""A session: the state of the debugger, and the lines that it runs."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep import work
from tfstep.commands.language import line as lines
from tfstep.commands.language.registry import Command, find
from tfstep.errors import CommandError, TfstepError
from tfstep.scenario.scenario import Scenario, as_scenario
from tfstep.session.results import Changed, Nothing, Result, Trained
from tfstep.session.state import State
from tfstep.session.study.origin import broken_since, first_broken
from tfstep.text import Bilingual


class Session(State):
    """One scenario under the debugger.

    >>> import tfstep
    >>> session = tfstep.Session(tfstep.load("wo-ai-ni"))
    >>> result = session.run("goto enc0.attn.weights")
    >>> session.current.path
    'enc0.attn.weights'
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(as_scenario(scenario))
        self.history: list[str] = []  # every line that was run, refused ones too
        self.played: int | None = None  # lines of the scripts that run now, those that they run included
        self.left = False  # whether the user asked to quit
        self.depth = 0  # how many scripts run inside each other
        self.displays: dict[int, str] = {}  # what is shown after every move, as command lines
        self._last: str | None = None  # the line that an empty one repeats

    def __repr__(self) -> str:
        return f"<Session {self.scenario.name} · {self.variant} at {self.current.path}>"

    def run(self, line: str) -> Result:
        """Run one line of the debugger's language. Raises TfstepError: then nothing has changed."""
        self.asides.clear()
        if (flag := work.present()) is not None:
            flag.at_line()
        word, rest = lines.split(line)
        if not word:
            if line.strip() or self._last is None:
                return Nothing()
            return self.run(self._last)
        if not self.depth:
            self.history.append(line.strip())
        found = find(word)
        if self.diary is not None and found.logged:
            self._tell(self.diary.write(line.strip()))
        self._last = line if found.repeats else None
        held = self.journal.now
        try:
            result = self._do(found, rest)
        except TfstepError:
            if self.diary is not None and found.logged and self.journal.now is held:
                self._tell(self.diary.amend(""))  # it was refused: nothing to be taken up again
            raise
        if self.diary is not None and isinstance(result, Trained):
            self._tell(self.diary.amend(self.journal.now.line if self.journal.now is not held else ""))
        result.told_of(self.trace)
        return result

    def _tell(self, aside: Bilingual | None) -> None:
        if aside is not None:
            self.asides.append(aside)

    def run_within(self, line: str) -> Result:
        """Run a line that another command asks for: it is no line of the user's. Raises TfstepError."""
        word, rest = lines.split(line)
        if not word:
            return Nothing()
        self.depth += 1
        try:
            return self._do(find(word), rest)
        finally:
            self.depth -= 1

    def _do(self, command: Command, rest: str) -> Result:
        reason = command.reason(self)
        if reason is not None:
            raise CommandError(Bilingual("{name}: {reason}", "{name}：{reason}", name=command.name, reason=reason))
        before = self.trace
        result = command.run(self, rest if command.takes_text else lines.half_width(rest))
        if self.trace is before:
            return result
        from tfstep.session.stop.breakpoints import moved_watches
        from tfstep.session.stop.halts import by_update

        by = None
        if isinstance(result, Trained) and result.start != result.update:
            by = by_update(result.start, result.update)
        stops = moved_watches(self, by)
        found = (
            broken_since(self, before, result.start, result.losses)
            if isinstance(result, Trained) and result.start < result.update
            else first_broken(self)
        )
        if not isinstance(result, Changed):
            self.asides.extend(stop.reason for stop in stops)
            self.asides.extend([found] if found is not None else [])
            return result
        notes = result.notes if found is None else (*result.notes, found)
        return replace(result, stops=tuple(stops), notes=notes)
