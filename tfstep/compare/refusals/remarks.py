"""What is said beside a verdict: what was taken as it is, and what could not be judged because it was not recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfstep.compare.backwards.absent import not_said
from tfstep.compare.diagnosis import Diagnosis
from tfstep.compare.proposed.propose import shows_heads
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.taken.otherwise import open_leaves
from tfstep.compare.unseen import called_alike, nameless
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.search import Search

SPLIT, MIXED = ("Q", "K", "V"), ("scores", "scaled", "masked", "weights", "heads", "concat", "out")  # of an attention
FEW = 6  # names of a list that are written out


def remarks(search: Search, agrees: bool) -> Iterator[Bilingual]:
    """What is said beside the verdict."""
    if search.taken:
        yield Bilingual(
            "{n} of our weights and inputs are theirs: {names}",
            "有 {n} 个权重和输入取自对方：{names}",
            n=len(search.taken),
            names=_some(list(search.taken)),
        )
    yield from search.kept.remarks
    without = not_said(search) if agrees else []
    if without:
        yield Bilingual(
            "no gradient of {names} is recorded, though those of others are; where it is None, record that, so that it is "
            'judged: r["{name}.grad"] = None',
            '没有记录 {names} 的梯度，而别的参数的梯度有记录；如果它是 None，请照样记录，才能判断：r["{name}.grad"] = None',
            names=_some(without),
            name=without[0],
        )
    alike = called_alike(search) if agrees else []
    if alike:
        yield Bilingual(
            "called like a step of ours, of its shape, and none of ours, though all that comes of it agrees: {names}; look "
            "whether that is meant",
            "名字和形状都像我方的某一步，数却不是我方的，虽然由它算出的都一致：{names}；请看看是否本意如此",
            names=_some(alike),
        )
    others = nameless(search) if agrees else []
    if others:
        yield Bilingual(
            "of the shape of our gradients and new weights, and none of them: {names}; what they are of is not recorded, so "
            "they are not judged: record it under the name before .grad or .new",
            "形状与我方的梯度和新权重相同，数却都不同：{names}；没有记录它们属于哪个参数，因此不作判断：请用 .grad、.new "
            "之前的那个名字记录该参数",
            names=_some(others),
        )
    if search.starts:
        yield Bilingual(
            "{names} are taken as they are: what they are made of, {inputs}, is not recorded, and is not ours; record it "
            "so that these steps are judged, too",
            "{names} 直接采用：它们由 {inputs} 算出，而 {inputs} 没有记录，也与场景的不同；请一并记录，这些步骤才能判断",
            names=", ".join(search.starts.values()),
            inputs=", ".join(open_leaves(search)),
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:FEW]) + (" …" if len(names) > FEW else "")


def open_heads(found: Diagnosis, scenario: Scenario, kept: Recording) -> Iterator[Bilingual]:
    """That the number of heads may be the mistake, where a step behind them differs, no mistake explains it, and
    nothing that was recorded tells how many there are."""
    if found.first is None or found.causes or not _of_attention(found.first.path, (*SPLIT, *MIXED)):
        return
    if any(_of_attention(match.path, MIXED) for match in found.matched):
        return
    try:
        shown = shows_heads(kept)
    except RecordingError:
        return
    if not shown:
        yield Bilingual(
            "nothing recorded shows how many heads there are: {name} has {n}; record the scores, or Q, K and V of the heads",
            "记录中没有数组表明有几个头：{name} 有 {n} 个；请记录分数，或各头的 Q、K、V",
            name=scenario.name,
            n=scenario.model.heads,
        )


def _of_attention(path: str, steps: tuple[str, ...]) -> bool:
    owner, _, step = path.rpartition(".")
    return owner.endswith("attn") and step in steps
