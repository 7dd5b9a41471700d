"""Everything that a user of Python holds, as text of several lines: what `print` says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

import numpy as np

from tfstep.engine.trace import Tensor
from tfstep.engine.why import Explanation
from tfstep.session.results import Result
from tfstep.session.study.checks import Report
from tfstep.session.study.compare import Comparison
from tfstep.session.study.runs import Trained
from tfstep.text import Bilingual
from tfstep.view.export.tables import heading, tables
from tfstep.view.python.line import one_line
from tfstep.view.report.checks import report
from tfstep.view.report.comparison import comparison
from tfstep.view.report.explanation import explanation
from tfstep.view.report.training import training
from tfstep.view.result.lines import lines
from tfstep.view.text.spans import Line, plain

COLUMNS = 100
CELLS = 2000  # numbers that are written out; larger tensors as NumPy shortens them

NAMES = (Bilingual("this run", "这次运行"), Bilingual("the other", "另一次"))


@singledispatch
def words(shown: object) -> str:
    """The text of anything that users hold; its line where it has no more to say."""
    return one_line(shown)


def _joined(lines: Iterable[Line]) -> str:
    return "\n".join(plain(each).rstrip() for each in lines)


@words.register
def _tensor(shown: Tensor) -> str:
    if shown.size <= CELLS:
        return _joined(tables([shown], grad=False, cells=COLUMNS))
    array = np.array2string(shown.value, precision=4, threshold=100, max_line_width=COLUMNS, prefix="  ")
    return f"{_joined(heading(shown))}\n  {array}"


@words.register
def _explanation(shown: Explanation) -> str:
    return one_line(shown) if shown.trace is None else _joined(explanation(shown.trace, shown))


@words.register
def _comparison(shown: Comparison) -> str:
    return _joined(comparison(shown, (str(NAMES[0]), str(NAMES[1]))))


@words.register
def _report(shown: Report) -> str:
    return _joined(report(shown))


@words.register
def _trained(shown: Trained) -> str:
    return _joined(training(shown.losses))


@words.register
def _result(shown: Result) -> str:
    return one_line(shown) if shown.trace is None else _joined(lines(shown, shown.trace))
