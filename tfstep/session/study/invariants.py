"""What must hold of every model of a kind, and why it does not apply where it does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from tfstep.engine.trace import Trace
from tfstep.scenario.program import Program
from tfstep.scenario.scenario import Scenario
from tfstep.session.study.finite import edited_gradients
from tfstep.session.study.order import encoder_ignores_target, permutation, rope_shift, sees_no_future
from tfstep.session.study.origin import origin
from tfstep.session.study.softmaxes import emptied_by, softmaxes, without_keys
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
    undecidable,
)
from tfstep.text import Bilingual

ROUNDING = 1e-12


def softmax_rows(scenario: Scenario, trace: Trace) -> Holds:
    """The rows of every softmax sum to 1, those apart that have no key left."""
    title = Bilingual("softmax rows sum to 1", "softmax 的每行之和为 1")
    worst, empty, steps = 0.0, 0, 0
    for each in softmaxes(trace):
        steps += 1
        gone = without_keys(each.trace, each.node)
        fed = np.isnan(each.trace.value(each.node.slots[0])).any(-1)  # these rows are NaN whatever softmax does
        empty += int(gone.sum())
        if fed.any() and not empty:
            return undecidable(title, trace, each.step)
        off = np.abs(each.weights.sum(-1) - 1)
        off = float(np.where(gone | fed, 0.0, off).max(initial=0.0))
        if math.isnan(off):
            return undecidable(title, trace, each.step)
        worst = larger(worst, off)
    if not steps:
        return does_not_apply(title, Bilingual("there is no softmax", "没有 softmax"))
    if empty:
        text = Bilingual(
            "{n} rows have no key left (all −inf) and are NaN; the others are off by at most {worst:.1e}",
            "{n} 行没有剩下任何键（全为 −inf），结果是 NaN；其余各行最多差 {worst:.1e}",
            n=empty,
            worst=worst,
        )
        return Holds(title, None if worst <= ROUNDING else False, text)
    text = Bilingual(
        "{n} softmax steps, off by at most {worst:.1e}",
        "{n} 个 softmax 步骤，最多差 {worst:.1e}",
        n=steps,
        worst=worst,
    )
    return Holds(title, worst <= ROUNDING, text)


def finite(scenario: Scenario, trace: Trace) -> Holds:
    """No number of the backward pass is NaN or infinite."""
    title = Bilingual("gradients are finite", "梯度都是有限值")
    backward = [n for n in trace.plan.steps if n.phase == "backward"]
    if not backward:
        return does_not_apply(title, Bilingual("there is no loss", "没有损失"))
    bad = [n.path for n in backward if not np.isfinite(trace.value(n.slot)).all()]
    if not bad:
        return Holds(title, True, Bilingual("{n} of them", "共 {n} 个", n=len(backward)))
    text = Bilingual("{n} are not, the first {path}", "有 {n} 个不是，最先是 {path}", n=len(bad), path=bad[0])
    begins = origin(trace, trace.plan.paths[bad[0]])
    if begins is not None and without_keys(trace, begins[1]).any():
        reason = Bilingual(
            "{text}: rows of {path} that have no key left are NaN, since model.mask_value is −inf",
            "{text}：{path} 中没有剩下任何键的行是 NaN，因为 model.mask_value 为 −inf",
            text=text,
            path=begins[1].path,
        )
        return Holds(title, None, reason)
    if begins is not None and begins[0] is trace and (pinned := emptied_by(trace, begins[1])):
        text = Bilingual(
            "{text}: the pins of {paths} leave rows of {path} without a key (all −inf)",
            "{text}：{paths} 的固定值使 {path} 中有的行没有剩下任何键（全为 −inf）",
            text=text,
            paths=", ".join(pinned),
            path=begins[1].path,
        )
    return Holds(title, False, text)


def padding(scenario: Scenario, trace: Trace) -> Holds:
    """Other numbers in the place of padding change nothing that is not padding."""
    title = Bilingual("padding changes nothing that is not padding", "填充不影响非填充的位置")
    worst, found = 0.0, False
    for side, prefix, stack in (("source", "src", "enc"), ("target", "tgt", "dec")):
        sentences = getattr(scenario.inputs, side)
        out = last(trace, stack)
        if sentences is None or out is None or f"{prefix}.x" not in trace.plan.paths:
            continue
        pads = sentences.padding
        if pads is None or not pads.any():
            continue
        found = True
        x = trace[f"{prefix}.x"].value
        changed = trace.edit({f"{prefix}.x": np.where(pads[..., None], x + noise(x), x)})
        worst = larger(worst, apart(trace[out].value[~pads], passed(changed, out)[~pads]))
    if not found:
        return does_not_apply(title, Bilingual("no sentence has padding", "没有句子带填充"))
    if scenario.model.norm == "batch":
        reason = Bilingual("batch normalization averages over padding too", "批归一化把填充也算进平均")
        return broken_on_purpose(title, reason, worst)
    if not scenario.model.mask.padding:
        return broken_on_purpose(title, Bilingual("model.mask.padding is off", "model.mask.padding 已关闭"), worst)
    return holds_if_unmoved(title, trace, worst)


def ffn_alone(scenario: Scenario, trace: Trace) -> Holds:
    """The feed-forward network reads no other word: another first word leaves the rest of its output alone."""
    title = Bilingual("the feed-forward network reads no other word", "前馈网络不看别的词")
    worst, found = 0.0, False
    for path in [n.path for n in trace.plan.steps if n.path.endswith(".ffn.out")]:
        first = (path.removesuffix("out") + name for name in ("hidden", "router.logits"))
        (reads, *_) = next(trace[each].inputs for each in first if each in trace.plan.paths)
        x = trace[reads].value
        if x.ndim != 3 or x.shape[1] < 2 or trace[reads].step is None:
            continue
        found = True
        moved = x.copy()
        moved[:, 0] += noise(x)[:, 0]
        worst = larger(worst, apart(trace[path].value[:, 1:], passed(trace.edit({reads: moved}), path)[:, 1:]))
    if not found:
        return does_not_apply(title, Bilingual("there is no feed-forward network over words", "没有作用于词的前馈网络"))
    return holds_if_unmoved(title, trace, worst)


def gradients_as_computed(scenario: Scenario, trace: Trace) -> Holds:
    """No gradient holds edited numbers; one that does moves only what reads it."""
    title = Bilingual("no gradient is edited", "没有被改动的梯度")
    paths, after = edited_gradients(trace)
    if not paths:
        return Holds(title, True, Bilingual("all are as computed", "都是算出来的"))
    text = Bilingual(
        "{paths}: edited; only what reads it follows ({n} steps), and is not compared with finite differences",
        "{paths}：已改动；只有读取它的步骤（{n} 步）随之改变，这些步骤不与有限差分比较",
        paths=", ".join(paths),
        n=len(after) - len(paths),
    )
    return Holds(title, None, text)


def uses_add_up(scenario: Scenario, trace: Trace) -> Holds:
    """The gradient of a tensor that is used several times (a tied parameter, say) is the sum over its uses."""
    title = Bilingual("gradients of several uses add up", "多处使用的梯度相加")
    shares: dict[str, list[str]] = {}
    for node in trace.plan.steps:
        whole = trace.plan.gradient(trace.plan.base(node))
        if node.role.name == "share" and whole is not None:
            shares.setdefault(whole.path, []).append(node.path)
    if not shares:
        return does_not_apply(title, Bilingual("no tensor has several uses", "没有张量被多次使用"))
    worst = 0.0
    for path, parts in shares.items():
        total = sum(trace[part].value for part in parts)
        worst = larger(worst, apart(np.asarray(total), trace[path].value))
    return holds_if_unmoved(title, trace, worst)


def insides_equal(scenario: Scenario, trace: Trace) -> Holds:
    """Every step gives the same bits as the steps inside it."""
    title = Bilingual("every step equals its inside, bit by bit", "每一步与它的内部逐位相同")
    differ, opened = [], 0
    for node in trace.plan.steps:
        inside = trace.substeps(node.slot)
        if inside is not None:
            opened += 1
            found, shown = inside.passed(inside.plan.result), trace.value(node.slot)
            if node.slot in trace.plan.decided:  # perhaps known to be 0 without its inside, where −0 may be a product
                found, shown = found + 0.0, shown + 0.0
            if not same_bits(found, shown):
                differ.append(node.path)
            trace.close(node.slot)  # of a long sentence all insides at once are many times what the steps take
    if differ:
        return Holds(title, False, Bilingual("{paths} differ", "{paths} 不一致", paths=", ".join(differ[:4])))
    return Holds(title, True, Bilingual("{n} steps opened", "打开了 {n} 步", n=opened))


def repeatable(scenario: Scenario) -> Holds:
    """Running the scenario again gives the same bits."""
    title = Bilingual("running again gives the same bits", "再运行一次，逐位相同")
    one, two = (_prints(scenario.program) for _ in range(2))
    differ = [path for path, print_ in one.items() if two[path] != print_]
    if differ:
        return Holds(title, False, Bilingual("{paths} differ", "{paths} 不一致", paths=", ".join(differ[:4])))
    return Holds(title, True, Bilingual("{n} tensors compared", "比较了 {n} 个张量", n=len(one)))


def _prints(program: Program) -> dict[str, bytes]:
    """What stands for the bits of each tensor of a run."""
    run = Trace(program.plan, Trace.start(program.plan, program.leaves).values, dict(program.pins)).in_turn()
    values = ((node.path, np.ascontiguousarray(value)) for node, value in run)
    return {path: blake2b(value.view(np.uint8).data).digest() for path, value in values}


INVARIANTS: tuple[Callable[[Scenario, Trace], Holds], ...] = (
    softmax_rows,
    finite,
    padding,
    permutation,
    sees_no_future,
    rope_shift,
    encoder_ignores_target,
    ffn_alone,
    gradients_as_computed,
    uses_add_up,
    insides_equal,
)
