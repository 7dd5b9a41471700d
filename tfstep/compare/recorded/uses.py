"""What each weight of a recorded module is for, told by the product it takes part in and by where that product goes.

Names say what something is meant to be; this says what it is. It needs the notes of `tfstep.torch.record`, which know
what every array was computed from; of other recordings nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

import numpy as np
from msgspec import Struct, field

from tfstep.compare.recorded.recording import Recording

PRODUCTS = ("linear", "matmul", "bmm", "einsum", "rmatmul", "addmm", "baddbmm", "conv1d", "tensordot", "mm")
ATTENDS = ("scaled_dot_product_attention",)
BESIDE = ("cat", "concat", "concatenate", "stack", "hstack")
SIDES = ("add", "iadd", "radd", "sub")


class Uses(Struct, eq=False):
    """The matrices of a module by what they do: ``asking`` make what attention reads, ``merging`` read what it gives;
    ``widening`` and ``narrowing`` are those of a feed-forward network, ``gating`` the ones of them that are bent where
    two are multiplied. ``biases`` are the vectors that are added to a product, each with its matrix."""

    asking: set[str] = field(default_factory=set)
    merging: set[str] = field(default_factory=set)
    widening: set[str] = field(default_factory=set)
    narrowing: set[str] = field(default_factory=set)
    gating: set[str] = field(default_factory=set)
    biases: dict[str, str] = field(default_factory=dict)
    scales: list[str] = field(default_factory=list)  # vectors that what was computed is multiplied with, as used
    shifts: list[str] = field(default_factory=list)  # and those that are added to it, and to no product
    joined: dict[str, str] = field(default_factory=dict)  # of an asking one where its head is laid beside others
    made: dict[str, str] = field(default_factory=dict)  # the first product that a matrix takes part in
    turned: dict[str, bool] = field(default_factory=dict)  # whether a matrix is kept (out, in), by what it gives
    partners: dict[str, str] = field(default_factory=dict)  # of a widening matrix the one that it is multiplied with
    together: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of an asking one those of the same attention

    def roles(self, matrix: str) -> tuple[str, ...]:
        """What a matrix may be; () where nothing tells."""
        if matrix in self.asking:
            return ("W_Q", "W_K", "W_V")
        if matrix in self.merging:
            return ("W_O",)
        if matrix in self.narrowing:
            return ("W_2",)
        if matrix in self.widening:
            return ("W_gate", "W_1") if matrix in self.partners else ("W_1",)
        return ()


def uses(kept: Recording) -> Uses:
    """What the weights of a recording are for."""
    return _Flow(kept).found


class _Flow:
    """The arrays of a recording with what reads them, in the order of the run."""

    def __init__(self, kept: Recording) -> None:
        self.kept, self.found = kept, Uses()
        self.order = [name for name in kept if kept.note(name).inputs]
        self.root: dict[str, str] = {}  # of a part of a weight, or of the weight laid out otherwise, the weight
        for name in self.order:
            roots = {self.root.get(n, n if self._is_weight(n) else "") for n in kept.note(name).inputs}
            if len(roots) == 1 and "" not in roots:
                self.root[name] = roots.pop()
        self.place = {name: k for k, name in enumerate(self.order)}
        self.readers: dict[str, list[str]] = {}
        for name in self.order:
            for source in kept.note(name).inputs:
                self.readers.setdefault(source, []).append(name)
        self.product = dict(self._products())  # the result of each product, and its matrix
        first = self.found.made = {matrix: y for y, matrix in reversed(self.product.items())}
        ways = {matrix: self._from([y]) for matrix, y in first.items()}
        attending = [name for name in self.order if self._attends(name)]
        merged = {matrix for name in attending for matrix in self._next(self._from([name]))}
        for matrix, way in ways.items():
            if any(name in way for name in attending):
                self.found.asking.add(matrix)
        self.found.merging |= merged - self.found.asking
        self._sides(first)
        self._norms()
        self._networks(ways, first)
        last: dict[str, list[str]] = {}
        for matrix in first:
            if matrix in self.found.asking:
                whole = self._from([first[matrix]], through=True)
                last.setdefault(max(whole.intersection(attending), key=self.place.__getitem__), []).append(matrix)
        self.found.together = {matrix: tuple(group) for group in last.values() for matrix in group}
        self.found.joined = dict(self._joined(first))
        self._turned(first)

    def _is_weight(self, name: str) -> bool:
        return self.kept.note(name).kind == "weight"

    def _weight(self, name: str) -> bool:
        return name in self.root or self._is_weight(name)

    def _computed(self, name: str) -> list[str]:
        return [n for n in self.kept.note(name).inputs if not self._weight(n) and self.kept.note(n).kind != "mask"]

    def _products(self) -> Iterator[tuple[str, str]]:
        for name in self.order:
            read = self.kept.note(name).inputs
            for matrix in read:
                if self._weight(matrix) and self.kept[matrix].ndim in (2, 3) and self._computed(name):
                    sides = self.kept[matrix].shape
                    reads = [n for each in self._computed(name) for n in self.kept[each].shape]
                    if self._multiplies(name, matrix) and any(n in sides for n in (*self.kept[name].shape, *reads)):
                        yield name, self.root.get(matrix, matrix)

    def _multiplies(self, name: str, matrix: str) -> bool:
        """Whether this is a product: by its own op, or, of what a module gives back, by the op that first read the
        weight."""
        op = self.kept.note(name).op
        first = self.kept.note(matrix).op
        return op in PRODUCTS or (
            op == "module" and (first in PRODUCTS or (first == "embedding" and self._looks_back(name, matrix)))
        )

    def _looks_back(self, name: str, table: str) -> bool:
        """Whether what a module gives back is vectors times a table that words were looked up in before: a tied head."""
        read, weight, made = self._computed(name), self.kept[table], self.kept[name]
        x = self.kept[read[0]]
        if len(read) != 1 or x.dtype.kind != "f" or (x.shape[-1], made.shape[-1]) != weight.shape[::-1]:
            return False
        rest = made - x @ weight.T  # its bias, if it has one
        return np.allclose(
            rest, rest.reshape(-1, len(weight))[0], rtol=0, atol=1e-3 * float(np.abs(made).max(initial=0.0))
        )

    def _attends(self, name: str) -> bool:
        """Whether this is where attention begins: a product of what was computed, or PyTorch's own."""
        op, read = self.kept.note(name).op, self._computed(name)
        if op == "module" and len(read) == 2 and name not in self.product:  # what a module of one head gives back
            one, other, made = (self.kept[each] for each in (*read, name))
            if min(one.ndim, other.ndim) < 2 or one.shape[-1] != other.shape[-2] or one.shape[:-2] != other.shape[:-2]:
                return False
            return made.shape == (*one.shape[:-1], other.shape[-1]) and np.allclose(one @ other, made, 1e-3, 1e-5)
        return op in ATTENDS or (op in PRODUCTS and len(read) > 1 and name not in self.product)

    def _from(self, starts: Iterable[str], through: bool = False) -> set[str]:
        """The arrays that come of these alone: up to the next product with a weight, to attention, and to the residual,
        which adds something else; those that end the way are among them. With ``through`` attention does not end it."""
        way = set(starts)
        todo = [(self.place[reader], reader) for name in way for reader in self.readers.get(name, ())]
        heapify(todo)
        while todo:  # in the order of the run
            _, name = heappop(todo)
            if name in way:
                continue
            read = self._computed(name)
            if not all(each in way for each in read) and self._whole(name, read):
                continue
            way.add(name)
            if name in self.product or (self._attends(name) and not through):
                continue
            for reader in self.readers.get(name, ()):
                heappush(todo, (self.place[reader], reader))
        return way

    def _whole(self, name: str, read: list[str]) -> bool:
        """Whether this is the sum of two tensors of its own size, and of no bias or table that is broadcast."""
        same = [self.kept[each] for each in read if self.kept[each].shape == self.kept[name].shape]
        if self.kept.note(name).op != "module":
            return self.kept.note(name).op in SIDES and len(same) > 1
        return len(same) == 2 == len(read) and np.allclose(same[0] + same[1], self.kept[name], rtol=1e-3, atol=1e-6)

    def _next(self, way: set[str]) -> list[str]:
        """The matrices of the products at which a way ends."""
        return [self.product[name] for name in sorted(way & self.product.keys(), key=self.place.__getitem__)]

    def _vectors(self, name: str) -> list[str]:
        """The vectors among the weights that an array is computed from."""
        found = [self.root.get(n, n) for n in self.kept.note(name).inputs if self._weight(n)]
        return [n for n in found if self.kept[n].ndim == 1]

    def _sides(self, first: dict[str, str]) -> None:
        for matrix, y in first.items():
            beside = self._vectors(y)
            for later in self.readers.get(y, ()):
                near = self._vectors(later)
                if len(near) == 1 and (self.kept.note(later).op in SIDES or self.kept.note(near[0]).op in SIDES):
                    beside += near
            for bias in beside[:1]:
                self.found.biases[bias] = matrix

    def _joined(self, first: dict[str, str]) -> Iterator[tuple[str, str]]:
        for matrix in self.found.together:
            whole = self._from([first[matrix]], through=True)
            beside = [n for n in whole if self.kept.note(n).op in BESIDE]
            if beside:
                yield matrix, min(beside, key=self.place.__getitem__)

    def _turned(self, first: dict[str, str]) -> None:
        """Which way round a matrix is, where its product shows it."""
        for matrix, y in first.items():
            weight, made = self.kept[matrix], self.kept[y]
            reads = [self.kept[n] for n in self._computed(y)]
            if weight.ndim != 2 or len(reads) != 1 or made.ndim < 2:
                continue
            x = reads[0]
            beside = [self.kept[n] for n in self.kept.note(y).inputs if self._weight(n) and self.kept[n].ndim == 1]
            for turned in (False, True):
                w = weight.T if turned else weight
                if x.shape[-1] == w.shape[0] and made.shape == (*x.shape[:-1], w.shape[1]):
                    here = x @ w + (beside[0] if beside and beside[0].size == w.shape[1] else 0)
                    if np.isfinite(made).all() and np.allclose(
                        here, made, rtol=1e-2, atol=1e-3 * float(np.abs(made).max(initial=0.0))
                    ):
                        self.found.turned.setdefault(matrix, turned)

    def _norms(self) -> None:
        for name in self.order:
            if name in self.root or not self._computed(name):
                continue
            beside = [self.root.get(n, n) for n in self.kept.note(name).inputs if self._weight(n)]
            vectors = [n for n in beside if self.kept[n].ndim == 1 and n not in self.found.biases]
            for k, vector in enumerate(vectors if name not in self.product else ()):
                added = k == 1 or (len(vectors) == 1 and self.kept.note(name).op in SIDES)
                group = self.found.shifts if added else self.found.scales
                if vector not in group:
                    group.append(vector)

    def _networks(self, ways: dict[str, set[str]], first: dict[str, str]) -> None:
        found = self.found
        known = found.asking | found.merging
        for matrix, way in ways.items():
            after = [m for m in self._next(way - {first[matrix]}) if m not in known and m != matrix]
            if matrix in known or not after or matrix in found.narrowing:
                continue
            wide, narrow = self.kept[matrix].shape, self.kept[after[0]].shape
            if sorted(wide) == sorted(narrow):
                found.widening.add(matrix)
                found.narrowing.add(after[0])
        by_end: dict[str, list[str]] = {}
        for matrix in ways:
            if matrix in found.widening:
                end = self._next(ways[matrix] - {first[matrix]})[0]
                by_end.setdefault(end, []).append(matrix)
        for pair in by_end.values():
            if len(pair) == 2:
                self._gate(pair[0], pair[1], ways)

    def _gate(self, one: str, other: str, ways: dict[str, set[str]]) -> None:
        """Of two matrices whose products are multiplied the one whose product is bent before."""
        both = ways[one] & ways[other]
        meet = min(both, key=self.place.__getitem__, default=None)
        if meet is None:
            return
        self.found.partners |= {one: other, other: one}
        for matrix, rival in ((one, other), (other, one)):
            between = [n for n in ways[matrix] - both if n not in self.product and self.kept.note(n).op not in SIDES]
            straight = [n for n in ways[rival] - both if n not in self.product and self.kept.note(n).op not in SIDES]
            if between and not straight:
                self.found.gating.add(matrix)
