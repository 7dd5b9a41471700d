"""`help TERM`: every word of the glossary by both names, and where it can be seen."""

import re

import pytest
from msgspec.structs import replace

import tfstep
from tfstep.commands.glossary.terms import entry, find_term, names, seen_at, terms
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.scenario.file.catalog import shipped
from tfstep.session.results import Help
from tfstep.text import LANGUAGES

WORDS = """attention 注意力 · softmax softmax_函数 · mask 掩码 · logits 未归一化得分 · parameter 参数 ·
token 词元 · embedding 词嵌入 · positional encoding 位置编码 · RoPE 旋转位置编码 ·
query 查询 · key 键 · value 值 · dot product 点积 · cosine 余弦 · attention score 注意力分数 ·
attention weight 注意力权重 · weight matrix 权重矩阵 ·
scaled dot-product attention 缩放点积注意力 · self-attention 自注意力 ·
cross-attention 交叉注意力 · head 头 · multi-head 多头 · projection 投影 ·
concatenate 拼接 · residual connection 残差连接 · layer normalization 层归一化 ·
batch normalization 批归一化 · pre-norm 前置归一化 · post-norm 后置归一化 ·
feed-forward network 前馈网络 · activation function 激活函数 ·
activation value 激活值 · bias 偏置 · encoder 编码器 · decoder 解码器 ·
causal mask 因果掩码 · padding mask 填充掩码 · permutation-equivariant 置换等变 ·
saturation 饱和 · entropy 熵 · loss 损失 · cross-entropy 交叉熵 ·
mean squared error 均方误差 · label 标签 · forward pass 前向传播 ·
backward pass 反向传播 · gradient 梯度 · vanishing gradient 梯度消失 ·
chain rule 链式法则 · finite difference 有限差分 · update 参数更新 ·
learning rate 学习率 · optimizer 优化器 · teacher forcing 教师强制 ·
free running 自由运行 · exposure bias 暴露偏差 · autoregressive 自回归 ·
greedy decoding 贪心解码 · tied weights 权重共享 · ablation 消融 · seed 随机种子 ·
batch 批次 · step into 单步进入 · step over 跳过 · step out 跳出 · continue 继续 ·
reverse step 反向单步 · breakpoint 断点 · watchpoint 监视点 · call stack 调用栈 ·
timeline 时间线 · rewind 回退 · pin 固定 · release 解除固定 · undo 撤销 · redo 重做 ·
baseline 基线 · journal 操作日志 · variant 变体 · scenario 场景 · worksheet 练习卷 ·
derivative 导数 · tokenization 分词 · inference 推理 · variance 方差"""
CHINESE = re.compile("[\u4e00-\u9fff]")
PAIRS = [tuple(name.replace("_", " ") for name in pair.rsplit(" ", 1)) for pair in " ".join(WORDS.split()).split(" · ")]


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(tfstep.load("wo-ai-ni"))


def helped(session: Session, name: str) -> Help:
    result = session.run(f"help {name}")
    assert isinstance(result, Help)
    return result


@pytest.mark.slow
@pytest.mark.parametrize(("en", "zh"), PAIRS)
def test_a_term_is_found_by_both_its_names(session: Session, en: str, zh: str) -> None:
    term = find_term(en)
    assert term is not None
    assert find_term(zh) is term
    shown = entry(term, session.trace.plan)
    for name in (en, zh, en.upper()):
        last = helped(session, name).entries[-1]
        assert (last.name, last.about.in_("en")) == (f"{en} · {zh}", shown.about.in_("en"))


def test_every_name_of_every_term_is_found(session: Session) -> None:
    for term in terms():
        for name in (term.name.en, term.name.zh, *term.also):
            assert helped(session, name).entries[-1].name == f"{term.name.en} · {term.name.zh}"


def test_each_language_is_itself() -> None:
    for term in terms():
        for text in (term.meaning, term.section):
            assert text.in_("en").isascii() or not CHINESE.search(text.in_("en"))
            assert CHINESE.search(text.in_("zh"))


