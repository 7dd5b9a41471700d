"""The loss over the updates, drawn as a picture."""

from __future__ import annotations

import math

from tfstep.faces.notebook import style
from tfstep.session.study.runs import Trained
from tfstep.text import Bilingual
from tfstep.view.python.line import summary
from tfstep.view.text.markup import escape
from tfstep.view.text.number import brief

WIDE, HIGH, LEFT, LOW = 420, 160, 70, 24
POINTS = 400  # of the curve, at most: a longer run is drawn at every so manieth update


def training_html(shown: Trained) -> str:
    """The whole output for a training; losses that are not finite leave gaps."""
    losses = shown.losses
    finite = [x for x in losses if math.isfinite(x)]
    if not finite:
        return style.output(style.heading(summary(shown)))
    least, most = min(finite), max(finite)
    last = len(losses) - 1
    at = sorted({round(k * last / POINTS) for k in range(POINTS + 1)}) if last > POINTS else range(len(losses))
    runs: list[list[str]] = [[]]
    for k in at:
        if not math.isfinite(losses[k]):
            runs.append([])
            continue
        x = LEFT + (WIDE - LEFT - 10) * (k / last if last else 0)
        y = 10 + (HIGH - LOW - 20) * ((most - losses[k]) / (most - least) if most > least else 0.5)
        runs[-1].append(f"{x:.1f},{y:.1f}")
    lines = "".join(
        f'<polyline points="{" ".join(run)}" fill="none" stroke="#d95f0e" stroke-width="2"/>' for run in runs if run
    )
    floor = HIGH - LOW - 10
    axis = f'<path d="M{LEFT} 5V{floor + 5}H{WIDE - 5}" fill="none" stroke="currentColor" opacity=".4"/>'
    ends = f"{_text(LEFT - 6, 14, brief(most), 'end')}{_text(LEFT - 6, floor, brief(least), 'end')}"
    under = f"{_text(LEFT, HIGH - 8, '0', 'middle')}{_text(WIDE - 10, HIGH - 8, str(last), 'end')}"
    name = Bilingual("loss over the updates", "损失随更新次数的变化")
    picture = f'<svg width="{WIDE}" height="{HIGH}" role="img" aria-label="{escape(str(name))}">{axis}{lines}{ends}{under}</svg>'
    return style.output(style.heading(summary(shown)), style.quiet(str(name)), picture)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
