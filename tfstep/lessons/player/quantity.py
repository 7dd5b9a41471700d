"""The quantity that a number is asked for: an answer may be worked out of other numbers, but may not read this one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tfstep.commands.language.session import Session
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.expr.syntax.nodes import Attribute, Call, Chain, Compare, Index, Listed, Name, Node, Number, Unary
from tfstep.lessons.format.lesson import Line, Pieces, Question
from tfstep.lessons.format.lesson import Number as Filled
from tfstep.session.evaluate import Names, parse_expression
from tfstep.text import Bilingual

_PICKS = frozenset({"abs", "argmax", "argmin", "max", "min", "round"})
_MOVES = frozenset({"concat_heads", "split_heads"})  # the same numbers in another shape


class Quantity(Struct, frozen=True):
    """A tensor of some variants; ``same`` are those with its very numbers. ``moved`` where the question's own commands
    lead to it: a name without a variant is of before them then, so that more may be worked out of it."""

    variants: frozenset[str]
    path: str
    same: frozenset[str]
    moved: bool

    @classmethod
    def of(cls, session: Session, question: Question) -> Quantity | None:
        """What is asked for in the session as it is behind the question's commands; None where the answer is worked out
        of several tensors, or of one that the question itself gives (a sum of numbers that stand in it)."""
        if question.kind != "number" or question.answer is None:
            return None
        read = set(_read(session, question.answer.text, session.variant))
        if len({path for _, path in read}) != 1:
            return None
        (path,) = {path for _, path in read}
        picked = _only_picks(parse_expression(session, question.answer.text).tree)
        if not picked and read <= set(_given(session, question)):
            return None
        variants = frozenset(variant for variant, _ in read)
        same = frozenset(_moved(session.trace_of(next(iter(variants))), path))
        return cls(variants, path, same, bool(question.then))

    def read_by(self, session: Session, text: str) -> Bilingual | None:
        """What is said to an answer that reads it, or reads what is made from it; None where an answer does not."""
        for variant, path in _read(session, text, "" if self.moved else session.variant):
            if (variant in self.variants and self._makes(session.trace_of(variant), path)) or (
                not variant and path in self.same and not _reckons(parse_expression(session, text).tree)
            ):
                return Bilingual(
                    "{it} reads the number that is asked for; work it out of the others",
                    "{it} 读的就是要求的那个数；请用别的数算出来",
                    it=text[:40],
                )
        return None

    def _makes(self, trace: Trace, path: str) -> bool:
        """Whether a tensor is this one, or is made from it; of one that nothing made, only itself."""
        waiting, seen = [path], set(self.same)
        if path in seen:
            return True
        if not trace[self.path].inputs:
            return False
        while waiting:
            for each in trace[waiting.pop()].inputs:
                if each in self.same:
                    return True
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
        return False


def _read(session: Session, text: str, here: str) -> Iterator[tuple[str, str]]:
    """The tensors that an expression reads, each with its variant; nothing where it is no expression."""
    try:
        for name in parse_expression(session, text).names:
            if name.variant is not None:
                yield name.variant, session.trace_of(name.variant)[name.path].path
            elif not name.path.startswith("$"):
                yield here, Names(session).tensor(name.path).path
    except TfstepError:
        return


def _given(session: Session, question: Question) -> Iterator[tuple[str, str]]:
    """The tensors whose numbers stand in the question, are shown beside it, or stand in its hints."""
    for text in _texts(question):
        yield from _read(session, text, session.variant)


def _texts(question: Question) -> Iterator[str]:
    pieces: tuple[Pieces, ...] = (question.ask, *question.hints)
    yield from (each.expr for some in pieces for each in some if isinstance(each, Filled))
    shown: tuple[Line, ...] = question.show
    yield from (line.text for line in shown)


def _moved(trace: Trace, path: str) -> Iterator[str]:
    """A tensor, and those that it was only moved out of."""
    yield path
    while trace[path].op in _MOVES:
        (path,) = trace[path].inputs
        yield path


def _reckons(node: Node) -> bool:
    """Whether an expression does anything to the numbers that it reads."""
    match node:
        case Attribute(of=of) | Index(of=of) | Unary(of=of):
            return _reckons(of)
        case Call(args=args):
            return any(map(_reckons, args))
        case Compare(first=first):
            return _reckons(first)
    return isinstance(node, Chain)


def _only_picks(node: Node) -> bool:
    """Whether an expression only takes a number out of a tensor: cells, sizes, the largest, with plain numbers beside."""
    match node:
        case Name() | Number() | Listed():
            return True
        case Attribute(of=of) | Index(of=of) | Unary(of=of):
            return _only_picks(of)
        case Call(function=function, args=args):
            return function in _PICKS and all(map(_only_picks, args))
        case Chain(first=first, rest=rest):
            return _only_picks(first) and all(_only_picks(link.node) for link in rest)
    return False
