"""Beam search as a tree: every word that went on or ended, with its log-probability, and what was dropped beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfstep.session.study.beams import Branch, Search
from tfstep.session.study.decoding import END
from tfstep.text import Bilingual
from tfstep.view.export.json import number
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, Span, line, span

SHOWN = 4  # dropped words that are named behind what they were dropped beside


def tree(found: Search) -> Iterator[Line]:
    """The tree from what was read first, a line a word, then the hypotheses, the best first."""
    yield line(span(" ".join(found.start), "strong"), span("  pass1", "dim"))
    expanded = {id(branch): made for branch, made in _expanded(found)}
    yield from _branches(found.roots, "", expanded)
    yield line("")
    for branch in found.hypotheses:
        said = " ".join(word for word in branch.words if word != END)
        passes = " ".join(f"pass{each.number}" for each in branch.passes)
        score = Bilingual(
            "{score} = {total} / {n}^{power:g}",
            "{score} = {total} / {n}^{power:g}",
            score=brief(branch.score),
            total=brief(branch.total),
            n=len(branch.words),
            power=found.length_penalty,
        )
        yield line(span(f"{branch.rank}. ", "accent"), said, span(f"  {score}", "number"), span(f"  {passes}", "dim"))


def _expanded(found: Search) -> Iterator[tuple[Branch, int]]:
    """The branches after which a pass was made, each with its number."""
    todo = list(found.roots)
    while todo:
        branch = todo.pop()
        if branch.children:
            yield branch, branch.children[0].made.number
            todo += branch.children


def _branches(branches: Sequence[Branch], before: str, expanded: dict[int, int]) -> Iterator[Line]:
    shown = [branch for branch in branches if branch.state != "dropped"]
    dropped = [branch for branch in branches if branch.state == "dropped"]
    for branch in shown:
        last = branch is shown[-1] and not dropped
        yield line(
            span(before + ("└─ " if last else "├─ "), "dim"),
            span(branch.said, "name" if branch.state == "kept" else "strong"),
            span(f"  {brief(branch.log_probability)}", "number"),
            span(f"  Σ {brief(branch.total)}", "dim"),
            *_remarks(branch, expanded),
        )
        yield from _branches(branch.children, before + ("   " if last else "│  "), expanded)
    if dropped:
        named = ", ".join(f"{branch.said} {brief(branch.log_probability)}" for branch in dropped[:SHOWN])
        more = " …" if len(dropped) > SHOWN else ""
        text = Bilingual("dropped: {named}{more}", "舍弃：{named}{more}", named=named, more=more)
        yield line(span(before + "└─ ", "dim"), span(text, "dim"))


def _remarks(branch: Branch, expanded: dict[int, int]) -> list[Span]:
    """The pass that went on from here, or the hypothesis that ends here."""
    if id(branch) in expanded:
        return [span(f"  pass{expanded[id(branch)]}", "dim")]
    if branch.rank:
        return [span(f"  {branch.rank}.", "accent")]
    if branch.state == "ended":
        return [span(Bilingual("  ended, outdone", "  已结束，被更好的取代"), "dim")]
    return [span(Bilingual("  left when the search was over", "  搜索结束时还未说完"), "dim")]


def tree_json(found: Search) -> dict[str, Any]:
    """The same as an object; ``tree`` is flat, ``parent`` the place of the branch before in it, null for the first."""
    flat: list[dict[str, Any]] = []

    def walk(branches: Sequence[Branch], parent: int | None) -> None:
        for branch in branches:
            flat.append(
                {
                    "said": branch.said,
                    "parent": parent,
                    "log_probability": number(branch.log_probability),
                    "total": number(branch.total),
                    "state": branch.state,
                    "pass": branch.made.number,
                    "rank": branch.rank or None,
                }
            )
            walk(branch.children, len(flat) - 1)

    walk(found.roots, None)
    return {
        "beams": found.beams,
        "length_penalty": found.length_penalty,
        "start": list(found.start),
        "hypotheses": [
            {
                "said": list(branch.words),
                "score": number(branch.score),
                "total": number(branch.total),
                "passes": [each.number for each in branch.passes],
            }
            for branch in found.hypotheses
        ],
        "tree": flat,
    }
