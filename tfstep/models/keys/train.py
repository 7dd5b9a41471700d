"""The keys of `train:`, how the parameters learn."""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from tfstep.models.keys.key import LARGEST, Finite, Fraction, Key, Positive, Section, Size
from tfstep.models.optimizers import OPTIMIZERS
from tfstep.ops.rate import SCHEDULES
from tfstep.text import Bilingual

if TYPE_CHECKING:
    OptimizerName = str
    ScheduleName = str
else:  # the choices of a key are the names in its registry
    OptimizerName, ScheduleName = Literal[tuple(OPTIMIZERS)], Literal[SCHEDULES]


class SchedulePart(Section, frozen=True):
    """`train.schedule:`, what the learning rate is at each update."""

    kind: Annotated[
        ScheduleName,
        Key(
            "",
            Bilingual(
                "After the warm-up: constant; linear or cosine, down to least · lr; noam: lr · d_model^−½ · "
                "min(k^−½, k · warmup^−1.5) (Vaswani et al. 2017).",
                "预热之后：constant 不变；linear 或 cosine 降到 least · lr；noam：lr · d_model^−½ · min(k^−½, k · "
                "warmup^−1.5)（Vaswani 等 2017）。",
            ),
        ),
    ] = "constant"
    warmup: Annotated[
        Annotated[int, Meta(ge=0)],
        Key(
            "",
            Bilingual(
                "Over how many updates the rate rises from 0: lr · k / warmup.",
                "学习率用几次更新从 0 升上来：lr · k / warmup。",
            ),
        ),
    ] = 0
    total: Annotated[
        Size | None,
        Key(
            "",
            Bilingual(
                "The update at which linear and cosine have come down; default: steps.",
                "linear 和 cosine 在第几次更新降到底；默认等于 steps。",
            ),
        ),
    ] = None
    least: Annotated[
        Annotated[float, Meta(ge=0, le=1)],
        Key("", Bilingual("What share of lr linear and cosine come down to.", "linear 和 cosine 降到 lr 的几成。")),
    ] = 0.0
    first: Annotated[
        Annotated[int, Meta(ge=0, le=1)],
        Key(
            "",
            Bilingual(
                "What k the first update has: 1; or 0, as the schedulers of PyTorch and transformers count, whose first "
                "update under a warm-up has a rate of 0.",
                "第一次更新的 k：1；或 0，即 PyTorch 和 transformers 的调度器的数法，预热时它们的第一次更新学习率为 0。",
            ),
        ),
    ] = 1


class LossScalePart(Section, frozen=True):
    """`train.loss_scale:`, a factor of the loss that follows what happens, as PyTorch's GradScaler."""

    start: Annotated[Positive, Key("", Bilingual("The factor of the first update.", "第一次更新的倍数。"))] = 65536.0
    backoff: Annotated[
        Annotated[float, Meta(gt=0, lt=1)],
        Key("", Bilingual("By what it is multiplied after an overflow.", "溢出后乘以多少。")),
    ] = 0.5
    growth: Annotated[
        Annotated[float, Meta(gt=1, le=LARGEST)],
        Key(
            "",
            Bilingual("By what it is multiplied after `every` updates without.", "连续 every 次没有溢出后乘以多少。"),
        ),
    ] = 2.0
    every: Annotated[
        Size, Key("", Bilingual("After how many updates without an overflow it grows.", "连续多少次没有溢出后变大。"))
    ] = 2000


