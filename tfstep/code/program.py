"""A whole run as one program: its numbers, its functions, then forward, backward and update, a line a step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from msgspec import Struct

from tfstep.code.arrays import Library
from tfstep.code.fold import INDENT, WIDTH, Step, lines, quoted
from tfstep.code.lines import Code
from tfstep.code.module import as_module
from tfstep.code.writer import Writer, axes, given
from tfstep.engine.node import Node
from tfstep.engine.plan import PHASES
from tfstep.engine.trace import Tensor, Trace
from tfstep.errors import CommandError
from tfstep.text import Bilingual, printable


class Written(Struct, frozen=True, eq=False):
    """A program, and the arrays that it reads from an ``.npz`` of its own name, if there are any."""

    text: str
    arrays: Mapping[str, np.ndarray]


def whole(trace: Trace, title: str, library: Library = Library.NUMPY, backward: bool = True) -> Written:
    """The program of a run: every tensor in ``T`` by its path, gradients under ``PATH.grad``, and ``loss = …`` printed.

    In NumPy a line a step; in PyTorch a module, autograd and the optimizer. Raises CommandError where PyTorch's
    gradients could not be those of this run: one of them was edited.
    """
    plan = trace.plan
    phases = PHASES if backward and "loss" in plan.paths and plan.paths["loss"].phase else ("forward",)
    if library is Library.TORCH:
        _refuse_edited_gradients(trace)
        writer, body = as_module(trace, phases)
    else:
        writer = Writer(trace, library)
        body = _flat(writer, phases)
    if "loss" in plan.paths:
        body += ["", 'print("loss =", T["loss"].item())']
    functions = writer.functions.lines()
    head = [f'"""{title}"""', "", *_imports(writer, [*functions, *body]), *functions]
    apart = [""] * (2 if body[0].startswith("class ") else 1 if functions else 0)
    text = "\n".join([*head, *apart, *body, ""])
    return Written(printable(text), writer.arrays)


def _imports(writer: Writer, body: list[str]) -> list[str]:
    text = "\n".join(body)
    found = [f"import {each}" for each in ("hashlib", "math") if f"{each}." in text]
    if writer.arrays:
        found += ["from pathlib import Path"]
    found += [""] if found else []
    if writer.library is Library.NUMPY or writer.arrays or "np." in text:
        found += ["import numpy as np"]
    if writer.library is Library.TORCH:
        found += ["import torch"]
    if writer.arrays:
        found += ["", 'NUMBERS = np.load(Path(__file__).with_suffix(".npz"))']
    return found


def _flat(writer: Writer, phases: tuple[str, ...]) -> list[str]:
    """Line after line: what is given, each step, and the table of all tensors."""
    plan = writer.trace.plan
    leaves = given(writer.trace, phases)
    body: list[str] = []
    for title, kinds in (("parameters", ("parameter",)), ("given", ("constant", "input"))):
        group = [line for node in leaves if node.kind in kinds for line in writer.leaf(node)]
        body += ["", f"# {title}", *group] if group else []
    body += _forward(writer)
    for phase in phases[1:]:
        steps = [step for node in plan.steps if node.phase == phase for step in writer.step(node)]
        body += ["", f"# {phase}", *(line for step in steps for line in lines(_brief(step)))]
    written = {node.slot for node in plan.nodes if node.op is not None and node.phase in (*phases, "")}
    written |= {node.slot for node in leaves}
    table = [(quoted(node.path), writer.names[node.slot]) for node in plan.nodes if node.slot in written]
    return [*body, "", "T = {", *(line for path, name in table for line in _entry(path, name)), "}"]


def _brief(step: Step) -> Step:
    """A gradient has the axes of its tensor, which need no line of their own."""
    return step if len(lines(step)) == 1 else Step(step.gives, step.how)


def _entry(path: str, name: str) -> list[str]:
    whole = f"{INDENT}{path}: {name},"
    return [whole] if len(whole) <= WIDTH else [f"{INDENT}{path}:", f"{INDENT * 2}{name},"]


def _forward(writer: Writer) -> list[str]:
    body = ["", "# forward"]
    scope = None
    for node in writer.trace.plan.nodes:
        if node.op is None or node.phase not in ("forward", ""):
            continue
        here = node.path.rpartition(".")[0].partition(".")[0]
        if here and here != scope:
            body += ["", f"# {here}"] if scope is not None else [f"# {here}"]
            scope = here
        body += _lines_of(writer, node)
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


def steps_only(trace: Trace, nodes: Iterable[Node], library: Library = Library.NUMPY, fold: bool = True) -> str:
    """The lines of some steps, the functions that they call first; too long ones in several where they are to ``fold``."""
    writer = Writer(trace, library)
    body: list[str] = []
    for node in nodes:
        if library is Library.TORCH and node.phase == "backward":
            if node.role.name == "share":  # it is inside autograd
                continue
            base = trace.plan.base(node)
            code = Code(f"{writer.names[base.slot]}.grad")
            code = writer.half(code, node.rounds) if node.rounds else code
            body.append(f"{writer.names[node.slot]} = {code.text}{axes(node)}")
            continue
        for pinned in trace.pins:
            writer.computed.setdefault(pinned, f"{writer.names[pinned]}_computed")
        body += writer.leaf(node) if node.op is None else _lines_of(writer, node, fold)
    functions = list(writer.functions.lines(fold))
    while functions and not functions[0]:
        functions.pop(0)
    return printable("\n".join([*functions, *(["", ""] if functions else []), *body]) + "\n")


def _lines_of(writer: Writer, node: Node, fold: bool = True) -> list[str]:
    return [line for step in writer.step(node) for line in lines(step, fold=fold)]


def with_gradient(trace: Trace, tensor: Tensor, fold: bool = True) -> str:
    """The lines of the step that a tensor is, or stands inside of, and those of its gradient."""
    (node,) = outer(trace, [tensor])
    gradient = trace.plan.gradient(node)
    return steps_only(trace, [node, *trace.plan.shares(node), *([] if gradient is None else [gradient])], fold=fold)


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
