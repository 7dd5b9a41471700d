"""What a diagnosis says: what of theirs is what of ours, the first step that differs, and why; and the same in words.

The words are lines of parts, each with the role that it plays; whoever shows them chooses the colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any

from msgspec import Struct

from tfstep.compare.beside import Beside
from tfstep.text import Bilingual, printable

Part = tuple[object, str]
FEW = 8  # names of a list that are written out
PROPOSED = "proposed"  # the name of a scenario that was proposed from a recording


class Match(Struct, frozen=True):
    """A recorded array that is one of our tensors; ``relation`` says how it is laid out."""

    name: str
    path: str
    relation: str
    max_abs: float


class First(Struct, frozen=True):
    """The first step whose inputs are found in theirs and whose result is not: ``name`` is what they have there."""

    path: str
    name: str
    inputs: tuple[str, ...]
    max_abs: float
    line: str = ""


class Cause(Struct, frozen=True):
    """Why: ``path`` is the step that theirs computes otherwise; with it mended, ``explains`` of the ``of`` arrays
    that did not agree before do."""

    kind: str
    path: str
    detail: Bilingual
    explains: int
    of: int
    name: str = ""
    line: str = ""
    also: tuple[str, ...] = ()


class Diagnosis(Struct, frozen=True):
    """Somebody's own run beside ours. ``shown`` is what their numbers show where no cause is known; ``unjudged`` is what
    theirs ends with and ours has no step for; ``beside`` has both runs, step by step."""

    scenario: str
    variant: str
    agrees: bool
    matched: tuple[Match, ...]
    unmatched: tuple[str, ...]
    first: First | None = None
    causes: tuple[Cause, ...] = ()
    shown: tuple[Bilingual, ...] = ()
    remarks: tuple[Bilingual, ...] = ()
    faults: tuple[First, ...] = ()
    known: int = 0
    unjudged: tuple[str, ...] = ()
    beside: Beside | None = None

    def __repr__(self) -> str:
        return f"<Diagnosis {_verdict(self)[0]}>"

    def __str__(self) -> str:
        return text(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows where there is no HTML."""
        printer.text(text(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """All that was found; the runs themselves, ``beside``, are not kept."""
        return type(self), tuple(None if name == "beside" else getattr(self, name) for name in self.__struct_fields__)

    def _repr_html_(self) -> str:
        return html(self)


def lines(found: Diagnosis) -> Iterator[list[Part]]:
    """A diagnosis in words: the verdict, then each cause with its equation, then what was found where."""
    yield [_verdict(found)]
    if found.first is not None and not found.causes:
        yield from _first(found.first)
        for each in found.shown:
            yield [("  ", ""), (each, "")]
        none = Bilingual(
            "  none of {n} known mistakes gives their numbers", "  试了 {n} 种已知错误，都得不到对方的数", n=found.known
        )
        if found.known:
            yield [(none, "dim")]
    for k, cause in enumerate(found.causes):
        yield from _cause(
            cause, k + 1 if len(found.causes) > 1 else 0, next((f for f in found.faults if f.path == cause.path), None)
        )
    known = {c.path for c in found.causes} | {path for c in found.causes for path in c.also}
    rest = [f for f in found.faults if f.path not in known and (found.causes or f is not found.first)]
    if rest:
        text = Bilingual(
            "also computed otherwise, from their own inputs: {names}",
            "以对方自己的输入重算，这些步骤也不同：{names}",
            names=_some([f"{f.path} ({f.name})" if f.name else f.path for f in rest]),
        )
        yield [(text, "accent")]
    yield [(_counted(found), "dim")]
    open_ = [match.name for match in found.matched if match.relation.endswith(AMBIGUOUS)]
    if open_:
        text = Bilingual(
            "fits several tensors of ours, and so tells nothing: {names}",
            "与我方好几个张量都相符，因此说明不了什么：{names}",
            names=_some(open_),
        )
        yield [(text, "dim")]
    if found.unmatched:
        text = Bilingual(
            "of theirs, none of ours: {names}", "对方有而我方没有的：{names}", names=_some(list(found.unmatched))
        )
        yield [(text, "dim")]
    for remark in found.remarks:
        yield [(remark, "dim")]


def _verdict(found: Diagnosis) -> Part:
    own = found.scenario if found.variant == "base" else f"{found.scenario} {found.variant}"
    name = Bilingual("{name}", " {name} ", name=own)
    if own == PROPOSED:
        name = Bilingual("the proposed scenario", "推断出的场景")
    if found.agrees and found.unjudged:
        return Bilingual(
            "agrees with {name} as far as that goes: {n} arrays matched, no step differs; but {ends}, which yours ends with, is "
            "none of its steps and is not judged",
            "与{name}一致，但只到场景为止：对上 {n} 个数组，没有不同的步骤；而你的最后结果 {ends} 不是场景的任何一步，未作判断",
            name=name,
            n=len(found.matched),
            ends=_some(list(found.unjudged)),
        ), "accent"
    if found.agrees:
        return Bilingual(
            "agrees with {name}: {n} arrays matched, no step differs",
            "与{name}一致：对上 {n} 个数组，没有不同的步骤",
            name=name,
            n=len(found.matched),
        ), "good"
    assert found.first is not None
    return Bilingual(
        "differs from {name}, first at {path}", "与{name}不同，最先在 {path}", name=name, path=found.first.path
    ), "bad"


def _first(first: First) -> Iterator[list[Part]]:
    yield [("  ", ""), (first.path, "name"), *_theirs(first.name, first.line)]
    if first.inputs:
        text = Bilingual("  its inputs agree: {names}", "  它的输入一致：{names}", names=", ".join(first.inputs))
        yield [(text, "dim")]
    if math.isfinite(first.max_abs):
        text = Bilingual("  its result is off by up to {far:.6g}", "  结果相差最多 {far:.6g}", far=first.max_abs)
        yield [(text, "")]


def _theirs(name: str, line: str) -> list[Part]:
    found: list[Part] = []
    if name:
        found.append((Bilingual("  theirs: {name}", "  对方：{name}", name=name), ""))
    if line:
        found.append((f"  {line}", "accent"))
    return found


def _cause(cause: Cause, number: int, fault: First | None) -> Iterator[list[Part]]:
    head = f"{number}. " if number else ""
    yield [(f"  {head}", ""), (cause.path, "name"), (f"  {cause.kind}", "bad"), *_theirs(cause.name, cause.line)]
    yield [("     ", ""), (cause.detail, "")]
    if fault is not None and fault.inputs:
        text = Bilingual("     its inputs agree: {names}", "     它的输入一致：{names}", names=", ".join(fault.inputs))
        yield [(text, "dim")]
    if cause.also:
        yield [
            (Bilingual("     the same in {paths}", "     同样的错误还在 {paths}", paths=_some(list(cause.also))), "")
        ]
    text = Bilingual(
        "     with that, {n} of {of} agree that did not",
        "     照此计算，原先不一致的 {of} 个数组中有 {n} 个一致",
        n=cause.explains,
        of=cause.of,
    )
    yield [(text, "good" if cause.explains == cause.of else "")]


def _counted(found: Diagnosis) -> Bilingual:
    changed = sum(m.relation.removesuffix(AMBIGUOUS) not in ("same", "batch dropped") for m in found.matched)
    worst = max((match.max_abs for match in found.matched if math.isfinite(match.max_abs)), default=0.0)
    return Bilingual(
        "{n} arrays found among ours, {changed} of them laid out otherwise; largest difference {worst:.1e}",
        "有 {n} 个数组在我方找到，其中 {changed} 个排布不同；最大差 {worst:.1e}",
        n=len(found.matched),
        changed=changed,
        worst=worst,
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:FEW]) + (f" … (+{len(names) - FEW})" if len(names) > FEW else "")


def text(found: Diagnosis) -> str:
    """The same as plain text."""
    return "\n".join("".join(str(part) for part, _ in each).rstrip() for each in lines(found))


AMBIGUOUS = ", ambiguous"
"""What the relation of an array ends with that is several tensors of ours, by zeros or ones."""

_COLOURS = {"good": "#2a7f3f", "bad": "#b3261e", "dim": "#777", "accent": "#1f6f8b"}


def html(found: Diagnosis) -> str:
    """The same for a notebook."""
    rows = []
    for each in lines(found):
        row = ""
        for part, role in each:
            style = (
                f' style="color:{_COLOURS[role]}"'
                if role in _COLOURS
                else ' style="font-weight:bold"'
                if role == "name"
                else ""
            )
            row += f"<span{style}>{escape(printable(str(part)))}</span>"
        rows.append(row)
    return f'<pre style="line-height:1.4">{chr(10).join(rows)}</pre>'
