"""``tfstep train``: the updates one after another, the loss as a curve, the weights as a file."""

from __future__ import annotations

import json as plain_json
from pathlib import Path

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.command import Option, Whole
from tfstep.faces.cli.opening import keeping, load, reading
from tfstep.faces.cli.options import as_json, command, scenario, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

MOST = 10_000_000


@click.pass_obj
def _run(
    settings: Settings, scenario: str, variant: str | None, steps: int | None, output: Path | None, as_json: bool
) -> None:
    from tfstep.scenario import empty_rows
    from tfstep.scenario.weights.back import as_they_came
    from tfstep.scenario.weights.files import SUFFIXES, expect_weights, write_weights
    from tfstep.session.change.training import Training
    from tfstep.view.export.json import number
    from tfstep.view.report.training import training

    if output is not None and output.suffix not in SUFFIXES:
        raise CommandError(
            Bilingual(
                "{file}: weights are written as {known}",
                "{file}：权重文件的后缀应为 {known}",
                file=output,
                known=", ".join(SUFFIXES),
            )
        )
    if output is not None and not output.parent.is_dir():
        raise CommandError(
            Bilingual("{file}: there is no such folder", "{file}：没有这个文件夹", file=output)
        )  # before the training, not after it
    loaded = load(settings, scenario, variant)
    if output is not None:  # likewise
        expect_weights(node.nbytes for node in loaded.plan.nodes if node.kind == "parameter")
    for warning in empty_rows.warnings(scenario, loaded):
        say(warning)
    done = Training(loaded)
    done.run(loaded.train.steps if steps is None else steps)
    if output is not None:  # before anything is printed: a closed pipe must not lose them
        trace = done.trace()
        parameters = [node for node in trace.plan.nodes if node.kind == "parameter"]
        arrays, _ = as_they_came(loaded, {node.path: trace.value(node.slot) for node in parameters})
        write_weights(output, arrays)
        say(Bilingual("the weights are in {file}", "权重已写入 {file}", file=output))
    losses = [*done.losses[: done.update], done.loss()]
    out = Output(settings)
    if as_json:
        said = {"scenario": loaded.name, "variant": loaded.variant, "losses": [number(x) for x in losses]}
        out.text([plain_json.dumps(said, ensure_ascii=False, allow_nan=False) + "\n"])
    else:
        out.lines(training(losses, out.columns or 80, bool(loaded.train.data)))


COMMAND = command(
    "train",
    Bilingual(
        "Train a scenario and show what its loss does; -o keeps the weights.",
        "训练一个场景，显示损失的变化；-o 保存权重。",
    ),
    [
        scenario(),
        *reading(),
        keeping(),
        variant(),
        Option(
            ["--steps"],
            Bilingual("how many updates; default: the scenario's train.steps", "更新多少次；默认按场景的 train.steps"),
            type=Whole(0, MOST),
            metavar="N",
        ),
        Option(
            ["-o", "--output"],
            Bilingual("write the weights to this .npz or .safetensors", "把权重写入此 .npz 或 .safetensors 文件"),
            type=click.Path(path_type=Path),
            metavar="WEIGHTS",
        ),
        as_json(),
    ],
    _run,
)
