"""What each step is for, in a sentence: by the role that its name gives it, else by its op."""

from __future__ import annotations

import re

from tfstep.engine.tensor import Tensor, short
from tfstep.text import Bilingual

_ATTENTION = {
    "q_proj": Bilingual("What every word asks: its vector times W_Q.", "每个词要问什么：词向量乘以 W_Q。"),
    "k_proj": Bilingual(
        "What every word can be found by: its vector times W_K.", "每个词拿什么来被匹配：词向量乘以 W_K。"
    ),
    "v_proj": Bilingual(
        "What every word hands over: its vector times W_V.",
        "每个词被关注时交出什么：词向量乘以 W_V。",
    ),
    "Q": Bilingual("The queries, cut into heads: each asks its own question.", "查询，按头切开：每个头各问各的。"),
    "K": Bilingual("The keys, cut into heads.", "键，按头切开。"),
    "V": Bilingual("The values, cut into heads.", "值，按头切开。"),
    "Q_rot": Bilingual(
        "The queries, rotated by position: distance will count.",
        "查询按位置旋转：分数将取决于相对距离。",
    ),
    "K_rot": Bilingual("The keys, rotated by their position.", "键按位置旋转。"),
    "Q_norm": Bilingual(
        "The queries to one size: no score grows by length alone.", "查询化为同一大小：分数不单因长度而变大。"
    ),
    "K_norm": Bilingual("The keys to one size.", "键化为同一大小。"),
    "biased": Bilingual("Distance counts: each head adds its number for it.", "距离起作用：每个头为它加上自己的数。"),
    "capped": Bilingual("Large scores bent back, so that none runs away.", "把大的分数压回来，免得哪个一家独大。"),
    "gate": Bilingual("How far each number of the heads is let through.", "多头输出的每个数放行多少。"),
    "gated": Bilingual("The heads through their gate.", "多头输出经过门之后。"),
    "scores": Bilingual(
        "How well each query matches each key, before scaling.",
        "每个词的查询与每个词的键有多匹配，尚未缩放。",
    ),
    "scaled": Bilingual(
        "Divided by √d_k: a larger d_k must not spread the scores.",
        "除以 √d_k，使分数的离散程度不随 d_k 增大。",
    ),
    "masked": Bilingual(
        "What must not be seen scores so low that its weight is 0.",
        "不许看的单元格换成极小的分数：它们的权重会变成 0。",
    ),
    "weights": Bilingual(
        "Each row in shares of 1: how much it listens to each word.",
        "每一行变成总和为 1 的份额：每个词听每个词多少。",
    ),
    "heads": Bilingual("Each word's new vector: a weighted average of the values.", "每个词的新向量：值的加权平均。"),
    "concat": Bilingual("The heads side by side again, one vector a word.", "各头重新拼接，每个词一个向量。"),
    "out": Bilingual("W_O merges what the heads report.", "W_O 把各头的结果合并起来。"),
}
_ROLES = {
    "embed": Bilingual("Every word looks up its row of the table E.", "每个词在表 E 中查到自己的那一行。"),
    "x": Bilingual("Word and position added: what the model reads.", "词向量加位置编码：模型读到的输入。"),
    "hidden": Bilingual("The feed-forward network: each word alone, first wider.", "前馈网络单独看每个词：先变宽。"),
    "act": Bilingual("Without this bend two linear layers would be one.", "没有这个非线性，两层线性就等于一层。"),
    "gate": Bilingual(
        "A second view of each word, to open and close the first.", "对每个词的另一种变换，用来开关前一种。"
    ),
    "type_embed": Bilingual("Every word looks up the vector of its type.", "每个词查到自己类型的向量。"),
    "typed": Bilingual("Word and type added.", "词向量加类型向量。"),
    "placed": Bilingual("Every word looks up the vector of its place.", "每个词查到自己位置的向量。"),
    "wide": Bilingual("The narrow embedding made as wide as the model.", "把窄的词嵌入变成模型的宽度。"),
    "chosen": Bilingual("The best experts of each word; the rest is out.", "每个词留下最好的几个专家，其余出局。"),
    "corrected": Bilingual("For choosing only: busy experts are held back.", "只用于选择：忙的专家被压低。"),
    "share": Bilingual("What this expert says, by the weight it was given.", "这个专家的结果，乘以给它的权重。"),
    "raw": Bilingual("Before the multiplier or the cap.", "乘数或上限之前。"),
    "pooled": Bilingual("One vector for the whole sentence.", "代表整句的一个向量。"),
    "bias": Bilingual("A number for each head and distance, learned.", "每个头、每种距离一个数，由训练得来。"),
    "scale": Bilingual("The offset and gamma: what the norm multiplies by.", "偏移加 gamma：归一化要乘的数。"),
    "logits": Bilingual("One number a word of the vocabulary: larger is likelier.", "词表中每个词一个数：越大越可能。"),
    "probs": Bilingual(
        "The logits as probabilities; the loss reads the logits.",
        "把 logits 变成概率；这是旁支，损失直接读 logits。",
    ),
    "loss": Bilingual(
        "One number: how wrong the answer is. Backward starts here.",
        "一个数，说明答案错得多远；反向传播由此开始。",
    ),
}
_ROUTER = {
    "logits": Bilingual("How well each expert suits each word.", "每个专家有多适合每个词。"),
    "probs": Bilingual("The same as shares, or each from 0 to 1.", "化为份额，或各自在 0 到 1 之间。"),
    "weights": Bilingual("What each expert's answer counts for each word.", "每个专家的回答对每个词算多少。"),
}
_NEURONS = {
    "a": Bilingual("The weighted sum, before the activation.", "加权和，激活之前。"),
    "y": Bilingual("What the neurons of this layer say.", "这一层神经元的输出。"),
}
_FAMILIES = (
    (
        re.compile(r"add\d+$"),
        Bilingual(
            "Residual: what came in goes on, the sublayer adds to it.",
            "残差连接：原来的信息直接通过，再加上子层的结果。",
        ),
    ),
    (
        re.compile(r"norm\d*(_out)?$"),
        Bilingual(
            "Each word to mean 0 and spread 1, then scaled and shifted.",
            "把每个词自己的特征归一到均值 0、标准差 1，再缩放平移。",
        ),
    ),
)
_INNER = {
    "max": Bilingual(
        "The largest of the row; taken away, exp cannot overflow.", "行内最大值；减去它可以防止 exp 溢出。"
    ),
    "shift": Bilingual("The largest taken away; what comes out does not change.", "减去最大值：不改变这一步的结果。"),
    "exp": Bilingual("All positive now; differences have become ratios.", "现在全为正；差变成了比。"),
    "sum": Bilingual("What everything is divided by: then the row sums to 1.", "要除以的总和，使一行的和为 1。"),
    "mean": Bilingual("The mean of the row.", "这一行的均值。"),
    "centred": Bilingual("The mean taken away.", "减去均值。"),
    "variance": Bilingual("The mean of the squares: how far the row spreads.", "平方的均值：这一行有多分散。"),
    "std": Bilingual("Its root, with a little eps against dividing by 0.", "开平方，加一点 eps 以免除以 0。"),
    "xhat": Bilingual("Mean 0, spread 1; gamma and beta come next.", "均值 0、标准差 1；接着乘 gamma 加 beta。"),
    "matmul": Bilingual("Rows times columns; the bias is added next.", "行乘列；接着加上偏置。"),
    "logsumexp": Bilingual("The logarithm of what softmax divides by.", "softmax 分母的对数。"),
    "picked": Bilingual("The logit of the right word.", "正确那个词的 logit。"),
    "ghat": Bilingual("The gradient of xhat: what arrives, times gamma.", "xhat 的梯度：传来的梯度乘以 gamma。"),
    "ghat_mean": Bilingual("The mean of ghat: shifting the whole row does nothing.", "ghat 的均值：整体平移不起作用。"),
    "along": Bilingual(
        "How far ghat points along xhat: stretching does nothing.",
        "ghat 沿 xhat 方向的分量：整体拉伸也不起作用。",
    ),
    "sideways": Bilingual(
        "ghat without its mean and its part along xhat.",
        "ghat 去掉均值和沿 xhat 的分量后剩下的。",
    ),
    "rms": Bilingual("The root of the mean square: the row is divided by it.", "均方根：整行要除以的数。"),
    "g_y": Bilingual("Gradient times share, cell by cell.", "梯度乘以份额，逐个单元格。"),
    "average": Bilingual("The average gradient of the row, weighted by the shares.", "按份额加权的整行平均梯度。"),
    "above": Bilingual(
        "Each gradient less that average: only this moves shares.",
        "每个梯度比平均高多少：总和固定为 1 的份额只受它影响。",
    ),
    "p": Bilingual("The probabilities, computed again from the logits.", "由 logits 重新算出的概率。"),
    "p_minus_y": Bilingual(
        "Probability minus label: the right word's share, less 1.", "概率减去标签：正确的词减去 1。"
    ),
    "slope": Bilingual("How steep the activation is at x.", "激活函数在 x 处的斜率。"),
    "inner_slope": Bilingual("How steep the inside of the tanh is at x.", "tanh 内部式子在 x 处的斜率。"),
    "one_minus_y": Bilingual("What is missing to 1: part of the slope.", "离 1 还差多少：斜率的一部分。"),
    "remaining": Bilingual("1 − βᵗ: makes up for an average that began at 0.", "1 − βᵗ：补偿从 0 开始的滑动平均。"),
    "error": Bilingual("The answer minus the target.", "输出减去目标。"),
    "square": Bilingual("The square of it.", "它的平方。"),
    "unpinned": Bilingual(
        "The gradient without the pinned cells: none passes there.", "去掉固定单元格的梯度：那里不传梯度。"
    ),
    "computed": Bilingual("What this step would have been without the pin.", "不固定时，这一步本来的值。"),
}
_PLAIN = {
    "identity": Bilingual("Handed on as it is.", "原样传递。"),
    "reshape": Bilingual("The same numbers, arranged differently.", "同样的数，换一种排列。"),
    "positive": Bilingual("1 where x > 0, else 0: where the unit is on.", "x > 0 处为 1，否则为 0：单元是否开启。"),
    "where": Bilingual("One or the other, cell by cell, by the condition.", "按条件逐个单元格二选一。"),
    "scatter": Bilingual("Each word's gradient is added to its row of the table.", "每个词的梯度加到表中它那一行。"),
}
_OPS = {
    "accumulate": Bilingual(
        "Used several times: its gradient is the sum over the uses.", "它被用了多次：梯度是各次使用之和。"
    ),
    "seed": Bilingual("∂loss/∂loss = 1: the backward pass starts here.", "∂loss/∂loss = 1：反向传播由此开始。"),
    "matmul": Bilingual("A matrix product: each cell is a row times a column.", "矩阵乘法：每个单元格是一行乘一列。"),
}


