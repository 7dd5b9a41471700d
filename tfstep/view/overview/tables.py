"""What is seen at a glance, as tables of numbers in which every cell stands for a cell of the run."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from tfstep.address.grammar import cell_name
from tfstep.engine.node import Node
from tfstep.engine.trace import Tensor, Trace
from tfstep.session.state import State
from tfstep.text import Bilingual
from tfstep.view.board.heads import HEAD
from tfstep.view.matrix.labels import labels
from tfstep.view.matrix.noise import without_noise

_STREAM = re.compile(r"(x|add\d*)")  # what the layers add to, by the last part of its path


class Table(Struct, frozen=True, eq=False):
    """One table: ``cells`` are the addresses that its numbers stand for, None where there is nothing; ``said`` what
    is written in place of a number, if anything."""

    title: str
    values: np.ndarray  # (rows, columns); NaN where there is nothing
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[str | None]]
    said: Sequence[Sequence[str]] = ()


class Overview(Struct, frozen=True, eq=False):
    """Tables of one kind: ``scale`` as a `Grid` has it, ``dense`` whether they are pictures first and numbers last."""

    title: Bilingual
    tables: tuple[Table, ...]
    scale: str = "signed"
    dense: bool = False

    def place(self, cell: str) -> tuple[int, int, int]:
        """Table, row and column of a cell of the run; the first of all where it is in none."""
        for k, table in enumerate(self.tables):
            for i, row in enumerate(table.cells):
                if cell in row:
                    return k, i, list(row).index(cell)
        return 0, 0, 0


def attention(state: State) -> Overview | None:
    """Every head of the attention nearest to where one is, at the sentence of the cursor; None where there is none."""
    trace, here = state.trace, state.position[0]
    found = [node for node in trace.plan.steps if node.op is not None and node.op.probabilities and _heads(node)]
    if not found:
        return None
    node = min(found, key=lambda node: abs(node.number - here))
    tensor = Tensor(trace, node, node.number)
    lead = state.cursor.on(tensor)[:-2]
    k = [axis.name for axis in node.spec.axes].index(HEAD)
    rows, columns = (_names(node, a, lead[0]) for a in (-2, -1))
    tables = []
    for head in range(node.shape[k]):
        at = (*lead[:k], head, *lead[k + 1 :])
        cells = [[cell_name(node.path, (*at, i, j)) for j in range(len(columns))] for i in range(len(rows))]
        name = str(Bilingual("head {n}", "头 {n}", n=head))
        tables.append(Table(name, tensor.value[at], rows, columns, cells))
    title = Bilingual("attention: {path}, every head", "注意力：{path}，所有头", path=node.path)
    return Overview(title, tuple(tables), "probability", True)


def _heads(node: Node) -> bool:
    return len(node.shape) == 4 and node.spec.axes[1].name == HEAD and node.phase == "forward"


def _names(node: Node, axis: int, sentence: int) -> list[str]:
    found = labels(node.spec.axes[axis], node.shape[axis], sentence)
    return [found[i] for i in range(node.shape[axis])]


def gradients(state: State) -> Overview | None:
    """The size of every parameter's gradient, √ of the mean square, layer by layer; None without a loss."""
    trace = state.trace
    found: dict[str, dict[str, Node]] = {}
    for node in trace.plan.nodes:
        grad = trace.plan.gradient(node) if node.kind == "parameter" else None
        if grad is not None:
            scope, _, name = node.path.rpartition(".")
            found.setdefault(scope, {})[name] = grad
    if not found:
        return None
    alike: dict[tuple[str, ...], list[str]] = {}
    for scope, names in found.items():
        alike.setdefault(tuple(names), []).append(scope)
    tables = [_sizes(trace, scopes, names, found) for names, scopes in alike.items()]
    title = Bilingual("gradients: their size, √ of the mean square", "梯度的大小：均方根")
    return Overview(title, tuple(tables))


