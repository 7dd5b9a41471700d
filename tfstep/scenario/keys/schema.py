"""The sections of a scenario file (msgspec), each key declared once: see `models.keys.key`.

What these classes cannot say (words, arrays of numbers, texts, how keys agree with each other) is
checked beside them: a field of type ``Any`` is read by the room's own readers, and its JSON
Schema is given by hand.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError

from tfstep.models.config import LossName, ModelConfig, TrainKeys
from tfstep.models.keys.key import LARGEST, Kept, Key, Numbers, Section
from tfstep.models.keys.sections import (
    AlibiPart,
    BiasPart,
    DropoutPart,
    ExpertsPart,
    LayersPart,
    MaskPart,
    RelativePart,
    RopePart,
    ScalingPart,
)
from tfstep.models.keys.train import SchedulePart
from tfstep.text import Bilingual

NO_TYPE = (ValidationError, UnicodeEncodeError)
"""What `msgspec.convert` raises for a value of another type; the latter where it meets half a character."""
_WORD = {"type": ["string", "number", "boolean"]}
_WORDS = {"type": "array", "items": _WORD}
_NUMBER = {"type": "number"}
_FILLS = ["xavier", "normal", "uniform", "zeros"]
_LIST_OF_WORDS = {"anyOf": [{"type": "integer", "minimum": 1}, _WORDS]}


def _one(kind: str) -> dict[str, object]:
    return {"type": "object", "properties": {kind: _NUMBER}, "required": [kind], "additionalProperties": False}


TextField = Annotated[
    Any,
    Meta(
        extra_json_schema={
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"en": {"type": "string"}, "zh": {"type": "string"}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
SentencesField = Annotated[
    Any,
    Meta(extra_json_schema={"anyOf": [_WORD, {"type": "array", "items": {"anyOf": [_WORD, _WORDS]}}]}),
]
VocabField = Annotated[
    Any,
    Meta(
        extra_json_schema={
            "anyOf": [
                {"type": "integer", "minimum": 1},
                _WORDS,
                {
                    "type": "object",
                    "properties": {"source": _LIST_OF_WORDS, "target": _LIST_OF_WORDS},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
InitField = Annotated[Any, Meta(extra_json_schema={"anyOf": [{"enum": _FILLS}, _one("normal"), _one("uniform")]})]
_FILL = {
    "anyOf": [
        {"enum": ["identity", "ones", *_FILLS]},
        _one("normal"),
        _one("uniform"),
        _one("constant"),
        {"$nested": "numbers"},
    ]
}
DRAWN = {
    "type": "object",
    "properties": {"shape": {"type": "array", "items": {"type": "integer", "minimum": 1}}, "init": _FILL},
    "required": ["shape"],
    "additionalProperties": False,
}
"""A parameter of a formula that is drawn."""
FillField = Annotated[Any, Meta(extra_json_schema=_FILL)]
VariantsField = Annotated[
    Any,
    Meta(
        extra_json_schema={
            "type": "object",
            "additionalProperties": {"anyOf": [{"$nested": "variant"}, _WORDS]},
            "propertyNames": {"not": {"const": "base"}},
        }
    ),
]


KEPT = ("x", "memory", "types", "positions", "documents")
"""The keys of `input:` whose numbers a file may keep."""


class InputPart(Section, frozen=True):
    """`input:`, what the model reads and what it should say."""

    source: Annotated[
        SentencesField,
        Key(
            "source",
            Bilingual(
                "What the encoder reads: words, a list of words, or a list of lists, a batch filled up with `<pad>`.",
                "编码器读的句子：若干词、词的列表，或列表的列表（一批，短的用 `<pad>` 补齐）。",
            ),
        ),
    ] = None
    target: Annotated[SentencesField, Key("target", Bilingual("What the decoder reads.", "解码器读的句子。"))] = None
    labels: Annotated[
        SentencesField,
        Key("words", Bilingual("What it should say; `<pad>` does not count.", "该说出的词；`<pad>` 不计。")),
    ] = None
    offset: Annotated[
        int,
        Meta(ge=0, le=1_000_000),
        Key("attention", Bilingual("The position of the first word.", "第一个词的位置。")),
    ] = 0
    x: Annotated[
        Kept,
        Key(
            "numbers vectors",
            Bilingual(
                "Numbers in place of words; for an encoder or a decoder a vector for each position. Like every array of "
                "`input` they may be kept in a file: the name of an .npz or .npy file with one array, or with one that is "
                "called as this key is.",
                "直接给数，不用词；编码器或解码器则每个位置一个向量。`input` 下的每个数组都可以放在文件里：写只有一个数组的 "
                ".npz、.npy 文件名；有几个数组时取与本键同名的。",
            ),
        ),
    ] = None
    memory: Annotated[
        Kept,
        Key(
            "memory",
            Bilingual("An outside store to attend to, in place of x itself.", "供关注的外部存储，代替 x 自身。"),
        ),
    ] = None
    types: Annotated[
        Kept,
        Key(
            "reader",
            Bilingual(
                "The type of each word, whole numbers from 0, one a word (a row a sentence, as long as the longest).",
                "每个词的类型，从 0 起的整数，每词一个（每句一行，与最长的句子等长）。",
            ),
        ),
    ] = None
    positions: Annotated[
        Kept,
        Key(
            "documents",
            Bilingual(
                "The position of each word, whole numbers from 0, one a word, in place of offset, offset + 1 … (packed texts, "
                "left padding). For positional: sinusoidal, learned, rope.",
                "每个词的位置，从 0 起的整数，每词一个，代替 offset、offset + 1 ……（打包的文本、左填充）。用于 positional: "
                "sinusoidal、learned、rope。",
            ),
        ),
    ] = None
    documents: Annotated[
        Kept,
        Key(
            "documents",
            Bilingual(
                "Which document each word belongs to, one number a word; words of another document are hidden.",
                "每个词属于哪篇文档，每词一个数；别的文档的词被遮住。",
            ),
        ),
    ] = None


class LossPart(Section, frozen=True):
    """`loss:`, what training makes small."""

    kind: Annotated[
        LossName,
        Key(
            "",
            Bilingual(
                "Default: cross_entropy where there are labels, else none. half_mse is ½·Σ(ŷ−y)², mse the mean.",
                "默认有 labels 时为 cross_entropy，否则为 none。half_mse 是 ½·Σ(ŷ−y)²，mse 是平均。",
            ),
        ),
    ] = ""
    of: Annotated[
        str,
        Meta(min_length=1),
        Key(
            "",
            Bilingual(
                "The tensor it is of; default: out.logits, or the model's last output.",
                "对哪个张量；默认 out.logits，或模型最后的输出。",
            ),
        ),
    ] = ""
    target: Annotated[
        Numbers,
        Key(
            "",
            Bilingual(
                "What that tensor should be, for mse, half_mse, bce (0 to 1) and kl (a distribution a row).",
                "该张量的目标值，用于 mse、half_mse、bce（0 到 1）和 kl（每行一个分布）。",
            ),
        ),
    ] = None
    reduction: Annotated[
        Literal["mean", "sentences", "sum", "batch"] | None,
        Key(
            "",
            Bilingual(
                "mean: over the labels that count (over their weights, where they have any), or over all elements; "
                "sentences: of each sentence, then over sentences; sum; batch: the sum over the rows of the first axis, kl's "
                "own by itself (PyTorch's mean for kl divides by all elements).",
                "mean：对计入的标签取平均（有权重时除以权重之和），或对所有元素取平均；sentences：先逐句平均，再对句子平均；"
                "sum：求和；batch：和除以第一轴的行数，是 kl 的默认（PyTorch 的 kl 取 mean 时除以元素总数）。",
            ),
        ),
    ] = None
    smoothing: Annotated[
        Annotated[float, Meta(ge=0, lt=1)],
        Key(
            "",
            Bilingual(
                "ε of label smoothing: the label is wanted with 1 − ε, and ε is shared among all words, it included.",
                "标签平滑的 ε：标签占 1 − ε，其余 ε 由所有词（含标签自己）均分。",
            ),
        ),
    ] = 0.0
    class_weights: Annotated[
        dict[str, Annotated[float, Meta(ge=0, le=LARGEST)]],
        Key(
            "",
            Bilingual(
                "What each label counts for, by word; others 1. The mean is over the weights (PyTorch).",
                "每个标签的权重，按词写；其余为 1。平均时除以权重之和（PyTorch）。",
            ),
        ),
    ] = {}
    ignore: Annotated[
        tuple[str, ...],
        Key(
            "",
            Bilingual(
                "Words of the labels that do not count, besides `<pad>`; a label -100 never counts.",
                "标签中除 `<pad>` 外不计的词；写 -100 的标签从不计入。",
            ),
        ),
    ] = ()
    z_loss: Annotated[
        Annotated[float, Meta(ge=0, le=LARGEST)],
        Key(
            "",
            Bilingual(
                "z: z · mean (log Σ exp(logits))² is added (PaLM: 1e-4).",
                "z：加上 z · mean (log Σ exp(logits))²（PaLM：1e-4）。",
            ),
        ),
    ] = 0.0
    perplexity: Annotated[
        bool,
        Key(
            "",
            Bilingual("Whether loss.perplexity = exp(loss) is a step.", "是否有 loss.perplexity = exp(loss) 这一步。"),
        ),
    ] = False


class WeightsPart(Section, frozen=True):
    """`weights:`, what the parameters start from: init, then file, then set."""

    seed: Annotated[
        int,
        Meta(ge=0, le=2**63 - 1),
        Key(
            "",
            Bilingual(
                "Every parameter draws from a stream of its own, by seed and path.",
                "每个参数按种子和路径各有一条随机流。",
            ),
        ),
    ] = 0
    init: Annotated[
        InitField,
        Key(
            "",
            Bilingual(
                "How they are drawn; {{normal: 0.02}} gives the spread.", "怎样抽取；{{normal: 0.02}} 给出离散程度。"
            ),
        ),
    ] = "xavier"
    set: Annotated[
        dict[str, FillField],
        Key(
            "",
            Bilingual(
                "Single parameters by path, over init and file; likewise what an optimizer remembers (`P.m_before`, "
                "`update.done`).",
                "按路径单独指定参数，优先于 init 和 file；优化器的记忆（`P.m_before`、`update.done`）也这样写。",
            ),
        ),
    ] = {}
    file: Annotated[
        str,
        Meta(min_length=1),
        Key(
            "",
            Bilingual(
                ".safetensors (or the index of its shards), .npz or .gguf, with these paths or with a family's names.",
                ".safetensors（或其分片索引）、.npz 或 .gguf 文件，以路径为键，或用某个模型家族的名称。",
            ),
        ),
    ] = ""
    names: Annotated[
        str,
        Meta(min_length=1),
        Key(
            "",
            Bilingual(
                "Whose names the file has: a family of checkpoints, such as llama; auto finds out.",
                "文件用的是谁的名称：某个模型家族，如 llama；auto 自行判断。",
            ),
        ),
    ] = "auto"
    partial: Annotated[
        bool,
        Key(
            "",
            Bilingual(
                "Whether parameters that the file lacks are drawn at random; else that is an error.",
                "文件中缺少的参数是否随机生成；否则报错。",
            ),
        ),
    ] = False


class ExamplePart(Section, frozen=True):
    """One of `train.data`."""

    source: Annotated[SentencesField, Key("source", Bilingual("As in `input`.", "同 `input`。"))] = None
    target: Annotated[SentencesField, Key("target", Bilingual("As in `input`.", "同 `input`。"))] = None
    labels: Annotated[SentencesField, Key("words", Bilingual("As in `input`.", "同 `input`。"))] = None


class TrainPart(TrainKeys, frozen=True):
    """`train:`, how the parameters learn."""

    data: Annotated[
        tuple[ExamplePart, ...],
        Key(
            "",
            Bilingual(
                "Examples to train on, while the screen shows `input`.", "训练用的样本；屏幕上看的仍是 `input`。"
            ),
        ),
    ] = ()


class VariantPart(Section, frozen=True):
    """One of `variants:`, merged over the file; lists are replaced, ``null`` takes a key away."""

    title: TextField = None
    about: TextField = None
    model: dict[str, Any] | None = None
    vocab: VocabField | None = None
    input: dict[str, Any] | None = None
    loss: Any = None
    weights: dict[str, Any] | None = None
    pins: dict[str, Any] | None = None
    train: dict[str, Any] | None = None


class FilePart(Section, frozen=True):
    """A whole scenario file."""

    tfstep: Annotated[
        Literal[1],
        Key(
            "",
            Bilingual("The version of this format.", "本格式的版本。"),
            allowed=Bilingual("1, the version of the format", "1，即格式的版本"),
        ),
    ] = 1
    title: Annotated[
        TextField,
        Key("", Bilingual("One line: a string, or one per language.", "一行标题：一个字符串，或每种语言一个。")),
    ] = None
    about: Annotated[
        TextField, Key("", Bilingual("What the scenario shows, likewise.", "场景要说明什么，写法同上。"))
    ] = None
    model: Annotated[ModelConfig, Key("", Bilingual("The model.", "模型。"))] = ModelConfig()
    vocab: Annotated[
        VocabField,
        Key(
            "",
            Bilingual(
                "Every word: a list, a number N for the words 0 … N-1, or {{source: …, target: …}}.",
                "全部词：一个列表；或数 N，表示词 0 … N-1；或 {{source: …, target: …}}。",
            ),
        ),
    ] = None
    input: Annotated[
        InputPart, Key("", Bilingual("What the model reads and what it should say.", "模型读什么、该说什么。"))
    ] = InputPart()
    loss: Annotated[
        LossPart | Annotated[str, Meta(min_length=1, max_length=2000)],
        Key(
            "",
            Bilingual(
                "What training makes small: a section, or an expression.", "训练要减小的量：一节，或一个表达式。"
            ),
            allowed=Bilingual("an expression, or {{kind: cross_entropy}}", "一个表达式，或 {{kind: cross_entropy}}"),
        ),
    ] = LossPart()
    weights: Annotated[WeightsPart, Key("", Bilingual("What the parameters start from.", "参数从什么值开始。"))] = (
        WeightsPart()
    )
    pins: Annotated[
        dict[str, Numbers],
        Meta(extra_json_schema={"properties": {"file": {"type": "string"}}}),
        Key(
            "",
            Bilingual(
                "Numbers that are held, by path or part of one: `enc0.attn.heads[:,1]: 0`; `file: mine.npz` holds the "
                "arrays of a .npz or .safetensors by their paths. No gradient flows back through them.",
                "固定不变的数，按路径或其一部分写：`enc0.attn.heads[:,1]: 0`；`file: mine.npz` 则固定 .npz 或 .safetensors "
                "中的数组，名称即路径。梯度不会流回它们。",
            ),
        ),
    ] = {}
    train: Annotated[TrainPart, Key("", Bilingual("How the parameters learn.", "参数怎样学习。"))] = TrainPart()
    variants: Annotated[
        VariantsField,
        Key(
            "",
            Bilingual(
                "Changes by name, merged over the file (a list of names: one after the other). Lists are replaced, null "
                "takes a key away. `base` is the file itself.",
                "有名字的改动，叠加在文件之上（写成名字的列表则依次叠加）。列表整个替换，null 去掉一个键。"
                "`base` 就是文件本身。",
            ),
        ),
    ] = None


PARTS: dict[str, type[Struct]] = {
    "file": FilePart,
    "model": ModelConfig,
    "layers": LayersPart,
    "rope": RopePart,
    "scaling": ScalingPart,
    "mask": MaskPart,
    "bias": BiasPart,
    "alibi": AlibiPart,
    "relative": RelativePart,
    "experts": ExpertsPart,
    "dropout": DropoutPart,
    "input": InputPart,
    "loss": LossPart,
    "weights": WeightsPart,
    "train": TrainPart,
    "schedule": SchedulePart,
    "example": ExamplePart,
}
"""The sections: those from ``layers`` to ``dropout`` stand inside ``model``, ``example`` is one of ``train.data``."""
