"""What writes a run as a program: its leaves with their numbers, its steps over the names of what they read."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tfstep.code.arrays import Library, made, numbers
from tfstep.code.fold import Step, lines, quoted
from tfstep.code.lines import ATOM, UNARY, Code, Functions, functions_of_programs, identifier, number, step
from tfstep.engine.node import Node
from tfstep.engine.op import Vjp
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.ops.precision import round_to

MOST_INLINE = 2_000  # numbers of one array that are written out; more are read from a file beside the program


class Writer:
    """Writes the leaves and steps of one trace. ``names`` says how each tensor is called where the line will stand;
    ``floats`` is the type that PyTorch gives a number without a word, which is then not written.
    """

    def __init__(self, trace: Trace, library: Library, backward: bool = True, floats: str = "") -> None:
        self.trace, self.library, self.floats = trace, library, floats
        self.autograd = library is Library.TORCH and backward
        self.functions = Functions()
        self.arrays: dict[str, np.ndarray] = {}
        self.names = flat_names(trace)
        self.constants: dict[tuple[object, ...], str] = {}  # the names of those that stand already, by their numbers
        self.computed: dict[int, str] = {}  # of pinned steps: what they would have been
        self._lib = "np" if library is Library.NUMPY else "torch"
        self._plain = Trace(
            trace.plan, trace.values
        )  # what is inside a step is its op alone: pins are lines of their own

    def leaf(self, node: Node, learned: bool = True) -> list[str]:
        """A parameter, a constant or an input with its numbers; where ``learned``, PyTorch is asked for its gradient."""
        value, name = self.trace.value(node.slot), self.names[node.slot]
        words = [word for axis in node.spec.axes if axis.labels and axis.name == "position" for word in axis.labels[0]]
        comment = f"  # {' '.join(words)}" if words and node.path.endswith("tokens") else axes(node)
        code = self._alike(node, value)
        if not code:
            begun = len(name) + len(" = ")
            code = self._array(node.path, value, learned and node.kind != "constant", begun, comment)
        first, *more = code.split("\n")
        if more:  # its remark stands behind the first bracket
            return [f"{name} = {first}", *more]
        return lines(Step(name, first, comment))

    def leaf_as_step(self, node: Node) -> Step:
        """The same in one line, without a remark or a gradient."""
        value = self.trace.value(node.slot)
        return Step(self.names[node.slot], self._alike(node, value) or self._array(node.path, value, False))

    def _alike(self, node: Node, value: np.ndarray) -> str:
        """A constant by what stands above it: zeros like its parameter's, or the mask, the positions of another layer."""
        if node.kind != "constant" or value.size < 2:
            return ""
        owner, _, last = node.path.rpartition(".")
        first = self.trace.plan.paths.get(owner)
        if first is not None and first.op is None and not value.any() and not np.signbit(value).any():
            other = self.trace.value(first.slot)
            if (other.shape, other.dtype) == (value.shape, value.dtype):
                return f"{self._lib}.zeros_like({self.names[first.slot]})"
        key = (last, value.dtype.name, value.shape, value.tobytes())
        before = self.constants.setdefault(key, self.names[node.slot])
        return before if before != self.names[node.slot] else ""

    def step(self, node: Node) -> list[Step]:
        """One step, and what a pin makes of it."""
        name, operands = self.names[node.slot], []
        for place, s in enumerate(node.inputs):
            if isinstance(s, int):
                operands.append(self._read(node, place, s))
            else:
                operands.append(Code(number(s.value), ATOM if s.value >= 0 else UNARY))
        inside = self._in_half(node)
        if inside:
            operands = [Code(f"{self._wrapped(each)}.to(torch.{node.rounds})") for each in operands]
        code = step(self._plain, node, operands, self.library, self.functions)
        if inside:
            code = Code(f"{self._wrapped(code)}.to(torch.{node.dtype.name})")
        elif node.rounds and node.op is not round_to:
            code = self.half(code, node.rounds)
        pin = self.trace.pins.get(node.slot)
        if pin is None:
            return [Step(name, code.text, axes(node))]
        computed = self.computed[node.slot] = f"{name}_computed"
        pinned = self._where(self._mask(node, pin), self._value(node, pin), computed)
        return [Step(computed, code.text, axes(node)), Step(name, pinned, "  # pinned")]

    def _wrapped(self, code: Code) -> str:
        return code.text if code.level >= ATOM else f"({code.text})"

    def _in_half(self, node: Node) -> bool:
        """Whether a step has to run in its half type, since autograd keeps its result, rounded, for the way back."""
        plan, op = self.trace.plan, node.op
        if not (self.autograd and node.phase == "forward" and node.rounds and op is not None):
            return False
        if not all(isinstance(s, int) and plan.nodes[s].rounds for s in node.inputs):
            return False
        backs = [back.op for back in plan.nodes if back.vjp_of == node.slot]
        return (op.primitive or "torch" in op.code) and any(isinstance(b, Vjp) and 1 in b.reads for b in backs)

    def half(self, code: Code, to: str) -> Code:
        """An expression, rounded to a half type."""
        self.functions.helper(round_to.helper[self.library])
        return Code(f"half({code.text}, {quoted(to)})")

    def _read(self, node: Node, place: int, slot: int) -> Code:
        """What a step reads; a gradient through a pinned step reads what that would have been, and 0 where it is pinned."""
        through = node.vjp_of if node.vjp_of is not None and node.vjp_of in self.trace.pins else None
        if through is None or not isinstance(node.op, Vjp) or place >= len(node.op.reads):
            return self._used(node, slot)
        read = node.op.reads[place]
        if read == 1:
            return Code(self.computed[through])
        if read == 0:
            pinned = self.trace.plan.nodes[through]
            mask = self._mask(pinned, self.trace.pins[through])
            return Code(self._where(mask, "0.0", self.names[slot]))
        return Code(self.names[slot])

    def _used(self, node: Node, slot: int) -> Code:
        """What a step reads. Autograd adds up what comes back from each use, which in half precision is rounded before."""
        read, plan = self.trace.plan.nodes[slot], self.trace.plan
        code = Code(self.names[slot])
        if self.autograd and node.phase == "forward" and read.rounds and len(plan.shares(read)) > 1:
            return self.half(code, read.rounds)
        return code

    def _where(self, mask: str, value: str, other: str) -> str:
        return f"{self._lib}.where({mask}, {value}, {other})"

    def _mask(self, node: Node, pin: Pin) -> str:
        return self._array(f"{node.path}.pinned", pin.mask, False)

    def _value(self, node: Node, pin: Pin) -> str:
        return self._array(f"{node.path}.pin", pin.value, False)

    def _array(self, key: str, value: np.ndarray, learned: bool, begun: int | None = None, comment: str = "") -> str:
        """An array by its numbers. Behind ``begun`` columns they go on in further lines; else all stand in this one."""
        learned = learned and self.autograd
        call = made(value, self.library, learned, self.floats)
        if call:
            return call
        if value.size <= MOST_INLINE:
            return numbers(value, self.library, learned, begun, comment, self.floats)
        self.arrays[key] = value
        if self.library is Library.NUMPY:
            return f"NUMBERS[{quoted(key)}]"
        return f"torch.tensor(NUMBERS[{quoted(key)}]{', requires_grad=True' if learned and value.dtype.kind == 'f' else ''})"


def flat_names(trace: Trace) -> dict[int, str]:
    """A name for every tensor, no two alike."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for node in trace.plan.nodes:
        name = identifier(node.path)
        while name in taken or name in functions_of_programs():
            name += "_"
        taken.add(name)
        names[node.slot] = name
    return names


def axes(node: Node) -> str:
    """The names and sizes of the axes, as a remark; empty for a scalar."""
    named = [f"{axis.name or '·'} {n}" for axis, n in zip(node.spec.axes, node.shape, strict=True)]
    return f"  # ({', '.join(named)})" if named else ""


def given(trace: Trace, phases: Iterable[str]) -> list[Node]:
    """The leaves that are needed in these phases, or are the model's own."""
    plan = trace.plan
    found = []
    for node in plan.nodes:
        readers = [plan.nodes[slot] for slot in plan.consumers[node.slot]]
        idle = node.kind == "constant" and readers and not any(reader.phase in (*phases, "") for reader in readers)
        if node.op is None and not idle:
            found.append(node)
    return found
