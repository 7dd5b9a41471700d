"""The keys of stacks of layers, and of what stands before and behind them, in `model:`."""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from tfstep.models.keys.attention import AttentionKeys
from tfstep.models.keys.key import LARGEST, Finite, Fraction, Key, Positive, Size, Told
from tfstep.models.keys.sections import DropoutPart, ExpertsPart
from tfstep.ops.activation import ACTIVATIONS
from tfstep.ops.norm import NORMS
from tfstep.text import Bilingual

if TYPE_CHECKING:
    ActivationName = str
    NormName = str
else:  # the choices of a key are the names in its registry
    ActivationName, NormName = Literal[tuple(ACTIVATIONS)], Literal[(*NORMS, "none")]


def _gate_of_its_own(c: "StackKeys", told: Told) -> bool:
    return len(ACTIVATIONS[c.activation].arguments) > 1


class StackKeys(AttentionKeys, frozen=True):
    """The keys of stacks of layers, and of what stands before and behind them."""

    attention: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether a block has self-attention; without it the words only meet in cross-attention, or not at all.",
                "每层有没有自注意力；没有时，词之间只在交叉注意力里相遇，或根本不相遇。",
            ),
        ),
    ] = True
    ffn: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether a block has a feed-forward network; false gives attention-only blocks (Elhage et al. 2021).",
                "每层有没有前馈网络；写 false 即只有注意力的层（Elhage 等 2021）。",
            ),
        ),
    ] = True
    d_ff: Annotated[
        Size,
        Key(
            "words",
            Bilingual(
                "The width inside the feed-forward network; default: 4 · d_model.",
                "前馈网络内部的宽度；默认 4 · d_model。",
            ),
            follows=lambda c, told: 4 * c.d_model,
        ),
    ] = 0
    activation: Annotated[
        ActivationName, Key("words mlp", Bilingual("The bend between the linear layers.", "线性层之间的激活函数。"))
    ] = "relu"
    gated: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether act(x W_gate) stands before the hidden values (Shazeer 2020); default: where the "
                "activation has a gate of its own.",
                "隐藏层前是否有 act(x W_gate) 这道门（Shazeer 2020）；默认只有自带门的激活函数才有。",
            ),
            follows=_gate_of_its_own,
        ),
    ] = False
    experts: Annotated[
        ExpertsPart | None,
        Key(
            "words",
            Bilingual(
                "Many feed-forward networks, of which a router chooses some for each word: {{count: 8, top: 2}}.",
                "许多前馈网络，由路由器为每个词选几个：{{count: 8, top: 2}}。",
            ),
        ),
    ] = None
    norm: Annotated[NormName, Key("words", Bilingual("What normalises, if anything.", "用哪种归一化，或不用。"))] = (
        "layer"
    )
    norm_position: Annotated[
        Literal["post", "pre", "both", "output"],
        Key(
            "words",
            Bilingual(
                "post: N(x + f(x)). pre: x + f(N(x)). both: x + N′(f(N(x))) (Gemma 2). output: x + N(f(x)) (OLMo 2).",
                "后置 post：N(x + f(x))；前置 pre：x + f(N(x))；前后都有 both：x + N′(f(N(x)))（Gemma 2）；"
                "在输出上 output：x + N(f(x))（OLMo 2）。",
            ),
        ),
    ] = "post"
    final_norm: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether a norm ends each stack; default: unless norm_position is post.",
                "每个栈末尾有没有归一化；默认 norm_position 不是 post 时有。",
            ),
            follows=lambda c, told: c.norm_position != "post",
        ),
    ] = False
    first_norm: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether the first layer normalises what its attention reads (ModernBERT does not).",
                "第一层的注意力之前是否归一化（ModernBERT 没有）。",
            ),
        ),
    ] = True
    norm_weight: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether norms have a gamma; without it gamma is 1 and stays so (OLMo 1).",
                "归一化有没有 gamma；没有时 gamma 恒为 1（OLMo 1）。",
            ),
        ),
    ] = True
    norm_offset: Annotated[
        Finite,
        Key(
            "words",
            Bilingual(
                "Norms multiply by this + gamma: 1 in Gemma, where gamma starts at 0.",
                "归一化乘以此数 + gamma：Gemma 中为 1，gamma 从 0 开始。",
            ),
        ),
    ] = 0.0
    eps: Annotated[
        float,
        Meta(ge=0, le=LARGEST),
        Key("words", Bilingual("Added to the variance before the root is taken.", "开方前加在方差上的一个很小的数。")),
    ] = 1e-5
    residual: Annotated[
        bool,
        Key("words", Bilingual("Whether a sublayer's input is added to its output.", "是否把子层的输入加到输出上。")),
    ] = True
    residual_scale: Annotated[
        Finite, Key("words", Bilingual("x + this · f(x) (Granite).", "x + 此数 · f(x)（Granite）。"))
    ] = 1.0
    dropout: Annotated[
        Fraction | DropoutPart,
        Key(
            "words",
            Bilingual(
                "What share of cells is dropped in training, where PyTorch's layers do; or by site: "
                "{{attention: 0.1, residual: 0.2}} (embed, attention, hidden, residual). `P.keep` is the mask.",
                "训练时丢弃的单元格比例，位置同 PyTorch 的层；或按位置写：{{attention: 0.1, residual: 0.2}}（embed、attention、"
                "hidden、residual）。`P.keep` 是掩码。",
            ),
            allowed=Bilingual(
                "a number from 0 to below 1, or {{attention: 0.1, residual: 0.2}}",
                "一个从 0 到 1（不含）的数，或 {{attention: 0.1, residual: 0.2}}",
            ),
        ),
    ] = 0.0
    mode: Annotated[
        Literal["train", "eval"],
        Key(
            "words",
            Bilingual(
                "train: dropout drops; eval: it does nothing and has no steps (`generate` is always eval).",
                "train：dropout 起作用；eval：不起作用，也没有相应步骤（`generate` 总是 eval）。",
            ),
        ),
    ] = "train"
    parallel: Annotated[
        Literal["none", "own", "shared"],
        Key(
            "words",
            Bilingual(
                "Attention and feed-forward side by side, x + attn(N₁x) + ffn(N₂x) (GPT-NeoX), or with one "
                "shared norm (GPT-J, Falcon).",
                "注意力与前馈并排：x + attn(N₁x) + ffn(N₂x)（GPT-NeoX），或共用一个归一化（GPT-J、Falcon）。",
            ),
        ),
    ] = "none"
    d_embed: Annotated[
        Size | None,
        Key(
            "words",
            Bilingual(
                "The width of the embedding, if another than d_model: W_E makes one of the other (ALBERT).",
                "词嵌入的宽度，若与 d_model 不同：由 W_E 换算（ALBERT）。",
            ),
        ),
    ] = None
    widen: Annotated[
        Literal["last", "first"],
        Key(
            "words",
            Bilingual(
                "Where W_E stands with d_embed: last, behind positions and norm (ALBERT); first, before the positions, "
                "and then W_h makes d_embed again before the output layer (OPT-350m).",
                "有 d_embed 时 W_E 的位置：last，在位置与归一化之后（ALBERT）；first，在加位置之前，"
                "此时输出层之前由 W_h 换算回 d_embed（OPT-350m）。",
            ),
        ),
    ] = "last"
    embed_scale: Annotated[
        bool | Finite,
        Key(
            "words",
            Bilingual(
                "Whether embeddings are multiplied by √d_model; a number: by that.",
                "词嵌入是否乘以 √d_model；写一个数则乘以它。",
            ),
        ),
    ] = False
    embed_norm: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether the embedding is normalised: N(E + types + positions) (BERT, BLOOM).",
                "词嵌入是否归一化：N(E + 类型 + 位置)（BERT、BLOOM）。",
            ),
        ),
    ] = False
    count_pads: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether pads take a position; false: learned positions count the words alone, and pads have the "
                "row before the first (RoBERTa, OPT).",
                "填充是否占一个位置；false：学到的位置只数词，填充取首行之前的那一行（RoBERTa、OPT）。",
            ),
        ),
    ] = True
    token_types: Annotated[
        Size | None,
        Key(
            "reader",
            Bilingual(
                "How many types of words there are, each with a learned vector that is added (BERT); "
                "`input.types` says which, by itself 0.",
                "词有几种类型，每种加上一个学到的向量（BERT）；由 `input.types` 指明，默认 0。",
            ),
        ),
    ] = None
    sinusoids: Annotated[
        Literal["interleaved", "halved"],
        Key(
            "words",
            Bilingual(
                "The order of positional: sinusoidal; halved: all sines, then all cosines (Marian).",
                "positional: sinusoidal 的排列；halved：先全部正弦，再全部余弦（Marian）。",
            ),
        ),
    ] = "interleaved"
    positions: Annotated[
        Size | None,
        Key(
            "words",
            Bilingual(
                "Rows of the learned table of positions; default: as many as are needed.",
                "学到的位置表有几行；默认需要几行就几行。",
            ),
        ),
    ] = None
    position_offset: Annotated[
        Annotated[int, Meta(ge=0)],
        Key(
            "words",
            Bilingual("Where positions begin in the table (OPT, BART: 2).", "位置从表的第几行开始（OPT、BART：2）。"),
        ),
    ] = 0
    head: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether there is an output layer, out.*; default: where there are labels.",
                "有没有输出层 out.*；默认有 labels 时才有。",
            ),
            follows=lambda c, told: told.labels,
        ),
    ] = False
    pooler: Annotated[
        Literal["none", "first", "last", "mean", "tanh"],
        Key(
            "reader",
            Bilingual(
                "One vector for the whole sentence: that of its first or last word, the mean of all, or tanh(x₀ "
                "W + b) of the first (BERT).",
                "整句的一个向量：第一个词或最后一个词的、全部的平均，或第一个词的 tanh(x₀ W + b)（BERT）。",
            ),
        ),
    ] = "none"
    pool_unit: Annotated[
        bool,
        Key(
            "reader",
            Bilingual(
                "Whether that vector is divided by its length, as sentences are compared by cosine.",
                "这个向量是否除以自己的长度（用余弦比较句子时）。",
            ),
        ),
    ] = False
    head_transform: Annotated[
        bool,
        Key(
            "words",
            Bilingual(
                "Whether act(x W_h + b_h) and a norm stand before the output layer (BERT's MLM head).",
                "输出层之前是否先做 act(x W_h + b_h) 和归一化（BERT 的 MLM 头）。",
            ),
        ),
    ] = False
    logit_scale: Annotated[
        Finite | None,
        Key(
            "words", Bilingual("What logits are multiplied by (Cohere, Granite).", "logits 乘的数（Cohere、Granite）。")
        ),
    ] = None
    logit_softcap: Annotated[
        Positive | None,
        Key(
            "words",
            Bilingual("c: logits become c · tanh(s / c) (Gemma 2).", "c：logits 变成 c · tanh(s / c)（Gemma 2）。"),
        ),
    ] = None
