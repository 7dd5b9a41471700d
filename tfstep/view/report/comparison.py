"""Two runs beside each other, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfstep.session.study.compare import Comparison, Difference, Digits
from tfstep.text import Bilingual
from tfstep.view.export.json import number
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, Span, indented, line, span, table


def comparison_json(found: Comparison, names: Mapping[str, tuple[str, str]] | None = None) -> str:
    """``first`` is the path of the first step that differs, or null; figures are null where shapes differ.

    ``names`` are what others call the tensors, by path, and how they lie there, where these were found by their numbers.
    """
    said = {
        "first": found.first.path if found.first else None,
        "steps": [_object(step) for step in found.steps],
        "leaves": [_object(leaf) for leaf in found.leaves],
        **({} if found.digits is None else {"digits_lost": _digits(found.digits)}),
        "only_first": list(found.only_first),
        "only_second": list(found.only_second),
        **({"matched": [_match(path, *there) for path, there in names.items()]} if names else {}),
    }
    return json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _match(path: str, name: str, relation: str) -> dict[str, str]:
    return {"name": name, "path": path, "relation": relation}


def matched(names: Mapping[str, tuple[str, str]]) -> Iterator[Line]:
    """What others call the tensors, by path, and how they lie there; nothing where there is nothing to say."""
    if names:
        yield line(span(Bilingual("matched by their numbers", "按数值对应"), "accent"))
        yield from indented(
            table(
                [
                    [span(name, "name"), span("→ " + path, "dim"), span("" if how == "same" else how, "note")]
                    for path, (name, how) in names.items()
                ],
                "<<<",
            )
        )


def _digits(lost: Digits) -> dict[str, Any]:
    return {"path": lost.path, "half": lost.half, "units": number(lost.units), "read": number(lost.read)}


def _object(each: Difference) -> dict[str, Any]:
    return {
        "path": each.path,
        "max_abs": None if each.max_abs is None else number(each.max_abs),
        "cosine": None if each.cosine is None else number(each.cosine),
        "equal": each.equal,
    }


def comparison(found: Comparison, names: tuple[str, str]) -> Iterator[Line]:
    """What differs, in the order of the timeline; what only one run has; what could not be compared."""
    given = [leaf for leaf in found.leaves if leaf.equal is False]
    if given:
        yield line(span(Bilingual("given differently", "给定的不同"), "accent"))
        yield from indented(_figures(given))
    differing = [step for step in found.steps if step.equal is False]
    if found.first is None:
        n = sum(step.equal is not None for step in found.steps)
        text = Bilingual("no step differs; {n} were compared", "没有不同的步骤；比较了 {n} 步", n=n)
        yield line(span(text, "good" if found.equal else "bad"))
    else:
        text = Bilingual("the first step that differs: {path}", "第一个不同的步骤：{path}", path=found.first.path)
        yield line(span(text, "bad"))
        text = Bilingual("{n} of {of} steps differ", "{of} 步中有 {n} 步不同", n=len(differing), of=len(found.steps))
        yield line(span(text, "accent"))
        yield from indented(_figures(differing))
    if found.digits is not None:
        text = Bilingual(
            "digits are lost at {path}: off by {units:.3g} units of {half}'s last place, what it reads by {read:.2g} at most",
            "在 {path} 丢失了有效数字：相差 {half} 末位的 {units:.3g} 个单位，而它读取的数至多相差 {read:.2g} 个",
            path=found.digits.path,
            units=found.digits.units,
            half=found.digits.half,
            read=found.digits.read,
        )
        yield line(span(text, "accent"))
    yield from _left_out(found)
    for name, paths in zip(names, (found.only_first, found.only_second), strict=True):
        if paths:
            shown = ", ".join(paths[:8]) + (" …" if len(paths) > 8 else "")
            text = Bilingual(
                "only in {name} ({n}): {paths}",
                "只有 {name} 有（{n} 个）：{paths}",
                name=name,
                n=len(paths),
                paths=shown,
            )
            yield line(span(text, "dim"))


def _left_out(found: Comparison) -> Iterator[Line]:
    """What has no part in the comparison: pads, and steps without a common word."""
    if any(found.pads):
        one, other = found.pads
        text = Bilingual(
            "left out: {one} and {other} pads", "未计入：填充位置 {one} 个与 {other} 个", one=one, other=other
        )
        yield line(span(text, "dim"))
    apart = [step.path for step in found.steps if step.equal is None]
    if apart:
        text = Bilingual(
            "not compared, for want of a common word ({n}): {paths}",
            "没有共同的词，无法比较（{n} 步）：{paths}",
            n=len(apart),
            paths=", ".join(apart[:8]) + (" …" if len(apart) > 8 else ""),
        )
        yield line(span(text, "dim"))


def _figures(differences: Sequence[Difference]) -> list[Line]:
    titles = [Bilingual("max |Δ|", "最大 |Δ|"), Bilingual("of the largest", "相对最大值"), Bilingual("cosine", "余弦")]
    units = any(each.units is not None for each in differences)
    if units:
        titles.append(Bilingual("last places", "末位单位"))
    head = [span(""), *(span(title, "dim") for title in titles), span("")]
    return table([head, *(_row(each, units) for each in differences)], "<>>>><" if units else "<>>><")


def _row(each: Difference, units: bool) -> list[Span]:
    figures = [each.max_abs, each.relative, each.cosine, *([each.units] if units else [])]
    shown = [span("—" if x is None else brief(x), "dim" if x is None else "number") for x in figures]
    return [span(each.path, "name"), *shown, span(_remark(each), "dim")]


def _remark(each: Difference) -> Bilingual | str:
    if each.shapes is not None:
        one, other = ("×".join(map(str, shape)) or "1" for shape in each.shapes)
        return Bilingual("shapes differ: {one} and {other}", "形状不同：{one} 与 {other}", one=one, other=other)
    if each.lost is not None:
        if not each.lost:
            return Bilingual("one of them is NaN", "有一方是 NaN")
        cell = f"{each.path}[{','.join(map(str, each.lost))}]"
        return Bilingual("one of them is NaN from {cell} on", "从 {cell} 起，有一方是 NaN", cell=cell)
    if each.shared is not None:
        n, of = each.shared
        return Bilingual("{n} of {of} cells have a partner", "{of} 个数中 {n} 个有对应", n=n, of=of)
    return Bilingual("rounding", "舍入误差") if each.rounding else ""