def test_the_list_is_the_whole_glossary() -> None:
    assert {(term.name.en, term.name.zh) for term in terms()} == set(PAIRS)


def test_a_meaning_has_two_sentences_in_both_languages() -> None:
    for term in terms():
        for language in LANGUAGES:
            ends = term.meaning.in_(language).replace(". ", ".\n").replace("。", "。\n").strip().splitlines()
            assert len(ends) == 2, term.name.in_(language)


@pytest.mark.parametrize("scenario", ["wo-ai-ni", "steve-builds-a-house"])
def test_the_tensor_that_is_named_exists(scenario: str) -> None:
    trace = tfstep.trace(tfstep.load(scenario))
    found = {term.name.en: seen_at(term, trace.plan) for term in terms()}
    for path in filter(None, found.values()):
        assert trace[path].path == path
    assert found["attention weight"] == "enc0.attn.weights"
    assert found["mean squared error"] is None
    assert found["cross-entropy"] == "loss"
    assert found["batch normalization"] is None
    assert found["encoder"] == "enc0.add2"
    decodes = scenario == "steve-builds-a-house"
    assert found["cross-attention"] == ("dec0.cross.weights" if decodes else None)
    assert found["decoder"] == ("dec0.add3" if decodes else None)
    assert str(found["causal mask"]).startswith("dec0.") is decodes


@pytest.mark.slow
def test_what_can_be_seen_is_seen_in_a_scenario_that_ships() -> None:
    plans = [tfstep.trace(tfstep.load(name)).plan for name in shipped()]
    plans.append(tfstep.trace(tfstep.load("encoder", variant="pre-norm")).plan)
    plans.append(tfstep.trace(tfstep.load("layernorm-batchnorm", variant="batch")).plan)
    for term in terms():
        for pattern in term.seen:
            only = replace(term, seen=(pattern,))
            assert any(seen_at(only, plan) for plan in plans), (term.name.en, pattern)


def test_no_two_terms_have_a_name_in_common() -> None:
    known = [name.casefold() for name in names()]
    assert {name for name in known if known.count(name) > 1} == set()
    assert find_term("LN") is find_term("层归一化")


def test_a_term_no_tensor_shows_names_none(session: Session) -> None:
    assert "Here:" not in helped(session, "timeline").entries[-1].about.in_("en")
    assert "enc0.attn.scores" in helped(session, "注意力分数").entries[-1].about.in_("zh")


def test_an_unknown_term_suggests_the_nearest(session: Session) -> None:
    with pytest.raises(CommandError, match="entropy"):
        session.run("help entropi")
    with pytest.raises(CommandError, match="注意力权重"):
        session.run("help 注意力权值")


ARTICLES = """token · QKV · 偏导数 · 偏导 · q_linear · o_linear · Query · Key · Value · teacher forcing · LayerNorm · BatchNorm ·
layer norm · cross-attention · 自回归 · 方差 · 标准差 · 优化器 · 贪心 · 分词 · MSE · embedding · 词向量 · logit · criterion ·
loss.backward() · FFN · MLP · 位置嵌入 · PE · Adam · SGD · 推理 · GPT · 填充 · 损失函数 · 线性层 · 梯度下降 · 子词"""


@pytest.mark.parametrize("name", [name.strip() for name in " ".join(ARTICLES.split()).split(" · ")])
def test_the_words_that_articles_use_are_found_and_no_command_hides_them(session: Session, name: str) -> None:
    term = find_term(name)
    assert term is not None
    assert helped(session, name).entries[-1].name == entry(term, session.trace.plan).name


def test_what_only_begins_like_a_command_is_the_term_alone(session: Session) -> None:
    (only,) = helped(session, "token").entries
    assert "词元" in only.name
    assert helped(session, "tokens").entries[0].name == "tokens"
