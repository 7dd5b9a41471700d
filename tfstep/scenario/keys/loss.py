"""`loss:` and `train:` as the models need them, and which of their keys cannot be used together."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.errors import did_you_mean
from tfstep.models.config import Inputs, LossConfig, ModelConfig, TrainConfig, TrainKeys
from tfstep.models.keys.key import choices_of, fields
from tfstep.ops.loss import LOSSES, REDUCED
from tfstep.scenario.file.nodes import Scalar, Section, at
from tfstep.scenario.keys.formula import check_expression
from tfstep.scenario.keys.numbers import read_array
from tfstep.scenario.keys.schema import LossPart
from tfstep.scenario.keys.typed import Source
from tfstep.scenario.weights.weight_file import in_type
from tfstep.text import Bilingual

Rule = tuple[bool, str, Bilingual]  # whether it is broken, the key that is pointed at, and what is said


def _compares(kind: str, what: str) -> bool:
    """Whether a loss compares with this: its labels, or a target."""
    return kind in LOSSES and what in LOSSES[kind].arguments


def loss_config(source: Source, model: ModelConfig, has_labels: bool) -> LossConfig:
    """The loss: by default cross-entropy where there are labels, else none."""
    node = source.node("loss")
    if isinstance(node, Scalar) and not _is_kind(source, node):
        if _is_misspelt(source, node):
            source.add(("loss",), _no_such_loss(node.text))
            return LossConfig("none")
        check_expression(node, None, source.report)
        return LossConfig("expression", expression=node.text)
    part = source.part.loss if isinstance(source.part.loss, LossPart) else LossPart()
    kind: str = "cross_entropy" if has_labels else "none"
    if isinstance(node, Scalar):
        kind = node.text
    elif source.given("loss", "kind"):
        kind = part.kind
    elif isinstance(node, Section) and source.given("loss", "target"):
        kind = "mse"
    where = ("loss", "kind") if source.given("loss", "kind") else ("loss",)
    if _compares(kind, "labels") and source.sound("loss"):
        _cross_entropy(source, model, has_labels, where)
    target = at(node, ("target",)) if source.given("loss", "target") else None
    array = read_array(target, source.report) if target is not None else None
    if _compares(kind, "target") and target is None and source.sound("loss", "target"):
        message = Bilingual(
            "{kind} without target; give `target:` with numbers of the output's shape",
            "{kind} 没有 target；请用 `target:` 给出与输出同形状的数字",
            kind=kind,
        )
        source.add(where, message)
    if target is not None and _compares(kind, "labels"):
        message = Bilingual(
            "a target with {kind}; what it should say stands in input.labels",
            "{kind} 不用 target；应说的词写在 input.labels 中",
            kind=kind,
        )
        source.add(("loss", "target"), message, key=True)
    if array is not None:
        array = in_type(array, model.stored)
        array.setflags(write=False)
    _only_with(source, kind)
    return LossConfig(
        kind,
        part.of or None,
        array if _compares(kind, "target") else None,
        None,
        part.reduction or "",
        part.smoothing,
        part.class_weights,
        part.ignore,
        part.z_loss,
        part.perplexity,
    )


def _only_with(source: Source, kind: str) -> None:
    """Keys that this loss does not have."""
    if not source.sound("loss"):
        return
    for key in ("smoothing", "class_weights", "ignore", "z_loss", "perplexity"):
        if source.given("loss", key) and not _compares(kind, "labels"):
            message = Bilingual(
                "{key} with {kind}; it is for cross_entropy",
                "{kind} 没有 {key}；它用于 cross_entropy",
                key=key,
                kind=kind,
            )
            source.add(("loss", key), message, key=True)
    fitting = ("mean", "sentences", "sum") if _compares(kind, "labels") else ("mean", "batch", "sum")
    reduction = source.part.loss.reduction if isinstance(source.part.loss, LossPart) else ""
    if reduction and (reduction not in fitting or kind not in (*REDUCED, "cross_entropy")):
        message = Bilingual(
            "reduction {reduction} with {kind}; {allowed}",
            "{kind} 不能用 reduction: {reduction}；{allowed}",
            reduction=reduction,
            kind=kind,
            allowed=Bilingual("allowed: {these}", "可用：{these}", these=", ".join(fitting))
            if kind in (*REDUCED, "cross_entropy")
            else Bilingual("it is for cross_entropy, bce and kl", "它用于 cross_entropy、bce 和 kl"),
        )
        source.add(("loss", "reduction"), message)


def _is_kind(source: Source, node: Scalar) -> bool:
    """Whether a bare word is the name of a loss and not of a value that the author named so."""
    return node.text in choices_of(fields(LossPart)["kind"]) and at(source.tree, ("model", "steps", node.text)) is None


def _is_misspelt(source: Source, node: Scalar) -> bool:
    """Whether a bare word, with hyphens perhaps, is neither a loss nor of tensors: those of the models have dots in
    their names."""
    parts = node.text.split("-")
    named = [("model", group, part) for group in ("steps", "given", "parameters") for part in parts]
    return (
        all(part.isidentifier() for part in parts)
        and "x" not in parts
        and all(at(source.tree, path) is None for path in named)
    )


_CALLED = {"ce": "cross_entropy", "nll": "cross_entropy", "l2": "mse", "bcewithlogits": "bce", "kldiv": "kl"}
"""What losses are called elsewhere, without hyphens and the word loss."""


def _no_such_loss(text: str) -> Bilingual:
    kinds = choices_of(fields(LossPart)["kind"])
    bare = text.lower().replace("-", "").replace("_", "").removesuffix("loss")
    return Bilingual(
        "loss is {it!r}{near}; allowed: {kinds}, or an expression over tensors",
        "loss 为 {it!r}{near}；可用：{kinds}，或由张量构成的表达式",
        it=text[:40],
        kinds=", ".join(kinds),
        near=did_you_mean(_CALLED.get(bare, bare), kinds),
    )


def _cross_entropy(source: Source, model: ModelConfig, has_labels: bool, where: tuple[str, ...]) -> None:
    if not model.has("words"):
        kinds = ", ".join(each for each in choices_of(fields(LossPart)["kind"]) if not _compares(each, "labels"))
        message = Bilingual(
            "cross_entropy in kind {kind}, which has no labels; allowed: {kinds}",
            "{kind} 模型没有标签，不能用 cross_entropy；可用：{kinds}",
            kind=model.kind,
            kinds=kinds,
        )
        source.add(where, message)
    elif not has_labels and source.sound("input", "labels"):
        source.add(
            where,
            Bilingual("cross_entropy without labels; give input.labels", "cross_entropy 缺少标签；请给出 input.labels"),
        )
    elif not model.head and not source.given("loss", "of") and has_labels:
        message = Bilingual(
            "head is false and cross_entropy reads out.logits; leave the head on, or name another tensor in loss.of",
            "head 为 false，而 cross_entropy 要读 out.logits；请保留 head，或在 loss.of 中指定别的张量",
        )
        source.add(("model", "head"), message)


def train_config(source: Source, model: ModelConfig, data: tuple[Inputs, ...]) -> TrainConfig:
    """How the parameters learn; what does not go together is noted."""
    part = source.part.train
    config = TrainConfig(**{key: getattr(part, key) for key in fields(TrainKeys)}, data=data)
    for broken, key, message in _rules(source, model, config):
        if broken and source.sound("train", *key.split(".")):
            source.add(("train", *key.split(".")), message)
    return config


def _rules(source: Source, model: ModelConfig, c: TrainConfig) -> Iterator[Rule]:
    for key, given in (("dampening", c.dampening > 0), ("nesterov", c.nesterov)):
        yield (
            given and (c.optimizer != "sgd" or not c.momentum),
            key,
            Bilingual(
                "{key} without momentum; it is for optimizer: sgd with momentum above 0",
                "{key} 没有动量可用；它用于 optimizer: sgd 且 momentum 大于 0",
                key=key,
            ),
        )
    yield (
        c.nesterov and c.dampening > 0,
        "nesterov",
        Bilingual(
            "nesterov with dampening {d}; it needs dampening: 0",
            "nesterov 与 dampening {d} 不能并用；须为 dampening: 0",
            d=c.dampening,
        ),
    )
    yield (
        c.clip_norm is not None and c.clip_value is not None,
        "clip_value",
        Bilingual(
            "clip_norm and clip_value at once; gradients are clipped one way or the other",
            "clip_norm 和 clip_value 同时出现；梯度裁剪只能选其一",
        ),
    )
    yield (
        bool(c.data) and c.accumulate > len(c.data),
        "accumulate",
        Bilingual(
            "{k} micro-batches of {n} examples in train.data; each needs one at least",
            "train.data 只有 {n} 个样例，却要分成 {k} 个微批；每个至少要有一个",
            k=c.accumulate,
            n=len(c.data),
        ),
    )
    if (s := c.schedule) is None:
        return
    noam = s.kind == "noam"
    yield (
        noam and not model.has("attention"),
        "schedule.kind",
        Bilingual(
            "schedule noam in kind {kind}, which has no d_model; allowed: constant, linear, cosine",
            "{kind} 模型没有 d_model，不能用 noam；可用：constant, linear, cosine",
            kind=model.kind,
        ),
    )
    yield (
        noam and not s.warmup,
        "schedule.kind",
        Bilingual(
            "schedule noam without warmup; give one, such as warmup: 4000",
            "noam 没有 warmup；请给出，例如 warmup: 4000",
        ),
    )
    for key in ("total", "least"):
        yield (
            s.kind in ("noam", "constant") and source.given("train", "schedule", key),
            f"schedule.{key}",
            Bilingual(
                "{key} with schedule {kind}; it is for linear and cosine",
                "schedule 为 {kind} 时没有 {key}；它用于 linear 和 cosine",
                key=key,
                kind=s.kind,
            ),
        )
    total = s.total or max(1, c.steps)
    yield (
        s.kind in ("linear", "cosine") and s.warmup >= total,
        "schedule.warmup",
        Bilingual(
            "a warm-up of {w} updates of {total}; it must end before the rate comes down",
            "共 {total} 次更新，预热却有 {w} 次；预热须在学习率下降之前结束",
            w=s.warmup,
            total=total,
        ),
    )
