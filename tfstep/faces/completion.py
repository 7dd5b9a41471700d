"""The candidates of the line debugger, as prompt_toolkit asks for them."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Offer
from prompt_toolkit.document import Document

from tfstep.commands.language.completion import complete
from tfstep.commands.language.session import Session


class Completion(Completer):
    """Commands, paths, functions and the rest, each with its line of help."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Offer]:
        """What can stand at the cursor; a space goes with a command's name."""
        before = document.text_before_cursor
        space = "" if " " in before.lstrip() else " "
        for each in complete(self.session, before):
            yield Offer(each.text + space, -each.replaces, display=each.text, display_meta=each.about)
