"""Which parts of a lesson look at something."""

from __future__ import annotations

from tfstep.commands.language.line import split
from tfstep.commands.language.registry import find
from tfstep.errors import TfstepError
from tfstep.lessons.format.lesson import Block, Commands, Look


def looks(block: Block) -> bool:
    """Whether a block goes somewhere or shows something."""
    if not isinstance(block, Commands):
        return isinstance(block, Look)
    return any(_is_look(line.text) for line in block.lines)


def _is_look(line: str) -> bool:
    try:
        return find(split(line)[0]).shows
    except TfstepError:  # told when it is run
        return False
