"""Opening SCENARIO on the command line: a file, a name, or a model on disk with what it is given to read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from tfstep.faces.cli.command import Choice, Option, Usage
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfstep.scenario.opening.reading import Reading
    from tfstep.scenario.scenario import Scenario


DTYPES = ("float32", "float64", "float16", "bfloat16")


def load(settings: Settings, name: str, variant: str | None) -> Scenario:
    """The scenario, with what the options say that it reads; of an opened model one line says what was found, another
    what it reads where no option says it, and what is broken in its files is told.

    Raises TfstepError.
    """
    from tfstep.faces.cli.output import say
    from tfstep.scenario.file.catalog import find, is_model
    from tfstep.scenario.opening.reading import Reading
    from tfstep.scenario.scenario import load_as_asked

    asked = Reading(**settings.reading)
    scenario = load_as_asked(name, variant, asked).keeping(settings.keep)
    if scenario.weights.file is not None:
        from tfstep.scenario.weights.broken import warnings

        if (taken := scenario.program.taken) is not None and taken.family:
            say(opening_text(scenario))
        for warning in warnings(name, scenario):
            say(warning)
    for why in dict.fromkeys(str(each.broken) for each in scenario.vocab.values() if each.broken is not None):
        say(
            Bilingual(
                "{file}: warning: {why}; words are shown by their ids",
                "{file}：警告：{why}；词以编号显示",
                file=name,
                why=why,
            )
        )
    for tokenizer in dict.fromkeys(each.tokenizer for each in scenario.vocab.values() if each.tokenizer is not None):
        if gone := tokenizer.left_out("".join((*asked.text, *asked.target))):
            say(
                Bilingual(
                    "{file}: warning: {tokenizer} has no piece for bytes of {letters}, and leaves them out",
                    "{file}：警告：{tokenizer} 中没有 {letters} 的某些字节，切分时丢掉了它们",
                    file=name,
                    tokenizer=tokenizer.path.name,
                    letters=" ".join(gone[:8]),
                )
            )
    from tfstep.scenario.opening.document import SAMPLE

    read = scenario.inputs.source or scenario.inputs.target
    if read is not None and is_model(find(name)):
        cut = next(iter(scenario.vocab.values())).tokenizer is not None
        say_unasked(asked, SAMPLE if cut else read.ids[0].tolist())
    return scenario


def say_unasked(asked: Reading, words: str | Sequence[int]) -> None:
    """Tell which words a model on disk reads, a text or ids, where nobody has given any."""
    from tfstep.faces.cli.output import say

    if asked.text or asked.ids:
        return
    ids = Bilingual("the ids {first} … {last}", "编号 {first} … {last}", first=words[0], last=words[-1])
    text = Bilingual("'{text}'", "“{text}”", text=words)
    say(
        Bilingual(
            "no --text: reads {words}; give --text or --ids",
            "没有 --text：读入{words}；请用 --text 或 --ids 指定",
            words=text if isinstance(words, str) else ids,
        )
    )


def opening_text(scenario: Scenario) -> Bilingual:
    """What was opened: family, layers, how many tensors were read, and how many parameters were drawn."""
    taken, model = scenario.program.taken, scenario.model
    assert taken is not None
    spare = ", ".join(taken.spare[:4]) + (", …" if len(taken.spare) > 4 else "")
    sides = [n for n in (model.encoder_layers, model.decoder_layers) if n]
    return Bilingual(
        "{family} · {layers} {what} · {read} of {all} tensors read, {drawn} drawn at random{spare}",
        "{family} · {layers} {what} · 读取了 {all} 个张量中的 {read} 个，随机生成 {drawn} 个{spare}",
        family=taken.family or scenario.name,
        layers=" + ".join(map(str, sides)),
        what=Bilingual("layer", "层") if sides == [1] else Bilingual("layers", "层"),
        read=taken.read,
        all=taken.tensors,
        drawn=len(taken.missing),
        spare=Bilingual("; not used: {names}", "；未使用：{names}", names=spare) if spare else Bilingual("", ""),
    )


class _Ids(click.ParamType[tuple[int, ...], tuple[int, ...]]):
    """Ids with commas between them."""

    name = "IDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The ids. Raises Usage for anything else."""
        if isinstance(value, tuple):
            return value
        if not re.fullmatch(r"\s*\d{1,9}(\s*[,\s]\s*\d{1,9})*\s*", value, re.ASCII):
            raise Usage(
                Bilingual("{value!r} are no ids; such as 5,17,9", "{value!r} 不是编号；写法如 5,17,9", value=value), ctx
            )
        return tuple(int(each) for each in re.findall(r"\d+", value))


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and param.name is not None:
        ctx.ensure_object(Settings).reading[param.name] = value


def _keep_less(ctx: click.Context, param: click.Parameter, value: str) -> None:
    ctx.ensure_object(Settings).keep = value


def keeping() -> click.Option:
    """A new option that says what a trace keeps."""
    about = Bilingual(
        "less: only what one part of the model hands to the next stays in memory, the rest is computed again when it is "
        "read, with the same bits; default: all",
        "less：只在内存中保留模型各部分之间传递的量，其余在读取时重新计算，逐位相同；默认 all",
    )
    shown: dict[str, Any] = {"type": Choice("all", "less"), "metavar": "all|less", "default": "all"}
    return Option(["--keep"], about, expose_value=False, callback=_keep_less, **shown)


def reading() -> list[click.Option]:
    """New options that say what a model reads."""
    kept: dict[str, Any] = {"expose_value": False, "callback": _keep}
    several: dict[str, Any] = {"multiple": True, "default": (), **kept}
    text = Bilingual(
        "what it reads, through its tokenizer; several times: a batch", "读入的文本，经分词器切分；可重复，成为一批"
    )
    ids = Bilingual("what it reads, as ids", "读入的内容，直接给编号")
    target = Bilingual("what the decoder of an encoder-decoder reads", "编码器-解码器模型中，解码器读入的文本")
    target_ids = Bilingual("the same as ids, the start token first", "同上，直接给编号，以起始词元开头")
    labels = Bilingual(
        "next: the next word (default for decoders); none", "next：下一个词（解码器的默认值）；none：没有"
    )
    dtype = Bilingual("the precision; default for a model on disk: float32", "精度；磁盘上的模型默认为 float32")
    return [
        Option(["--text"], text, type=click.STRING, metavar="TEXT", **several),
        Option(["--ids"], ids, type=_Ids(), metavar="5,17,9", **several),
        Option(["--target"], target, type=click.STRING, metavar="TEXT", **several),
        Option(["--target-ids", "target_ids"], target_ids, type=_Ids(), metavar="0,8,3", **several),
        Option(["--labels"], labels, type=Choice("next", "none"), metavar="next|none", **kept),
        Option(["--dtype"], dtype, type=Choice(*DTYPES), metavar="|".join(DTYPES), **kept),
    ]
