"""The words for the layers around attention."""

from tfstep.commands.glossary.term import Term
from tfstep.text import Bilingual

TERMS = (
    Term(
        Bilingual("projection", "投影"),
        Bilingual(
            "Multiplication by a learned matrix, which gives a row of numbers another form or length. Q, K and V are "
            "three projections of x.",
            "乘以一个学出来的矩阵，把一行数换成另一种形式或长度。Q、K、V 就是 x 的三个投影。",
        ),
        ("*attn.q_proj",),
    ),
    Term(
        Bilingual("concatenate", "拼接"),
        Bilingual(
            "To write rows one behind the other into a longer row. The outputs of the heads are put together so.",
            "把几行数首尾相接，成为更长的一行。各个头的输出就是这样合起来的。",
        ),
        ("*attn.concat",),
        also=("concat", "concatenation"),
    ),
    Term(
        Bilingual("residual connection", "残差连接"),
        Bilingual(
            "A layer's input is added to its output. Information goes straight on, and the gradient has a straight "
            "road back.",
            "把一层的输入加到它的输出上。信息可以直接往前走，梯度也有一条直路往回走。",
        ),
        ("*.add1",),
        also=("residual", "残差"),
    ),
    Term(
        Bilingual("layer normalization", "层归一化"),
        Bilingual(
            "The features of one token are shifted to mean 0 and scaled to variance 1, then multiplied by gamma and "
            "shifted by beta. Other tokens play no part.",
            "把一个词元的各个特征化为均值 0、方差 1，再乘 gamma 加 beta。与其他词元无关。",
        ),
        ("*.norm1", "op layer_norm"),
        also=("layer norm", "LN", "层归一"),
    ),
    Term(
        Bilingual("batch normalization", "批归一化"),
        Bilingual(
            "One feature is normalised over all samples and positions of a batch. With sentences of unequal length "
            "that is awkward, hence layer normalization.",
            "对同一个特征，在一批的所有样本和位置上做归一化。句子长短不一时不好用，所以 Transformer 用层归一化。",
        ),
        ("op batch_norm",),
        also=("batch norm", "BN"),
    ),
    Term(
        Bilingual("pre-norm", "前置归一化"),
        Bilingual(
            "The norm stands before each sublayer, so that the residual road stays free. Deep models are easier to "
            "train so.",
            "归一化放在每个子层之前，残差那条路保持畅通。深的模型这样更好训练。",
        ),
        ("enc.norm", "dec.norm"),
        also=("前置",),
    ),
    Term(
        Bilingual("post-norm", "后置归一化"),
        Bilingual(
            "The norm stands behind each residual sum, as in the original Transformer. The gradient's straight road "
            "then passes through the norms.",
            "归一化放在残差相加之后，最初的 Transformer 就是如此。这样梯度的直路要穿过各个归一化。",
        ),
        also=("后置",),
    ),
    Term(
        Bilingual("feed-forward network", "前馈网络"),
        Bilingual(
            "Two linear layers with an activation between them, the same for every token. It looks at no other token.",
            "两个线性层夹一个激活函数，所有词元共用。它只看自己这个词元，不看别的。",
        ),
        ("*.ffn.out",),
        also=("FFN", "feed-forward", "MLP", "前馈"),
    ),
    Term(
        Bilingual("activation function", "激活函数"),
        Bilingual(
            "The bend between two linear layers, such as ReLU, GELU or sigmoid. Without it two layers are no more "
            "than one.",
            "两个线性层之间的那道弯，如 ReLU、GELU、sigmoid。没有它，两层等于一层。",
        ),
        ("*.ffn.act", "*.y"),
        also=("activation", "ReLU", "GELU", "激活"),
    ),
    Term(
        Bilingual("activation value", "激活值"),
        Bilingual(
            "A number that a layer has computed for this input. It belongs to the run, while a weight belongs to the "
            "model.",
            "某一层针对当前输入算出的数。它属于这一次计算，而权重属于模型。",
        ),
        ("*.ffn.act", "*.y"),
    ),
    Term(
        Bilingual("bias", "偏置"),
        Bilingual(
            "A learned number added to a weighted sum. Without it the sum is forced through the origin.",
            "加在加权和上的一个可学习的数。没有它，加权和必过原点。",
        ),
        ("*attn.b_Q", "*.b"),
        also=("biases",),
    ),
    Term(
        Bilingual("encoder", "编码器"),
        Bilingual(
            "The stack of blocks that reads a whole sentence, each word seeing all the others. A block is "
            "self-attention and a feed-forward network.",
            "读入整个句子的一叠块，每个词都能看到其他所有词。一块由自注意力和前馈网络组成。",
        ),
        ("enc*.add2",),
    ),
    Term(
        Bilingual("decoder", "解码器"),
        Bilingual(
            "The stack of blocks that writes: each row sees only what stands before it and predicts the next word. "
            "With an encoder it has a cross-attention in each block; alone it is the block of GPT.",
            "负责写的一叠块：每行只看得到前面的内容，并预测下一个词。有编码器时每块多一个交叉注意力；没有时就是 GPT "
            "的块。",
        ),
        ("dec*.add3", "dec*.add2"),
    ),
    Term(
        Bilingual("causal mask", "因果掩码"),
        Bilingual(
            "It hides later positions: their scores are filled with a very low number before softmax. What is left "
            "is a lower triangle.",
            "挡住后面的位置：在 softmax 之前把它们的分数填成极小的数。留下的是一个下三角。",
        ),
        ("dec*.mask",),
    ),
    Term(
        Bilingual("padding mask", "填充掩码"),
        Bilingual(
            "It hides the keys that are mere padding at the end of a short sentence. Rows of padding stay and are "
            "left out of the loss.",
            "挡住短句末尾补上的那些键。填充词自己的行仍在，只是不计入损失。",
        ),
        ("*.mask",),
    ),
    Term(
        Bilingual("permutation-equivariant", "置换等变"),
        Bilingual(
            "If the words change places, the output rows change places with them and each keeps its numbers. So is "
            "attention without positions; it is not invariant.",
            "词换位置，输出的行跟着换，每行的数不变。没有位置编码的注意力就是如此；但这不是“置换不变”。",
        ),
        ("*attn.heads",),
    ),
    Term(
        Bilingual("saturation", "饱和"),
        Bilingual(
            "A softmax or sigmoid is so close to 0 and 1 that it hardly reacts any more. Its slope is nearly 0, and "
            "so is the gradient behind it.",
            "softmax 或 sigmoid 已贴近 0 和 1，几乎不再变化。此时斜率近于 0，传过去的梯度也近于 0。",
        ),
        ("*attn.weights",),
        also=("saturated",),
    ),
    Term(
        Bilingual("entropy", "熵"),
        Bilingual(
            "How widely a row of probabilities is spread, −Σ p log p. It is 0 where one takes all, and log n where n "
            "share alike.",
            "一行概率有多分散：−Σ p log p。一个独占时是 0，n 个平分时是 log n。",
        ),
        ("*attn.weights",),
    ),
)
