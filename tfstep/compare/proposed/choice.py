"""What a proposal leaves open is decided by trying: under which keys is most of theirs found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.compare.book import Book
from tfstep.compare.diagnosis import PROPOSED
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.start import start
from tfstep.compare.walk import Walk, walk
from tfstep.errors import TfstepError
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

Change = Mapping[str, Any]


class Option(Struct, frozen=True, eq=False):
    """One way to fill in keys: ``change`` by section, how it is told, and the array that speaks ``against`` it."""

    change: Change
    said: str
    against: str = ""


class Choice(Struct, frozen=True, eq=False):
    """Something to decide: its options, the likeliest first; ``source`` says what tells the one there is."""

    options: Sequence[Option]
    source: str = ""


def changed(keys: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """The keys with a change, section by section."""
    found = dict(keys)  # the arrays in it are shared
    for section, part in change.items():
        old = found.get(section)
        found[section] = {**old, **part} if isinstance(old, dict) and isinstance(part, Mapping) else part
    return found


def scenario_of(keys: Mapping[str, Any]) -> Scenario:
    """The scenario with these keys. Raises TfstepError."""
    return Scenario.from_dict(keys, name=PROPOSED)


def walked(kept: Recording, scenario: Scenario) -> Walk:
    """The forward pass of a scenario with their weights."""
    program = scenario.program
    plan = program.plan
    leaves = {plan.nodes[slot].path: np.asarray(v) for slot, v in program.leaves.items()}
    book = Book.of(kept, scenario.model)
    with np.errstate(all="ignore"):
        values, _ = start(book, plan, leaves, scenario.model)
        return walk(book, plan, values, until="forward")


def explained(kept: Recording, scenario: Scenario) -> int:
    """How many of their arrays are steps of this scenario, taken with their weights."""
    found = walked(kept, scenario)
    return len(
        {
            hit.entry.name
            for slot, hits in found.found.items()
            if found.plan.nodes[slot].op is not None
            for hit in hits
            if not hit.entry.trivial
        }
    )


def decide(kept: Recording, keys: dict[str, Any], choices: Sequence[Choice]) -> tuple[dict[str, Any], list[Bilingual]]:
    """The keys with every choice made, twice, since one may wait for another; and what is known, and what was guessed.

    Raises TfstepError where none of the options makes a scenario.
    """
    found = keys
    for choice in choices:
        found = changed(found, choice.options[0].change)
    open_ = [choice for choice in choices if len(choice.options) > 1]
    told: dict[int, Bilingual] = {}
    for _ in range(2):
        taken = []
        for k, choice in enumerate(open_):
            found, told[k], option = _tried(kept, found, choice)
            taken.append(option is choice.options[0])
        if all(taken):
            break
    given = [
        Bilingual("{what} ({source})", "{what}（{source}）", what=choice.options[0].said, source=choice.source)
        if choice.source
        else Bilingual.of(choice.options[0].said)
        for choice in choices
        if len(choice.options) == 1 and choice.options[0].said
    ]
    scenario_of(found)
    return found, [*given, *told.values()]


def _tried(kept: Recording, keys: dict[str, Any], choice: Choice) -> tuple[dict[str, Any], Bilingual, Option]:
    counts: list[tuple[int, dict[str, Any], Option]] = []
    for option in work.each(choice.options, Bilingual("ways in which it may be meant", "种可能的写法")):
        candidate = changed(keys, option.change)
        try:
            counts.append((explained(kept, scenario_of(candidate)), candidate, option))
        except TfstepError:
            continue
    if not counts:
        return keys, Bilingual.of(choice.options[0].said), choice.options[0]
    most = max(count for count, _, _ in counts)
    tied = [(candidate, option) for count, candidate, option in counts if count == most]
    open_ = [pair for pair in tied if not pair[1].against] or tied
    best, option = open_[0]
    if len(tied) == 1 and most:
        return best, Bilingual("{what} (fits their numbers)", "{what}（与对方的数相符）", what=option.said), option
    if len(open_) == 1:
        sources = dict.fromkeys(other.against for _, other in tied if other is not option)
        told = Bilingual("{what} ({source})", "{what}（{source}）", what=option.said, source=", ".join(sources))
        return best, told, option
    guessed = Bilingual(
        "{what} (guessed: {rivals} would fit as well)",
        "{what}（猜测：{rivals} 也说得通）",
        what=option.said,
        rivals=", ".join(other.said for _, other in open_[1:]),
    )
    return best, guessed, option
