"""A session: the state of the debugger, and the lines that it runs."""

from __future__ import annotations

from tfstep.commands import line as lines
from tfstep.commands.registry import Command, find
from tfstep.errors import CommandError
from tfstep.scenario.scenario import Scenario
from tfstep.session.results import Nothing, Result
from tfstep.session.state import State
from tfstep.text import Text


class Session(State):
    """One scenario under the debugger.

    >>> import tfstep
    >>> session = tfstep.Session(tfstep.load("wo-ai-ni"))
    >>> result = session.run("goto enc0.attn.weights")
    >>> session.current.path
    'enc0.attn.weights'
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.history: list[str] = []  # every line that was run, refused ones too
        self.left = False  # whether the user asked to quit
        self.depth = 0  # how many scripts run inside each other
        self._last: str | None = None  # the line that an empty one repeats

    def run(self, line: str) -> Result:
        """Run one line of the debugger's language. Raises TfstepError: then nothing has changed."""
        word, rest = lines.split(line)
        if not word:
            if line.strip() or self._last is None:
                return Nothing()
            return self.run(self._last)
        if not self.depth:
            self.history.append(line.strip())
        found = find(word)
        self._last = line if found.repeats else None
        return self._do(found, rest)

    def _do(self, command: Command, rest: str) -> Result:
        reason = command.refused(self)
        if reason is not None:
            raise CommandError(Text("{name}: {reason}", "{name}：{reason}", name=command.name, reason=reason))
        return command.run(self, rest)


def _declare() -> None:
    """Load the rooms in which the commands are declared."""
    from tfstep.commands import change, compare, info, keep, look, move, talk  # noqa: F401  # declared by being imported


_declare()
