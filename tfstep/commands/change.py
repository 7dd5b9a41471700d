"""Changing the numbers (set, release, undo, redo, reset) and the scenario itself (tokens, model): what was set, learned
or pinned is kept."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from tfstep.address.indices import index_list
from tfstep.commands.language.line import assignment, require_argument
from tfstep.commands.language.registry import command
from tfstep.commands.language.session import Session
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError, EditError
from tfstep.scenario.file.mistakes import Mistakes, Report
from tfstep.scenario.file.nodes import to_python
from tfstep.session.address.names import tensor_of
from tfstep.session.address.target import part, target
from tfstep.session.change.rebuild import rebuilt
from tfstep.session.change.undo_history import Entry
from tfstep.session.evaluate import evaluate
from tfstep.session.results import Changed, Edit, Result, Value
from tfstep.session.state import State
from tfstep.text import Bilingual

NO_EFFECT = Bilingual(
    "no effect: it has this value already, not a bit changed", "没有效果：它本来就是这个值，一个比特也没有变"
)
UNREAD = Bilingual("nothing is computed from it, so nothing else changes", "没有任何东西由它算出，所以其他数都不变")
STOPS = Bilingual("it is pinned: no gradient flows back through it", "它被固定：梯度不再从它流回去")
ONLY_PINNED = Bilingual(
    "it has this value already; but it is pinned now, and no gradient flows back through it",
    "它本来就是这个值；但现在被固定，梯度不再从它流回去",
)


@command(
    "change",
    "set PATH[i,j] = EXPR",
    bare=True,
    completes=("cell", "expr"),
    about=Bilingual(
        "Give a tensor, a part or a cell another value. A parameter trains on from it; any other tensor is pinned.",
        "给张量、其一部分或一个单元格赋值。参数从新值继续训练；其他张量则被固定在该值。",
    ),
)
def _set(session: Session, rest: str) -> Result:
    asked, expression = assignment(rest, "set PATH[i,j] = EXPR")
    if asked.startswith("$"):
        return _set_value(session, asked[1:], expression)
    tensor, index = target(session, asked)
    new = evaluate(session, expression)
    place = tensor.path + index_list(index)
    trace = session.trace.edit({place: new})
    edit = Edit(
        place, part(tensor, index), part(trace[tensor.path], index), tensor.step is not None, tensor.node.shares
    )
    line = f"set {place} = {expression}"
    plan, slots = session.trace.plan, {tensor.node.slot}
    downstream = plan.follow(slots)
    notes: tuple[Bilingual, ...] = () if plan.downstream(slots) else (STOPS,) if downstream else (UNREAD,)
    if edit.same and _mask(trace, tensor.node.slot) != _mask(session.trace, tensor.node.slot):
        notes = (ONLY_PINNED,)
    elif edit.same:
        return Changed((line,), (edit,), notes=(NO_EFFECT,))
    before = session.trace
    session.record(session.journal.now.changed(line, trace=trace, edited=session.edited | {tensor.path}))
    return Changed((line,), (edit,), len(downstream), loss_of(session, before), notes)


def _set_value(session: Session, name: str, expression: str) -> Result:
    if not name.isidentifier() or name == "_":
        raise CommandError(
            Bilingual(
                "a value is named $x, with letters, not ${name}", "值的名称写作 $x，用字母，而不是 ${name}", name=name
            )
        )
    session.values.named[name] = evaluate(session, expression)
    return Value(f"${name}", session.values.named[name], brief=True)


def _mask(trace: Trace, slot: int) -> bytes:
    """Which cells are pinned."""
    return trace.pins[slot].mask.tobytes() if slot in trace.pins else b""


def loss_of(session: State, before: Trace) -> tuple[float, float] | None:
    """The loss before and after, where there is one and it takes no time to compute."""
    old, new = before.plan.paths.get("loss"), session.trace.plan.paths.get("loss")
    if old is None or new is None or old.shape or new.shape or not session.against_before().small:
        return None
    return float(before.value(old.slot)), float(session.trace.value(new.slot))


@command(
    "change",
    "release [PATH]",
    completes=("pinned",),
    about=Bilingual(
        "Let a pinned tensor be computed again; without PATH all of them.",
        "解除固定，让张量重新按计算得出；不写 PATH 则解除全部。",
    ),
)
def _release(session: Session, rest: str) -> Result:
    pinned = session.pinned
    if not rest and not pinned:
        raise EditError(Bilingual("nothing is pinned", "没有任何张量被固定"))
    paths = (tensor_of(session, rest).path,) if rest else tuple(sorted(pinned))
    before = session.trace
    for path in paths:
        tensor = before[path]
        if tensor.step is None:
            raise EditError(
                Bilingual(
                    "{path} is no step: it is set, not pinned; `undo` or `reset` gives the old value back",
                    "{path} 不是某一步的结果：它是被赋值，而不是被固定；用 `undo` 或 `reset` 恢复原值",
                    path=path,
                )
            )
    trace = before.release(*paths)
    edits = tuple(Edit(path, before[path].value, trace[path].value) for path in paths)
    downstream = before.plan.follow({before[path].node.slot for path in paths})
    line = " ".join(("release", *(paths if rest else ())))
    session.record(session.journal.now.changed(line, trace=trace, edited=session.edited - set(paths)))
    return Changed((line,), edits, len(downstream), loss_of(session, before))


@command(
    "change",
    "undo [n]",
    aliases=("un", "und"),
    about=Bilingual(
        "Take the last change back, to the bit. Every variant has its own changes.",
        "撤销上一次改动，精确到比特。每个变体有自己的改动。",
    ),
)
def _undo(session: Session, n: int = 1) -> Result:
    return _travel(session, lambda: session.journal.undo(n), Bilingual("undone: ", "已撤销："))


@command(
    "change",
    "redo [n]",
    about=Bilingual("Do the change again that was undone last.", "重做刚撤销的改动。"),
)
def _redo(session: Session, n: int = 1) -> Result:
    return _travel(session, lambda: session.journal.redo(n), Bilingual("redone: ", "已重做："))


@command(
    "change",
    "reset",
    about=Bilingual(
        "Back to the numbers of the scenario file; `undo` brings the changes back.",
        "回到场景文件的数；`undo` 可把改动找回来。",
    ),
)
def _reset(session: Session) -> Result:
    before, start = session.trace, session.journal.start
    changes = session.journal.changes
    if before is start.trace:
        return Changed((), notes=(Bilingual("nothing was changed", "没有任何改动"),))
    session.record(replace(start, line="reset"))
    return travel_result(session, before, ("reset",), _count_of_undone(len(changes)))


def _count_of_undone(n: int) -> Bilingual:
    return Bilingual("changes taken back: {n}", "已收回的改动：{n}", n=n)


def _travel(session: Session, go: Callable[[], list[Entry]], what: Bilingual) -> Result:
    before, here = session.trace, session.here
    entries = go()
    session.before = before
    session.return_to(here)
    return travel_result(session, before, tuple(f"{what}{entry.line}" for entry in entries))


def travel_result(session: State, before: Trace, lines: tuple[str, ...], *notes: Bilingual) -> Changed:
    """The result of coming to numbers that were there before."""
    now, same = session.trace, before.plan is session.trace.plan
    follow = len(now.plan.follow(before.set_apart(now))) if same else session.steps_total
    return Changed(lines, (), follow, loss_of(session, before), notes)


SIDES = ("source", "target", "labels")


@command(
    "change",
    "tokens SIDE WORD… [SIDE WORD…]",
    words=True,
    lasts="model",
    aliases=("tok",),
    completes=("'source|target|labels'", "word"),
    about=Bilingual(
        "Other words: `tokens source 你 爱 我`. SIDE is source, target or labels; `|` parts the sentences of a batch.",
        "换词：`tokens source 你 爱 我`；SIDE 为 source、target 或 labels，批次中的句子用 `|` 隔开。",
    ),
)
def _tokens(session: Session, rest: str) -> Result:
    sides: dict[str, object] = {}
    words: list[str] = []
    side, (first, _, text) = "", rest.partition(" ")
    if first in SIDES and any(each.tokenizer is not None for each in session.scenario.vocab.values()):
        batch = [each.strip() for each in text.split("|") if each.strip()]  # a tokenizer takes text as it is
        given: object = batch if len(batch) > 1 else require_argument("".join(batch), "tokens SIDE TEXT")
        return _changed(session, {"input": {first: given}}, f"tokens {rest}")
    for word in rest.split():
        if word in SIDES and (not side or words):
            side, words = word, []
            sides[side] = words
        elif not side:
            raise CommandError(
                Bilingual(
                    "say whose words these are: source, target or labels",
                    "请先写明是哪一侧的词：source、target 或 labels",
                )
            )
        else:
            words.append(word)
    for name, found in sides.items():
        sentences = [each.split() for each in " ".join(map(str, found if isinstance(found, list) else ())).split("|")]
        sides[name] = sentences if len(sentences) > 1 else sentences[0]
    return _changed(session, {"input": sides}, f"tokens {rest}")


@command(
    "change",
    "model KEY VALUE",
    words=True,
    lasts="model",
    aliases=("mod",),
    completes=("key",),
    about=Bilingual(
        "Another model: `model scale false`, `model mask.padding false`, any key of `model:` in a scenario file; or of "
        "`train:` and `loss:`, `model train.lr 0.01`. What was learned stays.",
        "更改模型：`model scale false`、`model mask.padding false`，即场景文件 `model:` 下的任何键；也可改 `train:` 和 `loss:` "
        "的键：`model train.lr 0.01`。学到的保留。",
    ),
)
def _model(session: Session, rest: str) -> Result:
    key, _, text = rest.partition(" ")
    value: object = _value(require_argument(text.strip(), "model KEY VALUE"))
    names = key.split(".")
    for name in reversed(names):
        value = {name: value}
    changes = value if names[0] == "loss" or (names[0] == "train" and len(names) > 1) else {"model": value}
    assert isinstance(changes, dict)
    return _changed(session, changes, f"model {rest}")


def _value(text: str) -> object:
    """A value as a file would have it: ``4``, ``-.inf``, ``{encoder: 2, decoder: 1}``. Raises CommandError."""
    from tfstep.scenario.file.yaml import parse

    report = Report()
    try:
        node = parse(f"value: {text}", "", report).get("value")
        report.raise_if_any()
    except Mistakes as error:
        why = error.mistakes[0].message
        raise CommandError(Bilingual("{text}: {why}", "{text}：{why}", text=text[:80], why=why)) from None
    return None if node is None else to_python(node)


def _changed(session: Session, changes: dict[str, object], line: str) -> Result:
    old = session.scenario
    new = old.with_changes(changes)
    found = rebuilt(old, session.trace, new)
    before, path = session.trace, session.current.path
    past = session.journal.now.past
    if any(each in {node.path for node in before.plan.nodes if node.kind == "parameter"} for each in found.lost):
        past = ()
    session.record(session.journal.now.changed(line, scenario=new, trace=found.trace, past=past))
    notes = []
    if found.lost:
        notes.append(
            Bilingual(
                "gone, for it has no place any more: {paths}",
                "已失去（不再有对应的位置）：{paths}",
                paths=", ".join(found.lost),
            )
        )
    if session.current.path != path:
        notes.append(
            Bilingual(
                "{path} is not there any more; we are at {now}",
                "{path} 已不存在；现在在 {now}",
                path=path,
                now=session.current.path,
            )
        )
    return Changed((line,), (), len(found.trace.plan.steps), loss_of(session, before), tuple(notes))
