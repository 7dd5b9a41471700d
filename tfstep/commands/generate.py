"""Generating: greedy, or by a beam search, whose passes stay as runs to go to."""

from __future__ import annotations

import math
from itertools import zip_longest

from tfstep.commands.language.line import count
from tfstep.commands.language.registry import command
from tfstep.commands.language.session import Session
from tfstep.commands.learn import untrainable
from tfstep.errors import CommandError
from tfstep.session.results import Generated, Result, Searched
from tfstep.session.state import State
from tfstep.session.study.beams import MOST_BEAMS, search
from tfstep.session.study.decoding import Sampling, say
from tfstep.text import Bilingual

MOST_WORDS = 20


def mute(state: State) -> Bilingual | None:
    """Why this model says nothing, if it does not."""
    if state.scenario.inputs.target is None or not state.scenario.model.head:
        return Bilingual("only a decoder with an output layer says words", "只有带输出层的解码器才能生成")
    return None


@command(
    "learn",
    "generate [n] [beams N] [length P] [penalty R]",
    replayed=True,
    words=True,
    lasts="long",
    aliases=("gen",),
    about=Bilingual(
        "Let the decoder say up to n words (20), each time the likeliest, fed back to it, until <eos>. The pass of "
        "each word stays, a run like any other: `variant pass2`, `explain pass2:out.probs[0,-1,3]`. `beams 3`: the tree of a "
        "beam search, whose hypotheses have Σ log p / length^P (1); `penalty 1.2` makes words that were read less likely.",
        "让解码器逐词生成，至多 n 个（默认 20）：每次取概率最大的词，再喂回给它，直到 <eos>。"
        "每个词的那一遍前向都留着，与其他运行一样可走可问：`variant pass2`、`explain pass2:out.probs[0,-1,3]`。"
        "`beams 3` 做束搜索并画出搜索树，每个假设的得分是 Σ log p / 长度^P（P 默认 1）；`penalty 1.2` 降低读过的词的概率。",
    ),
    refused=mute,
)
def _generate(session: Session, rest: str) -> Result:
    most, asked = _asked(rest)
    trace = session.trace
    parameters = {node.path: trace.value(node.slot) for node in trace.plan.nodes if node.kind in ("parameter", "view")}
    found: Searched | Generated
    if "beams" in asked:
        beams, length = int(asked["beams"]), asked.get("length", 1.0)
        tree = search(session.scenario, parameters, beams, most, length, asked.get("penalty", 1.0))
        found, passes = Searched(tree), [(each.scenario, each.trace) for each in tree.passes]
    else:
        sampling = Sampling(penalty=asked.get("penalty", 1.0))
        said = say(session.scenario, parameters, most, sampling)
        found, passes = Generated(said.words, said.end), [(word.scenario, word.trace) for word in said.words]
    steps = session.scenario.train.steps
    if steps and not session.update and session.scenario.weights.file is None and untrainable(session) is None:
        session.asides.append(
            Bilingual(
                "no update was made yet: `tfstep generate` first makes {n}, as `train` does here",
                "还没有做过参数更新：`tfstep generate` 会先做 {n} 次，在这里先执行 `train` 才与它相同",
                n=steps,
            )
        )
    session.keep_passes(passes)
    return found


_OPTIONS = {"beams": (1, MOST_BEAMS), "length": (-100, 100), "penalty": (1e-6, 1e6)}


def _asked(rest: str) -> tuple[int, dict[str, float]]:
    """How many words at most, and the options by name. Raises CommandError."""
    words, usage = rest.split(), "generate [n] [beams N] [length P] [penalty R]"
    most = count(words.pop(0), usage) if words and words[0] not in _OPTIONS else MOST_WORDS
    found: dict[str, float] = {}
    for name, value in zip_longest(words[::2], words[1::2]):
        if name not in _OPTIONS or name in found:
            raise CommandError(
                Bilingual(
                    "{name!r} is no option here; usage: {usage}",
                    "{name!r} 在这里不可用；用法：{usage}",
                    name=name[:40],
                    usage=usage,
                )
            )
        low, high = _OPTIONS[name]
        try:
            number = float(value or "")
        except ValueError:
            number = math.nan
        if not low <= number <= high or (name == "beams" and number % 1):
            raise CommandError(
                Bilingual(
                    "{name} is followed by a number from {low:g} to {high:g}, not {found!r}; usage: {usage}",
                    "{name} 后面应为 {low:g} 到 {high:g} 之间的数，而不是 {found!r}；用法：{usage}",
                    name=name,
                    low=low,
                    high=high,
                    found=(value or "")[:40],
                    usage=usage,
                )
            )
        found[name] = number
    if "length" in found and "beams" not in found:
        raise CommandError(
            Bilingual(
                "`length` is for a beam search; usage: {usage}", "`length` 用于束搜索；用法：{usage}", usage=usage
            )
        )
    return most, found
