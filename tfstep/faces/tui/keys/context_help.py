"""The part of the help that speaks of what one looks at: the step, its op, and the keys that do something here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfstep.engine.trace import Tensor
from tfstep.faces.tui.keys.key import Key
from tfstep.session.place import substeps_at
from tfstep.text import Bilingual
from tfstep.view.cell.purpose import purpose
from tfstep.view.cell.readers import readers
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, line
from tfstep.view.text.width import wrap

if TYPE_CHECKING:
    from tfstep.faces.tui.app import Debugger

NAMED = 8  # inner steps, readers, variants whose names are listed


def context_help(app: Debugger, cells: int) -> list[Line]:
    """What the present step is, in lines of so many cells."""
    tensor = app.session.trace[app.frame.subject] if app.frame is not None else app.session.current
    lines = [line(Span(tensor.path, "accent"), Span(f"  {tensor.formula or ''}", "strong"))]
    if text := str(purpose(tensor)):
        lines += [line(Span(part)) for part in wrap(text, cells)]
    return lines


def keys_here(app: Debugger) -> list[tuple[str, str]]:
    """The keys that do something here, with what that is."""
    shown = {_name(key): key.shown for key in app.keys}
    return [(shown[action], str(text)) for action, text in _applying(app) if action in shown]


def _name(key: Key) -> str:
    return key.line if key.action == "run" else key.action


def _applying(app: Debugger) -> Iterator[tuple[str, Bilingual]]:
    """By what a key does: what it does now."""
    if app.frame is None:
        return
    session, account = app.session, app.frame.account
    tensor = session.trace[app.frame.focus]
    yield from _stepping(app)
    if account.links:
        link = account.links[min(app.look.factor, len(account.links) - 1)]
        yield "intend('follow')", Bilingual("go to {cell}, the marked number", "跳到选中的数 {cell}", cell=link)
    found = readers(tensor)
    if found:
        names = _listed(found)
        yield "intend('onward')", Bilingual("go where it goes: {names}", "跟到它的去向：{names}", names=names)
    if app.trail:
        yield "intend('go_back')", Bilingual("back to {name}", "返回 {name}", name=app.trail[-1].name)
    yield "intend('edit')", _edited(tensor)
    yield (
        "intend('nudge', 1)",
        Bilingual("raise {cell} by {size}", "把 {cell} 调大 {size}", cell=account.name, size=f"{app.nudge:g}"),
    )
    if session.journal.at:
        yield "undo", Bilingual("take back: {line}", "撤销：{line}", line=session.journal.now.line)
    if account.gradient is not None:
        gradient = plain(account.gradient)
        yield "intend('gradient')", Bilingual("its gradient, {value} here", "它的梯度，此处为 {value}", value=gradient)
    if app.frame.since is not None:
        yield "intend('difference')", Bilingual("before and after the last edit", "上次改动之前与之后")
    yield from _elsewhere(app, tensor)


def _stepping(app: Debugger) -> Iterator[tuple[str, Bilingual]]:
    session = app.session
    inside = substeps_at(session.trace, session.position) if session.partial is None else None
    if inside is not None:
        names = _listed([node.path for node in inside.plan.steps])
        yield "step", Bilingual("into it: {names}", "进入内部：{names}", names=names)
    if len(session.position) > 1:
        yield "finish", Bilingual("out of it, back to the step around", "跳出，回到外面的一步")


def _edited(tensor: Tensor) -> Bilingual:
    if tensor.node.op is None:
        return Bilingual("give it another value; training goes on from that", "改成别的值；训练从新值继续")
    return Bilingual("pin it: it keeps the value you give it", "固定它：它会保持你给的值")


def _elsewhere(app: Debugger, tensor: Tensor) -> Iterator[tuple[str, Bilingual]]:
    sizes = dict(zip(tensor.axes, tensor.shape, strict=True))
    if sizes.get("head", 1) > 1:
        yield "intend('head', 1)", Bilingual("the next of {n} heads", "{n} 个头中的下一个", n=sizes["head"])
    if sizes.get("batch", 1) > 1:
        yield "intend('sentence', 1)", Bilingual("the next of {n} sentences", "{n} 句中的下一句", n=sizes["batch"])
    variants = [name for name in app.session.scenario.variants if name != app.session.variant]
    if variants:
        yield "intend('variant')", Bilingual("another variant: {names}", "别的变体：{names}", names=_listed(variants))
    path = app.session.current.path
    stops = any(point.pattern is not None and point.pattern.text == path for point in app.session.points.all.values())
    yield (
        "intend('breakpoint')",
        Bilingual("take the breakpoint away", "去掉断点")
        if stops
        else Bilingual("stop here the next time", "下次在这里停下"),
    )


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return "  ".join(names[:NAMED]) + more
