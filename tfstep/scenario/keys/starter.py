"""A commented file to start from, for every kind of model."""

from __future__ import annotations

from tfstep.scenario.keys.kinds import ATTENTION, BOTH, DECODER, ENCODER, FORMULA, MLP, STACKS
from tfstep.text import Bilingual

COLUMN = 44  # where the comments begin

Line = tuple[str, Bilingual | None]  # a line of YAML, and the comment beside it


def starter(kind: str, variant: str | None = None) -> str:
    """The text of a scenario of a kind, with comments in the chosen language; it is valid as it is.

    ``variant`` is the name of the one variant in it.
    """
    lines: list[Line] = [*_head(kind), *_model(kind), *_reading(kind), *_learning(kind), *_variants(kind, variant)]
    return "".join(f"{_commented(yaml, comment)}\n" for yaml, comment in lines)


def _commented(yaml: str, comment: Bilingual | None) -> str:
    if comment is None:
        return yaml
    return f"{yaml:<{COLUMN}}  # {comment}" if yaml else f"# {comment}"


def _head(kind: str) -> list[Line]:
    return [
        (
            "",
            Bilingual(
                "A scenario: run it with `tfstep run FILE`, check it with `tfstep validate FILE`.",
                "场景文件：用 `tfstep run 文件` 运行，用 `tfstep validate 文件` 检查。",
            ),
        ),
        ("", Bilingual("Keys that are left out have their defaults.", "没有写出的键取默认值。")),
        ("tfstep: 1", Bilingual("the version of this format", "本格式的版本")),
        (
            f"title: {{en: My {kind}, zh: 我的 {kind}}}",
            Bilingual("every text: one string, or one per language", "每处文字：一个字符串，或每种语言一个"),
        ),
        ("model:", None),
        (
            f"  kind: {kind}",
            Bilingual(
                "encoder, decoder, encoder-decoder, attention, mlp or formula",
                "encoder、decoder、encoder-decoder、attention、mlp 或 formula",
            ),
        ),
    ]


def _model(kind: str) -> list[Line]:
    if kind == MLP:
        return [
            (
                "  sizes: [2, 3, 1]",
                Bilingual("widths: inputs, hidden neurons, outputs", "各层宽度：输入、隐藏神经元、输出"),
            ),
            (
                "  activation: sigmoid",
                Bilingual(
                    "relu gelu gelu_tanh silu sigmoid tanh swiglu identity",
                    "可选 relu gelu gelu_tanh silu sigmoid tanh swiglu identity",
                ),
            ),
            ("  bias: true", None),
        ]
    if kind == FORMULA:
        return [
            (
                "  given: {x1: 0.5, x2: -1, y: 1}",
                Bilingual("numbers or arrays that are not trained", "不参与训练的数或数组"),
            ),
            (
                "  parameters: {w1: 0.3, w2: 0.2, b: 0.1}",
                Bilingual("what training changes, and where it starts", "训练要改变的量及其起始值"),
            ),
            ("  steps:", Bilingual("each of them is a step, and can be explained", "每一行是一步，都可以解释")),
            ("    a: w1*x1 + w2*x2 + b", None),
            ("    p: sigmoid(a)", None),
        ]
    lines: list[Line] = []
    if kind in STACKS:
        lines += [
            (
                "  layers: 1",
                Bilingual("or {{encoder: 2, decoder: 1}}", "也可以写 {{encoder: 2, decoder: 1}}")
                if kind == BOTH
                else None,
            ),
            ("  d_model: 4", Bilingual("the width of a word's vector", "每个词的向量宽度")),
        ]
    lines += [
        ("  heads: 1", Bilingual("d_k and d_v follow: d_model / heads", "d_k 和 d_v 由此而定：d_model / heads")),
        ("  scale: true", Bilingual("divide the scores by √d_k", "分数除以 √d_k")),
    ]
    if kind in STACKS:
        lines += [
            ("  d_ff: 8", Bilingual("the width inside the feed-forward network", "前馈网络内部的宽度")),
            (
                "  activation: relu",
                Bilingual(
                    "relu gelu gelu_tanh silu sigmoid tanh swiglu identity",
                    "可选 relu gelu gelu_tanh silu sigmoid tanh swiglu identity",
                ),
            ),
            ("  norm: layer", Bilingual("layer, rms, batch or none", "layer、rms、batch 或 none")),
            ("  norm_position: post", Bilingual("post or pre", "post（后置）或 pre（前置）")),
            ("  residual: true", None),
            (
                "  positional: sinusoidal",
                Bilingual("sinusoidal, learned, rope or none", "sinusoidal、learned、rope 或 none"),
            ),
        ]
    return lines


