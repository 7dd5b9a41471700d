"""``tfstep diagnose``: somebody's own run against a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfstep.faces.cli.command import Argument, Usage
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import as_json, command, scenario, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.compare.diagnosis import Diagnosis


@click.pass_obj
def _run(settings: Settings, scenario: str, recording: Path | None, variant: str | None, as_json: bool) -> int:
    from tfstep.scenario.file.yaml import MAX_VALUES
    from tfstep.view.report.diagnosis import diagnosis, diagnosis_json

    named, file = _ordered(scenario, recording)
    found = _found(settings, named, file, variant)
    out = Output(settings)
    if as_json:
        out.text([diagnosis_json(found)])
        return 0 if found.agrees else 1
    out.lines(diagnosis(found, out.columns))
    read = found.beside.at("x") if found.beside is not None else None
    if named is None and (read is None or read.ours.size < MAX_VALUES):
        say(
            Bilingual(
                "`tfstep new {file} -o {mine}` writes this scenario;\n"
                "`tfstep run {mine}`, and there `diagnose {file}`, lays your run beside it",
                "`tfstep new {file} -o {mine}` 写出这个场景；\n"
                "用 `tfstep run {mine}` 打开后输入 `diagnose {file}`，可与你的运行并排对照",
                file=file,
                mine=f"{file.stem or 'mine'}.yaml",
            )
        )
    return 0 if found.agrees else 1


def _ordered(scenario: str, recording: Path | None) -> tuple[str | None, Path]:
    """The scenario, None where one is to be proposed, and the recording, whichever stands first. Raises Usage."""
    from tfstep.compare.recorded.reading import is_recording

    first, second = is_recording(Path(scenario)), recording is not None and is_recording(recording)
    if recording is None and first:
        return None, Path(scenario)
    if recording is None:
        raise Usage(
            Bilingual(
                "RECORDING is missing, the arrays of your own run: record them with tfstep.recording('mine.npz') or "
                "tfstep.torch.record(module, x).save('mine.npz'), then `tfstep diagnose {scenario} mine.npz`",
                "缺少 RECORDING，即你自己运行得到的数组：先用 tfstep.recording('mine.npz') 或 "
                "tfstep.torch.record(module, x).save('mine.npz') 记录，再运行 `tfstep diagnose {scenario} mine.npz`",
                scenario=scenario,
            )
        )
    if first and second:
        raise Usage(
            Bilingual(
                "{one} and {two} are both recordings, and none is a scenario: `tfstep diagnose {two}` proposes one and "
                "holds the recording against it",
                "{one} 和 {two} 都是记录，没有场景：`tfstep diagnose {two}` 会由记录推断场景并与之对照",
                one=scenario,
                two=recording,
            )
        )
    if first:
        say(
            Bilingual(
                "{one} is the recording and {two} the scenario: taken as `tfstep diagnose {two} {one}`",
                "{one} 是记录，{two} 才是场景：按 `tfstep diagnose {two} {one}` 处理",
                one=scenario,
                two=recording,
            )
        )
        return str(recording), Path(scenario)
    return scenario, recording


def _found(settings: Settings, scenario: str | None, recording: Path, variant: str | None) -> Diagnosis:
    """The diagnosis. Raises TfstepError."""
    from tfstep.compare.diagnose import diagnose

    if scenario is not None:
        kept = _read(settings, scenario, recording)  # first: it may say which words a model on disk reads
        return diagnose(load(settings, scenario, variant), kept)
    if variant is not None or settings.reading:
        raise Usage(
            Bilingual(
                "--variant, --text, --ids and the like go with a scenario, which is not named: `tfstep diagnose SCENARIO {file}`",
                "--variant、--text、--ids 等选项要与场景一起用，而这里没有写场景：`tfstep diagnose SCENARIO {file}`",
                file=recording,
            )
        )
    return diagnose(recording)


def _read(settings: Settings, scenario: str, file: Path) -> object:
    """The recording; a model on disk reads what was read there, where that is told. Raises TfstepError."""
    from msgspec.structs import asdict

    from tfstep.compare.recorded.reading import read
    from tfstep.compare.recorded.words import words
    from tfstep.scenario.file.catalog import find, is_model

    if settings.reading.keys() & {"text", "ids"} or not is_model(find(scenario)):
        return file
    kept = read(file)
    asked = words(kept)
    if asked is None:
        raise Usage(
            Bilingual(
                "which words did the run in {file} read? A model on disk has to read the same: add --ids 5,17,9 (one for each "
                "sentence), or --text TEXT",
                "{file} 里的运行读入了哪些词？磁盘上的模型要读入同样的词：请加上 --ids 5,17,9（每句一个），或 --text 文本",
                file=file,
            )
        )
    settings.reading.update({key: value for key, value in asdict(asked).items() if value})
    return kept


COMMAND = command(
    "diagnose",
    Bilingual(
        "Which step of your own code is wrong? Arrays of your run are held against the steps of SCENARIO, whatever "
        "they are called and however they are laid out: the first step that is computed otherwise, and how.\n\n"
        "RECORDING is .npz or .safetensors, or a folder of .npy; gradients of NAME stand under NAME.grad. The exit "
        "status is 0 if all that was matched agrees, 1 if a step differs, 2 if there is nothing to compare.\n\n"
        "RECORDING alone, without SCENARIO: one is proposed from what was recorded, and it is told what was guessed. A "
        "model on disk reads the words that were recorded, else --ids or --text says them.",
        "自己的代码哪一步错了？把你运行得到的数组与 SCENARIO 的各步逐一对照，不管它们叫什么、怎样排布："
        "指出最先算得不同的一步，以及错在哪里。\n\n"
        "RECORDING 是 .npz 或 .safetensors，或 .npy 文件夹；NAME 的梯度放在 NAME.grad。"
        "对上的都一致时退出码为 0，有步骤不同为 1，没有可比较的内容为 2。\n\n"
        "只给 RECORDING、不写 SCENARIO 时，由记录推断一个场景，并说明哪些是猜的。磁盘上的模型读入记录中的词；"
        "没有记录词时，用 --ids 或 --text 指定。",
    ),
    [
        scenario(),
        *reading(),
        Argument(
            ["recording"],
            Bilingual("the arrays of your run", "你运行得到的数组"),
            required=False,
            metavar="RECORDING",
            type=click.Path(path_type=Path),
        ),
        variant(),
        as_json(),
    ],
    _run,
)
