"""The words for tokens and attention."""

from tfstep.commands.glossary.term import Term
from tfstep.text import Bilingual

TERMS = (
    Term(
        Bilingual("token", "词元"),
        Bilingual(
            "One piece of text that the model treats as a unit, a word or a character. It has a number, its id, and "
            "the id picks a row of E.",
            "模型处理文本的最小单位，一个词或一个字。每个词元有一个编号，按编号从 E 中取一行。",
        ),
        ("*.embed",),
        also=("word", "词"),
    ),
    Term(
        Bilingual("embedding", "词嵌入"),
        Bilingual(
            "The row of numbers that stands for a token, taken from the matrix E. It is learned like any other weight.",
            "代表一个词元的一行数，取自矩阵 E。它和其他权重一样是学出来的。",
        ),
        ("*.embed", "*.E"),
        also=("embeddings", "嵌入", "E"),
    ),
    Term(
        Bilingual("positional encoding", "位置编码"),
        Bilingual(
            "A row of numbers for each position, added to the embedding. Without it attention cannot tell in which "
            "order the words stand.",
            "每个位置对应的一行数，加到词嵌入上。没有它，注意力分不清词的先后。",
        ),
        ("*.pos",),
        also=("position", "PE", "位置"),
    ),
    Term(
        Bilingual("RoPE", "旋转位置编码"),
        Bilingual(
            "Rotary position embedding: query and key are turned by an angle that grows with the position. Their "
            "score then depends on the contents and the signed distance; nothing in it is learned.",
            "把查询和键按位置旋转一个角度。这样分数只取决于内容和带方向的距离；其中没有要学的参数。",
        ),
        ("*.Q_rot",),
        also=("rotary", "旋转编码"),
    ),
    Term(
        Bilingual("query", "查询"),
        Bilingual(
            "What a token asks of the others, x times W_Q. Its dot product with a key is a score.",
            "词元向其他词元提的问，由 x 乘 W_Q 得到。它与键的点积就是分数。",
        ),
        ("*attn.Q",),
        also=("Q", "queries"),
    ),
    Term(
        Bilingual("key", "键"),
        Bilingual(
            "What a token offers to be found by, x times W_K. Queries are compared with it.",
            "词元供别人匹配的那一面，由 x 乘 W_K 得到。查询就是跟它比。",
        ),
        ("*attn.K",),
        also=("K", "keys"),
    ),
    Term(
        Bilingual("value", "值"),
        Bilingual(
            "What a token hands over when it is attended to, x times W_V. The output of attention is a weighted "
            "average of values.",
            "词元被关注时交出的内容，由 x 乘 W_V 得到。注意力的输出就是各个值的加权平均。",
        ),
        ("*attn.V",),
        also=("V", "values"),
    ),
    Term(
        Bilingual("dot product", "点积"),
        Bilingual(
            "Two rows of numbers multiplied pair by pair and added up. It is large where both are long and point the "
            "same way.",
            "两行数逐项相乘再相加。两者都长、方向又接近时，结果就大。",
        ),
        ("*attn.scores",),
    ),
    Term(
        Bilingual("attention score", "注意力分数"),
        Bilingual(
            "The dot product of a query with a key, before softmax. It may be any number; after softmax it is called "
            "a weight.",
            "查询与键的点积，在 softmax 之前。它可以是任何数；经过 softmax 之后才叫权重。",
        ),
        ("*attn.scores",),
        also=("score", "scores", "分数"),
    ),
    Term(
        Bilingual("attention weight", "注意力权重"),
        Bilingual(
            "What softmax makes of the scores: the share that a query gives to each key, a row adding up to 1. It is "
            "computed anew for every sentence and is not a learned weight.",
            "分数经过 softmax 的结果：一个查询分给各个键的份额，每行之和为 1。它对每个句子当场计算，不是学出来的权重。",
        ),
        ("*attn.weights",),
        also=("attention weights", "weights", "权重"),
    ),
    Term(
        Bilingual("weight matrix", "权重矩阵"),
        Bilingual(
            "A matrix of numbers that training changes, such as W_Q. Attention weights, which are computed, are "
            "something else.",
            "训练所更新的一个数的矩阵，如 W_Q。它与当场算出的注意力权重是两回事。",
        ),
        ("*attn.W_Q", "*.W"),
        also=("W_Q", "weight matrices"),
    ),
    Term(
        Bilingual("scaled dot-product attention", "缩放点积注意力"),
        Bilingual(
            "softmax(QKᵀ/√d_k)V: the scores are divided by √d_k before softmax. Otherwise they grow with d_k and "
            "softmax saturates.",
            "softmax(QKᵀ/√d_k)V：分数先除以 √d_k，再进 softmax。不除的话，分数随 d_k 变大，softmax 就会饱和。",
        ),
        ("*attn.scaled",),
        also=("scale", "scaling", "缩放"),
    ),
    Term(
        Bilingual("attention", "注意力"),
        Bilingual(
            "A weighted average of values, whose weights are computed from how well a query matches each key. "
            "All of it "
            "is products, sums and a softmax, so gradients pass through it.",
            "对各个值做加权平均，而权重由查询与每个键的匹配程度算出。其中只有乘、加和 softmax，所以梯度能一路传过去。",
        ),
        ("*attn.heads",),
    ),
    Term(
        Bilingual("softmax", "softmax 函数"),
        Bilingual(
            "exp of each number of a row, divided by their sum: all between 0 and 1, together 1. Differences become "
            "ratios, and the numbers of a row compete.",
            "一行数各取 exp，再除以总和：都在 0 和 1 之间，加起来是 1。差变成了比，一行之内此消彼长。",
        ),
        ("op softmax", "p"),
        also=("归一化指数函数",),
    ),
    Term(
        Bilingual("mask", "掩码"),
        Bilingual(
            "Says which scores must not count; they are replaced by a very low number before softmax. Here it keeps "
            "the reason of every cell: padding, causal, or both.",
            "标明哪些分数不能算数；在 softmax 之前把它们换成极小的数。这里的掩码还记着每个单元格的原因：填充、"
            "因果，或两者都是。",
        ),
        ("*.mask",),
        also=("masked", "masking"),
    ),
    Term(
        Bilingual("self-attention", "自注意力"),
        Bilingual(
            "Attention in which queries, keys and values all come from the same sentence. Each token gathers from "
            "its own sentence what it means there.",
            "查询、键、值都来自同一个句子的注意力。每个词元从本句中收集自己在这里的含义。",
        ),
        ("enc*attn.weights", "dec*attn.weights", "*attn.weights"),
    ),
    Term(
        Bilingual("cross-attention", "交叉注意力"),
        Bilingual(
            "Attention in which the queries come from the decoder, keys and values from the output of the encoder's "
            "last layer. A row of its weights runs over the words of the source.",
            "查询来自解码器、键和值来自编码器最后一层输出的注意力。它的每行权重分布在源句的词上。",
        ),
        ("*cross.weights",),
    ),
    Term(
        Bilingual("head", "头"),
        Bilingual(
            "One attention with a Q, K and V of its own, in d_k dimensions. Each has its own notion of what is "
            "relevant.",
            "一组独立的 Q、K、V 做的一次注意力，维数是 d_k。每个头有自己的“相关”标准。",
        ),
        ("*attn.heads",),
        also=("heads", "注意力头"),
    ),
    Term(
        Bilingual("multi-head", "多头"),
        Bilingual(
            "Several heads side by side: x is projected first, the result is split, and W_O merges what the heads "
            "found. They share the dimensions, so it is no larger attention.",
            "几个头并列：先投影，再切分，各头的结果由 W_O 合并。总维数由各头分摊，并不是更大的注意力。",
        ),
        ("*attn.concat",),
        also=("multi-head attention", "多头注意力"),
    ),
)
