"""``tfstep diagnose``: somebody's own run against a scenario."""

from __future__ import annotations

from pathlib import Path

import click

from tfstep import work
from tfstep.faces.cli.command import Argument
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import as_json, command, scenario, variant
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual


@click.pass_obj
def _run(settings: Settings, scenario: str, recording: Path, variant: str | None, as_json: bool) -> int:
    from tfstep.compare.diagnose import diagnose
    from tfstep.view.report.diagnosis import diagnosis, diagnosis_json

    def told(done: int, of: int) -> None:
        work.tell(done, of, Bilingual("steps", "步"))

    found = diagnose(load(settings, scenario, variant), recording, told)
    out = Output(settings)
    if as_json:
        out.text([diagnosis_json(found)])
    else:
        out.lines(diagnosis(found))
    return 0 if found.agrees else 1


COMMAND = command(
    "diagnose",
    Bilingual(
        "Which step of your own code is wrong? Arrays of your run are held against the steps of SCENARIO, whatever "
        "they are called and however they are laid out: the first step that is computed otherwise, and how.\n\n"
        "RECORDING is .npz or .safetensors, or a folder of .npy; gradients of NAME stand under NAME.grad. The exit "
        "status is 0 if all that was matched agrees, 1 if a step differs, 2 if there is nothing to compare.",
        "自己的代码哪一步错了？把你运行得到的数组与 SCENARIO 的各步逐一对照，不管它们叫什么、怎样排布："
        "指出最先算得不同的一步，以及错在哪里。\n\n"
        "RECORDING 是 .npz 或 .safetensors，或 .npy 文件夹；NAME 的梯度放在 NAME.grad。"
        "对上的都一致时退出码为 0，有步骤不同为 1，没有可比较的内容为 2。",
    ),
    [
        scenario(),
        *reading(),
        Argument(
            ["recording"], Bilingual("the arrays of your run", "你运行得到的数组"), type=click.Path(path_type=Path)
        ),
        variant(),
        as_json(),
    ],
    _run,
)