class TrainKeys(Section, frozen=True):
    """`train:`, how the parameters learn."""

    optimizer: Annotated[
        OptimizerName,
        Key(
            "",
            Bilingual(
                "The rule of the update; adamw: Adam whose weight_decay stands beside the gradient.",
                "更新规则；adamw：weight_decay 与梯度分开的 Adam。",
            ),
        ),
    ] = "sgd"
    lr: Annotated[Finite, Key("", Bilingual("The learning rate.", "学习率。"))] = 0.1
    schedule: Annotated[
        SchedulePart | None,
        Key(
            "", Bilingual("What the learning rate is at each update; default: lr.", "每次更新的学习率；默认一直是 lr。")
        ),
    ] = None
    momentum: Annotated[
        Fraction, Key("", Bilingual("What is left of the gradients before, for sgd.", "保留多少先前的梯度，用于 sgd。"))
    ] = 0.0
    dampening: Annotated[
        Fraction,
        Key(
            "",
            Bilingual(
                "How much less a new gradient counts in the velocity; the first counts whole (PyTorch).",
                "新梯度在速度里少算多少；第一个算全部（PyTorch）。",
            ),
        ),
    ] = 0.0
    nesterov: Annotated[
        bool,
        Key(
            "",
            Bilingual("Whether sgd looks ahead: g + momentum · velocity.", "sgd 是否前瞻：g + momentum · velocity。"),
        ),
    ] = False
    betas: Annotated[
        tuple[Fraction, ...],
        Meta(min_length=2, max_length=2),
        Key(
            "",
            Bilingual(
                "What is left of the running means, for adam and adamw.", "滑动平均的保留比例，用于 adam 和 adamw。"
            ),
        ),
    ] = (0.9, 0.999)
    eps: Annotated[
        Positive, Key("", Bilingual("Keeps adam and adamw from dividing by 0.", "避免 adam 和 adamw 除以 0。"))
    ] = 1e-8
    weight_decay: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Key(
            "",
            Bilingual(
                "λ: sgd and adam add λ p to the gradient; adamw makes p smaller by lr λ p beside it. Default: 0.01 for "
                "adamw (PyTorch), else 0.",
                "λ：sgd 和 adam 把 λ p 加进梯度；adamw 则另外让 p 缩小 lr λ p。默认 adamw 为 0.01（PyTorch），其余为 0。",
            ),
        ),
    ] = None
    clip_norm: Annotated[
        Positive | None,
        Key(
            "",
            Bilingual(
                "The length that all gradients together may have; longer ones are shortened alike.",
                "所有梯度合起来允许的长度；超过时按同一比例缩短。",
            ),
        ),
    ] = None
    clip_value: Annotated[
        Positive | None,
        Key("", Bilingual("The size that each cell of a gradient may have.", "梯度每个单元格允许的大小。")),
    ] = None
    accumulate: Annotated[
        Size,
        Key(
            "",
            Bilingual(
                "Of how many micro-batches the gradients are added up, each divided by their number, before the "
                "parameters move. `train.data` is cut into as many; `train` counts micro-batches.",
                "累加几个微批的梯度（各除以微批个数）之后参数才移动。`train.data` 切成这么多份；`train` 按微批计数。",
            ),
        ),
    ] = 1
    freeze: Annotated[
        tuple[str, ...],
        Key(
            "",
            Bilingual(
                'Parameters that stay as they are, by path or pattern: [src.E, "*.norm*"].',
                '保持不变的参数，按路径或通配写：[src.E, "*.norm*"]。',
            ),
        ),
    ] = ()
    master: Annotated[
        bool,
        Key(
            "",
            Bilingual(
                "Whether training changes float32 weights, of which the passes read copies rounded to model.dtype (P.half); "
                "the loss and the update are float32 then. For float16 and bfloat16.",
                "训练改变的是否为 float32 主权重，前向和反向读取舍入到 model.dtype 的副本（P.half）；此时损失和更新也用 "
                "float32。用于 float16 和 bfloat16。",
            ),
        ),
    ] = False
    loss_scale: Annotated[
        Positive | LossScalePart | None,
        Key(
            "",
            Bilingual(
                "A factor of the loss, so that small gradients are not lost in float16: every P.grad is that of the scaled "
                "loss, P.unscaled is without it, and an update with an infinite or NaN gradient is left out. "
                "{{}}: PyTorch's GradScaler, from 65536.",
                "损失的倍数，使小梯度不致在 float16 中丢失：每个 P.grad 是放大后损失的梯度，P.unscaled 已除去倍数；"
                "梯度有无穷大或 NaN 时跳过这次更新。{{}}：同 PyTorch 的 GradScaler，从 65536 开始。",
            ),
            allowed=Bilingual(
                "a number above 0, or {{start: 65536, backoff: 0.5, growth: 2, every: 2000}}",
                "大于 0 的数，或 {{start: 65536, backoff: 0.5, growth: 2, every: 2000}}",
            ),
        ),
    ] = None
    steps: Annotated[
        int,
        Meta(ge=0, le=1_000_000),
        Key(
            "",
            Bilingual(
                "How many updates `tfstep train`, `tfstep generate` and the debugger's `train` make.",
                "`tfstep train`、`tfstep generate` 和调试器的 `train` 做几次更新。",
            ),
        ),
    ] = 100
    teacher_forcing: Annotated[
        bool,
        Key("", Bilingual("Whether the decoder is fed the right words in training.", "训练时是否给解码器喂正确的词。")),
    ] = True

    @property
    def decay(self) -> float:
        """The weight decay, by default that of PyTorch."""
        if self.weight_decay is None:
            return 0.01 if self.optimizer == "adamw" else 0.0
        return self.weight_decay
