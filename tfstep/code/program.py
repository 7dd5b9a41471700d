"""A whole run as one program: its numbers, its functions, then forward, backward and update, a line a step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from msgspec import Struct

from tfstep.code.arrays import Library, made, numbers
from tfstep.code.lines import ATOM, UNARY, Code, Functions, identifier, number, step
from tfstep.engine.node import Node
from tfstep.engine.op import Vjp
from tfstep.engine.plan import PHASES
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Tensor, Trace
from tfstep.errors import CommandError
from tfstep.ops.precision import round_to
from tfstep.ops.primitive.shape import seed
from tfstep.text import Bilingual, printable

MOST_INLINE = 2_000  # numbers of one array that are written out; more are read from a file beside the program


class Written(Struct, frozen=True, eq=False):
    """A program, and the arrays that it reads from an ``.npz`` of its own name, if there are any."""

    text: str
    arrays: Mapping[str, np.ndarray]


class _Writer:
    """Writes the steps of one trace, each once, in the order of the timeline."""

    def __init__(self, trace: Trace, library: Library, backward: bool = True) -> None:
        self.trace, self.library = trace, library
        self.autograd = library is Library.TORCH and backward
        self.functions = Functions()
        self.arrays: dict[str, np.ndarray] = {}
        self.names = _names(trace)
        self.constants: dict[tuple[object, ...], str] = {}  # the names of those that stand already, by their numbers
        self.computed: dict[int, str] = {}  # of pinned steps: what they would have been

    def leaf(self, node: Node) -> list[str]:
        """A parameter, a constant or an input with its numbers."""
        value, name = self.trace.value(node.slot), self.names[node.slot]
        words = [word for axis in node.spec.axes if axis.labels and axis.name == "position" for word in axis.labels[0]]
        comment = f"  # {' '.join(words)}" if words and node.path.endswith("tokens") else _axes(node)
        alike = self._alike(node, value)
        if alike:
            return [f"{name} = {alike}{comment}"]
        return f"{name} = {self._array(node.path, value, node.kind != 'constant', len(name) + 3, comment)}".split("\n")

    def _alike(self, node: Node, value: np.ndarray) -> str:
        """A constant by what stands above it: zeros like its parameter's, or the mask, the positions of another layer."""
        if node.kind != "constant" or value.size < 2:
            return ""
        owner, _, last = node.path.rpartition(".")
        first = self.trace.plan.paths.get(owner)
        if first is not None and first.op is None and not value.any() and not np.signbit(value).any():
            other = self.trace.value(first.slot)
            if (other.shape, other.dtype) == (value.shape, value.dtype):
                return f"{'np' if self.library is Library.NUMPY else 'torch'}.zeros_like({self.names[first.slot]})"
        key = (last, value.dtype.name, value.shape, value.tobytes())
        before = self.constants.setdefault(key, self.names[node.slot])
        return before if before != self.names[node.slot] else ""

    def step(self, node: Node) -> list[str]:
        """One step, and what a pin makes of it."""
        name, operands = self.names[node.slot], []
        lines: list[str] = []
        for place, s in enumerate(node.inputs):
            if not isinstance(s, int):
                operands.append(Code(number(s.value), ATOM if s.value >= 0 else UNARY))
                continue
            operands.append(self._read(node, place, s))
        inside = self._in_half(node)
        if inside:
            operands = [Code(f"{self._wrapped(each)}.to(torch.{node.rounds})") for each in operands]
        code = step(self.trace_without_pins(), node, operands, self.library, self.functions)
        if inside:
            code = Code(f"{self._wrapped(code)}.to(torch.{node.dtype.name})")
        elif node.rounds and node.op is not round_to:
            code = self.half(code, node.rounds)
        pin = self.trace.pins.get(node.slot)
        if pin is None:
            return [*lines, f"{name} = {code.text}{_axes(node)}"]
        self.computed[node.slot] = f"{name}_computed"
        return [
            *lines,
            f"{name}_computed = {code.text}{_axes(node)}",
            f"{name} = {self._where(self._mask(node, pin), self._value(node, pin), f'{name}_computed')}  # pinned",
        ]

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
        return Code(f"half({code.text}, {to!r})")

    def trace_without_pins(self) -> Trace:
        """The same plan, so that what is inside a step is its op alone: pins are lines of their own."""
        if not hasattr(self, "_plain"):
            self._plain = Trace(self.trace.plan, self.trace.values)
        return self._plain

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
        return f"{'np' if self.library is Library.NUMPY else 'torch'}.where({mask}, {value}, {other})"

    def _mask(self, node: Node, pin: Pin) -> str:
        return self._array(f"{node.path}.pinned", pin.mask, False)

    def _value(self, node: Node, pin: Pin) -> str:
        return self._array(f"{node.path}.pin", pin.value, False)

    def _array(self, key: str, value: np.ndarray, learned: bool, begun: int = 0, comment: str = "") -> str:
        """An array by its numbers. Behind ``begun`` columns they go on in further lines; else all stand in this one."""
        learned = learned and self.autograd
        call = made(value, self.library, learned)
        if call:
            return call + comment
        if value.size <= MOST_INLINE:
            return numbers(value, self.library, learned, begun, comment)
        self.arrays[key] = value
        if self.library is Library.NUMPY:
            return f"NUMBERS[{key!r}]{comment}"
        return f"torch.tensor(NUMBERS[{key!r}]{', requires_grad=True' if learned and value.dtype.kind == 'f' else ''}){comment}"


