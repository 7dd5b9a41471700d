"""The keys of attention, in `model:`."""

from typing import Annotated, Literal

from msgspec import Meta

from tfstep.models.keys.key import Finite, Key, Positive, Section, Size
from tfstep.models.keys.sections import AlibiPart, MaskPart, RelativePart, RopePart
from tfstep.text import Bilingual


class AttentionKeys(Section, frozen=True):
    """The keys of attention."""

    heads: Annotated[
        Size, Key("attention", Bilingual("How many heads; they divide d_model.", "头数；要能整除 d_model。"))
    ] = 1
    kv_heads: Annotated[
        Size,
        Key(
            "attention",
            Bilingual(
                "How many heads keys and values have, each shared by a group of queries; default: heads.",
                "键和值的头数，每个由一组查询共用；默认等于 heads。",
            ),
            follows=lambda c, told: c.heads,
        ),
    ] = 0
    d_k: Annotated[
        Size,
        Key(
            "attention",
            Bilingual(
                "The width of queries and keys in a head; default: d_model / heads.",
                "每个头里查询和键的宽度；默认 d_model / heads。",
            ),
            follows=lambda c, told: c.d_model // c.heads,
        ),
    ] = 0
    d_v: Annotated[
        Size,
        Key(
            "attention",
            Bilingual(
                "The width of values in a head; default: d_model / heads.", "每个头里值的宽度；默认 d_model / heads。"
            ),
            follows=lambda c, told: c.d_model // c.heads,
        ),
    ] = 0
    projections: Annotated[
        bool,
        Key(
            "attention",
            Bilingual(
                "Whether there are W_Q, W_K, W_V; false: Q = K = V = x.",
                "有没有 W_Q、W_K、W_V；false 表示 Q = K = V = x。",
            ),
        ),
    ] = True
    clip_qkv: Annotated[
        Positive | None,
        Key(
            "attention",
            Bilingual(
                "c: queries, keys and values are cut off at −c and c, before anything else is done with them (OLMo, MPT).",
                "c：查询、键和值先截到 −c 与 c 之间，再做其他处理（OLMo、MPT）。",
            ),
        ),
    ] = None
    qk_norm: Annotated[
        Literal["none", "head", "heads", "all", "weightless"],
        Key(
            "attention",
            Bilingual(
                "Whether queries and keys are normalised: in each head with one gamma for all (head: Qwen 3) or with "
                "a gamma a head (heads: StableLM 2, Command R+), over all heads (OLMo 2), or without a gamma (Llama 4).",
                "查询和键是否归一化：每个头各自、共用一个 gamma（head：Qwen 3）或每头一个 gamma（heads：StableLM 2、"
                "Command R+）、所有头一起（OLMo 2）、或不带 gamma（Llama 4）。",
            ),
        ),
    ] = "none"
    qk_norm_after_rope: Annotated[
        bool, Key("attention", Bilingual("Whether that comes after rope.", "是否在 rope 之后才做。"))
    ] = False
    positional: Annotated[
        Literal["sinusoidal", "learned", "rope", "alibi", "relative", "none"],
        Key(
            "attention",
            Bilingual(
                "How positions come in; alibi: each head lowers scores by distance (Press et al. 2022); "
                "relative: it learns a number for each distance (T5).",
                "位置信息怎样加入；alibi：每个头按距离压低分数（Press 等 2022）；relative：为每种距离学一个数（T5）。",
            ),
            follows=lambda c, told: "none" if c.has("memory") else "sinusoidal",
        ),
    ] = "sinusoidal"
    rope: Annotated[
        RopePart,
        Key(
            "attention",
            Bilingual(
                "How queries and keys are turned, with positional: rope.", "positional: rope 时查询和键怎样旋转。"
            ),
        ),
    ] = RopePart()
    alibi: Annotated[
        AlibiPart,
        Key(
            "attention",
            Bilingual("What positional: alibi adds to the scores.", "positional: alibi 时给分数加什么。"),
        ),
    ] = AlibiPart()
    relative: Annotated[
        RelativePart,
        Key("words", Bilingual("The distances of positional: relative.", "positional: relative 时怎样区分距离。")),
    ] = RelativePart()
    scale: Annotated[
        bool | Finite,
        Key(
            "attention",
            Bilingual(
                "Whether scores are divided by √d_k; a number: they are multiplied by it.",
                "分数是否除以 √d_k；写一个数则乘以它。",
            ),
        ),
    ] = True
    score_softcap: Annotated[
        Positive | None,
        Key(
            "attention",
            Bilingual(
                "c: scores become c · tanh(s / c), before the mask (Gemma 2).",
                "c：分数变成 c · tanh(s / c)，在掩码之前（Gemma 2）。",
            ),
        ),
    ] = None
    mask: Annotated[
        MaskPart, Key("attention", Bilingual("Which cells of the scores are hidden.", "遮住分数中的哪些单元格。"))
    ] = MaskPart()
    mask_value: Annotated[
        float,
        Meta(lt=0),
        Key(
            "attention",
            Bilingual("What hidden scores are replaced by; -.inf is allowed.", "被遮住的分数换成什么；可以写 -.inf。"),
            allowed=Bilingual("a negative number or -.inf", "负数或 -.inf"),
        ),
    ] = -1e9
    window: Annotated[
        Size | None,
        Key(
            "attention",
            Bilingual(
                "w: a decoder sees the last w words, itself included; without a causal mask, w words to each "
                "side (Longformer, Mistral).",
                "w：解码器只看最近 w 个词，含自己；没有因果掩码时，两边各看 w 个词（Longformer、Mistral）。",
            ),
        ),
    ] = None
    chunk: Annotated[
        Size | None,
        Key(
            "attention",
            Bilingual(
                "c: a word sees those of its own chunk of c words (Llama 4).",
                "c：每 c 个词一组，只看同一组的词（Llama 4）。",
            ),
        ),
    ] = None
    sinks: Annotated[
        bool,
        Key(
            "attention",
            Bilingual(
                "Whether each head has a learned score that takes its share of the softmax and is left out (gpt-oss).",
                "每个头是否有一个学到的分数参与 softmax、份额不用（gpt-oss）。",
            ),
        ),
    ] = False
    attn_gate: Annotated[
        bool,
        Key(
            "attention",
            Bilingual(
                "Whether heads are multiplied by σ(x W_G + b_G) before W_O (Qwen 3 Next).",
                "多头输出在 W_O 之前是否乘以 σ(x W_G + b_G)（Qwen 3 Next）。",
            ),
        ),
    ] = False
    output: Annotated[bool, Key("attention", Bilingual("Whether W_O follows the heads.", "多头之后有没有 W_O。"))] = (
        True
    )
