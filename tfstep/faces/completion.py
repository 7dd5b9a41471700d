"""The candidates of the line debugger, as prompt_toolkit asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Offer
from prompt_toolkit.document import Document

from tfstep.commands.language.completion import Candidate, complete
from tfstep.commands.language.session import Session


class Completion(Completer):
    """Commands, paths, functions and the rest, each with its line of help."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Offer]:
        """What can stand at the cursor; a space goes with a command's name."""
        before = document.text_before_cursor
        space = "" if " " in before.lstrip() else " "
        found = complete(self.session, before)
        if complete_event.completion_requested and (first := _begins(before, found)):
            yield Offer(first, -found[0].replaces)
            return
        for each in found:
            yield Offer(each.text + space, -each.replaces, display=each.text, display_meta=each.about)


def _begins(before: str, found: Sequence[Candidate]) -> str:
    """What all of several candidates begin with, where it is more than was typed: ``enc0.attn.weights`` for ``wei``,
    which a shell puts there at once; else nothing."""
    if len(found) < 2 or len({each.replaces for each in found}) > 1:
        return ""
    typed = before[len(before) - found[0].replaces :]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*(each.text for each in found), strict=False))
    first = "".join(letters[0] for letters in alike)
    kept = first.startswith(typed) or first.rpartition(".")[2].startswith(typed.rpartition(".")[2])
    return first if len(first) > len(typed) and typed and kept else ""
