"""The whole story of a number as a tree: its equation, those of its operands, its gradient's, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.text import Bilingual
from tfstep.view.cell.equation import FEW, equation, name_of
from tfstep.view.cell.readers import readers, reading_cell
from tfstep.view.cell.rules import rule_in_words
from tfstep.view.cell.sums import LongSum, explain_cell
from tfstep.view.export.tables import KINDS
from tfstep.view.matrix.plane import scale_of
from tfstep.view.text.number import plain
from tfstep.view.text.signed import split_sign
from tfstep.view.text.spans import Line, Span, clipped, ends, line, line_width

if TYPE_CHECKING:
    from tfstep.engine.trace import Tensor, Trace
    from tfstep.engine.why import Explanation, Term
    from tfstep.session.study.reasons import Reasons
    from tfstep.view.board.board import At

Key = tuple[object, ...]  # the way from the top to a row
SOURCES = 12  # inputs and parameters that are listed
DEEP = 60  # levels that are unfolded at once
SHARE = Bilingual(
    "share: a term's part of its sum, |term| / Σ |terms|", "份额：一项在它所属的和里占多少，|项| / Σ |各项|"
)


class Row(Struct, frozen=True):
    """A line of the tree: ``cell`` is what it is of, None for a heading; ``open`` None where nothing is beneath it."""

    key: Key
    depth: int
    cell: str | None
    sign: str
    share: float | None
    open: bool | None


class Story:
    """The tree of one cell. ``opened`` are the rows that are unfolded; explanations are made when they are seen.

    ``found`` adds what the number comes from in the end, and unfolds the way of the largest shares.
    """

    def __init__(self, root: Trace, cell: str, at: At, found: Reasons | None = None) -> None:
        self.root, self.cell, self.at, self.found = root, cell, at, found
        self._why: dict[str, Explanation] = {}
        self._read: dict[str, list[str]] = {}
        self.opened: set[Key] = {("why",)}
        self.gradient = self._gradient()
        if self.gradient is not None and found is None:
            self.opened.add(("gradient",))
        if found is not None:
            self.to_inputs(("why",))

    def why(self, cell: str) -> Explanation:
        """Why a cell is what it is."""
        if cell not in self._why:
            path, index = parse_cell(cell)
            self._why[cell] = explain_cell(self.root[path], tuple(index or ()), self.at)
        return self._why[cell]

    def _tensor(self, cell: str) -> Tensor:
        return self.root[parse_cell(cell)[0]]

    def _gradient(self) -> str | None:
        path, index = parse_cell(self.cell)
        tensor = self.root[path]
        grad = None if tensor.trace.prefix else tensor.trace.plan.gradient(tensor.node)
        if grad is None or (tensor.trace.plan.later and tensor.trace.stale(grad.slot)):
            return None
        return cell_name(grad.path, tuple(index or ()))

    def rows(self) -> list[Row]:
        """The rows that are seen, from the top."""
        found = list(self._tree(("why",), 0, self.cell, "", None))
        if self.gradient is not None:
            found += self._tree(("gradient",), 0, self.gradient, "", None)
        for k, cell in enumerate(self._readers(self.cell)):
            found += self._onward(("to", k), 0, cell)
        if self.found is not None:
            found.append(Row(("sources",), 0, None, "", None, None))
            for k, each in enumerate(self.found.sources[:SOURCES]):
                found.append(Row(("sources", k), 1, each.cell, "", each.share, None))
        return found

    def _tree(self, key: Key, depth: int, cell: str, sign: str, share: float | None) -> Iterator[Row]:
        beneath = self._operands(cell)
        is_open = key in self.opened
        yield Row(key, depth, cell, sign, share, is_open if beneath else None)
        if is_open:
            for k, (operand, its_sign, part) in enumerate(beneath):
                yield from self._tree((*key, k), depth + 1, operand, its_sign, part)

    def _operands(self, cell: str) -> list[tuple[str, str, float | None]]:
        """The cells that a cell is made from, each with the sign before it and, at the first of a term, its share."""
        why = self.why(cell)
        terms, size = shown_terms(why), why.size
        found = []
        for k, term in enumerate(terms):
            minus, term = split_sign(term)
            part = abs(term.value) / size if len(why.terms) > 1 and 0 < size < float("inf") else None
            first = True
            for factor in term.factors:
                if factor.cell is not None:
                    sign = "/" if factor.power < 0 else "×" if not first else minus or ("+" if k else "")
                    found.append((factor.cell, sign, part if first else None))
                    first = False
        return found

    def _readers(self, cell: str) -> list[str]:
        if cell not in self._read:
            paths = readers(self._tensor(cell))
            self._read[cell] = [cell_name(path, reading_cell(self.root, path, cell, self.at)) for path in paths]
        return self._read[cell]

    def _onward(self, key: Key, depth: int, cell: str) -> Iterator[Row]:
        beneath = self._readers(cell) if depth < DEEP else []
        is_open = key in self.opened
        yield Row(key, depth, cell, "→", None, is_open if beneath else None)
        if is_open:
            for k, reader in enumerate(beneath):
                yield from self._onward((*key, k), depth + 1, reader)

    def to_inputs(self, key: Key) -> None:
        """Unfold the way of the largest share from a row down to an input or a parameter."""
        row = next((each for each in self.rows() if each.key == key), None)
        cell = None if row is None else row.cell
        for _ in range(DEEP):
            beneath = [] if cell is None or key[0] == "sources" else self._operands(cell)
            if not beneath:
                return
            self.opened.add(key)
            if key[0] == "to":
                return
            k = self._largest(beneath)
            key, cell = (*key, k), beneath[k][0]

    def down(self, cells: int, most: int) -> list[Line]:
        """Below a line that says so, what the cell is made of, the largest share followed down to the inputs."""
        self.to_inputs(("why",))
        rows = [row for row in self.rows() if row.key[0] == "why"][1:]
        if not rows:
            return []
        seen = rows if len(rows) < most else rows[: most - 2]
        text = Bilingual("down to the inputs, along the largest share", "沿最大的份额，一直到输入")
        found = [line(Span(str(text), "key")), *(self.drawn(row, cells) for row in seen)]
        if len(seen) < len(rows):
            more = Bilingual("{n} more lines", "还有 {n} 行", n=len(rows) - len(seen))
            found.append(line(Span(f"  {more}", "dim")))
        return found

    def _largest(self, beneath: Sequence[tuple[str, str, float | None]]) -> int:
        """The operand of the largest share; of the factors of one term the one that is computed."""
        best, most, part, computed = 0, -1.0, 0.0, False
        for k, (cell, _, share) in enumerate(beneath):
            part = part if share is None else share
            made = bool(self.why(cell).terms)
            if part > most or (part == most and made and not computed):
                best, most, computed = k, part, made
        return best

    # -- drawing -----------------------------------------------------------------------------------

    def drawn(self, row: Row, cells: int) -> Line:
        """A row in so many cells."""
        if row.cell is None:
            return line(Span(str(Bilingual("in the end it comes from", "归根结底来自")), "key"))
        why = self.why(row.cell)
        mark = " " if row.open is None else "▾" if row.open else "▸"
        sign = f"{row.sign} " if row.sign else ""
        name = ("∂loss/∂" + name_of(self.root, self.cell)) if row.key == ("gradient",) else name_of(self.root, row.cell)
        role = "accent" if row.key == ("why",) else "key" if row.key == ("gradient",) else "name"
        signed = scale_of(self._tensor(row.cell).node) != "probability"  # as in its matrix
        value = "0" if why.rounding else plain(why.value, sign=signed)
        head = line(
            Span("  " * min(row.depth, 20) + mark + " ", "dim"),
            Span(sign, "dim"),
            Span(name, role),
            "  ",
            Span(value, "dim" if why.rounding else "number"),
            "  ",
        )
        share = line(Span(f"{row.share:.0%}", "dim")) if row.share is not None else ()
        room = cells - line_width(share) - 1
        return ends(clipped((*head, *self._said(why, room - line_width(head))), room), share, cells)

    def _said(self, why: Explanation, room: int) -> Line:
        """What a cell is made of: in symbols, and in numbers where there is room."""
        if not why.terms:
            kind = self._tensor(why.cell).node.kind
            return line(Span(str(KINDS.get(kind, rule_in_words(why.rule))), "dim"))
        made = equation(self.root, why, chosen=-1)  # what is followed is the row
        note = line(Span(f"▒ {why.note}  ", "note")) if why.note is not None else ()
        symbols = (
            (*note, Span("= ", "dim"), *(Span(each.text, "dim") for each in made.symbols)) if made.symbols else note
        )
        numbers = (
            Span(" = " if symbols else "= ", "dim"),
            *(part for term in (*made.terms, made.rest) for part in term),
        )
        if why.terms[0].fn is None and [factor.power for term in why.terms for factor in term.factors] == [1]:
            return symbols or numbers  # it is that number
        whole = (*symbols, *numbers)
        return whole if not made.symbols or line_width(whole) <= room else symbols


def shown_terms(why: Explanation) -> list[Term]:
    """The terms of an explanation whose cells are rows: in their order, of many the largest."""
    order = list(why.terms)
    if len(order) > FEW or isinstance(why, LongSum):
        order.sort(key=lambda term: -abs(term.value) if term.value == term.value else 0.0)
    return order[:FEW]
