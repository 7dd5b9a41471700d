"""What can stand where the cursor is: commands, paths, functions, variants, files, each with a word on what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from tfstep.commands.language.completion_words import in_brackets
from tfstep.commands.language.registry import all_commands, find, in_groups
from tfstep.commands.language.session import Session
from tfstep.engine.axis import MANY
from tfstep.errors import CommandError
from tfstep.session.place import PHASE_NAMES, scopes
from tfstep.text import Bilingual

MOST = 200  # candidates that are worth showing
_TOKEN = re.compile(r"[\w.*$#:/`-]*$")
_EXPRESSION = re.compile(r"[\w.$]*$|`[^`]*$")


class Candidate(Struct, frozen=True):
    """One way to go on: ``text`` replaces the last ``replaces`` characters."""

    text: str
    replaces: int
    about: str = ""


def complete(session: Session, before: str) -> list[Candidate]:
    """The candidates for the line up to the cursor."""
    word, space, rest = before.lstrip().partition(" ")
    if not space:
        names = (each for _, commands in in_groups() for each in commands)
        return [Candidate(each.name, len(word), str(each.about)) for each in names if each.name.startswith(word)]
    try:
        command = find(word)
    except CommandError:
        return []
    kinds = command.completes
    if not kinds:
        return []
    done = len(rest.split()) - (0 if rest.endswith(" ") or not rest else 1)
    if kinds == ("cell", "expr"):
        done = 1 if "=" in rest else 0
    kind = kinds[min(done, len(kinds) - 1)]
    if kinds[0] == "pattern" and rest.startswith("op "):
        kind = "op"
    if kind in PATHS and (open_at := in_brackets(session, rest)) is not None:
        typed, words = open_at
        return [Candidate(word, len(typed)) for word in words if word.startswith(typed)]
    if kind == "place" and rest.startswith("update "):
        typed = rest.removeprefix("update ").lstrip()
        return [Candidate(str(k), len(typed)) for k in range(session.update + 1) if str(k).startswith(typed)][:MOST]
    if kinds == ("key",) and done:
        from tfstep.commands.language.completion_model import values

        key, _, typed = rest.lstrip().partition(" ")
        return [Candidate(text, len(typed), about) for text, about in values(session, key) if text.startswith(typed)]
    if kind == "word" and (sides := [word for word in rest.split() if word in session.scenario.vocab]):
        typed = "" if rest.endswith(" ") else rest.split()[-1]
        pairs = ((word, side) for word, side in _words(session, typed) if side == sides[-1] and word.startswith(typed))
        return [Candidate(word, len(typed), side) for word, side in pairs][:MOST]
    token = (_EXPRESSION if kind == "expr" else _TOKEN).search(rest)
    typed = token[0] if token else ""
    if kind == "file":
        typed = rest.split()[-1] if rest and not rest.endswith(" ") else ""
    return _matching(session, kind, typed)


def _matching(session: Session, kind: str, typed: str) -> list[Candidate]:
    found = []
    make = KINDS.get(kind)
    pairs = make(session, typed) if make else ((each, "") for each in kind.strip("'").split("|"))
    ends = kind in PATHS and "." not in typed
    for text, about in pairs:
        if text.startswith(typed) or (ends and typed and text.rpartition(".")[2].startswith(typed)):
            found.append(Candidate(text, len(typed), about))
            if len(found) == MOST:
                break
    return found


def _paths(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    """The paths of tensors; gradients and new values once their tensor is spelled."""
    step, slash, _ = typed.partition("/")
    if slash and step in session.trace.plan.paths:
        inside = session.trace.substeps(session.trace.plan.paths[step].slot)
        for node in inside.plan.steps if inside else ():
            yield f"{step}/{node.path}", node.op.name if node.op else ""
        return
    around = "".join(f"{scope}." for scope in session.scopes)
    for node in session.trace.plan.nodes:
        if around and typed and node.path.startswith(around) and node.path.startswith(typed, len(around)):
            yield node.path[len(around) :], node.path
        of = node.role.of
        if of is not None and node.role.mark and not typed.startswith(session.trace.plan.nodes[of].path):
            continue
        what = node.op.name if node.op else node.kind
        yield node.path, f"{what} {'×'.join(map(str, node.shape))}".strip()


def _places(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    yield "start", str(Bilingual("the first step", "第一步"))
    yield "end", str(Bilingual("the last step", "最后一步"))
    yield from _paths(session, typed)
    parts = {".".join(found[: k + 1]) for found in _scopes(session) for k in range(len(found))}
    for part in sorted(parts):
        yield part, str(Bilingual("a part of the model", "模型的一部分"))


def _scopes(session: Session) -> set[tuple[str, ...]]:
    plan = session.trace.plan
    return {scopes(plan, node) for node in plan.steps if node.phase == "forward"}


def _patterns(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    """Paths; behind a star the names that they end with; phases, and ``op``."""
    head, star, _ = typed.rpartition("*.")
    if star:
        tails: dict[str, int] = {}
        for node in session.trace.plan.steps:
            if node.role.name not in ("gradient", "share"):
                tail = node.path.rpartition(".")[2]
                tails[tail] = tails.get(tail, 0) + 1
        for tail, n in tails.items():
            yield f"{head}*.{tail}", str(Bilingual("{n} steps", "{n} 步", n=n))
        return
    for phase in session.phases:
        yield phase, str(PHASE_NAMES[phase])
    yield "op ", str(Bilingual("every step of one op", "某一种运算的所有步骤"))
    yield from _paths(session, typed)


def _ops(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    yield from ((name, "") for name in dict.fromkeys(node.op.name for node in session.trace.plan.steps if node.op))


def _expressions(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    from tfstep.session.evaluate import functions

    yield from functions()
    yield from _paths(session, typed)


def _variants(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    from tfstep.scenario.file.nodes import at, to_python

    for name in session.scenario.variants:
        changes = at(session.scenario.file, ("variants", name))
        yield name, "" if changes is None else _flat(to_python(changes))[:60]
    for name, entry in session.passes.items():
        target = entry.scenario.inputs.target
        yield name, "" if target is None else " ".join(target.words[0])[:60]


def _flat(changes: object) -> str:
    """``model.scale: false``: the changes of a variant in a line."""
    if isinstance(changes, dict):
        return ", ".join(_under(key, value) for key, value in changes.items())
    return " + ".join(map(str, changes)) if isinstance(changes, list) else str(changes)


def _under(key: str, value: object) -> str:
    text = _flat(value)
    return f"{key}.{text}" if isinstance(value, dict) else f"{key}: {text}"


def _pinned(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    for path in sorted(session.pinned):
        yield path, ""


def _commands(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    for name, each in all_commands().items():
        yield name, str(each.about)


def _topics(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    from tfstep.commands.language.registry import TOPICS

    for name, (_, about) in TOPICS.items():
        yield name, str(about)


def _files(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    folder, _, begin = typed.rpartition("/")
    try:
        entries = sorted(Path(f"{folder}/" if folder or typed.startswith("/") else ".").expanduser().iterdir())
    except OSError:
        return
    for each in entries:
        if each.name.startswith(begin) and not each.name.startswith("."):
            yield (f"{folder}/" if "/" in typed else "") + each.name + ("/" if each.is_dir() else ""), ""


def _breakpoints(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    for number, point in session.points.all.items():
        yield str(number), point.written


def _checkpoints(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    for name in session.checkpoints:
        yield name, ""


def _words(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    for side, vocabulary in session.scenario.vocab.items():
        for word in vocabulary.words if len(vocabulary.words) <= MANY else ():
            yield word, side


def _keys(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    from tfstep.commands.language.completion_model import keys

    yield from keys(session)


PATHS = ("path", "cell", "pattern", "place", "expr")  # found by what they end with as well: ``sco`` is enc0.attn.scores
KINDS: dict[str, Callable[[Session, str], Iterator[tuple[str, str]]]] = {
    "path": _paths,
    "cell": _paths,
    "pattern": _patterns,
    "op": _ops,
    "place": _places,
    "expr": _expressions,
    "variant": _variants,
    "pinned": _pinned,
    "command": _commands,
    "topic": _topics,
    "file": _files,
    "breakpoint": _breakpoints,
    "checkpoint": _checkpoints,
    "word": _words,
    "key": _keys,
}