def _sizes(trace: Trace, scopes: list[str], names: tuple[str, ...], gradients: dict[str, dict[str, Node]]) -> Table:
    """Those of the parts of a model that have the same parameters, a part a row."""
    values = np.zeros((len(scopes), len(names)))
    cells: list[list[str | None]] = [[None] * len(names) for _ in scopes]
    for i, scope in enumerate(scopes):
        for j, name in enumerate(names):
            grad = gradients[scope][name]
            value = without_noise(trace, grad)[0].astype(float)
            with np.errstate(all="ignore"):
                values[i, j] = float(np.sqrt(np.mean(value * value)))
            cells[i][j] = _largest(grad, value, ())
    return Table("", values, scopes, list(names), cells)


def stream(state: State) -> Overview | None:
    """How long the vector of every word is in the residual stream, layer by layer; None without layers."""
    trace, groups = state.trace, _streams(state.trace)
    tables = []
    for nodes in groups:
        sentence = state.cursor.on(Tensor(trace, nodes[0], nodes[0].number))[0]
        columns = _names(nodes[0], 1, sentence)
        values = np.array([np.linalg.norm(trace.value(node.slot)[sentence].astype(float), axis=-1) for node in nodes])
        cells = [
            [_largest(node, trace.value(node.slot)[sentence, j], (sentence, j)) for j in range(len(columns))]
            for node in nodes
        ]
        tables.append(Table("", values, [node.path for node in nodes], columns, cells))
    if not tables:
        return None
    return Overview(Bilingual("residual stream: |x| of every word", "残差流：每个词的向量长度 |x|"), tuple(tables))


def lens(state: State) -> Overview | None:
    """What the model would say of every word after each layer, were it the last: the likeliest word and its share.

    What is in the stream there is put in the place of what is in it at last, and the model itself goes on from that.
    None where it says no words.
    """
    trace = state.trace
    logits, groups = trace.plan.paths.get("out.logits"), _streams(trace)
    if logits is None or not groups or logits.spec.axes[-1].name != "vocab" or len(logits.shape) != 3:
        return None
    nodes = next((each for each in reversed(groups) if each[0].shape[1] == logits.shape[1]), None)
    if nodes is None:
        return None
    sentence = state.cursor.on(Tensor(trace, nodes[0], nodes[0].number))[0]
    words = labels(logits.spec.axes[-1], logits.shape[-1])
    columns = _names(nodes[0], 1, sentence)
    values, said, cells = np.zeros((len(nodes), len(columns))), [], []
    for i, node in enumerate(nodes):
        made = trace if node is nodes[-1] else trace.edit({nodes[-1].path: trace.value(node.slot)})
        scores = made.value(made.plan.paths["out.logits"].slot)[sentence].astype(float)
        with np.errstate(all="ignore"):
            shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
            shares /= shares.sum(axis=-1, keepdims=True)
        best = shares.argmax(axis=-1)
        values[i] = shares.max(axis=-1)
        said.append([f"{words[int(k)]} {share:.2f}" for k, share in zip(best, values[i], strict=True)])
        if node is nodes[-1]:
            cells.append([cell_name(logits.path, (sentence, j, int(k))) for j, k in enumerate(best)])
        else:
            value = trace.value(node.slot)[sentence]
            cells.append([_largest(node, value[j], (sentence, j)) for j in range(len(columns))])
    title = Bilingual(
        "what would be said, were the layer the last (logit lens)", "若这一层是最后一层，会说什么（logit lens）"
    )
    return Overview(title, (Table("", values, [node.path for node in nodes], columns, cells, said),), "probability")


def _streams(trace: Trace) -> list[list[Node]]:
    """The steps that make the residual streams, in their order: one stream for each text that is read."""
    found: dict[str, list[Node]] = {}
    for node in trace.plan.steps:
        names = [axis.name for axis in node.spec.axes]
        if node.phase == "forward" and names == ["batch", "position", "model"]:
            scope, _, name = node.path.rpartition(".")
            if _STREAM.fullmatch(name):
                side = "tgt" if scope.startswith(("tgt", "dec")) else "src"
                found.setdefault(side, []).append(node)
    return [nodes for nodes in found.values() if len(nodes) > 1]


def _largest(node: Node, value: np.ndarray, lead: tuple[int, ...]) -> str:
    """The cell of the largest number of a part of a tensor: it stands for that part."""
    size = np.nan_to_num(np.abs(value.astype(float)))
    at = np.unravel_index(int(size.argmax()), size.shape) if size.ndim else ()
    return cell_name(node.path, (*lead, *map(int, at)))
