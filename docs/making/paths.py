"""The reference of tensor paths, read off the timelines of small models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tfstep
from making.markdown import code, head, table
from tfstep.engine.node import Node
from tfstep.engine.substeps import unfold
from tfstep.engine.trace import Trace
from tfstep.families.names import aliases
from tfstep.scenario.scenario import load_text
from tfstep.text import Bilingual

TITLE = Bilingual("Tensor paths", "张量路径")
INTRO = Bilingual(
    "Every tensor has a path: the scopes it stands in, joined by dots. Layers are counted from 0; `enc` blocks read "
    "`src`, `dec` blocks read `tgt`, and a decoder alone reads `tgt`. Below stands what real timelines hold, in the "
    "order in which it is computed. A key that is switched off takes its tensors away; asking for one names that key.",
    "每个张量都有路径：所在的各层作用域用点连起来。层从 0 数起；`enc` 块读 `src`，`dec` 块读 `tgt`，"
    "只有解码器时也读 `tgt`。"
    "下面是真实时间线上的内容，按计算顺序排列。关掉某个键，相应的张量就没有了；要看它时，报错会指出是哪个键。",
)
AROUND = (
    (
        "P.grad",
        Bilingual(
            "∂loss/∂P, for parameters and for all that lies between; missing where no way leads to the loss",
            "∂loss/∂P，参数和中间量都有；没有路通向损失的则没有",
        ),
    ),
    (
        "P.grad/CONSUMER",
        Bilingual(
            "where P is used several times: the share of one use; `P.grad` is their sum",
            "P 被用到多次时，每次使用各自的一份；`P.grad` 是它们的和",
        ),
    ),
    ("P.new", Bilingual("a parameter after the update", "更新之后的参数")),
    ("P/NAME", Bilingual("a step inside the step P, see below", "步骤 P 内部的一步，见下")),
    ("P/computed", Bilingual("what a pinned tensor would have been", "被固定的张量本来会是什么值")),
    (
        "P[0,1,2]",
        Bilingual(
            "a cell; all indices, from 0, or words: `P[0,0,'爱','你']`",
            "一个单元格；写全各轴下标，从 0 数起，也可用词：`P[0,0,'爱','你']`",
        ),
    ),
    ("pass2:P", Bilingual("P in the second pass of `generate`", "`generate` 第二遍中的 P")),
)
STACK = "model: {{kind: {kind}, d_model: 4, heads: 2, d_ff: 8{more}}}\nvocab: [<pad>, a, b]\ninput: {{{input}}}\n"
READ, WRITE = "source: a b", "target: a b, labels: b a"


@dataclass(frozen=True)
class Model:
    """A small model whose timeline is shown; ``only`` are the paths that are new in it."""

    title: Bilingual
    yaml: str
    only: str = ""


MODELS = (
    Model(
        Bilingual("An encoder (`kind: encoder`), post-norm", "编码器（`kind: encoder`），后置归一化"),
        STACK.format(kind="encoder", more="", input="source: a b, labels: a b"),
    ),
    Model(
        Bilingual(
            "What a decoder beside it has more (`kind: encoder-decoder`)",
            "与之配合的解码器多出的部分（`kind: encoder-decoder`）",
        ),
        STACK.format(kind="encoder-decoder", more="", input=f"{READ}, {WRITE}"),
        r"tgt\.|dec0\.(cross|add|norm)",
    ),
    Model(
        Bilingual("A decoder alone (`kind: decoder`), pre-norm", "只有解码器（`kind: decoder`），前置归一化"),
        STACK.format(kind="decoder", more=", norm_position: pre", input=WRITE),
        r"dec0\.(?!attn|ffn)|dec\.",
    ),
    Model(
        Bilingual("With `positional: rope`", "`positional: rope` 时多出"),
        STACK.format(kind="encoder", more=", positional: rope", input=READ),
        r".*_rot$",
    ),
    Model(
        Bilingual("With `activation: swiglu`", "`activation: swiglu` 时多出"),
        STACK.format(kind="encoder", more=", activation: swiglu", input=READ),
        r".*gate",
    ),
    Model(
        Bilingual(
            "With norms around (`norm_position: both`), `norm_offset: 1`, `qk_norm: head`, soft caps and a window",
            "前后都归一化（`norm_position: both`）、`norm_offset: 1`、`qk_norm: head`、软上限与窗口时多出",
        ),
        STACK.format(
            kind="decoder",
            more=", norm: rms, norm_position: both, norm_offset: 1, qk_norm: head, score_softcap: 50, logit_softcap: 30, "
            "window: 2",
            input=WRITE,
        ),
        r".*(_out|scale|norm\.gamma|_norm|capped|raw)|dec0\.norm1",
    ),
    Model(
        Bilingual("With `qk_norm: heads` and `clip_qkv: 6`", "`qk_norm: heads` 与 `clip_qkv: 6` 时多出"),
        STACK.format(kind="decoder", more=", qk_norm: heads, clip_qkv: 6", input=WRITE),
        r".*(_clipped|_norm|[qk]_norm\..*)$",
    ),
    Model(
        Bilingual("With `parallel: shared` and `positional: alibi`", "`parallel: shared` 与 `positional: alibi` 时"),
        STACK.format(kind="decoder", more=", norm_position: pre, parallel: shared, positional: alibi", input=WRITE),
        r"dec\.alibi|dec0\.(norm|add)|.*biased",
    ),
    Model(
        Bilingual("With `positional: relative`, as T5 has it", "`positional: relative`（T5）时多出"),
        STACK.format(kind="encoder", more=", positional: relative", input=READ),
        r"enc\.relative|.*biased",
    ),
    Model(
        Bilingual(
            "With `experts: {{count: 2, top: 1}}` and `sinks: true`",
            "`experts: {{count: 2, top: 1}}` 与 `sinks: true` 时",
        ),
        STACK.format(kind="decoder", more=", experts: {count: 2, top: 1}, sinks: true", input=WRITE),
        r"dec0\.ffn|.*sinks",
    ),
    Model(
        Bilingual(
            "With `token_types: 2`, `embed_norm`, `head_transform` and `pooler: tanh`, as BERT has them",
            "`token_types: 2`、`embed_norm`、`head_transform` 与 `pooler: tanh`（BERT）时多出",
        ),
        STACK.format(
            kind="encoder",
            more=", token_types: 2, embed_norm: true, head_transform: true, pooler: tanh",
            input="source: a b, labels: a b",
        ),
        r"src\.(E_types|type|norm)|pooled|out\.(?!logits|probs|W$|b$)",
    ),
    Model(
        Bilingual("Attention alone (`kind: attention`)", "只有注意力（`kind: attention`）"),
        "model: {kind: attention}\ninput: {x: [[1, 0], [0, 1]]}\n",
    ),
    Model(
        Bilingual("Layers of neurons (`kind: mlp`)", "多层神经元（`kind: mlp`）"),
        "model: {kind: mlp, sizes: [2, 2, 1]}\ninput: {x: [[1, 0]]}\nloss: {kind: mse, target: [[1]]}\n",
    ),
)
FORMULA = Bilingual(
    "With `kind: formula` the paths are the names that the file gives its numbers, parameters and steps.",
    "`kind: formula` 时，路径就是文件里给各个数、参数和步骤起的名字。",
)


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    yield f"\n## {Bilingual('Around a path P', '路径 P 的各种写法').in_(language)}\n"
    columns = [Bilingual("path", "路径").in_(language), Bilingual("what it is", "是什么").in_(language)]
    yield from table(columns, [[code(path), about.in_(language)] for path, about in AROUND])
    columns = [each.in_(language) for each in COLUMNS]
    unfolding: dict[str, tuple[str, ...]] = {}
    for model in MODELS:
        trace = tfstep.trace(load_text(model.yaml))
        yield f"\n## {model.title.in_(language)}\n"
        yield from table(columns, _rows(trace, re.compile(model.only), language))
        unfolding |= _substeps(trace)
    yield f"\n{FORMULA.in_(language)}"
    yield f"\n## {Bilingual('Inside a step', '步骤内部').in_(language)}\n"
    columns = [
        Bilingual("op", "运算").in_(language),
        Bilingual("inner steps, `P/NAME`", "内部步骤，写作 `P/名字`").in_(language),
    ]
    rows = [[code(name), " ".join(map(code, inner))] for name, inner in sorted(unfolding.items())]
    yield from table(columns, rows)


COLUMNS = (
    Bilingual("path", "路径"),
    Bilingual("how it is made", "怎样得到"),
    Bilingual("axes", "轴"),
    Bilingual("elsewhere", "别处的名字"),
)
KINDS = {
    "parameter": Bilingual("parameter", "参数"),
    "constant": Bilingual("constant", "常量"),
    "input": Bilingual("input", "输入"),
    "view": Bilingual("view of a parameter", "参数的视图"),
}


def _rows(trace: Trace, only: re.Pattern[str], language: str) -> Iterator[list[str]]:
    for node in trace.plan.nodes:
        if node.phase in ("", "forward") and _spoken_of(node) and only.match(node.path):
            tensor = trace[node.path]
            made = code(tensor.formula.partition(" = ")[2]) if tensor.formula else KINDS[node.kind].in_(language)
            axes = " × ".join(f"{name or '·'} {size}" for name, size in zip(tensor.axes, tensor.shape, strict=True))
            yield [code(node.path), made, axes, ", ".join(_elsewhere(trace, node.path))]


def _spoken_of(node: Node) -> bool:
    return "/" not in node.path and "#" not in node.path and ".grad" not in node.path


def _elsewhere(trace: Trace, path: str) -> Iterator[str]:
    for alias in aliases(trace.plan, path):
        yield code(alias.name)


def _substeps(trace: Trace) -> dict[str, tuple[str, ...]]:
    """For each op of the timeline that unfolds, the names of its inner steps."""
    found: dict[str, tuple[str, ...]] = {}
    for node in trace.plan.steps:
        if node.op is None or node.op.name in found:
            continue
        unfolded = unfold(trace.plan, trace.pins, node)
        if unfolded is not None:
            found[node.op.name] = tuple(each.path.rsplit("/", 1)[-1] for each in unfolded[0].steps)
    return found
