"""``tfstep generate``: greedy decoding, one word after another."""

from __future__ import annotations

import json as plain_json
from pathlib import Path

import click

from tfstep import reach
from tfstep.faces.cli.command import NotNegative, Option, Usage, Whole
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import as_json, command, scenario, variant
from tfstep.faces.cli.output import Output, say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str,
    variant: str | None,
    most: int,
    weights: Path | None,
    train: int | None,
    temperature: float,
    top_k: int,
    top_p: float,
    seed: int,
    penalty: float,
    beams: int | None,
    length_penalty: float | None,
    cache: bool | None,
    as_json: bool,
) -> None:
    from tfstep.session.change.training import Training
    from tfstep.session.study.beams import search
    from tfstep.session.study.decoding import Sampling, check
    from tfstep.session.study.decoding import say as spoken
    from tfstep.view.report.beams import tree, tree_json
    from tfstep.view.report.decoding import sentence, words, words_json

    if top_p > 1:
        raise Usage(Bilingual("--top-p is {p:g}; above 0, at most 1", "--top-p 为 {p:g}；须大于 0 且不超过 1", p=top_p))
    if not penalty:
        raise Usage(Bilingual("--repetition-penalty is 0; above 0", "--repetition-penalty 为 0；须大于 0"))
    if beams is None and length_penalty is not None:
        raise Usage(Bilingual("--length-penalty is for --beams", "--length-penalty 用于 --beams"))
    if beams is not None and (temperature or top_k or top_p < 1):
        raise Usage(
            Bilingual(
                "--beams takes the likeliest; it goes with no --temperature, --top-k or --top-p",
                "--beams 取概率最大的，不能与 --temperature、--top-k、--top-p 同用",
            )
        )
    loaded = load(settings, scenario, variant)
    if weights is not None:
        reach.allow(weights.resolve())  # a person has named it here
        loaded = loaded.with_changes({"weights": {"file": str(weights.resolve())}})
    if train is None:
        train = 0 if weights is not None or loaded.weights.file is not None else loaded.train.steps
    plan = loaded.program.plan
    parameters = {plan.nodes[slot].path: value for slot, value in loaded.program.leaves.items()}
    check(loaded)  # refuses a model that says nothing, before any training
    if train and "loss" in plan.paths:
        done = Training(loaded)
        done.run(train)
        parameters |= done.parameters()
        say(
            Bilingual(
                "after {n} updates, loss {loss:.4g} (--train 0: from the weights it starts with)",
                "经过 {n} 次更新，损失 {loss:.4g}（--train 0：用起始权重）",
                n=train,
                loss=done.loss(),
            )
        )
    out = Output(settings)
    if beams is not None:
        power = 1.0 if length_penalty is None else length_penalty
        found = search(loaded, parameters, beams, most, power, penalty, cache)
        if as_json:
            out.text([plain_json.dumps(tree_json(found), ensure_ascii=False, allow_nan=False, indent=1) + "\n"])
        else:
            out.lines(tree(found))
        return
    said = spoken(loaded, parameters, most, Sampling(temperature, top_k, top_p, seed, penalty), cache, "--max")
    if as_json:
        out.text([plain_json.dumps(words_json(said.words), ensure_ascii=False, allow_nan=False, indent=1) + "\n"])
    else:
        out.lines(words(said.words))
        out.lines(sentence(said.words))
    if said.stopped:
        raise KeyboardInterrupt  # which is told, and has a status of its own
    if said.end is not None:
        say(said.end)


COMMAND = command(
    "generate",
    Bilingual(
        "Let a decoder say one word after another: each time the likeliest, fed back to it, until <eos>.\n\n"
        "A scenario that has no weights of its own is trained first.",
        "让解码器逐词生成：每次取概率最大的词，再喂回给它，直到 <eos>。\n\n没有自带权重的场景会先训练。",
    ),
    [
        scenario(),
        *reading(),
        variant(),
        Option(
            ["--max", "most"],
            Bilingual("no more words than this; default: 20", "最多生成多少个词；默认 20"),
            default=20,
            type=Whole(1, 10_000),
            metavar="N",
        ),
        Option(
            ["--weights"],
            Bilingual("use these weights, as `train -o` writes them", "使用这些权重，即 `train -o` 写出的文件"),
            type=click.Path(path_type=Path),
            metavar="FILE",
        ),
        Option(
            ["--train"],
            Bilingual(
                "train for so many updates first; default: the scenario's train.steps, 0 with weights from a file",
                "先训练多少次更新；默认按场景的 train.steps，权重来自文件时为 0",
            ),
            type=Whole(0, 10_000_000),
            metavar="N",
        ),
        Option(
            ["--temperature"],
            Bilingual(
                "draw words, scores divided by T; default: the likeliest", "按概率抽词，分数先除以 T；默认取概率最大的"
            ),
            default=0.0,
            type=NotNegative(),
            metavar="T",
        ),
        Option(
            ["--top-k"],
            Bilingual("draw among the K likeliest", "只在概率最大的 K 个词中抽"),
            default=0,
            type=Whole(0, 10_000_000),
            metavar="K",
        ),
        Option(
            ["--top-p"],
            Bilingual("draw among the likeliest that together have probability P", "只在概率合计为 P 的最可能的词中抽"),
            default=1.0,
            type=NotNegative(),
            metavar="P",
        ),
        Option(
            ["--repetition-penalty", "penalty"],
            Bilingual(
                "words that were read are less likely: their logits divided by R where positive, else multiplied; with "
                "--beams their log-probabilities; default: 1",
                "读过的词变得不太可能：logits 为正则除以 R，为负则乘以 R；与 --beams 同用时作用于对数概率；默认 1",
            ),
            default=1.0,
            type=NotNegative(),
            metavar="R",
        ),
        Option(
            ["--beams"],
            Bilingual("search with N beams, and show the tree", "用 N 束搜索，并画出搜索树"),
            type=Whole(1, 64),
            metavar="N",
        ),
        Option(
            ["--length-penalty"],
            Bilingual(
                "with --beams: a sentence has Σ log p / length^P; default: 1",
                "与 --beams 同用：句子得分为 Σ log p / 长度^P；默认 1",
            ),
            type=click.FloatRange(-100, 100),
            metavar="P",
        ),
        Option(["--seed"], Bilingual("of the draws", "抽取的种子"), default=0, type=Whole(0, 2**63 - 1), metavar="N"),
        Option(
            ["--cache/--no-cache"],
            Bilingual(
                "whether a pass reads the keys and values that the passes before have left; default: for models on disk",
                "每一遍是否读取前几遍留下的键和值；默认只对磁盘上的模型这样做",
            ),
            default=None,
        ),
        as_json(),
    ],
    _run,
)
