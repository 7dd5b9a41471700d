"""What embeddings need beyond looking rows up: their scale, and positions from a longer table."""

from __future__ import annotations

from tfstep.engine.op import Array, Op, op
from tfstep.ops.primitive.index import gather, scatter
from tfstep.ops.primitive.reduce import sum_
from tfstep.ops.primitive.shape import put, take
from tfstep.text import Template


class EmbedScaled(Op):
    """Rows of a table by their ids, times √d. Shapes: table (vocab, d), ids (…) → (…, d).

    Source: Vaswani et al. 2017, section 3.4.
    """

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
        return put(total, axis=0, start=start, stop=start + x.shape[1], step=1, size=table.shape[0])


add_rows = op(AddRows)
