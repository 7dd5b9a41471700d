"""check, diagnose and generate: what the numbers are worth, whose step is wrong, and what the model says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfstep.commands.language.line import count, needed, none
from tfstep.commands.language.registry import command
from tfstep.session.results import Checked, Diagnosed, Generated, Result
from tfstep.session.state import State
from tfstep.session.study.checks import check
from tfstep.session.study.decoding import generate
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session

MOST_WORDS = 20


def mute(state: State) -> Bilingual | None:
    """Why this model says nothing, if it does not."""
    if state.scenario.inputs.target is None or not state.scenario.model.head:
        return Bilingual("only a decoder with an output layer says words", "只有带输出层的解码器才能生成")
    return None


@command(
    "learn",
    "generate [n]",
    aliases=("gen",),
    about=Bilingual(
        "Let the decoder say up to n words (20), each time the likeliest, fed back to it, until <eos>. The pass of "
        "each word stays: print `pass2:dec0.attn.weights`.",
        "让解码器逐词生成，至多 n 个（默认 20）：每次取概率最大的词，再喂回给它，直到 <eos>。"
        "每个词的那一遍前向都留着：print `pass2:dec0.attn.weights`。",
    ),
    refused=mute,
)
def _generate(session: Session, rest: str) -> Result:
    most = count(rest, "generate [n]") if rest else MOST_WORDS
    trace = session.trace
    parameters = {node.path: trace.value(node.slot) for node in trace.plan.nodes if node.kind in ("parameter", "view")}
    said = tuple(generate(session.scenario, parameters, most))
    session.passes = tuple(word.trace for word in said)
    return Generated(said)


@command(
    "learn",
    "check",
    aliases=("chk",),
    about=Bilingual(
        "Gradients against finite differences, and what must hold of this kind of model, with the numbers as they are.",
        "用有限差分核对梯度，并检查这类模型必须满足的性质，均以当前的数为准。",
    ),
)
def _check(session: Session, rest: str) -> Result:
    none(rest, "check")
    return Checked(check(session.scenario, session.trace))


@command(
    "compare",
    "diagnose FILE",
    completes=("file",),
    about=Bilingual(
        "Which step of your own code is wrong? FILE holds the arrays of your run (`.npz`, `.safetensors`, a folder of "
        "`.npy`); each is found among these tensors by its numbers, and the first step that is computed otherwise is "
        "named, with the mistake.",
        "自己的代码哪一步错了？FILE 里是你运行得到的数组（`.npz`、`.safetensors` 或放 `.npy` 的文件夹）；"
        "按数值找出每个数组对应哪个张量，指出最先算得不同的一步和错在哪里。",
    ),
)
def _diagnose(session: Session, rest: str) -> Result:
    from tfstep.compare.diagnose import diagnose

    return Diagnosed(diagnose(session.trace, Path(needed(rest, "diagnose FILE"))))
