"""Comparing: variants at the same step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.commands.info import variants
from tfstep.commands.registry import command
from tfstep.session.results import Result, Switched

if TYPE_CHECKING:
    from tfstep.commands.session import Session

from tfstep.text import Text


@command(
    "compare",
    "variant [NAME]",
    key="v",
    completes=("variant",),
    about=Text(
        "Another variant at the same step. Changes stay with the variant they were made in. Without NAME: list them.",
        "在同一步显示另一个变体。改动留在各自的变体里。不写 NAME 则列出变体。",
    ),
)
def _variant(session: Session, rest: str) -> Result:
    if not rest:
        return variants(session)
    left, kept = session.variant, len(session.journal.changes)
    found = session.switch(rest)
    return Switched(
        left, kept, session.variant, len(session.journal.changes), session.scenario.title, found, session.current
    )