def purpose(tensor: Tensor) -> Bilingual:
    """What the step that makes a tensor is for; of a leaf, what it is."""
    path, node = tensor.path, tensor.node
    if tensor.trace.prefix:
        return _inner(tensor)
    if ".grad/" in path:
        base, _, use = path.partition(".grad/")
        return Bilingual(
            "How {name} moves the loss, through {use} alone.",
            "只经由 {use}，{name} 变动时损失变动多少。",
            name=short(base),
            use=use,
        )
    if path == "loss.grad" or (node.op is not None and node.op.name == "accumulate"):
        return _OPS["seed" if path == "loss.grad" else "accumulate"]
    if path.endswith(".grad"):
        return Bilingual(
            "How much the loss moves when {name} moves, cell by cell.",
            "{name} 的每个单元格变动时，损失变动多少。",
            name=short(path[:-5]),
        )
    if node.phase == "update":
        return Bilingual(
            "A step downhill: each number moves against its gradient.",
            "向下走一小步：每个数朝梯度的反方向移动。",
        )
    if node.op is None:
        return _leaf(path, node.kind)
    return _forward(path, node.op.name)


def _inner(tensor: Tensor) -> Bilingual:
    """What an inner step is for, by its own name; without one, by its op."""
    op = tensor.op or ""
    name, _, _ = tensor.node.path.partition("#")
    softmax = {"exp", "sum"} <= set(tensor.trace.plan.paths)
    if name in ("max", "sum", "exp") and not softmax:
        return Bilingual("", "")
    if name == op and name not in ("matmul", "mean", "sum", "max", "exp"):
        return _PLAIN.get(op, Bilingual("", ""))
    if name == "matmul" and tensor.phase == "backward":
        return _OPS["matmul"]
    return _INNER.get(name, Bilingual("", ""))


