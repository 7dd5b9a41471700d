"""Invariants of order: words that change places, words of the future, positions that are shifted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace

from tfstep.engine.plan import Plan
from tfstep.engine.trace import Trace
from tfstep.models.build import build
from tfstep.models.config import Sentences
from tfstep.scenario.scenario import Scenario
from tfstep.session.study.verdict import (
    Holds,
    apart,
    broken_on_purpose,
    does_not_apply,
    holds_if_unmoved,
    larger,
    last,
    noise,
    passed,
    same_bits,
)
from tfstep.text import Bilingual

CUTS = 6  # how many places of a sentence the future is changed behind
SHIFT = 3


def permutation(scenario: Scenario, trace: Trace) -> Holds:
    """Without positions the words in reverse give the same outputs in reverse."""
    title = Bilingual("without positions, outputs follow their words", "没有位置信息时，输出跟着词走")
    model, sentences = scenario.model, scenario.inputs.source
    out = last(trace, "enc")
    if model.kind != "encoder" or sentences is None or out is None:
        return does_not_apply(title, Bilingual("only an encoder is asked", "只对编码器适用"))
    if model.positional != "none":
        text = Bilingual(
            "model.positional is {kind}: order is meant to matter",
            "model.positional 为 {kind}：语序本来就该起作用",
            kind=model.positional,
        )
        return does_not_apply(title, text)
    if held := _held(scenario, trace):
        return does_not_apply(title, _by_hand(held))
    lengths = _lengths(sentences)
    turned = sentences.ids.copy()
    for s, n in enumerate(lengths):
        turned[s, :n] = turned[s, :n][::-1]
    words = tuple(tuple(sentences.vocab[i] for i in row) for row in turned)
    other = _reading(scenario, trace, replace(sentences, words=words, ids=turned))
    read = passed(other, out)
    moved = max(apart(trace[out].value[s, :n], read[s, :n][::-1]) for s, n in enumerate(lengths))
    return holds_if_unmoved(title, trace, moved)


def _reading(scenario: Scenario, trace: Trace, sentences: Sentences) -> Trace:
    """The same model and the parameters of this run over other sentences."""
    plan = build(scenario.model, replace(scenario.inputs, source=sentences), scenario.loss, scenario.train)
    return _with_parameters(trace, plan, plan.leaves)


def _with_parameters(trace: Trace, plan: Plan, leaves: Mapping[int, np.ndarray]) -> Trace:
    """A run of the same model over other inputs, to be computed, with the parameters that this one has, edited or
    trained."""
    own = {node.slot: trace[node.path].value for node in plan.nodes if node.kind == "parameter"}
    return Trace.start(plan, {slot: leaves[slot] for slot in leaves if slot not in own} | own)


def _by_hand(path: str) -> Bilingual:
    return Bilingual("{path} is pinned or edited", "{path} 被固定或改动过", path=path)


def _held(scenario: Scenario, trace: Trace) -> str | None:
    """What stays in its place whatever the words are: pinned on the way forward, or a constant that was edited."""
    nodes, given = trace.plan.nodes, scenario.program.leaves
    pinned = (nodes[slot].path for slot in trace.pins if nodes[slot].phase == "forward")
    edited = (
        node.path
        for node in nodes
        if node.kind in ("constant", "input") and not same_bits(trace.value(node.slot), given[node.slot])
    )
    return next(pinned, None) or next(edited, None)


def _lengths(sentences: Sentences) -> list[int]:
    padding = sentences.padding
    return [len(row) if padding is None else int((~padding[s]).sum()) for s, row in enumerate(sentences.ids)]


def sees_no_future(scenario: Scenario, trace: Trace) -> Holds:
    """Other words from t + 1 on change no output up to t."""
    title = Bilingual("no output depends on later words", "输出不依赖后面的词")
    out = last(trace, "dec")
    if scenario.inputs.target is None or out is None:
        return does_not_apply(title, Bilingual("there is no decoder", "没有解码器"))
    x = trace["tgt.x"].value
    n = x.shape[1]
    if n < 2:
        return does_not_apply(title, Bilingual("there is only one word", "只有一个词"))
    moved, seen = 0.0, sees_a_key(scenario, trace)
    for t in sorted({1 + k * (n - 1) // CUTS for k in range(CUTS)}):
        later = x.copy()
        later[:, t:] += noise(x)[:, t:]
        other = passed(trace.edit({"tgt.x": later}), out)
        moved = larger(moved, apart(trace[out].value[:, :t][seen[:, :t]], other[:, :t][seen[:, :t]]))
    if not scenario.model.mask.causal:
        return broken_on_purpose(title, Bilingual("model.mask.causal is off", "model.mask.causal 已关闭"), moved)
    if scenario.model.norm == "batch":
        return broken_on_purpose(
            title, Bilingual("batch normalization averages over all words", "批归一化对所有词取平均"), moved
        )
    return holds_if_unmoved(title, trace, moved)


def sees_a_key(scenario: Scenario, trace: Trace) -> np.ndarray:
    """Which words of the decoder have a key left to look at; the rows of the others mean nothing. (batch, query)."""
    masks = [n for n in trace.plan.nodes if n.path.startswith("dec") and n.path.endswith(".attn.mask")]
    batch, n = trace["tgt.x"].value.shape[:2]
    seen = np.ones((batch, n), bool)
    for mask in masks:
        seen &= np.broadcast_to((trace.value(mask.slot) == 0).any(-1).all(1), (batch, n))
    return seen


def rope_shift(scenario: Scenario, trace: Trace) -> Holds:
    """With rotary positions alone, all words moved by the same distance keep their scores."""
    title = Bilingual("RoPE: scores depend on contents and signed distances", "RoPE：分数只取决于内容和带方向的距离")
    if scenario.model.positional != "rope":
        return does_not_apply(title, Bilingual("model.positional is not rope", "model.positional 不是 rope"))
    if scenario.inputs.memory is not None:
        text = Bilingual("the keys of a memory stay where they are", "记忆中的键位置不动")
        return does_not_apply(title, text)
    if held := _held(scenario, trace):
        return does_not_apply(title, _by_hand(held))
    own = scenario.inputs.positions
    moved_on: dict[str, object] = {"offset": scenario.inputs.offset + SHIFT}
    if own is not None:
        moved_on = {"positions": (own + SHIFT).tolist()}
    other = scenario.with_changes({"input": moved_on}).program
    scores = [n for n in trace.plan.steps if n.path.endswith(".scores") and ".cross." not in n.path]
    moved, further = 0.0, _with_parameters(trace, other.plan, other.leaves).in_turn(scores[-1].slot) if scores else ()
    for node, value in further:
        if node.path in {each.path for each in scores}:
            moved = larger(moved, apart(trace.value(node.slot), value))
    return holds_if_unmoved(title, trace, moved)


def encoder_ignores_target(scenario: Scenario, trace: Trace) -> Holds:
    """Another target leaves the encoder's output alone."""
    title = Bilingual("the encoder does not see the target", "编码器看不到目标端")
    out = last(trace, "enc")
    if scenario.inputs.target is None or out is None:
        return does_not_apply(title, Bilingual("there are not both encoder and decoder", "没有同时具备编码器和解码器"))
    x = trace["tgt.x"].value
    moved = apart(trace[out].value, passed(trace.edit({"tgt.x": x + noise(x)}), out))
    return holds_if_unmoved(title, trace, moved)
