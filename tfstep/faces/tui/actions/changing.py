"""Changing numbers by keys: editing in place, nudging, other words, another variant, breakpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfstep.faces.tui.actions.asking import ask, command
from tfstep.faces.tui.widgets.prompt import Candidate
from tfstep.text import Bilingual
from tfstep.view.text.spans import Span, line

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger
    from tfstep.view.cell.cell_panel import CellPanel

LISTED = 16  # numbers of a row that are put into the prompt to be changed


def edit(app: Debugger) -> None:
    """Ask for a new number for the cell under the cursor."""
    account = _present(app)
    if account is not None:
        _ask(app, account.cell, f"{account.value:.10g}")


def edit_row(app: Debugger) -> None:
    """Ask for the row under the cursor: numbers, or one expression for all of it."""
    if _present(app) is None or app.frame is None:
        return
    path, cell = app.frame.focus, app.frame.cell
    target = f"{path}[{','.join(map(str, (*cell[:-1], ':')))}]" if cell else path
    now = app.session.trace[path].value[cell[:-1]].tolist() if cell else []
    present = Bilingual("the present numbers, to be changed", "现在的数，可逐个修改")
    listed = [(str(now), 0, str(present))] if 0 < len(now) <= LISTED else []
    _ask(app, target, "", [*listed, *fillings(target, app.session.trace[path].shape[-1:], app.session.journal.at)])


def edit_all(app: Debugger) -> None:
    """Ask for a whole tensor: `zeros(3, 4)`, `eye(4)`, random numbers, itself times two."""
    if _present(app) is not None and app.frame is not None:
        path = app.frame.focus
        _ask(app, path, "", fillings(path, app.session.trace[path].shape, app.session.journal.at))


def _present(app: Debugger) -> CellPanel | None:
    """The cell under the cursor, as it is now; one that is looked at as it was is brought back first."""
    if app.look.earlier:
        app.look_at(earlier=False)
    return None if app.frame is None else app.frame.account


def _ask(app: Debugger, target: str, text: str, ways: Sequence[Candidate] = ()) -> None:
    def ways_on(before: str) -> list[Candidate]:
        return [(way, len(before), about) for way, _, about in ways if way.startswith(before)]

    app.editing = target
    ask(app, "edit", f"{target} =", text, None, ways_on)


def fillings(target: str, shape: Sequence[int], seed: int = 0) -> list[Candidate]:
    """What a tensor or a row of this shape is often set to, each with a word on it."""
    size = ", ".join(map(str, shape))
    scale = f" / sqrt({shape[-1]})" if shape else ""
    found = [
        (f"zeros({size})", Bilingual("zeros everywhere", "全 0")),
        (f"ones({size})", Bilingual("ones everywhere", "全 1")),
        *(
            [(f"eye({shape[0]})", Bilingual("identity", "单位矩阵"))]
            if len(shape) == 2 and shape[0] == shape[1]
            else []
        ),
        (
            f"randn({size}, seed={seed}){scale}",
            Bilingual("random, another with every seed", "随机数，每个种子各不相同"),
        ),
        (f"{target} * 2", Bilingual("twice as large", "放大一倍")),
        (f"-{target}", Bilingual("the sign turned", "符号取反")),
    ]
    return [(text, 0, str(about)) for text, about in found] if shape else []


def words(app: Debugger) -> None:
    """Ask for other words, from the present ones."""
    for side, path in (("source", "src.tokens"), ("target", "tgt.tokens")):
        if path in app.session.trace.plan.paths:
            sentences = app.session.trace[path].labels.get("position", [])
            text = " | ".join(" ".join(word for word in each if word != "<pad>") for each in sentences)
            command(app, f"tokens {side} {text}")
            return
    app.say(line(Span(str(Bilingual("this scenario reads no words", "这个场景不读词")), "dim")))


def model_key(app: Debugger) -> None:
    """Ask for another value of a key of the model."""
    command(app, "model ")


def nudge(app: Debugger, direction: int) -> None:
    """Raise or lower the number under the cursor by one nudge."""
    account = _present(app)
    if account is None:
        return
    value = round(account.value + direction * app.nudge, 12)
    app.perform(f"set {account.cell} = {value!r}")


def nudge_size(app: Debugger, power: int) -> None:
    """Make the nudge ten times larger or smaller."""
    app.nudge = round(app.nudge * 10.0**power, 12)
    app.say(line(Span(str(Bilingual("one nudge is now {size}", "每次微调 {size}", size=f"{app.nudge:g}")), "dim")))


def variant(app: Debugger, by: int = 1) -> None:
    """The next variant."""
    names = app.session.scenario.variants
    if len(names) < 2:
        app.say(line(Span(str(Bilingual("this scenario has no variants", "这个场景没有变体")), "dim")))
        return
    app.perform(f"variant {names[(names.index(app.session.variant) + by) % len(names)]}")


def breakpoint_(app: Debugger) -> None:
    """Set or take away a breakpoint on this step."""
    session = app.session
    path = session.current.path
    here = [point for point in session.points.all.values() if point.pattern is not None and point.pattern.text == path]
    app.perform(f"delete {' '.join(str(point.number) for point in here)}" if here else f"break {path}")
