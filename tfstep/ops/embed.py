"""What embeddings need beyond looking rows up: their scale, and positions from a longer table."""

from __future__ import annotations

from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.functions import sqrt
from tfstep.ops.primitive.index import gather, scatter
from tfstep.ops.primitive.reduce import sum_
from tfstep.ops.primitive.shape import reshape, take, transpose, unslice
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Embedding", "词嵌入")


class EmbedScaled(Op):
    """Rows of a table by their ids, times √d. Shapes: table (vocab, d), ids (…) → (…, d).

    Source: Vaswani et al. 2017, section 3.4.
    """

    about_zh = "按编号取表中的行，再乘 √d。"
    formula = "{table}[{ids}] · √d"
    vjp_formula = {
        "table": Template(
            "{g} · √d added up into the row of each id",
            "把 {g} · √d 累加到各编号所在的行",
        ),
    }

    def forward(self, table: Array, ids: Array) -> Array:
        return gather(table, ids) * table.shape[1] ** 0.5

    def vjp_table(self, g: Array, y: Array, table: Array, ids: Array) -> Array:
        return scatter(g * table.shape[1] ** 0.5, ids, rows=table.shape[0])


embed_scaled = op(EmbedScaled)


class AddRows(Op):
    """x plus the rows of a table from ``start`` on. Shapes: x (batch, position, d), table (rows, d) → as x."""

    about_zh = "x 加上表中从 start 起的各行。"
    shapes_zh = "x (batch, position, d), table (rows, d) → 同 x"
    formula = "{x} + {table}[{start}:]"
    vjp_formula = {
        "x": "{g}",
        "table": Template(
            "Σ {g} over the batch, in rows {start} and on",
            "{g} 对批次求和，放在第 {start} 行起",
        ),
    }

    def forward(self, x: Array, table: Array, *, start: int) -> Array:
        return x + take(table, axis=0, start=start, stop=start + x.shape[1])

    def vjp_x(self, g: Array, y: Array, x: Array, table: Array, *, start: int) -> Array:
        return g

    def vjp_table(self, g: Array, y: Array, x: Array, table: Array, *, start: int) -> Array:
        total = sum_(g, axis=0, keepdims=False)
        return unslice(total, axis=0, start=start, stop=start + x.shape[1], step=1, size=table.shape[0])


add_rows = op(AddRows)


class EmbedTimes(Op):
    """Rows of a table by their ids, times a number. Shapes: table (vocab, d), ids (…) → (…, d)."""

    about_zh = "按编号取表中的行，再乘一个数。"
    formula = "{table}[{ids}] · {times}"
    vjp_formula = {
        "table": Template("{g} · {times} added up into the row of each id", "把 {g} · {times} 累加到各编号所在的行"),
    }

    def forward(self, table: Array, ids: Array, *, times: float) -> Array:
        return gather(table, ids) * times

    def vjp_table(self, g: Array, y: Array, table: Array, ids: Array, *, times: float) -> Array:
        return scatter(g * times, ids, rows=table.shape[0])


embed_times = op(EmbedTimes)


class RelativeBias(Op):
    """A number for every head and every distance: the row of the distance's bucket.

    Shapes: table (buckets, head), buckets (query, key) → (1, head, query, key). Raffel et al. 2020, section 2.1.
    """

    about_zh = "每个头、每种距离一个数：取距离所在桶的那一行。"
    formula = Template("{table}[bucket of key − query]", "{table}[键 − 查询 所在的桶]")
    vjp_formula = {
        "table": Template("{g} added up into the row of each bucket", "把 {g} 累加到各个桶所在的行"),
    }

    def forward(self, table: Array, buckets: Array) -> Array:
        queries, keys = buckets.shape
        return reshape(transpose(gather(table, buckets), order=(2, 0, 1)), shape=(1, table.shape[1], queries, keys))

    def vjp_table(self, g: Array, y: Array, table: Array, buckets: Array) -> Array:
        each = transpose(reshape(g, shape=(table.shape[1], *buckets.shape)), order=(1, 2, 0))
        return scatter(each, buckets, rows=table.shape[0])


relative_bias = op(RelativeBias)


class Pool(Op):
    """A weighted sum of the rows of each sentence. Shapes: x (batch, position, d), weights (batch, position) → (batch, d)."""

    about_zh = "每个句子各行的加权和。"
    formula = "Σ {weights} · {x}"
    vjp_formula = {"x": "{weights} · {g}", "weights": Template("Σ {g} · {x} of each row", "每行的 Σ {g} · {x}")}

    def forward(self, x: Array, weights: Array) -> Array:
        batch, position, _ = x.shape
        return sum_(x * reshape(weights, shape=(batch, position, 1)), axis=1, keepdims=False)

    def vjp_x(self, g: Array, y: Array, x: Array, weights: Array) -> Array:
        batch, position, d = x.shape
        return reshape(g, shape=(batch, 1, d)) * reshape(weights, shape=(batch, position, 1))

    def vjp_weights(self, g: Array, y: Array, x: Array, weights: Array) -> Array:
        batch, _, d = x.shape
        return sum_(reshape(g, shape=(batch, 1, d)) * x, keepdims=False)


pool = op(Pool)


class Unit(Op):
    """Each row by its length, so that products are cosines. Shapes: x (…, d) → (…, d)."""

    about_zh = "每行除以自己的长度，点积便是余弦。"
    formula = "{x} / ‖{x}‖"
    vjp_formula = {"x": "({g} − {y} · Σ {g} · {y}) / ‖{x}‖"}

    def forward(self, x: Array) -> Array:
        return x / named("length", sqrt(sum_(named("square", x * x))))

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        length = named("length", sqrt(sum_(named("square", x * x))))
        return (g - y * named("along", sum_(g * y))) / length


unit = op(Unit)
