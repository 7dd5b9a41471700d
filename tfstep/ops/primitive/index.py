"""Looking rows up by number, and putting gradients back to where they were looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfstep.engine.accel import elementwise as fast
from tfstep.engine.axis import NO_AXIS, Axis, Spec
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Primitive, Ref, TermSpec, Why, op
from tfstep.text import Bilingual, Template

TITLE = Bilingual("By number", "按编号")


class Gather(Primitive):
    """Rows of a table by their ids. Shapes: table (vocab, d), ids (…) → (…, d)."""

    about_zh = "按编号取表中的行。"
    code = {"numpy": "{table}[{ids}]", "torch": "{table}[{ids}]"}

    formula = "{table}[{ids}]"
    vjp_formula = {"table": Template("{g} added up into the row of each id", "把 {g} 累加到各编号所在的行")}
    kernel, kernel_table = fast.gather, fast.gather_table

    def infer(self, *args: Spec | Literal) -> Spec:
        """A row of the table for each id."""
        table, ids = args
        assert isinstance(table, Spec)
        assert isinstance(ids, Spec)
        return table.like(ids.shape + table.shape[1:], ids.axes + table.axes[1:])

    def forward(self, table: Array, ids: Array) -> Array:
        return table[ids]

    def leading(self, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
        """The same rows of each table."""
        return args[0][:, args[1]]

    def vjp_table(self, g: Array, y: Array, table: Array, ids: Array) -> Array:
        return scatter(g, ids, rows=table.shape[0])

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        ids = args[1]
        row = int(ids[cell[: ids.ndim]])
        return Why("gather", (TermSpec((Ref(0, (row, *cell[ids.ndim :])),)),))


gather = op(Gather)


class Scatter(Primitive):
    """Rows added up into a table by their ids. Shapes: x (…, d), ids (…) → (rows, d); unused rows are 0."""

    about_zh = "按编号把各行加到表中；没用到的行是 0。"
    purpose = Bilingual("Each word's gradient is added to its row of the table.", "每个词的梯度加到表中它那一行。")
    shapes_zh = "x (…, d), ids (…) → (rows, d)；未用到的行为 0"
    code = dict.fromkeys(("numpy", "torch"), "scatter({x}, {ids}, {rows})")
    helper = {
        "numpy": """def scatter(x, ids, rows):
    # Each row of x added to the row of a table that its id names.
    table = np.zeros((rows, *x.shape[ids.ndim :]), x.dtype)
    np.add.at(table, ids, x)
    return table
""",
        "torch": """def scatter(x, ids, rows):
    # Each row of x added to the row of a table that its id names.
    table = x.new_zeros((rows, *x.shape[ids.ndim :]))
    return table.index_add(0, ids.flatten(), x.reshape(-1, *x.shape[ids.ndim :]))
