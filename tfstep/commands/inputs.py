"""Changing the scenario itself: the words, the keys of the model. What was set, learned or pinned is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfstep.commands.change import loss_of
from tfstep.commands.language.line import needed
from tfstep.commands.language.registry import command
from tfstep.errors import CommandError
from tfstep.scenario.file.mistakes import Mistakes, Report
from tfstep.scenario.file.nodes import to_python
from tfstep.session.change.rebuild import rebuilt
from tfstep.session.results import Changed, Result
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session

SIDES = ("source", "target", "labels")


@command(
    "change",
    "tokens SIDE WORD… [SIDE WORD…]",
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
    side, text = "", needed(rest, "tokens SIDE WORD… [SIDE WORD…]")
    first, _, said = text.partition(" ")
    if first in SIDES and any(each.tokenizer is not None for each in session.scenario.vocab.values()):
        batch = [each.strip() for each in said.split("|") if each.strip()]  # a tokenizer takes text as it is
        given: object = batch if len(batch) > 1 else needed("".join(batch), "tokens SIDE TEXT")
        return _changed(session, {"input": {first: given}}, f"tokens {rest}")
    for word in text.split():
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
    aliases=("mod",),
    completes=("key",),
    about=Bilingual(
        "Another model: `model scale false`, `model mask.padding false`, any key of `model:` in a scenario file.",
        "更改模型：`model scale false`、`model mask.padding false`，即场景文件 `model:` 下的任何键。",
    ),
)
def _model(session: Session, rest: str) -> Result:
    key, _, text = needed(rest, "model KEY VALUE").partition(" ")
    value: object = _value(needed(text.strip(), "model KEY VALUE"))
    for part in reversed(key.split(".")):
        value = {part: value}
    return _changed(session, {"model": value}, f"model {rest}")


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
    session.record(replace(session.journal.now, line=line, scenario=new, trace=found.trace, past=past))
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