def _names(trace: Trace) -> dict[int, str]:
    """A name for every tensor, no two alike."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for node in trace.plan.nodes:
        name = identifier(node.path)
        while name in taken:
            name += "_"
        taken.add(name)
        names[node.slot] = name
    return names


def _axes(node: Node) -> str:
    named = [f"{axis.name or '·'} {n}" for axis, n in zip(node.spec.axes, node.shape, strict=True)]
    return f"  # ({', '.join(named)})" if named else ""


def whole(trace: Trace, title: str, library: Library = Library.NUMPY, backward: bool = True) -> Written:
    """The program of a run: every tensor in ``T`` by its path, gradients under ``PATH.grad``, and ``loss = …`` printed.

    Raises CommandError where PyTorch's gradients could not be those of this run: one of them was edited.
    """
    plan = trace.plan
    phases = PHASES if backward and "loss" in plan.paths and plan.paths["loss"].phase else ("forward",)
    writer = _Writer(trace, library, len(phases) > 1)
    if library is Library.TORCH:
        _refuse_edited_gradients(trace)
    leaves = [node for node in plan.nodes if node.op is None and _is_read(trace, node, phases)]
    body: list[str] = []
    for title_of, kinds in (("parameters", ("parameter",)), ("given", ("constant", "input"))):
        group = [line for node in leaves if node.kind in kinds for line in writer.leaf(node)]
        body += ["", f"# {title_of}", *group] if group else []
    body += _forward(writer)
    if library is Library.NUMPY:
        for phase in phases[1:]:
            lines = [line for node in plan.steps if node.phase == phase for line in writer.step(node)]
            body += ["", f"# {phase}", *lines]
        body += ["", *_table(writer, [node for node in plan.nodes if node.slot in _written(trace, leaves, phases)])]
    else:
        body += _with_autograd(writer, phases, leaves)
    if "loss" in plan.paths:
        body += ["", 'print("loss =", T["loss"].item())']
    head = [f'"""{title}"""', "", *_imports(writer, body)]
    return Written(
        printable(
            "\n".join([*head, *writer.functions.lines(), *([""] if writer.functions.sources else []), *body, ""])
        ),
        writer.arrays,
    )


def _imports(writer: _Writer, body: list[str]) -> list[str]:
    text = "\n".join([*writer.functions.lines(), *body])
    found = [f"import {each}" for each in ("hashlib", "math") if f"{each}." in text]
    if writer.arrays:
        found += ["from pathlib import Path"]
    found += [""] if found else []
    numpy = writer.library is Library.NUMPY or bool(writer.arrays) or "np." in text
    found += [
        *(["import numpy as np"] if numpy else []),
        *(["import torch"] if writer.library is Library.TORCH else []),
    ]
    if writer.arrays:
        found += ["", 'NUMBERS = np.load(Path(__file__).with_suffix(".npz"))']
    return found


def _is_read(trace: Trace, node: Node, phases: Iterable[str]) -> bool:
    """Whether a leaf is needed in these phases, or is one of the model's own."""
    if node.kind != "constant":
        return True
    readers = [trace.plan.nodes[slot] for slot in trace.plan.consumers[node.slot]]
    return not readers or any(reader.phase in (*phases, "") for reader in readers)


def _written(trace: Trace, leaves: list[Node], phases: Iterable[str]) -> set[int]:
    steps = {node.slot for node in trace.plan.nodes if node.op is not None and node.phase in (*phases, "")}
    return steps | {node.slot for node in leaves}


def _forward(writer: _Writer) -> list[str]:
    lines = ["", "# forward"]
    scope = None
    for node in writer.trace.plan.nodes:
        if node.op is None or node.phase not in ("forward", ""):
            continue
        here = node.path.rpartition(".")[0].partition(".")[0]
        if here and here != scope:
            lines += ["", f"# {here}"] if scope is not None else [f"# {here}"]
            scope = here
        lines += writer.step(node)
    return lines


def _table(writer: _Writer, nodes: list[Node]) -> list[str]:
    return ["T = {", *(f"    {node.path!r}: {writer.names[node.slot]}," for node in nodes), "}"]


