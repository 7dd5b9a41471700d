"""The groups of keys inside `model:`."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from tfstep.models.keys.key import Depth, Finite, Fraction, Key, Positive, Section, Size
from tfstep.text import Bilingual


class LayersPart(Section, frozen=True):
    """`layers:` a stack."""

    encoder: Annotated[
        Annotated[int, Meta(ge=0, le=256)],
        Key(
            "source",
            Bilingual(
                "Blocks of the encoder; with 0 the decoder asks the embedded words themselves.",
                "编码器的层数；为 0 时解码器直接询问嵌入后的词。",
            ),
        ),
    ] = 1
    decoder: Annotated[Depth, Key("target", Bilingual("Blocks of the decoder.", "解码器的层数。"))] = 1


class ScalingPart(Section, frozen=True):
    """`rope.scaling:`, how the angles are stretched for texts longer than those of training."""

    kind: Annotated[
        Literal["linear", "dynamic", "llama3", "yarn", "longrope"],
        Key(
            "attention",
            Bilingual(
                "linear: every frequency / factor. dynamic: the base grows with the text. llama3: slow ones / "
                "factor, a ramp between. yarn: likewise, by turns, and cos and sin × (0.1 ln factor + 1). "
                "longrope: each frequency has its own factor.",
                "linear：每个频率 / factor。dynamic：底数随文本变长而增大。llama3：慢的 / factor，中间渐变。yarn"
                "：按圈数渐变，cos 和 sin 再乘 (0.1 ln factor + 1)。longrope：每个频率各有倍数。",
            ),
        ),
    ] = "linear"
    factor: Annotated[Positive, Key("attention", Bilingual("How much longer texts become.", "文本变长的倍数。"))] = 1.0
    original: Annotated[
        Size, Key("attention", Bilingual("The length of text before the stretch.", "拉伸前的文本长度。"))
    ] = 8192
    low: Annotated[
        Positive,
        Key(
            "attention",
            Bilingual(
                "llama3: wavelengths above original / low are divided by the factor.",
                "llama3：波长大于 original / low 的除以 factor。",
            ),
        ),
    ] = 1.0
    high: Annotated[
        Positive,
        Key(
            "attention",
            Bilingual("llama3: wavelengths below original / high stay.", "llama3：波长小于 original / high 的不变。"),
        ),
    ] = 4.0
    beta_fast: Annotated[
        Positive,
        Key(
            "attention",
            Bilingual(
                "yarn: pairs that turn as often within original, or more, stay.",
                "yarn：在 original 之内转这么多圈以上的不变。",
            ),
        ),
    ] = 32.0
    beta_slow: Annotated[
        Positive,
        Key(
            "attention",
            Bilingual(
                "yarn: pairs that turn less often are divided by the factor.", "yarn：转的圈数更少的除以 factor。"
            ),
        ),
    ] = 1.0
    truncate: Annotated[
        bool,
        Key(
            "attention", Bilingual("yarn: whether the ends of the ramp are whole numbers.", "yarn：渐变两端是否取整。")
        ),
    ] = True
    attention: Annotated[
        Positive | None,
        Key(
            "attention",
            Bilingual(
                "What cos and sin are times, in place of the rule's own.", "cos 和 sin 乘的数，代替规则自己算的。"
            ),
        ),
    ] = None
    short: Annotated[
        tuple[Positive, ...],
        Key(
            "attention",
            Bilingual(
                "longrope: a factor for every pair, for texts up to original.",
                "longrope：每对一个倍数，用于不超过 original 的文本。",
            ),
        ),
    ] = ()
    long: Annotated[
        tuple[Positive, ...],
        Key(
            "attention",
            Bilingual(
                "longrope: a factor for every pair, for longer texts.", "longrope：每对一个倍数，用于更长的文本。"
            ),
        ),
    ] = ()


class RopePart(Section, frozen=True):
    """`rope:`, rotary position embedding (Su et al. 2021)."""

    base: Annotated[Positive, Key("attention", Bilingual("The base of the angles.", "角度的底数。"))] = 10000.0
    pairs: Annotated[
        Literal["interleaved", "half"],
        Key(
            "attention",
            Bilingual(
                "Which features turn together: 2i and 2i+1, or i and i + d_k/2.",
                "哪两个特征一起转：2i 与 2i+1，还是 i 与 i + d_k/2。",
            ),
        ),
    ] = "interleaved"
    part: Annotated[
        Annotated[float, Meta(gt=0, le=1)],
        Key(
            "attention",
            Bilingual(
                "The share of the features that is turned: the first int(d_k · part).",
                "旋转的特征占多少：前 int(d_k · part) 个。",
            ),
        ),
    ] = 1.0
    scaling: Annotated[
        ScalingPart | None,
        Key("attention", Bilingual("How the angles are stretched for long texts.", "为长文本怎样拉伸角度。")),
    ] = None


OWN = ("custom", "encoder", "decoder", "cross")
"""The keys of the masks that a file gives."""


class MaskPart(Section, frozen=True):
    """`mask:`, which cells of the scores are filled with `mask_value`."""

    padding: Annotated[bool, Key("words", Bilingual("Hide the keys that are `<pad>`.", "遮住是 `<pad>` 的键。"))] = True
    causal: Annotated[
        bool,
        Key(
            "target memory",
            Bilingual("Hide later positions; concerns decoders.", "遮住后面的位置；只影响解码器。"),
            follows=lambda c, told: c.has("target"),
        ),
    ] = True
    corner: Annotated[
        Literal["none", "top", "bottom"],
        Key(
            "memory",
            Bilingual(
                "With causal and memory, which corner counts: top, query i sees keys 0 … i (PyTorch, JAX, Keras, "
                "ONNX); bottom, "
                "the last query sees all keys, as with a cache (MLX, x-transformers).",
                "causal 与 memory 并用时以哪个角为准：top，第 i 个查询看键 0 … i（PyTorch、JAX、Keras、ONNX）；bottom，"
                "最后一个查询"
                "看所有键，如同有缓存时（MLX、x-transformers）。",
            ),
        ),
    ] = "none"
    prefix: Annotated[
        Annotated[int, Meta(ge=0)],
        Key(
            "target memory",
            Bilingual(
                "So many first words are seen by all, whatever causal says (a prefix LM, Raffel et al. 2020).",
                "前几个词对所有词可见，不受 causal 限制（前缀语言模型，Raffel 等 2020）。",
            ),
        ),
    ] = 0
    custom: Annotated[
        Any,
        Meta(extra_json_schema={"anyOf": [{"type": "array"}, {"type": "string"}]}),
        Key(
            "attention",
            Bilingual(
                "A mask of your own for self-attention, over the others: booleans, true: the query may look at the "
                "key (PyTorch's "
                "MultiheadAttention means the opposite); or numbers, added to the scores. Shape (query, key), (head, "
                "query, key) "
                "or (batch, head, query, key); or the name of an .npz or .npy file with one array, or with one that is called "
                "as this key is.",
                "自注意力的自定义掩码，叠加在其他掩码之上：布尔值，true 表示查询可以看这个键（PyTorch 的 MultiheadAttention "
                "正相反）；"
                "或数，加到分数上。形状 (query, key)、(head, query, key) 或 (batch, head, query, key)；或只含一个数组的 "
                ".npz、.npy 文件名；有几个数组时取与本键同名的。",
            ),
        ),
    ] = None
    cross: Annotated[
        Any,
        Meta(extra_json_schema={"anyOf": [{"type": "array"}, {"type": "string"}]}),
        Key("source", Bilingual("The same for cross-attention.", "同上，用于交叉注意力。")),
    ] = None
    encoder: Annotated[
        Any,
        Meta(extra_json_schema={"anyOf": [{"type": "array"}, {"type": "string"}]}),
        Key(
            "source",
            Bilingual(
                "The same for the encoder's self-attention alone, in place of custom.",
                "同 custom，但只用于编码器的自注意力，取代 custom。",
            ),
        ),
    ] = None
    decoder: Annotated[
        Any,
        Meta(extra_json_schema={"anyOf": [{"type": "array"}, {"type": "string"}]}),
        Key(
            "target",
            Bilingual(
                "The same for the decoder's self-attention alone, in place of custom.",
                "同 custom，但只用于解码器的自注意力，取代 custom。",
            ),
        ),
    ] = None
    trained: Annotated[
        bool,
        Key(
            "attention",
            Bilingual(
                "Whether the numbers of these masks are parameters (`P.mask_added`).",
                "这些掩码的数是否是参数（`P.mask_added`）。",
            ),
        ),
    ] = False
    empty: Annotated[
        Literal["none", "uniform", "zero", "nan"],
        Key(
            "attention",
            Bilingual(
                "What a row gets that has nothing left to look at: uniform, the same weight everywhere; zero, none (PyTorch's "
                "scaled_dot_product_attention); nan; none: what mask_value gives.",
                "没有任何键可看的行得到什么：uniform，处处相同；zero，全为 0（PyTorch 的 scaled_dot_product_attention）；"
                "nan；none："
                "由 mask_value 决定。",
            ),
        ),
    ] = "none"


class BiasPart(Section, frozen=True):
    """`bias:` a site."""

    qkv: Annotated[bool, Key("trained", Bilingual("Of W_Q, W_K, W_V.", "W_Q、W_K、W_V 的。"))] = True
    out: Annotated[bool, Key("trained", Bilingual("Of W_O.", "W_O 的。"))] = True
    ffn: Annotated[bool, Key("trained", Bilingual("Of the feed-forward network.", "前馈网络的。"))] = True
    norm: Annotated[bool, Key("trained", Bilingual("The beta of the norms.", "归一化的 beta。"))] = True
    head: Annotated[bool, Key("trained", Bilingual("Of the output layer.", "输出层的。"))] = True


class AlibiPart(Section, frozen=True):
    """`alibi:`, scores lowered by distance (Press et al. 2022)."""

    divided: Annotated[
        bool,
        Key(
            "attention",
            Bilingual(
                "Whether it is divided by √d_k, as the scores are (Falcon).", "是否像分数一样除以 √d_k（Falcon）。"
            ),
        ),
    ] = False
    rounded: Annotated[
        bool,
        Key(
            "attention",
            Bilingual(
                "Whether slope and position, and their product, are rounded to bfloat16; it then grows with the key's "
                "position, which softmax takes for the distance (Falcon).",
                "斜率、位置及其乘积是否舍入到 bfloat16；此时它随键的位置增大，对 softmax 来说等同于距离（Falcon）。",
            ),
        ),
    ] = False


class RelativePart(Section, frozen=True):
    """`relative:`, a learned number for every head and distance (Raffel et al. 2020, T5)."""

    buckets: Annotated[
        Annotated[int, Meta(ge=4)],
        Key("attention", Bilingual("How many distances are told apart.", "区分多少种距离。")),
    ] = 32
    distance: Annotated[
        Size, Key("attention", Bilingual("From here on all distances are one.", "从这里起，距离不再区分。"))
    ] = 128


class ExpertsPart(Section, frozen=True):
    """`experts:`, feed-forward networks of which a router chooses some for each word (Shazeer et al. 2017)."""

    count: Annotated[Size, Key("words", Bilingual("How many experts there are.", "有几个专家。"))] = 2
    top: Annotated[Size, Key("words", Bilingual("How many are chosen for each word.", "每个词选几个。"))] = 1
    router: Annotated[
        Literal["softmax", "topk", "sigmoid"],
        Key(
            "words",
            Bilingual(
                "softmax: softmax(x W), then the largest (Mixtral, Qwen 3). topk: the largest, then softmax "
                "(gpt-oss). sigmoid: σ(x W), then the largest (DeepSeek-V3).",
                "softmax：先 softmax(x W) 再取最大的几个（Mixtral、Qwen 3）。topk：先取最大的几个再 softmax（"
                "gpt-oss）。sigmoid：先 σ(x W) 再取最大的几个（DeepSeek-V3）。",
            ),
        ),
    ] = "softmax"
    renormalise: Annotated[
        bool,
        Key(
            "words",
            Bilingual("Whether the weights of the chosen are divided by their sum.", "选中的权重是否除以它们的和。"),
        ),
    ] = True
    scale: Annotated[Finite, Key("words", Bilingual("What the weights are multiplied by.", "权重再乘的数。"))] = 1.0
    bias: Annotated[bool, Key("words", Bilingual("Whether the router has a bias.", "路由器有没有偏置。"))] = False
    correction: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether a learned number is added for choosing only.", "选择时是否加上一个学到的数（只用于选择）。"
            ),
        ),
    ] = False
    d_ff: Annotated[
        Size | None,
        Key(
            "words",
            Bilingual("The width inside an expert; default: d_ff of the model.", "专家内部的宽度；默认同模型的 d_ff。"),
        ),
    ] = None
    shared: Annotated[
        Size | None,
        Key(
            "words",
            Bilingual(
                "The width of one more expert that reads every word; default: none.",
                "另有一个所有词都经过的专家，其宽度；默认没有。",
            ),
        ),
    ] = None


class DropoutPart(Section, frozen=True):
    """`dropout:` a site, each with its own share of dropped cells."""

    embed: Annotated[Fraction, Key("words", Bilingual("Of what the first layer reads.", "第一层读入的向量。"))] = 0.0
    attention: Annotated[
        Fraction, Key("words", Bilingual("Of the weights behind the softmax.", "softmax 之后的权重。"))
    ] = 0.0
    hidden: Annotated[
        Fraction, Key("words", Bilingual("Of the activations of the feed-forward network.", "前馈网络的激活值。"))
    ] = 0.0
    residual: Annotated[
        Fraction,
        Key("words", Bilingual("Of what each sublayer adds to its input.", "每个子层加到输入上的部分。")),
    ] = 0.0
    stream: Annotated[
        Annotated[int, Meta(ge=0, le=2**63 - 1)],
        Key("words", Bilingual("What the masks are drawn from, with path and pass.", "掩码按它、路径和第几遍抽取。")),
    ] = 0
