"""Which step of theirs is wrong: their arrays held against our steps, one after the other, and mended in thought.

1. Their weights and inputs are taken over, and our plan is walked with their numbers wherever they are found.
2. What is not found, and nothing after it, is under suspicion. Every known mistake is planted there, and the one
   with which most of their later arrays agree is the cause. The walk goes on with the mistake planted, to the next.
3. Where no mistake is known that gives their numbers, theirs are taken as they are, and the walk goes on.
4. The gradients and the update are walked last, with all mistakes of the forward pass planted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from tfstep import work
from tfstep.compare import shown
from tfstep.compare.backwards.judged import named_otherwise
from tfstep.compare.backwards.lacking import lacking_of
from tfstep.compare.beside import Beside
from tfstep.compare.book import Book, Entry, Hit
from tfstep.compare.causes import gradients, numbers, updates
from tfstep.compare.diagnosis import AMBIGUOUS, Cause, Diagnosis, Match
from tfstep.compare.layout import source
from tfstep.compare.names import affinity
from tfstep.compare.pairs import two
from tfstep.compare.plant import Way, planted
from tfstep.compare.proposed.held import has_loss, held, loss_stands
from tfstep.compare.proposed.idle import idle_rows, rows_without
from tfstep.compare.proposed.own_eps import each_its_own
from tfstep.compare.proposed.propose import Proposal, propose
from tfstep.compare.recorded.gathered import gathered
from tfstep.compare.recorded.insides import inner
from tfstep.compare.recorded.note import OFF
from tfstep.compare.recorded.recorder import of
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.recorded.words import words
from tfstep.compare.refusals.ends import ends_early
from tfstep.compare.refusals.refused import nothing, usable
from tfstep.compare.refusals.remarks import open_heads, remarks
from tfstep.compare.refusals.runs import one_run
from tfstep.compare.refusals.sizes import same_module
from tfstep.compare.refusals.slight import slight_eps
from tfstep.compare.refusals.unused import unused
from tfstep.compare.refusals.widths import same_sizes
from tfstep.compare.search import LONGEST, Search, Tried
from tfstep.compare.start import start
from tfstep.compare.taken.as_it_is import as_it_is
from tfstep.compare.unseen import given_back, goes_on, gone_on, lost_to_nan, same_weights, taken_back, unjudged
from tfstep.compare.walk import Walk, walk
from tfstep.engine.arrays.products import on_one_thread
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.scenario.file.catalog import find, is_model
from tfstep.scenario.opening.reading import Reading
from tfstep.scenario.scenario import Scenario, load_as_asked
from tfstep.text import Bilingual

STEPS = Bilingual("steps", "步")
MOST_MISTAKES = 8  # of one pass, in sequence
AGAIN = 3.0  # seconds that another proposal has at least, however long those before it took


def _told(done: int, of: int) -> None:
    """Whoever waits sees how far it is, and may end it. Raises Cancelled."""
    watcher = work.present()
    if watcher is not None:
        watcher.at_step()
    work.tell(done, of, STEPS)


@on_one_thread()  # lengths of small arrays are not worth a second
def diagnose(given: object, theirs: object = None) -> Diagnosis:
    """Hold somebody's own run against a scenario: which step is computed otherwise, and how.

    ``given`` is a scenario, a trace of one, or the name or file of one; ``theirs`` a mapping of arrays by name in the
    order of the run, a `Recording`, a file or a folder. Without a scenario, ``diagnose(theirs)``, one is proposed from
    what was recorded, and how it came about is among the remarks.
    Raises TfstepError where there is nothing to compare, nothing can be proposed, or what was proposed does not hold.
    """
    if theirs is None:
        given, theirs = None, given
    kept = gathered(of(theirs))
    if given is not None:
        scenario, leaves = ours(given, kept)
        found = _diagnosed(scenario, leaves, kept)
        return replace(found, remarks=(*found.remarks, *open_heads(found, scenario, kept)))
    own = {
        name: replace(each, grad="") for name, each in kept.notes.items() if each.kind == "weight" and each.grad == OFF
    }
    kept = replace(kept, notes={**kept.notes, **own})  # what they froze is frozen in a proposal, too
    proposal, until = propose(kept), time.thread_time() + LONGEST
    found = _proposed(proposal, kept, until)
    if not loss_stands(found, kept, proposal):
        for other in proposal.otherwise():
            found = _proposed(other, kept, until)
            if has_loss(found, kept):
                break
    return held(found, proposal)


def _proposed(proposal: Proposal, kept: Recording, until: float) -> Diagnosis:
    """The diagnosis by a scenario that was proposed, of which mistakes are tried up to this time of the processor."""
    scenario, leaves = ours(proposal.scenario())
    arrays = {name: array for name, array in kept.arrays.items() if name not in proposal.apart}
    kept = replace(kept, arrays=arrays, remarks=(*proposal.remarks, *kept.remarks))
    return _diagnosed(scenario, leaves, kept, proposal, until)


def _diagnosed(
    scenario: Scenario,
    leaves: dict[str, np.ndarray],
    kept: Recording,
    proposal: Proposal | None = None,
    until: float | None = None,
) -> Diagnosis:
    """The run that was recorded, held against a scenario, with what theirs has and no proposal can say."""
    book = Book.of(kept, scenario.model)
    usable(book)
    plan = scenario.program.plan
    same_module(kept, plan, scenario.model, scenario.name)
    same_sizes(book, plan, scenario.model, scenario.name)
    values, taken = start(book, plan, leaves, scenario.model)
    apart = each_its_own(plan, taken, proposal.eps if proposal is not None else {})
    plan = planted(plan, apart, scenario.model) if apart else plan
    first = walk(book, plan, values, until="forward", told=_told)
    if book.level == "float64" and not _steps(first):
        book.level = "float32"  # numbers that only look precise: computed from coarser ones
        coarse = walk(book, plan, values, until="forward", told=_told)
        if _precise(first) and all(hit.entry.array.size == 1 for hit in _steps(coarse)):
            book.level = "float64"  # a loss that is only near
        else:
            first = coarse
    search = Search(scenario, kept, book, values, plan, first, _told, taken, given=apart, both=two)
    search.until = search.until if until is None else max(until, search.until - LONGEST + AGAIN)
    if proposal is not None:
        search.overrides |= idle_rows(scenario.program.plan, taken, rows_without(kept))
        search.own_loss = proposal.loss is not None and proposal.loss.own
    with np.errstate(all="ignore"):  # theirs may hold infinities and worse
        forward(search)
        if not _common(search):
            nothing(search)
        backward(search)
        return finished(search, first)


def _steps(there: Walk) -> list[Hit]:
    """What is found of the steps, weights and inputs left out."""
    return [hit for slot, hits in there.found.items() if there.plan.nodes[slot].op is not None for hit in hits]


def _precise(there: Walk) -> bool:
    """Whether weights of ours are found that no coarser type holds, so that theirs was computed with all digits."""
    nodes = there.plan.nodes
    return any(
        hit.entry.level == "float64" and not hit.entry.trivial
        for slot, hits in there.found.items()
        if nodes[slot].kind == "parameter"
        for hit in hits
    )


def ours(given: object, kept: Recording | None = None) -> tuple[Scenario, dict[str, np.ndarray]]:
    """The scenario, and the numbers of its leaves. A model on disk reads the words that were recorded, where they are."""
    if isinstance(given, str | Path):
        asked = words(kept) if kept is not None and is_model(find(str(given))) else None
        given = load_as_asked(given, None, asked or Reading())
    if isinstance(given, Trace) and isinstance(given.plan.origin, Scenario):
        numbers = {n.path: given.value(n.slot) for n in given.plan.nodes if n.op is None}
        return given.plan.origin, numbers
    if isinstance(given, Scenario):
        program = given.program
        return given, {program.plan.nodes[slot].path: np.asarray(v) for slot, v in program.leaves.items()}
    raise TfstepError(
        Bilingual(
            "{found} is neither a scenario nor a trace of one; tfstep.load(…) makes a scenario",
            "{found} 既不是场景，也不是场景的 trace；用 tfstep.load(…) 载入场景",
            found=repr(given).splitlines()[0][:60],
        )
    )


def _common(search: Search) -> bool:
    """Whether the two runs have anything in common that lets a step be judged: a step of ours found in theirs, a known
    mistake, or a step that differs though what it reads, or the weights it comes of, are theirs. A recording of gradients
    alone is judged by them."""
    later = any(e.of is not None or e.is_new for e in search.book.entries)
    if search.causes or any(fault.inputs for fault in search.faults) or (search.faults and same_weights(search)):
        return True
    if later and not (search.pins or search.open_names()):
        return True
    steps = {n.slot for n in search.plan.steps if n.phase == "forward"}
    return bool(search.walk.inside) or any(
        not hit.entry.trivial for slot, hits in search.walk.found.items() if slot in steps for hit in hits
    )


def forward(search: Search) -> None:
    """Find the mistakes of the forward pass, one after the other."""
    idle = unused(search)
    if idle is not None:
        node, entry, said = idle
        search.faults.append(shown.first(search, node, entry))
        search.findings.append(said)
    for _ in range(MOST_MISTAKES):
        if search.stopped():
            return
        suspects = search.suspects()
        inner(search.book, search.walk, suspects)
        cleared = len(search.suspects(least=2)) > len(suspects)  # by one number that agrees, perhaps by luck
        if not ((cleared and _mended(search, 2)) or _mended(search, 1) or _unseen(search)):
            return


def _mended(search: Search, least: int) -> bool:
    """Whether one more mistake was found and planted, or what is unknown was taken as it is.

    With ``least`` 2 a loss that agrees clears nobody: rows that do not count in it may be wrong. Then a mistake has to
    give more than one array of theirs.
    """
    suspects = search.suspects(least=least)
    missing = search.missing(suspects)
    if len(missing) < least:
        return False
    tried = numbers.dropout(search, suspects, missing) or numbers.dropout(search, suspects, missing, bare=True)
    if tried is None or not search.settled(tried):
        coarse = any(
            hit.coarse for hits in search.walk.found.values() for hit in hits
        )  # something is in a smaller type
        for look in (numbers.rounding, Search.best) if coarse else (Search.best, numbers.rounding):
            other = look(search, suspects, missing)
            if other is not None and (tried is None or len(other.gained) > len(tried.gained)):
                tried = other
            if tried is not None and search.settled(tried):
                break
    if tried is None:
        return least == 1 and as_it_is(search, suspects, missing)
    if len(tried.gained) < least:
        return False
    accept(search, tried, missing)
    return True


def _unseen(search: Search) -> bool:
    """Whether a mistake was found of which nothing shows later, and planted."""
    for look in (taken_back, given_back, gone_on):
        tried, missing = look(search)
        if tried is not None:
            accept(search, tried, missing)
            return True
    lost = lost_to_nan(search)
    if lost is not None:
        search.faults.append(shown.first(search, *lost))
    return False


def accept(search: Search, tried: Tried, missing: list[Entry]) -> None:
    """A mistake is the cause: go on with it planted."""
    tried = search.whole(tried)
    way = tried.way
    wanted = {entry.name for entry in missing} | tried.gained
    there = tried.walk
    name = shown.their_name(search, tried, there)
    entry = search.book.by_name.get(name)
    node = search.plan.paths[way.path]
    search.faults.append(shown.first(search, node, entry, tried))
    line = entry.note.line if entry is not None else ""
    cause = Cause(way.kind, way.path, way.detail, len(tried.gained), len(wanted), name, line)
    if way.key in search.keys:
        k = search.keys.index(way.key)
        old = search.causes[k]
        search.causes[k] = replace(old, explains=old.explains + len(tried.gained), also=(*old.also, way.path))
    else:
        search.keys.append(way.key)
        search.wanted.append(frozenset(wanted))
        search.causes.append(cause)
    if tried.then is not None:
        _second(search, tried.then, tried, len(wanted))
    search.plan, search.walk = tried.plan, there
    search.patches |= dict(way.patches)


def _second(search: Search, way: Way, tried: Tried, of: int) -> None:
    """The second of two mistakes that were found together."""
    node = search.plan.paths[way.path]
    name = shown.their_name(search, Tried(way, tried.plan, tried.walk, tried.gained), tried.walk)
    entry = search.book.by_name.get(name)
    search.faults.append(shown.first(search, node, entry, tried))
    if way.key in search.keys:
        k = search.keys.index(way.key)
        old = search.causes[k]
        search.causes[k] = replace(old, explains=old.explains + len(tried.gained), also=(*old.also, way.path))
        return
    search.keys.append(way.key)
    search.wanted.append(search.wanted[-1])
    line = entry.note.line if entry is not None else ""
    search.causes.append(Cause(way.kind, way.path, way.detail, len(tried.gained), of, name, line))


def backward(search: Search) -> None:
    """Gradients and the update, with the mistakes of the forward pass planted."""
    wanted = [e for e in search.book.entries if e.of is not None or e.is_new or e.note.grad]
    extra = {e.name for e in search.missing(list(search.plan.steps))} if not search.patches else set()
    if not wanted and not extra:
        return
    plan = search.scenario.program.plan
    if search.given or search.patches:
        plan = planted(plan, {**search.given, **search.patches}, search.scenario.model, search.scenario.train)
    leaves = {**{plan.nodes[s].path: v for s, v in plan.leaves.items()}, **search.leaves}
    search.plan, search.leaves = plan, leaves
    search.walk = walk(
        search.book,
        plan,
        leaves,
        search.walk,
        search.pins,
        search.overrides,
        changes=frozenset(search.patches) | search.overrides.keys(),
        told=search.told,
    )
    gradients.losses(search)
    gradients.gradients(search)
    updates.updates(search)


def finished(search: Search, first: Walk) -> Diagnosis:
    """The diagnosis, with every array that was found under its likeliest path."""
    inner(search.book, search.walk)
    hits: dict[str, Hit] = {}
    matched = list(_matched(search, hits))
    for path, (entry, layout) in search.pins.items():  # what nothing explains is theirs all the same
        hits.setdefault(path, Hit(entry, layout, float("nan")))
    names = {match.name for match in matched}
    taken = set(search.taken.values())
    unmatched = tuple(e.name for e in search.book.entries if e.name not in names and e.name not in taken)
    one_run(search, names)
    found = search.informative(search.walk)
    real = {n for n in found if search.book.by_name[n].note.kind != "weight"}
    if not (real or matched) and not search.causes and not search.faults:
        nothing(search)
    if not (search.faults or search.causes):
        search.faults.extend(shown.first(search, *each) for each in named_otherwise(search))
        for node, entry, cause, said in ends_early(search):
            search.faults.append(shown.first(search, node, entry))
            search.causes.append(cause)
            search.findings.append(said)
    if not (search.faults or search.causes):
        for cause, steps in slight_eps(search):
            search.faults.extend(shown.first(search, *step) for step in steps)
            search.causes.append(cause)
    if not (search.faults or search.causes):
        for node, entry, said in goes_on(search):
            search.faults.append(shown.first(search, node, entry))
            search.findings.append(said)
    once = {fault.path: fault for fault in reversed(search.faults)}  # of a step with two mistakes the first
    faults = sorted(once.values(), key=lambda f: search.plan.paths[f.path].slot)
    return Diagnosis(
        search.scenario.name,
        search.scenario.variant,
        not faults,
        tuple(matched),
        unmatched,
        faults[0] if faults else None,
        tuple(sorted(_counted(search, names), key=search.turn)),
        tuple(search.findings),
        tuple(remarks(search, agrees=not faults)),
        tuple(faults),
        search.tried,
        () if faults else tuple(unjudged(search)),
        Beside(first, search.walk, hits),
    )


def _counted(search: Search, matched: set[str]) -> Iterator[Cause]:
    """The causes, each of as many arrays as are ours at all: what is a step of their own counts for none."""
    pinned = {entry.name for entry, _ in search.pins.values()}
    within = {hit.entry.name for _, hit in search.walk.inside}
    for k, cause in enumerate(search.causes):
        wanted = search.lacking.get(k) or (search.wanted[k] if k < len(search.wanted) else frozenset())
        if not wanted:
            yield cause
            continue
        of = max(cause.explains, len(wanted & (matched | pinned)) + len(wanted - search.book.by_name.keys()))
        explains = min(of, cause.explains + len(wanted & within))
        if k in search.lacking and len(search.causes) == 1:  # so what is mended now is by this one
            explains = max(explains, len((wanted & matched) - {e.name for e in lacking_of(search)}))
        yield Cause(cause.kind, cause.path, cause.detail, explains, of, cause.name, cause.line, cause.also)


def _matched(search: Search, chosen: dict[str, Hit]) -> Iterator[Match]:
    """Each array with the one path that goes best with its name, else with its order; ``chosen`` is given which it is."""
    candidates: dict[str, list[tuple[str, Hit]]] = {}
    for slot, hits in sorted(search.walk.found.items()):
        path = search.walk.plan.nodes[slot].path
        if path in search.known_paths:
            for hit in hits:
                candidates.setdefault(hit.entry.name, []).append((path, hit))
    for path, hit in search.walk.inside:
        candidates.setdefault(hit.entry.name, []).append((path, hit))
    used: set[str] = set()
    for entry in search.book.entries:
        options = candidates.get(entry.name)
        if not options:
            source = [path for path, name in search.taken.items() if name == entry.name]
            if source:
                yield Match(entry.name, source[0], "taken over", 0.0)
            continue
        order = {path: -k for k, (path, _) in enumerate(options)}
        path, hit = max(options, key=lambda each: (affinity(entry.name, each[0]), each[0] not in used, order[each[0]]))
        used.add(path)
        chosen.setdefault(path, hit)
        relation = hit.layout.relation
        if hit.coarse:
            relation += f", rounded to {hit.coarse}"
        if (entry.trivial and len(order) > 1) or _undecided(search, entry, options):
            relation += AMBIGUOUS
        yield Match(entry.name, path, relation, hit.max_abs)


def _undecided(search: Search, entry: Entry, options: list[tuple[str, Hit]]) -> bool:
    """Whether an array is several tensors of the forward pass, none handed on from another, and its name fits them alike."""
    paths = search.walk.plan.paths
    steps = [path for path, _ in options if path in paths and paths[path].phase != "backward"]
    names = [affinity(entry.name, path) for path in steps]
    best = [path for path, name in zip(steps, names, strict=True) if name == max(names)]
    return len({source(search.walk.plan, paths[path]) for path in best}) > 1


__all__ = ["Diagnosis", "Mapping", "diagnose"]
