"""A run as the page reads it: every tensor with its numbers, its words, and how each of its cells is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfstep.engine.node import Literal, Node
from tfstep.engine.terms import AtomTerm, explaining_terms
from tfstep.engine.trace import Tensor, Trace
from tfstep.faces.web.page.pattern import Pattern, Place, pattern
from tfstep.scenario.scenario import Scenario
from tfstep.text import LANGUAGES, Bilingual, language, printable, set_language
from tfstep.view.cell.no_gradient import no_gradient
from tfstep.view.cell.purpose import purpose
from tfstep.view.cell.rules import rule_in_words
from tfstep.view.export.indices import along, down
from tfstep.view.export.json import number
from tfstep.view.export.tables import KINDS
from tfstep.view.matrix.plane import mask_of

DOUBLE = 40_000  # numbers up to which they are kept in full; of larger runs seven digits are kept

Texts = dict[str, str]


def both(say: Callable[[], object]) -> Texts:
    """What is said, in each language."""
    before, found = language(), {}
    for each in LANGUAGES:
        set_language(each)
        found[each] = str(say())
    set_language(before)
    return found


class Record:
    """The tensors of a run, numbered as they are met: those of the timeline, and the inner ones that explain them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.numbers: dict[tuple[int, int], int] = {}
        self.tensors: list[dict[str, Any]] = []
        self.arrays: list[np.ndarray] = []
        self.notes: dict[str, int] = {}
        self.said: list[Texts] = []
        self._texts: dict[tuple[str, str], int] = {}
        self.texts: list[Texts] = []
        self._todo: list[Place] = []
        self._kept: list[Trace] = []
        for node in trace.plan.nodes:
            if node.path[:1] != "#":
                self.number(trace, node.slot)
        while self._todo:
            place = self._todo.pop(0)
            made = self._made(*place)
            if made:
                self.tensors[self.numbers[id(place[0]), place[1]]]["made"] = made

    def number(self, trace: Trace, slot: int) -> int:
        """The number of a tensor, which is taken up now if it is met for the first time."""
        key = (id(trace), slot)
        if key not in self.numbers:
            self.numbers[key] = len(self.tensors)
            self._kept.append(trace)  # so that no other gets its id
            self.tensors.append(self._described(trace, trace.plan.nodes[slot]))
            self.arrays.append(trace.value(slot))
            self._todo.append((trace, slot))
        return self.numbers[key]

    def text(self, texts: Texts) -> int:
        """The number of a text; equal ones are kept once."""
        key = (texts["en"], texts["zh"])
        if key not in self._texts:
            self._texts[key] = len(self.texts)
            self.texts.append(texts)
        return self._texts[key]

    def _described(self, trace: Trace, node: Node) -> dict[str, Any]:
        tensor = trace[node.path]
        if trace.outer is not None:
            tensor = trace.outermost[trace.prefix + node.path]
        spec = node.spec
        said: dict[str, Any] = {
            "path": tensor.path,
            "name": tensor.name,
            "axes": list(tensor.axes),
            "shape": list(node.shape),
            "labels": self._labels(spec.axes, node.shape),
            "purpose": self.text(both(lambda: purpose(tensor))),
        }
        if node.op is None:
            said["kind"] = self.text(both(lambda: KINDS[node.kind]))
        else:
            said["formula"] = self.text(both(lambda: tensor.formula or ""))
            said["op"] = node.op.name
            said["from"] = self._inputs(tensor)
        if tensor.step is not None:
            said["step"] = str(tensor.step)
            said["phase"] = tensor.phase
        if no_gradient(tensor) is not None:
            said["without"] = self.text(both(lambda: no_gradient(tensor)))
        if node.dtype.kind != "f":
            said["whole"] = 1
        if len(node.shape) == 4 and (mask := mask_of(trace, node)) is not None and mask.value.any():
            said["mask"] = self.number(mask.trace, mask.node.slot)
        if node.op is not None and node.op.probabilities and tensor.phase == "forward":
            said["share"] = 1
        return said

    def _inputs(self, tensor: Tensor) -> list[str]:
        return list(tensor.inputs)

    def _labels(self, axes: Any, shape: tuple[int, ...]) -> list[Any]:
        """For each axis null, or one list of words a sentence; rows of a decoder say the word that follows."""
        found: list[Any] = []
        for place, (axis, size) in enumerate(zip(axes, shape, strict=True)):
            if axis.labels is None:
                found.append(None)
                continue
            told = down if place == len(axes) - 2 else along
            words = [told(axis, size, sentence) for sentence in range(len(axis.labels))]
            found.append(self.text({"en": "\n".join("\t".join(map(printable, each)) for each in words), "zh": ""}))
        return found

    def _made(self, trace: Trace, slot: int) -> dict[str, Any] | None:
        """How every cell is made: by a pattern, or cell by cell."""
        node = trace.plan.nodes[slot]
        if node.op is None:
            return None
        found = pattern(trace, slot)
        return self._patterned(found) if found is not None else self._listed(trace, node)

    def _patterned(self, found: Pattern) -> dict[str, Any]:
        stretches = []
        for stretch in found.stretches:
            factors = []
            for f in stretch.factors:
                if f.source is None:
                    factors.append([f.power, number(f.value), f.name])
                else:
                    factors.append([f.power, self.number(*f.source), f.start, f.by_term, *f.by_cell])
            stretches.append([stretch.count, stretch.fn or "", factors])
        return {"rule": self._rule(found.rule), "all": stretches}

    def _listed(self, trace: Trace, node: Node) -> dict[str, Any]:
        cells = []
        for cell in np.ndindex(*node.shape):
            rule, terms, note = explaining_terms(trace, node.slot, cell)
            if note is None and node.op is not None:
                args = [s if isinstance(s, Literal) else trace.value(s) for s in node.inputs]
                note = node.op.remark(cell, args, node.attrs)
            cells.append([self._rule(rule), self._note(note), *(self._term(term) for term in terms)])
        return {"each": cells}

    def _term(self, term: AtomTerm) -> list[Any]:
        said: list[Any] = [term.fn or ""]
        for atom in term.atoms:
            if atom.const is not None or atom.trace is None:
                const = atom.const
                said.append([const.power, number(const.value), const.name] if const else [1, 0, "0"])
                continue
            shape = atom.trace.plan.nodes[atom.slot].shape
            flat = int(np.ravel_multi_index(atom.cell, shape)) if shape else 0
            said.append([atom.power, self.number(atom.trace, atom.slot), flat])
        return said

    def _rule(self, rule: str) -> int:
        return self.text(both(lambda: rule_in_words(rule)))

    def _note(self, note: Bilingual | None) -> int:
        return -1 if note is None else self.text({each: note.in_(each) for each in LANGUAGES})


def run_record(scenario: Scenario, trace: Trace) -> tuple[dict[str, Any], bytes]:
    """A run as one JSON object, and its numbers in the order of ``tensors``: float64, or float32 of a large run.

    Numbers that are not finite are among the numbers only: the object is JSON.
    """
    record = Record(trace)
    size = sum(array.size for array in record.arrays)
    kind = np.float64 if size <= DOUBLE else np.float32
    said = {
        "name": scenario.name,
        "variant": scenario.variant,
        "title": both(lambda: scenario.title),
        "about": both(lambda: scenario.about),
        "tensors": record.tensors,
        "texts": [[each["en"], each["zh"]] if each["en"] != each["zh"] else each["en"] for each in record.texts],
        "double": int(kind == np.float64),
    }
    with np.errstate(over="ignore"):
        numbers = b"".join(
            np.ascontiguousarray(array).astype(kind).astype(np.dtype(kind).newbyteorder("<")).tobytes()
            for array in record.arrays
        )
    return said, numbers