""",
    }

    formula = Template("Σ {x} into row {ids}", "把 {x} 累加到第 {ids} 行")
    vjp_formula = {"x": "{g}[{ids}]"}

    def infer(self, *args: Spec | Literal, rows: int) -> Spec:
        """A table with a row for each id."""
        x, ids = args
        assert isinstance(x, Spec)
        assert isinstance(ids, Spec)
        return x.like((rows, *x.shape[ids.ndim :]), (Axis("vocab"), *x.axes[ids.ndim :]))

    def forward(self, x: Array, ids: Array, *, rows: int) -> Array:
        table = np.zeros((rows, *x.shape[ids.ndim :]), x.dtype)
        np.add.at(table, ids, x)
        return table

    def vjp_x(self, g: Array, y: Array, x: Array, ids: Array, *, rows: int) -> Array:
        return gather(g, ids)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        places = np.argwhere(args[1] == cell[0])
        parts = (TermSpec((Ref(0, (*(int(i) for i in place), *cell[1:])),)) for place in places)
        return Why("scatter", tuple(parts)) if len(places) else Why("nothing")


scatter = op(Scatter)


def _following(keep: Sequence[int]) -> range | None:
    """The rows as a range, where each follows the one before."""
    rows = range(keep[0], keep[0] + len(keep)) if keep else range(0)
    return rows if keep and tuple(keep) == tuple(rows) else None


def taken(keep: Sequence[int]) -> str:
    """What takes these rows in a program, in brackets: ``[0, 2]``, and ``:3`` for rows that follow each other."""
    rows = _following(keep)
    return str(list(keep)) if rows is None else f"{rows.start or ''}:{rows.stop}"


class Select(Primitive):
    """Some of the rows, by number, in order. Shapes: x (n, …) → (len(keep), …)."""

    about_zh = "按行号依次取出若干行。"
    formula = Template("{x}[kept rows]", "{x}[保留的行]")
    vjp_formula = {"x": Template("{g} in the kept rows, else 0", "保留的行取 {g}，其余为 0")}

    def infer(self, *args: Spec | Literal, keep: tuple[int, ...]) -> Spec:
        """As many rows as are kept."""
        (x,) = args
        assert isinstance(x, Spec)
        return x.like((len(keep), *x.shape[1:]), (x.axes[0].taken(keep), *x.axes[1:]))

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """``x[[0, 2]]``, and ``x[:3]`` for rows that follow each other."""
        return "{x}[" + taken(attrs.get("keep", ())) + "]"

    def forward(self, x: Array, *, keep: tuple[int, ...]) -> Array:
        return x if keep == tuple(range(x.shape[0])) else x[list(keep)]

    def leading(self, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
        """The same rows in each case."""
        return args[0][:, list(attrs["keep"])]

    def vjp_x(self, g: Array, y: Array, x: Array, *, keep: tuple[int, ...]) -> Array:
        return scatter_rows(g, keep=keep, rows=x.shape[0])

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("view", view=Ref(0, (attrs["keep"][cell[0]], *cell[1:])))


select = op(Select)


class ScatterRows(Primitive):
    """Rows put back to where they were selected from. Shapes: x (len(keep), …) → (rows, …); the others are 0."""

    about_zh = "把取出的行放回原位，其余为 0。"
    shapes_zh = "x (len(keep), …) → (rows, …)；其余为 0"
    helper = {
        "numpy": """def scatter_rows(x, keep, rows):
    # The rows of x where they were taken from, zeros elsewhere.
    out = np.zeros((rows, *x.shape[1:]), x.dtype)
    out[list(keep)] = x
    return out
""",
        "torch": """def scatter_rows(x, keep, rows):
    # The rows of x where they were taken from, zeros elsewhere.
    out = x.new_zeros((rows, *x.shape[1:]))
    out[list(keep)] = x
    return out
