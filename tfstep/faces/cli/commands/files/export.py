"""``tfstep export``: a scenario as a folder that another library opens."""

from __future__ import annotations

from pathlib import Path

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.command import Choice, Option
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import command, scenario, variant
from tfstep.faces.cli.output import say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual


@click.pass_obj
def _run(settings: Settings, scenario: str, variant: str | None, to: str, output: Path | None) -> None:
    from tfstep.scenario.opening.writing import write

    if output is None:
        raise CommandError(Bilingual("name the folder to write with -o FOLDER", "请用 -o 文件夹 指明写到哪里"))
    name = write(load(settings, scenario, variant), output)
    say(
        Bilingual(
            "{folder} is written as {family}; `AutoModel.from_pretrained({folder!r})` and `tfstep run {folder}` open it",
            "已按 {family} 写入 {folder}；用 `AutoModel.from_pretrained({folder!r})` 或 `tfstep run {folder}` 打开",
            folder=str(output),
            family=name,
        )
    )


COMMAND = command(
    "export",
    Bilingual(
        "Write a model as a folder that `transformers` opens: config.json and model.safetensors, with the same numbers. "
        "A family is found whose model this is; where none is, the nearest is named with what differs.",
        "把模型写成 `transformers` 能打开的文件夹：config.json 与 model.safetensors，数值相同。"
        "会找出与之相同的模型家族；没有时说明最接近的家族及不同之处。",
    ),
    [
        scenario(),
        *reading(),
        variant(),
        Option(
            ["--to"], Bilingual("whose folder: hf", "写成哪种文件夹：hf"), default="hf", type=Choice("hf"), metavar="hf"
        ),
        Option(
            ["-o", "--output"],
            Bilingual("the folder to write; it must not be there yet", "要写的文件夹；不能已经存在"),
            type=click.Path(path_type=Path),
            metavar="FOLDER",
        ),
    ],
    _run,
)