def _with_autograd(writer: _Writer, phases: tuple[str, ...], leaves: list[Node]) -> list[str]:
    """Gradients by PyTorch's autograd; the update as steps."""
    plan, names = writer.trace.plan, writer.names
    forward = [n for n in plan.nodes if n in leaves or (n.op is not None and n.phase in ("forward", ""))]
    body = ["", *_table(writer, forward)]
    if len(phases) == 1:
        return body
    start = plan.base(next(node for node in plan.steps if node.op is seed))  # the loss, or the loss times its factor
    with_gradient = [n for n in forward if plan.gradient(n)]
    body += [
        "",
        "# backward",
        "for tensor in T.values():",
        "    if tensor.requires_grad:",
        "        tensor.retain_grad()",
        f"T[{start.path!r}].backward()",
        f"for path in {[n.path for n in with_gradient]!r}:",
        '    T[f"{path}.grad"] = torch.zeros_like(T[path]) if T[path].grad is None else T[path].grad',
    ]
    for to in sorted({node.rounds for node in with_gradient if node.rounds}):
        code = writer.half(Code('T[f"{path}.grad"]'), to).text
        body += [
            f"for path in {[n.path for n in with_gradient if n.rounds == to]!r}:",
            f'    T[f"{{path}}.grad"] = {code}',
        ]
    shares = [node for node in plan.steps if node.role.name == "share"]
    update = [node for node in plan.steps if node.phase == "update"]
    named: set[int] = set()
    for title, steps in (("what comes back from each use, where there are several", shares), ("update", update)):
        if not steps:
            continue
        read = {s for node in steps for s in node.slots if plan.nodes[s].phase == "backward"} - named
        named |= read | {node.slot for node in steps}
        body += [
            "",
            f"# {title}",
            *(f"{names[s]} = T[{plan.nodes[s].path!r}]" for s in sorted(read)),
            "with torch.no_grad():",
        ]
        body += [f"    {line}" for node in steps for line in writer.step(node)]
        body += ["T |= {", *(f"    {node.path!r}: {names[node.slot]}," for node in steps), "}"]
    return body


def _refuse_edited_gradients(trace: Trace) -> None:
    for slot in trace.pins:
        node = trace.plan.nodes[slot]
        if node.phase != "forward":
            raise CommandError(
                Bilingual(
                    "{path} is edited, which autograd cannot follow; `--to numpy` writes the backward pass out",
                    "{path} 被改动过，自动求导无法照做；`--to numpy` 会把反向传播逐步写出",
                    path=node.path,
                )
            )


def steps_only(trace: Trace, nodes: Iterable[Node], library: Library = Library.NUMPY) -> str:
    """The lines of some steps, the functions that they call first."""
    writer = _Writer(trace, library)
    body: list[str] = []
    for node in nodes:
        if library is Library.TORCH and node.phase == "backward":
            if node.role.name == "share":  # it is inside autograd
                continue
            base = trace.plan.base(node)
            code = Code(f"{writer.names[base.slot]}.grad")
            code = writer.half(code, node.rounds) if node.rounds else code
            body.append(f"{writer.names[node.slot]} = {code.text}{_axes(node)}")
            continue
        for pinned in trace.pins:
            writer.computed.setdefault(pinned, f"{writer.names[pinned]}_computed")
        body += writer.leaf(node) if node.op is None else writer.step(node)
    functions = list(writer.functions.lines())
    while functions and not functions[0]:
        functions.pop(0)
    return printable("\n".join([*functions, *(["", ""] if functions else []), *body]) + "\n")


def with_gradient(trace: Trace, tensor: Tensor, library: Library = Library.NUMPY) -> str:
    """The lines of the step that a tensor is, or stands inside of, and those of its gradient."""
    (node,) = outer(trace, [tensor])
    gradient = trace.plan.gradient(node)
    return steps_only(trace, [node, *trace.plan.shares(node), *([] if gradient is None else [gradient])], library)


def outer(trace: Trace, tensors: Iterable[Tensor]) -> list[Node]:
    """The steps of a trace that some tensors are, or stand inside of, each once."""
    nodes = {}
    for tensor in tensors:
        path = tensor.path if tensor.trace is trace else tensor.path.partition("/")[0]
        if tensor.trace is not trace and path not in trace.plan.paths:  # a share of a gradient has a slash of its own
            path = max((each for each in trace.plan.paths if tensor.path.startswith(f"{each}/")), key=len)
        nodes[path] = trace.plan.paths[path]
    return list(nodes.values())


def too_large(written: Written) -> int:
    """How many numbers do not stand in the program itself."""
    return sum(math.prod(array.shape) for array in written.arrays.values())


def save(written: Written, path: Path) -> list[Path]:
    """Write the program, and its numbers beside it where they are many; returns the files. Raises CommandError."""
    from tfstep.files import unwritable, write_whole
    from tfstep.scenario.weights.files import expect_weights, write_weights

    expect_weights(array.nbytes for array in written.arrays.values())
    files = [path]
    try:
        if written.arrays:
            files.append(path.with_suffix(".npz"))
            write_weights(files[1], written.arrays)
        write_whole(path, lambda file: file.write(written.text.encode("utf-8")))
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    return files