def _reading(kind: str) -> list[Line]:
    shifted = Bilingual("what the decoder reads", "解码器读入的词")
    right = Bilingual("what it should say; <pad> does not count", "它应该说出的词；<pad> 不计")
    match kind:
        case "encoder":
            return [
                (
                    "vocab: [<pad>, I, love, you]",
                    Bilingual(
                        "every word; a number N stands for the words 0 … N-1", "全部词；写一个数 N 表示词 0 … N-1"
                    ),
                ),
                ("input:", None),
                (
                    "  source: I love you",
                    Bilingual(
                        "words; a list of lists is a batch, filled up with <pad>",
                        "词；写成列表的列表就是一个批次，用 <pad> 补齐",
                    ),
                ),
                ("  labels: you love I", right),
            ]
        case "decoder":
            return [
                ("vocab: [<pad>, <sos>, <eos>, I, love, you]", Bilingual("every word", "全部词")),
                ("input:", None),
                ("  target: <sos> I love you", shifted),
                ("  labels: I love you <eos>", right),
            ]
        case "encoder-decoder":
            return [
                ("vocab:", Bilingual("every word of each side", "两边各自的全部词")),
                ("  source: [<pad>, 我, 爱, 你]", None),
                ("  target: [<pad>, <sos>, <eos>, I, love, you]", None),
                ("input:", None),
                ("  source: 我 爱 你", Bilingual("what the encoder reads", "编码器读入的词")),
                ("  target: <sos> I love you", shifted),
                ("  labels: I love you <eos>", right),
            ]
        case "attention":
            return [
                ("input:", None),
                ("  x: [[1, 0, 1], [0, 1, 1], [1, 1, 0]]", Bilingual("one row a token", "每个词元一行")),
            ]
        case "mlp":
            return [
                ("input:", None),
                ("  x: [[1, 0], [0, 1], [1, 1]]", Bilingual("one row an example", "每个样本一行")),
            ]
        case _:
            return []


def _learning(kind: str) -> list[Line]:
    lines: list[Line] = []
    match kind:
        case "attention":
            lines.append(
                (
                    "loss: {kind: sum}",
                    Bilingual(
                        "cross_entropy, mse, half_mse, sum, none, or an expression",
                        "cross_entropy、mse、half_mse、sum、none，或一个表达式",
                    ),
                )
            )
        case "mlp":
            lines.append(
                ("loss: {kind: half_mse, target: [[1], [1], [0]]}", Bilingual("½·Σ(ŷ − y)²", "½·Σ(ŷ − y)²，目标值 y"))
            )
        case "formula":
            lines.append(("loss: 0.5*(p - y)**2", Bilingual("an expression over the steps", "由各步组成的表达式")))
        case _:
            lines.append(("loss: {kind: cross_entropy}", Bilingual("the mean over all labels", "对所有标签取平均")))
    if kind != FORMULA:
        lines += [
            ("weights:", None),
            ("  seed: 0", Bilingual("another seed, other weights", "换一个种子，就换一组权重")),
            (
                "  init: xavier",
                Bilingual(
                    "xavier, normal, uniform, zeros or {{normal: 0.02}}",
                    "xavier、normal、uniform、zeros 或 {{normal: 0.02}}",
                ),
            ),
        ]
        first = _FIRST[kind]
        lines += [("  set:", Bilingual("single parameters", "单独设置某些参数")), (f"    {first}: zeros", None)]
    lines += [
        ("train: {optimizer: sgd, lr: 0.1, steps: 100}", Bilingual("sgd or adam", "sgd 或 adam")),
    ]
    return lines


_FIRST = {
    ENCODER: "enc0.attn.b_Q",
    DECODER: "dec0.attn.b_Q",
    BOTH: "dec0.cross.b_Q",
    ATTENTION: "attn.b_Q",
    MLP: "layer0.b",
}


def _variants(kind: str, name: str | None) -> list[Line]:
    usual, change = {
        MLP: ("relu", "{model: {activation: relu}}"),
        FORMULA: ("larger", "{model: {parameters: {w1: 0.9}}}"),
        ATTENTION: ("no-scale", "{model: {scale: false}}"),
    }.get(kind, ("no-position", "{model: {positional: none}}"))
    about = Bilingual(
        "merged over the file; `--variant NAME` chooses one", "合并到本文件之上；用 `--variant 名字` 选择"
    )
    return [("variants:", about), (f"  {name or usual}: {change}", None)]
