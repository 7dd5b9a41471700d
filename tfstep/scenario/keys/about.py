"""What each key of a scenario file is for: for the reference, and for editors that complete from the JSON Schema."""

from __future__ import annotations

from tfstep.scenario.keys import schema
from tfstep.text import Bilingual

PARTS: dict[str, type[schema.Part]] = {
    "file": schema.FilePart,
    "model": schema.ModelPart,
    "layers": schema.LayersPart,
    "rope": schema.RopePart,
    "mask": schema.MaskPart,
    "input": schema.InputPart,
    "loss": schema.LossPart,
    "weights": schema.WeightsPart,
    "train": schema.TrainPart,
    "example": schema.ExamplePart,
}
"""The sections: ``layers``, ``rope`` and ``mask`` stand inside ``model``, ``example`` is one of ``train.data``."""

ABOUT: dict[str, dict[str, Bilingual]] = {
    "file": {
        "tfstep": Bilingual("The version of this format.", "本格式的版本。"),
        "title": Bilingual("One line: a string, or one per language.", "一行标题：一个字符串，或每种语言一个。"),
        "about": Bilingual("What the scenario shows, likewise.", "场景要说明什么，写法同上。"),
        "model": Bilingual("The model.", "模型。"),
        "vocab": Bilingual(
            "Every word: a list, a number N for the words 0 … N-1, or {{source: …, target: …}}.",
            "全部词：一个列表；或数 N，表示词 0 … N-1；或 {{source: …, target: …}}。",
        ),
        "input": Bilingual("What the model reads and what it should say.", "模型读什么、该说什么。"),
        "loss": Bilingual(
            "What training makes small: a section, or an expression.", "训练要减小的量：一节，或一个表达式。"
        ),
        "weights": Bilingual("What the parameters start from.", "参数从什么值开始。"),
        "pins": Bilingual(
            "Numbers that are held, by path or part of one: `enc0.attn.heads[:,1]: 0`. No gradient flows back through "
            "them.",
            "固定不变的数，按路径或其一部分写：`enc0.attn.heads[:,1]: 0`。梯度不会流回它们。",
        ),
        "train": Bilingual("How the parameters learn.", "参数怎样学习。"),
        "variants": Bilingual(
            "Changes by name, merged over the file (a list of names: one after the other). Lists are replaced, null "
            "takes a key away. `base` is the file itself.",
            "有名字的改动，叠加在文件之上（写成名字的列表则依次叠加）。列表整个替换，null 去掉一个键。"
            "`base` 就是文件本身。",
        ),
    },
    "model": {
        "kind": Bilingual("The kind of model.", "模型的种类。"),
        "layers": Bilingual(
            "How many blocks; {{encoder: 2, decoder: 1}} where there are both.",
            "有几块；编码器、解码器都有时写 {{encoder: 2, decoder: 1}}。",
        ),
        "d_model": Bilingual("The width of a word's vector.", "每个词的向量宽度。"),
        "heads": Bilingual("How many heads; they divide d_model.", "头数；要能整除 d_model。"),
        "kv_heads": Bilingual(
            "How many heads keys and values have, each shared by a group of queries; default: heads.",
            "键和值的头数，每个由一组查询共用；默认等于 heads。",
        ),
        "d_k": Bilingual(
            "The width of queries and keys in a head; default: d_model / heads.",
            "每个头里查询和键的宽度；默认 d_model / heads。",
        ),
        "d_v": Bilingual(
            "The width of values in a head; default: d_model / heads.", "每个头里值的宽度；默认 d_model / heads。"
        ),
        "d_ff": Bilingual(
            "The width inside the feed-forward network; default: 4 · d_model.", "前馈网络内部的宽度；默认 4 · d_model。"
        ),
        "sizes": Bilingual("The widths of the layers, from the inputs to the outputs.", "各层宽度，从输入到输出。"),
        "activation": Bilingual("The bend between the linear layers.", "线性层之间的激活函数。"),
        "norm": Bilingual("What normalises, if anything.", "用哪种归一化，或不用。"),
        "norm_position": Bilingual(
            "Behind each residual sum, or before each sublayer.", "放在残差相加之后（post），还是子层之前（pre）。"
        ),
        "eps": Bilingual("Added to the variance before the root is taken.", "开方前加在方差上的小数。"),
        "residual": Bilingual("Whether a sublayer's input is added to its output.", "是否把子层的输入加到输出上。"),
        "positional": Bilingual("How positions come in.", "位置信息怎样加入。"),
        "rope": Bilingual(
            "How queries and keys are turned, with positional: rope.", "positional: rope 时查询和键怎样旋转。"
        ),
        "embed_scale": Bilingual("Whether embeddings are multiplied by √d_model.", "词嵌入是否乘以 √d_model。"),
        "projections": Bilingual(
            "Whether there are W_Q, W_K, W_V; false: Q = K = V = x.", "有没有 W_Q、W_K、W_V；false 表示 Q = K = V = x。"
        ),
        "output": Bilingual("Whether W_O follows the heads.", "多头之后有没有 W_O。"),
        "bias": Bilingual("Whether the linear layers have a bias.", "线性层有没有偏置。"),
        "scale": Bilingual("Whether scores are divided by √d_k.", "分数是否除以 √d_k。"),
        "mask": Bilingual("Which cells of the scores are hidden.", "遮住分数中的哪些单元格。"),
        "mask_value": Bilingual(
            "What hidden scores are replaced by; -.inf is allowed.", "被遮住的分数换成什么；可以写 -.inf。"
        ),
        "head": Bilingual(
            "Whether there is an output layer, out.*; default: where there are labels.",
            "有没有输出层 out.*；默认有 labels 时才有。",
        ),
        "tie": Bilingual(
            "Groups of parameters that are one tensor, transposed where the shapes ask for it: [[tgt.E, out.W]].",
            "哪些参数其实是同一个张量，形状需要时转置：[[tgt.E, out.W]]。",
        ),
        "dtype": Bilingual("The precision.", "精度。"),
        "given": Bilingual("Numbers or arrays that are not trained.", "不参与训练的数或数组。"),
        "parameters": Bilingual("What training changes, and where it starts.", "训练要改变的量及其初值。"),
        "steps": Bilingual(
            "Equations, name: expression, in order; each is a step.", "方程，名字: 表达式，按顺序；每个是一步。"
        ),
    },
    "layers": {
        "encoder": Bilingual("Blocks of the encoder.", "编码器的块数。"),
        "decoder": Bilingual("Blocks of the decoder.", "解码器的块数。"),
    },
    "rope": {
        "base": Bilingual("The base of the angles.", "角度的底数。"),
        "pairs": Bilingual(
            "Which features turn together: 2i and 2i+1, or i and i + d_k/2.",
            "哪两个特征一起转：2i 与 2i+1，还是 i 与 i + d_k/2。",
        ),
    },
    "mask": {
        "padding": Bilingual("Hide the keys that are `<pad>`.", "遮住是 `<pad>` 的键。"),
        "causal": Bilingual("Hide later positions; concerns decoders.", "遮住后面的位置；只影响解码器。"),
    },
    "input": {
        "source": Bilingual(
            "What the encoder reads: words, a list of words, or a list of lists, a batch filled up with `<pad>`.",
            "编码器读的句子：若干词、词的列表，或列表的列表（一批，短的用 `<pad>` 补齐）。",
        ),
        "target": Bilingual("What the decoder reads.", "解码器读的句子。"),
        "labels": Bilingual("What it should say; `<pad>` does not count.", "该说出的词；`<pad>` 不计。"),
        "offset": Bilingual("The position of the first word.", "第一个词的位置。"),
        "x": Bilingual("Numbers in place of words.", "直接给数，不用词。"),
        "memory": Bilingual("An outside store to attend to, in place of x itself.", "供关注的外部存储，代替 x 自身。"),
    },
    "loss": {
        "kind": Bilingual(
            "Default: cross_entropy where there are labels, else none. half_mse is ½·Σ(ŷ−y)², mse the mean.",
            "默认有 labels 时为 cross_entropy，否则为 none。half_mse 是 ½·Σ(ŷ−y)²，mse 是平均。",
        ),
        "of": Bilingual(
            "The tensor it is of; default: out.logits, or the model's last output.",
            "对哪个张量；默认 out.logits，或模型最后的输出。",
        ),
        "target": Bilingual(
            "What that tensor should be, for mse and half_mse.", "该张量的目标值，用于 mse 和 half_mse。"
        ),
    },
    "weights": {
        "seed": Bilingual(
            "Every parameter draws from a stream of its own, by seed and path.", "每个参数按种子和路径各有一条随机流。"
        ),
        "init": Bilingual(
            "How they are drawn; {{normal: 0.02}} gives the spread.", "怎样抽取；{{normal: 0.02}} 给出离散程度。"
        ),
        "set": Bilingual(
            "Single parameters by path, over init and file; likewise what an optimizer remembers (`P.m_before`, "
            "`update.done`).",
            "按路径单独指定参数，优先于 init 和 file；优化器的记忆（`P.m_before`、`update.done`）也这样写。",
        ),
        "file": Bilingual(
            ".safetensors (or the index of its shards), .npz or .gguf, with these paths or with a family's names.",
            ".safetensors（或其分片索引）、.npz 或 .gguf 文件，以路径为键，或用某个模型家族的名称。",
        ),
        "names": Bilingual(
            "Whose names the file has: a family of checkpoints, such as llama; auto finds out.",
            "文件用的是谁的名称：某个模型家族，如 llama；auto 自行判断。",
        ),
        "partial": Bilingual(
            "Whether parameters that the file lacks are drawn at random; else that is an error.",
            "文件中缺少的参数是否随机生成；否则报错。",
        ),
    },
    "train": {
        "optimizer": Bilingual("The rule of the update.", "更新规则。"),
        "lr": Bilingual("The learning rate.", "学习率。"),
        "momentum": Bilingual("What is left of the gradients before, for sgd.", "保留多少先前的梯度，用于 sgd。"),
        "betas": Bilingual("What is left of the running means, for adam.", "滑动平均的保留比例，用于 adam。"),
        "eps": Bilingual("Keeps adam from dividing by 0.", "避免 adam 除以 0。"),
        "steps": Bilingual("How many updates `train` makes.", "`train` 做几次更新。"),
        "teacher_forcing": Bilingual(
            "Whether the decoder is fed the right words in training.", "训练时是否给解码器喂正确的词。"
        ),
        "data": Bilingual(
            "Examples to train on, while the screen shows `input`.", "训练用的样本；屏幕上看的仍是 `input`。"
        ),
    },
    "example": {
        "source": Bilingual("As in `input`.", "同 `input`。"),
        "target": Bilingual("As in `input`.", "同 `input`。"),
        "labels": Bilingual("As in `input`.", "同 `input`。"),
    },
}
"""By section and key."""
