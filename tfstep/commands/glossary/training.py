"""The words for training and using a model."""

from tfstep.commands.glossary.term import Term
from tfstep.text import Bilingual

TERMS = (
    Term(
        Bilingual("loss", "损失"),
        Bilingual(
            "One number that says how wrong the model is. Training makes it smaller.",
            "衡量模型错得多厉害的一个数。训练就是让它变小。",
        ),
        ("loss",),
    ),
    Term(
        Bilingual("logits", "未归一化得分"),
        Bilingual(
            "One number for each word of the vocabulary, before softmax makes probabilities of them. The loss is "
            "computed "
            "from the logits, which loses nothing to rounding.",
            "词表中每个词一个数，softmax 之后才成为概率。损失直接由它们算出，避免舍入误差。",
        ),
        ("out.logits",),
        also=("logit",),
    ),
    Term(
        Bilingual("parameter", "参数"),
        Bilingual(
            "A number that training changes: the entries of the W, the b, E, gamma and beta. Everything else is "
            "computed "
            "from parameters and input.",
            "训练要改变的数：各个 W、b、E、gamma、beta 中的元素。其余一切都由参数和输入算出。",
        ),
        ("*attn.W_Q", "*.W", "w1"),
        also=("parameters", "weight"),
    ),
    Term(
        Bilingual("cross-entropy", "交叉熵"),
        Bilingual(
            "The loss −log p of the probability that the right word received. Its gradient at the logits is p − y.",
            "损失取正确的词所得概率的 −log p。它对 logits 的梯度是 p − y。",
        ),
        ("op cross_entropy",),
        also=("cross-entropy loss", "NLL"),
    ),
    Term(
        Bilingual("mean squared error", "均方误差"),
        Bilingual(
            "The mean of the squared differences between output and target. It suits numbers, as cross-entropy suits "
            "choices.",
            "输出与目标之差的平方的平均。它适合预测数值，正如交叉熵适合做选择。",
        ),
        ("op mse", "op half_mse"),
        also=("MSE",),
    ),
    Term(
        Bilingual("label", "标签"),
        Bilingual(
            "The right answer for a row, such as the next word. Where a label is padding, the row does not count.",
            "一行的正确答案，比如下一个词。标签是填充词时，这一行不计。",
        ),
        ("loss.labels",),
        also=("labels",),
    ),
    Term(
        Bilingual("forward pass", "前向传播"),
        Bilingual(
            "The way from the input to the loss, step by step. Every number of it is kept for the way back.",
            "从输入一步步算到损失。途中每个数都留着，回程要用。",
        ),
        ("*.logits", "layer*.y", "loss"),
        also=("forward", "前向"),
    ),
    Term(
        Bilingual("backward pass", "反向传播"),
        Bilingual(
            "The way from the loss back to every parameter by the chain rule. One pass gives all gradients.",
            "按链式法则从损失走回每个参数。一趟就得到全部梯度。",
        ),
        ("*.logits.grad", "layer*.y.grad", "loss.grad"),
        also=("backward", "backpropagation", "反向", "反传"),
    ),
    Term(
        Bilingual("gradient", "梯度"),
        Bilingual(
            "How much the loss changes for each number, per unit. It points uphill, so an update goes against it.",
            "每个数变动一个单位，损失变多少。它指向上坡，所以更新时往反方向走。",
        ),
        ("*attn.W_Q.grad", "layer0.W.grad", "w1.grad", "*.grad"),
        also=("grad", "gradients"),
    ),
    Term(
        Bilingual("vanishing gradient", "梯度消失"),
        Bilingual(
            "A gradient shrinks from layer to layer until the early layers learn nothing. Residual connections ease "
            "it.",
            "梯度逐层变小，以至前面的层学不到东西。残差连接可以缓解。",
        ),
        ("*attn.scores.grad",),
    ),
    Term(
        Bilingual("chain rule", "链式法则"),
        Bilingual(
            "The derivative of a chain of steps is the product of the derivatives of its links. Where several ways "
            "lead to the loss, their products are added.",
            "一串步骤的导数，等于每一环导数的乘积。若有多条路通向损失，各路的乘积相加。",
        ),
        ("*attn.scores.grad",),
    ),
    Term(
        Bilingual("finite difference", "有限差分"),
        Bilingual(
            "A derivative found by force: move a number a little, see how the loss moves, divide. `check` compares "
            "the gradients with it.",
            "硬算导数：把一个数挪动一点，看损失变多少，再相除。`check` 用它核对梯度。",
        ),
    ),
    Term(
        Bilingual("update", "参数更新"),
        Bilingual(
            "A parameter after one step of training, .new. With plain gradient descent it is the old value minus "
            "learning rate times gradient.",
            "参数走一步训练之后的值，即 .new。最简单的梯度下降是旧值减去学习率乘梯度。",
        ),
        ("*attn.W_Q.new", "*.new"),
        also=("parameter update",),
    ),
    Term(
        Bilingual("learning rate", "学习率"),
        Bilingual(
            "The factor by which a gradient is multiplied in an update. Too small is slow, too large overshoots.",
            "更新时乘在梯度上的系数。太小则慢，太大则冲过头。",
        ),
        ("*attn.W_Q.new", "*.new"),
        also=("lr",),
    ),
    Term(
        Bilingual("optimizer", "优化器"),
        Bilingual(
            "The rule that makes an update out of a gradient, such as SGD or Adam. Adam keeps averages of the "
            "gradient and of its square for every number.",
            "由梯度得到更新的规则，如 SGD、Adam。Adam 为每个数记下梯度及其平方的滑动平均。",
        ),
        ("*attn.W_Q.new", "*.new"),
        also=("SGD", "Adam", "优化"),
    ),
    Term(
        Bilingual("teacher forcing", "教师强制"),
        Bilingual(
            "In training the decoder is fed the right words, whatever it said itself. A wrong word still costs loss; "
            "it is only not read back.",
            "训练时喂给解码器的总是正确的词，不管它自己说了什么。说错照样计入损失，只是不会被读回去。",
        ),
        ("tgt.tokens",),
    ),
    Term(
        Bilingual("free running", "自由运行"),
        Bilingual(
            "The decoder is fed its own words, as in use. An error then runs on into the words that follow.",
            "喂给解码器的是它自己说出的词，和实际使用时一样。一处说错会影响后面。",
        ),
        ("tgt.tokens",),
    ),
    Term(
        Bilingual("exposure bias", "暴露偏差"),
        Bilingual(
            "The gap between training on right words and use on one's own. A model that never read its own errors "
            "may not recover from them.",
            "训练时只读正确的词，使用时却读自己的词，两者之间的差距。从没读过自己错误的模型，错了可能就收不回来。",
        ),
    ),
    Term(
        Bilingual("autoregressive", "自回归"),
        Bilingual(
            "Each word is predicted from those before it and then read back as input. Writing is therefore serial.",
            "每个词由它前面的词预测，再读回作为输入。所以生成是一个一个来的。",
        ),
        ("tgt.tokens",),
    ),
    Term(
        Bilingual("greedy decoding", "贪心解码"),
        Bilingual(
            "At each step the most probable word is taken. `generate` does so.",
            "每一步都取概率最大的词。`generate` 就是这样做的。",
        ),
        ("out.probs",),
        also=("greedy",),
    ),
    Term(
        Bilingual("tied weights", "权重共享"),
        Bilingual(
            "One matrix used in two places, such as E as the embedding and as the output layer. Its gradient is the "
            "sum of both uses.",
            "一个矩阵用在两处，例如 E 既作词嵌入又作输出层。它的梯度是两处之和。",
        ),
    ),
    Term(
        Bilingual("ablation", "消融"),
        Bilingual(
            "Something is taken out to see what it was good for. The variants without position or without scale are "
            "ablations.",
            "拿掉一样东西，看它原来起什么作用。去掉位置、去掉缩放的变体都是消融。",
        ),
    ),
    Term(
        Bilingual("seed", "随机种子"),
        Bilingual(
            "The number from which random numbers begin. The same seed gives the same weights every time.",
            "随机数的起点。同一个种子每次得到同样的权重。",
        ),
    ),
    Term(
        Bilingual("batch", "批次"),
        Bilingual(
            "Several examples computed at once, along the first axis. The loss is a mean over all of them.",
            "同时计算的若干个样本，沿第一个轴排列。损失对它们取平均。",
        ),
        ("*.embed",),
    ),
)
