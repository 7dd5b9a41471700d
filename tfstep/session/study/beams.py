"""Beam search as a tree: every pass that was made, what could have been said after it, and what was kept.

The rules are those of transformers' `generate(num_beams=N)` with its defaults: of all continuations of all beams the N
likeliest that do not end go on; one that ends counts if it is among the N likeliest of all. It is over when N have ended
and the best that still runs is no better than the worst of them, each by its sum over its length to a power.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.scenario.scenario import Scenario
from tfstep.session.study.decoding import WORDS, Reader, last_row, no_word, penalised

MOST_BEAMS = 64


class Pass(Struct, frozen=True, eq=False):
    """One pass over what a beam has read: its number from 1, the scenario and the trace."""

    number: int
    scenario: Scenario
    trace: Trace


class Branch(Struct, eq=False):
    """One word that could be said: how likely after what was read before it, and the sum with all words before.

    ``state`` is ``kept`` where the beam goes on, ``ended``, or ``dropped``; ``made`` is the pass that gave the word, and
    ``read`` the ids up to and with it, as the decoder reads them. ``rank`` and ``score`` are those of a hypothesis.
    """

    said: str
    log_probability: float
    total: float
    parent: Branch | None
    made: Pass
    read: tuple[int, ...]
    state: str = "dropped"
    rank: int = 0
    score: float = 0.0
    children: list[Branch] = []

    @property
    def words(self) -> tuple[str, ...]:
        """What was said up to here, this word included."""
        return (*(self.parent.words if self.parent is not None else ()), self.said)

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The passes that gave these words, in order."""
        return (*(self.parent.passes if self.parent is not None else ()), self.made)


class Search(Struct, frozen=True, eq=False):
    """A finished search: what was read first, the first branches, and the hypotheses, the best first."""

    start: tuple[str, ...]
    roots: tuple[Branch, ...]
    hypotheses: tuple[Branch, ...]
    passes: tuple[Pass, ...]
    beams: int
    length_penalty: float


def search(
    scenario: Scenario,
    parameters: Mapping[str, np.ndarray],
    beams: int,
    most: int = 20,
    length_penalty: float = 1.0,
    penalty: float = 1.0,
    cache: bool | None = None,
) -> Search:
    """Search for the likeliest sentences of at most ``most`` words. A hypothesis has Σ log p / length^length_penalty.

    A repetition ``penalty`` meets log-probabilities here, and logits in greedy decoding (`Sampling`), as in transformers.
    Raises CommandError for a model that says nothing.
    """
    reader = Reader(scenario, parameters, cache)
    ends = len(reader.vocabulary.ends) if reader.by_place and reader.vocabulary is not None else 1
    considered = max(2, 1 + ends) * beams
    running: list[Branch | None] = [None]
    roots: list[Branch] = []
    finished: list[Branch] = []
    passes: list[Pass] = []
    work.expect(most * beams * scenario.plan.seconds("forward"))
    for length in work.each(range(1, most + 1), WORDS):
        found: list[Branch] = []
        for beam in running:
            found += _continued(reader, beam, passes, considered, penalty)
        found = sorted(found, key=lambda branch: -branch.total)[:considered]
        last, going = length == most, list[Branch]()
        for place, branch in enumerate(found):
            (roots if branch.parent is None else branch.parent.children).append(branch)
            over = last or reader.next_id(branch.said, branch.read[-1]) is None
            if over and place < beams:
                branch.state, branch.score = "ended", branch.total / length**length_penalty
                finished.append(branch)
            elif not over and len(going) < beams:
                branch.state = "kept"
                going.append(branch)
        finished = sorted(finished, key=lambda branch: -branch.score)[:beams]
        worst = finished[-1].score if len(finished) == beams else -1e9
        if last or not going or going[0].total / length**length_penalty <= worst:
            break
        running = [*going]
    for rank, branch in enumerate(finished, 1):
        branch.rank = rank
    return Search(reader.words(reader.starts), tuple(roots), tuple(finished), tuple(passes), beams, length_penalty)


def _continued(reader: Reader, beam: Branch | None, passes: list[Pass], most: int, penalty: float) -> list[Branch]:
    """The likeliest words after what a beam has read; its pass is made and counted."""
    read = _ids(reader, beam)
    before = None if beam is None else beam.made.trace
    asked, trace = reader.run(read, before, len(read) - 1 if beam is not None else 0)
    made = Pass(len(passes) + 1, asked, trace)
    passes.append(made)
    logits = last_row(trace, "out.logits").astype(np.float64)
    if not np.isfinite(logits).all():
        raise CommandError(no_word())
    shifted = logits - logits.max()
    log_p = penalised(shifted - np.log(np.exp(shifted).sum()), reader.seen(read), penalty)
    total = beam.total if beam is not None else 0.0
    best: Sequence[int] = np.argsort(-log_p, kind="stable")[:most].tolist()
    return [
        Branch(reader.said(read, k), float(log_p[k]), total + float(log_p[k]), beam, made, (*read, k), children=[])
        for k in best
    ]


def _ids(reader: Reader, beam: Branch | None) -> list[int]:
    """What the decoder has read after a beam's last word: the place of a word among what is said may be another there."""
    if beam is None:
        return list(reader.starts)
    following = reader.next_id(beam.said, beam.read[-1])
    assert following is not None
    return [*beam.read[:-1], following]
