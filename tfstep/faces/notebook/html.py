"""Everything that a notebook shows, as HTML that needs nothing beside it and loads nothing."""

from __future__ import annotations

from functools import singledispatch

from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import Explanation
from tfstep.faces.notebook import curve, heatmap, reasons, style, timeline
from tfstep.scenario.scenario import Scenario
from tfstep.session.results import Checked, Compared, Explained, Result, Shown
from tfstep.session.study.checks import Report
from tfstep.session.study.compare import Comparison
from tfstep.session.study.runs import Trained
from tfstep.text import Bilingual
from tfstep.view.python.line import summary
from tfstep.view.python.words import words
from tfstep.view.report.checks import report
from tfstep.view.result.lines import lines
from tfstep.view.text.markup import escape
from tfstep.view.text.number import brief

SHOWN = 12  # steps that differ; the others are folded


@singledispatch
def html(shown: object) -> str:
    """The HTML of anything that users hold; what has none of its own is shown as its text."""
    return style.output(f"<pre>{escape(words(shown))}</pre>")


html.register(Tensor, heatmap.tensor)
html.register(Trace, timeline.trace)
html.register(Explanation, reasons.explanation)
html.register(Trained, curve.training_html)


@html.register
def _scenario(shown: Scenario) -> str:
    text = style.details("YAML", f"<pre>{escape(shown.source_text)}</pre>") if shown.source_text else ""
    about = style.quiet(str(shown.about)) if str(shown.about) else ""
    return style.output(style.heading(str(shown.title), summary(shown)), about, text)


@html.register
def _report(shown: Report) -> str:
    return style.output(style.heading(summary(shown)), style.lines(report(shown)))


@html.register
def _comparison(shown: Comparison) -> str:
    parts = [style.heading(summary(shown))]
    given = [each for each in shown.leaves if each.equal is False]
    if given:
        paths = ", ".join(each.path for each in given)
        parts.append(style.quiet(str(Bilingual("given differently: {paths}", "给定的不同：{paths}", paths=paths))))
    differing = [each for each in shown.steps if each.equal is False]
    most = max((each.relative or 0.0 for each in differing if (each.relative or 0.0) < float("inf")), default=0.0)
    rows = []
    for each in differing:
        share = min(1.0, each.relative / most) if each.relative and most else 0.0
        bar = style.bar(share, style.POSITIVE)
        figures = ("—" if x is None else brief(x) for x in (each.max_abs, each.relative, each.cosine))
        rows.append([escape(each.path), *figures, bar])
    titles = (Bilingual("max |Δ|", "最大 |Δ|"), Bilingual("of the largest", "相对最大值"), Bilingual("cosine", "余弦"))
    head = ["", *(f"<span class=dim>{escape(str(title))}</span>" for title in titles)]
    if rows:
        parts.append(style.rows([head, *rows[:SHOWN]]))
    if rows[SHOWN:]:
        more = Bilingual("{n} more", "另外 {n} 步", n=len(rows) - SHOWN)
        parts.append(style.details(escape(str(more)), style.rows([head, *rows[SHOWN:]])))
    return style.output(*parts)


@html.register
def _result(shown: Result) -> str:
    """What a command gave back: as what it holds where that has a picture of its own, else as the debugger's lines."""
    match shown:
        case Explained(explanation=found) if shown.trace is not None:
            return html(found if found.trace is not None else shown.trace.explain(found.cell))
        case Shown(index=None, tensor=found):
            return html(found)
        case Checked(report=found):
            return html(found)
        case Compared(comparison=found):
            return html(found)
    return style.output(style.lines(() if shown.trace is None else lines(shown, shown.trace)))
