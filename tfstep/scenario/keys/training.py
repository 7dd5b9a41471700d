"""`train:` as the models need it, and its keys that cannot be used together, a rule each."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.models.config import Inputs, ModelConfig, TrainConfig, TrainKeys
from tfstep.models.keys.key import fields
from tfstep.scenario.keys.typed import Source
from tfstep.text import Bilingual

Rule = tuple[bool, str, Bilingual]  # whether it is broken, the key that is pointed at, and what is said


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