def _forward(path: str, op: str) -> Bilingual:
    scope, _, name = path.rpartition(".")
    if scope.rpartition(".")[2] in ("attn", "cross") and name in _ATTENTION:
        return _ATTENTION[name]
    if scope.endswith("router") and name in _ROUTER:
        return _ROUTER[name]
    if scope.startswith("layer") and name in _NEURONS:
        return _NEURONS[name]
    if name == "out" and scope.endswith("ffn"):
        return Bilingual("Back to the model's width, each word by itself.", "变回模型的宽度，每个词各算各的。")
    for pattern, text in _FAMILIES:
        if pattern.match(name):
            return text
    return _ROLES.get(name) or _OPS.get(op) or Bilingual("", "")


def _leaf(path: str, kind: str) -> Bilingual:
    name = path.rpartition(".")[2]
    if name == "pos":
        return Bilingual("Positional encoding: where in the sentence a word stands.", "位置编码：词在句中的位置。")
    if name == "E":
        return Bilingual("The embedding table: one row a word, learned.", "词嵌入表：每个词一行，由训练得来。")
    if name == "mask":
        return Bilingual(
            "Why a cell must not be seen: 1 padding, 2 causal, 4 window, 8 chunk …",
            "为何不许看：1 填充，2 因果，4 窗口，8 分块……",
        )
    if kind == "parameter":
        return Bilingual("A parameter: what training changes.", "参数：训练所改变的数。")
    return Bilingual("", "")