""",
    }

    formula = Template("{x} in the kept rows, else 0", "保留的行取 {x}，其余为 0")
    vjp_formula = {"x": Template("{g}[kept rows]", "{g}[保留的行]")}

    def line(self, library: str, attrs: Mapping[str, Any]) -> str:
        """``scatter_rows(x, (0, 2), 3)``, and ``range(0, 2)`` for rows that follow each other."""
        return f"scatter_rows({{x}}, {_following(attrs.get('keep', ())) or '{keep}'}, {{rows}})"

    def infer(self, *args: Spec | Literal, keep: tuple[int, ...], rows: int) -> Spec:
        """All rows again."""
        (x,) = args
        assert isinstance(x, Spec)
        return x.like((rows, *x.shape[1:]))

    def forward(self, x: Array, *, keep: tuple[int, ...], rows: int) -> Array:
        if keep == tuple(range(rows)):
            return x
        out = np.zeros((rows, *x.shape[1:]), x.dtype)
        out[list(keep)] = x
        return out

    def vjp_x(self, g: Array, y: Array, x: Array, *, keep: tuple[int, ...], rows: int) -> Array:
        return select(g, keep=keep)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        if cell[0] not in attrs["keep"]:
            return Why("nothing")
        return Why("view", view=Ref(0, (attrs["keep"].index(cell[0]), *cell[1:])))


scatter_rows = op(ScatterRows)


class TakePerRow(Primitive):
    """One cell of each row, by number. Shapes: x (rows, n), ids (rows) → (rows, 1)."""

    about_zh = "每行按编号取一个单元格。"
    code = {"numpy": "{x}[np.arange(len({x})), {ids}][:, None]", "torch": "{x}[torch.arange(len({x})), {ids}][:, None]"}

    formula = Template("{x}[row, {ids}]", "{x}[行, {ids}]")
    vjp_formula = {"x": Template("{g} at the picked cells, else 0", "选中的单元格取 {g}，其余为 0")}

    def infer(self, *args: Spec | Literal) -> Spec:
        """One column."""
        x = args[0]
        assert isinstance(x, Spec)
        return x.like((x.shape[0], 1), (x.axes[0], x.axes[1].bare()))

    def forward(self, x: Array, ids: Array) -> Array:
        return x[np.arange(x.shape[0]), ids][:, None]

    def leading(self, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
        """The same cell of each row in each case."""
        x, ids = args
        return x[:, np.arange(x.shape[1]), ids][..., None]

    def vjp_x(self, g: Array, y: Array, x: Array, ids: Array) -> Array:
        return one_hot(ids, g, width=x.shape[1])

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("view", view=Ref(0, (cell[0], int(args[1][cell[0]]))))


take_per_row = op(TakePerRow)


class OneHot(Primitive):
    """A number a row, put at the place that the row's id says. Shapes: ids (rows), x (rows, 1) → (rows, width)."""

    about_zh = "每行一个数，放到编号所指的位置。"
    code = dict.fromkeys(("numpy", "torch"), "one_hot({ids}, {x}, {width})")
    helper = {
        "numpy": """def one_hot(ids, x, width):
    # Row by row the number of x in the column that the id names, zeros elsewhere.
    out = np.zeros((len(x), width), x.dtype)
    out[np.arange(len(x)), ids] = x[:, 0]
    return out
""",
        "torch": """def one_hot(ids, x, width):
    # Row by row the number of x in the column that the id names, zeros elsewhere.
    return x.new_zeros((len(x), width)).scatter(1, ids[:, None], x)
""",
    }

    formula = Template("{x} at {ids}, else 0", "{ids} 处为 {x}，其余为 0")
    vjp_formula = {"x": Template("{g}[row, {ids}]", "{g}[行, {ids}]")}

    def infer(self, *args: Spec | Literal, width: int) -> Spec:
        """``width`` columns, in the dtype of x."""
        x = args[1]
        assert isinstance(x, Spec)
        return x.like((x.shape[0], width), (x.axes[0], NO_AXIS))

    def forward(self, ids: Array, x: Array, *, width: int) -> Array:
        out = np.zeros((x.shape[0], width), x.dtype)
        out[np.arange(x.shape[0]), ids] = x[:, 0]
        return out

    def vjp_x(self, g: Array, y: Array, ids: Array, x: Array, *, width: int) -> Array:
        return take_per_row(g, ids)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        if int(args[0][cell[0]]) != cell[1]:
            return Why("nothing")
        return Why("view", view=Ref(1, (cell[0], 0)))


one_hot = op(OneHot)


class MinusLabel(Primitive):
    """x with 1 taken off at each row's label: p − y. Shapes: x (rows, n), ids (rows) → (rows, n)."""

    about_zh = "每行在标签处减 1：p − y。"
    code = dict.fromkeys(("numpy", "torch"), "minus_label({x}, {ids})")
    helper = {
        "numpy": """def minus_label(x, ids):
    # One less in the column of the right word of each row.
    out = x.copy()
    out[np.arange(len(x)), ids] -= 1
    return out
""",
        "torch": """def minus_label(x, ids):
    # One less in the column of the right word of each row.
    out = x.clone()
    out[torch.arange(len(x)), ids] -= 1
    return out
""",
    }

    formula = Template("{x} − 1 at the label", "{x}，标签处减 1")
    vjp_formula = {"x": "{g}"}

    def infer(self, *args: Spec | Literal) -> Spec:
        """The shape of x."""
        assert isinstance(args[0], Spec)
        return args[0]

    def forward(self, x: Array, ids: Array) -> Array:
        out = x.copy()
        out[np.arange(x.shape[0]), ids] -= 1
        return out

    def vjp_x(self, g: Array, y: Array, x: Array, ids: Array) -> Array:
        return g

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        p = TermSpec((Ref(0, cell),))
        if int(args[1][cell[0]]) != cell[1]:
            return Why("sum", (p,))
        return Why("sum", (p, TermSpec((Const(-1.0, "−1"), Const(1.0, "y")))))


minus_label = op(MinusLabel)
