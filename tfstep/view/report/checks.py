"""What `check` found, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tfstep.session.study.checks import AGREE, Report
from tfstep.session.study.finite import Gradients
from tfstep.text import Bilingual
from tfstep.view.export.json import number
from tfstep.view.text.spans import Line, line, span

_MARKS = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "dim")}


def report_json(found: Report) -> str:
    """``max_error`` and ``worst`` are null where there is no gradient to check; ``holds`` is null where an
    invariant does not apply."""
    gradient = found.gradient or Gradients(0.0, None, 0, 0)
    said = {
        "ok": found.ok,
        "gradient": {
            "max_error": number(gradient.max_error) if gradient.checked else None,
            "worst": gradient.worst,
            "checked": gradient.checked,
            "skipped": gradient.skipped,
        },
        "invariants": [
            {"name": each.name, "holds": each.holds, "detail": str(each.detail)} for each in found.invariants
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def report(found: Report) -> Iterator[Line]:
    """One line a check."""
    if found.gradient is not None:
        yield _gradient(found.gradient)
    for each in found.invariants if found.unchecked is None else (found.unchecked, *found.invariants):
        mark, role = _MARKS[each.holds]
        yield line(span(f"{mark} ", role), span(each.title, "name"), span(f"  {each.detail}", "dim"))
    if found.half:
        text = Bilingual(
            "checked in float64: rounding to {half} leaves no slope for finite differences to find",
            "以 float64 检查：舍入到 {half} 之后，有限差分找不出斜率",
            half=found.half,
        )
        yield line(span(text, "dim"))


def _gradient(found: Gradients) -> Line:
    title = span(AGREE, "name")
    mark, role = _MARKS[found.holds]
    text = Bilingual(
        "largest error {error:.1e} (of a tensor's largest gradient) at {worst}; {checked} checked, {skipped} skipped",
        "最大误差 {error:.1e}（相对张量的最大梯度），位于 {worst}；检查 {checked} 处，跳过 {skipped} 处",
        error=found.max_error,
        worst=found.worst or "-",
        checked=found.checked,
        skipped=found.skipped,
    )
    return line(span(f"{mark} ", role), title, span(f"  {text}", "dim"))
