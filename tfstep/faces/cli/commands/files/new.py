"""``tfstep new``: a commented scenario or lesson to start from."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfstep import reach
from tfstep.errors import CommandError
from tfstep.faces.cli.command import Argument, Option, Usage
from tfstep.faces.cli.opening import reading, say_unasked
from tfstep.faces.cli.options import command, kinds, output, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings, is_terminal
from tfstep.text import Bilingual, language

if TYPE_CHECKING:
    import numpy as np


def _there_already(file: Path) -> Bilingual:
    return Bilingual("{file} is there already; choose another name", "{file} 已经存在；请换一个名字", file=file)


@click.pass_obj
def _run(
    settings: Settings, kind: str | None, output: Path | None, variant: str | None, schema: bool, lesson: bool
) -> None:
    if schema:
        Output(settings, output).text([_schema(lesson)])
    elif lesson:
        _lesson(str(output or kind or ""))
    else:
        _scenario(settings, Output(settings, output), kind, variant)


def _schema(lesson: bool) -> str:
    """The JSON Schema of scenarios, or of what lessons say in YAML."""
    if lesson:
        import json

        from tfstep.lessons.format.json_schema import json_schema

        return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
    from tfstep.scenario.keys.declared import SHIPPED

    return SHIPPED.read_text("utf-8")


def _lesson(name: str) -> None:
    """Write a lesson in both languages, and say how it goes on."""
    from tfstep.lessons import starter

    files = starter.write(name or starter.NAME)
    mine = next((file for file in files if file.name.endswith(f".{language()}.md")), files[0])
    say(
        Bilingual(
            "{files} are written; `tfstep learn {mine}` plays it, `tfstep learn {mine} --check` checks it",
            "已写入 {files}；用 `tfstep learn {mine}` 上课，用 `tfstep learn {mine} --check` 检查",
            files=str(Bilingual(" and ", " 和 ")).join(map(str, files)),
            mine=mine,
        )
    )


def _scenario(settings: Settings, out: Output, kind: str | None, variant: str | None) -> None:
    """Write a scenario of a kind, or the one that a model on disk is opened as."""
    from tfstep.compare.recorded.reading import is_recording
    from tfstep.errors import did_you_mean
    from tfstep.models.keys.kinds import KINDS
    from tfstep.scenario.file.catalog import is_model
    from tfstep.scenario.keys.declared import with_schema_line
    from tfstep.scenario.keys.starter import starter

    kind = kind or _asked(tuple(KINDS))
    model = kind not in KINDS and is_model(Path(kind))
    recorded = kind not in KINDS and not model and is_recording(Path(kind))
    if kind not in KINDS and not (model or recorded):
        raise Usage(
            Bilingual(
                "there is no kind {kind!r}{near}; the kinds: {known}",
                "没有种类 {kind!r}{near}；可用：{known}",
                kind=kind,
                near=did_you_mean(kind, KINDS),
                known=", ".join(KINDS),
            )
        )
    if out.file is not None and out.file.exists():
        raise CommandError(_there_already(out.file))
    if model:
        text = _model(settings, Path(kind), out.file)
    elif recorded:
        text = _proposed(Path(kind), out.file)
    else:
        text = starter(kind, variant)
    out.text([text if out.file is None else with_schema_line(text)])
    if out.file is not None:
        say(
            Bilingual(
                "{file} is written; `tfstep run {file}` opens it",
                "已写入 {file}；用 `tfstep run {file}` 打开",
                file=out.file,
            )
        )


def _proposed(path: Path, file: Path | None) -> str:
    """The scenario proposed from a recording; what was found and what was guessed is told. Where a ``file`` is written,
    their weights, and what the run read where that is much, are kept beside it.

    Raises TfstepError, also where it does not hold.
    """
    from tfstep.compare.diagnose import diagnose
    from tfstep.compare.proposed.held import DoesNotHoldError
    from tfstep.compare.proposed.propose import propose
    from tfstep.compare.recorded.reading import read
    from tfstep.compare.start import weights
    from tfstep.errors import TfstepError

    kept = read(path)
    found = propose(kept)
    try:
        diagnose(kept)
    except DoesNotHoldError:
        raise
    except TfstepError:  # nothing to compare yet: the scenario is wanted all the same
        pass
    for each in (*found.said, *found.remarks[1:]):
        say(each)
    if file is None:
        if found.large:
            raise CommandError(
                Bilingual(
                    "{recording}: what the run read is too much to be printed ({arrays}); with `-o FILE.yaml` it is kept in a "
                    "file beside it. `tfstep diagnose {recording}` needs no scenario",
                    "{recording}：这次运行读入的数太多，不宜打印（{arrays}）；加 `-o FILE.yaml` 会把它们存入旁边的文件。"
                    "`tfstep diagnose {recording}` 不需要场景文件",
                    recording=path,
                    arrays=", ".join(f"{key} {'×'.join(map(str, a.shape))}" for key, a in found.large.items()),
                )
            )
        return found.text()
    scenario = found.scenario()
    theirs = weights(kept, scenario)
    wanted = sum(node.kind == "parameter" for node in scenario.program.plan.nodes)
    beside = {
        file.with_name(f"{file.stem}.{what}.npz"): arrays
        for what, arrays in (("input", found.large), ("weights", theirs))
    }
    if there := [other for other, arrays in beside.items() if arrays and other.exists()]:
        raise CommandError(_there_already(there[0]))
    read_in, learned = (_kept(other, arrays) for other, arrays in beside.items())
    return found.text(read_in, learned, partial=len(theirs) < wanted)


def _kept(file: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """The name of the file that now keeps these arrays; of none it is empty. Raises TfstepError."""
    from tfstep.scenario.weights.files import write_weights

    if not arrays:
        return ""
    write_weights(file, arrays)
    say(Bilingual("{file} is written", "已写入 {file}", file=file))
    return file.name


def _model(settings: Settings, path: Path, file: Path | None) -> str:
    """The scenario of a model on disk, its files counted from where it is written. Raises TfstepError."""
    from tfstep.scenario.opening.checkpoint import checkpoint
    from tfstep.scenario.opening.document import as_text, document
    from tfstep.scenario.opening.reading import Reading
    from tfstep.scenario.scenario import load_as_asked

    asked = Reading(**settings.reading)
    opened = load_as_asked(path, None, asked)  # what does not open is not written; what its file lacks may be added
    if opened.weights.file is not None:
        _ = opened.with_changes({"weights": {"partial": True}}).program
    beside = Path.cwd() if file is None else file.resolve().parent
    if file is not None:
        reach.remember(file, [path.resolve() if path.is_dir() else path.resolve().parent])
    keys = document(checkpoint(path.resolve()), asked, beside)
    words = next(iter(keys["input"].values()))
    say_unasked(asked, words if isinstance(words, str) else words["ids"])
    return as_text(keys)


def _asked(kinds: tuple[str, ...]) -> str:
    """The kind that the user types. Raises Usage where nobody can be asked."""
    question = Bilingual("which kind of model: {known}?", "哪一种模型：{known}？", known=", ".join(kinds))
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise Usage(question)
    say(question)
    return sys.stdin.readline().strip()


COMMAND = command(
    "new",
    Bilingual(
        "Write a commented scenario to start from. KIND is encoder, decoder, encoder-decoder, attention, mlp or "
        "formula; without it you are asked. A model's folder or .gguf file as KIND: the scenario that it is opened as, "
        "with paths to its files; nothing is copied. A recording of your own run as KIND (.npz, .safetensors, a folder of "
        ".npy): the scenario that fits it, for `tfstep diagnose`, its weights beside it; how each key was found, or that it "
        "was guessed, is told.\n\nWith --lesson: write a commented lesson, one file a language; KIND is "
        "then the name of its files, such as my-lesson.",
        "写出一个带注释的场景，作为起点。KIND 是 encoder、decoder、encoder-decoder、attention、mlp 或 formula；"
        "不写则会询问。KIND 是模型文件夹或 .gguf 文件时，写出打开它所用的场景，其中只有指向其文件的路径，"
        "不复制任何东西。KIND 是你自己运行的记录（.npz、.safetensors 或放 .npy 的文件夹）时，写出与之相符的场景，供 "
        "`tfstep diagnose` 使用，权重存在旁边；每个键由何而来、哪些是猜的，都会说明。\n\n"
        "加 --lesson 则写出一堂带注释的课，每种语言一个文件；此时 KIND 是文件名，如 my-lesson。",
    ),
    [
        Argument(
            ["kind"],
            Bilingual(
                "the kind of model, a model on disk, a recording, or the name of the lesson",
                "模型的种类、磁盘上的模型、一份记录，或课程的名字",
            ),
            required=False,
            type=click.STRING,
            shell_complete=kinds,
        ),
        *reading(),
        output(),
        variant(Bilingual("the name of the variant in it", "其中变体的名字")),
        Option(
            ["--lesson"],
            Bilingual("a lesson, in both languages", "写一堂课，两种语言"),
            default=False,
            is_flag=True,
        ),
        Option(
            ["--schema"],
            Bilingual(
                "the JSON Schema of scenario files, for editors; with --lesson that of a lesson's keys and questions",
                "场景文件的 JSON Schema，供编辑器使用；加 --lesson 则是课程的键和问题的",
            ),
            default=False,
            is_flag=True,
        ),
    ],
    _run,
)
