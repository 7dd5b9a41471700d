"""``tfstep new``: a commented scenario to start from."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.command import Argument, Option, Usage
from tfstep.faces.cli.options import command, output, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings, is_terminal
from tfstep.text import Text


@click.pass_obj
def _run(settings: Settings, kind: str | None, output: Path | None, variant: str | None, schema: bool) -> None:
    if schema:
        from tfstep.scenario.json_schema import SHIPPED

        Output(settings, output).text([SHIPPED.read_text("utf-8")])
        return
    from tfstep.errors import did_you_mean
    from tfstep.scenario.kinds import KINDS
    from tfstep.scenario.starter import starter

    kind = kind or _asked(KINDS)
    if kind not in KINDS:
        raise Usage(
            Text(
                "there is no kind {kind!r}{near}; the kinds: {known}",
                "没有种类 {kind!r}{near}；可用：{known}",
                kind=kind,
                near=did_you_mean(kind, KINDS),
                known=", ".join(KINDS),
            )
        )
    out = Output(settings, output)
    if out.file is not None and out.file.exists():
        raise CommandError(
            Text("{file} is there already; choose another name", "{file} 已经存在；请换一个名字", file=out.file)
        )
    out.text([starter(kind, variant)])
    if out.file is not None:
        say(
            Text(
                "{file} is written; `tfstep run {file}` opens it",
                "已写入 {file}；用 `tfstep run {file}` 打开",
                file=out.file,
            )
        )


def _asked(kinds: tuple[str, ...]) -> str:
    """The kind that the user types. Raises Usage where nobody can be asked."""
    question = Text("which kind of model: {known}?", "哪一种模型：{known}？", known=", ".join(kinds))
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise Usage(question)
    say(question)
    return sys.stdin.readline().strip()


COMMAND = command(
    "new",
    Text(
        "Write a commented scenario to start from. KIND is encoder, decoder, encoder-decoder, attention, mlp or "
        "formula; without it you are asked.",
        "写出一个带注释的场景，作为起点。KIND 是 encoder、decoder、encoder-decoder、attention、mlp 或 formula；"
        "不写则会询问。",
    ),
    [
        Argument(["kind"], Text("the kind of model", "模型的种类"), required=False, type=click.STRING),
        output(),
        variant(Text("the name of the variant in it", "其中变体的名字")),
        Option(
            ["--schema"],
            Text("the JSON Schema of scenario files, for editors", "场景文件的 JSON Schema，供编辑器使用"),
            default=False,
            is_flag=True,
        ),
    ],
    _run,
)
