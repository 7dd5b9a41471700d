"""What comes behind a module's forward pass: autograd, what each use gives back, the optimizer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec import Struct

from tfstep.code.fold import INDENT, Step, filled, folded, lines, quoted
from tfstep.code.lines import Code
from tfstep.code.writer import Writer
from tfstep.engine.node import Node
from tfstep.models.optimizers import OPTIMIZERS
from tfstep.ops.primitive.shape import seed

EACH = "for path, p in model.named_parameters():"


def after_forward(writer: Writer, phases: tuple[str, ...], renamed: bool) -> list[str]:
    """From ``T``, which has the forward pass, to the new parameters. Where a parameter is ``renamed``, PyTorch's name for
    it is no path, and no loop goes over those."""
    if len(phases) == 1:
        return []
    plan = writer.trace.plan
    writer.names = {node.slot: f"T[{quoted(node.path)}]" for node in plan.nodes}
    writer.computed = {slot: f"T[{quoted(plan.nodes[slot].path + '.computed')}]" for slot in writer.trace.pins}
    start = plan.base(next(node for node in plan.steps if node.op is seed))  # the loss, or the loss times its factor
    body = [
        "",
        "# backward",
        "for tensor in T.values():",
        "    if tensor.requires_grad:",
        "        tensor.retain_grad()",
        "loss.backward()" if start.path == "loss" else f"{writer.names[start.slot]}.backward()",
        'T |= {f"{path}.grad": tensor.grad for path, tensor in T.items() if tensor.grad is not None}',
    ]
    gradients = [node for node in plan.steps if node.role.name == "gradient"]
    for to in sorted({plan.base(node).rounds for node in gradients} - {""}):
        paths = [quoted(plan.base(node).path) for node in gradients if plan.base(node).rounds == to]
        rounded = writer.half(Code('T[f"{path}.grad"]'), to).text
        body += [
            *filled("for path in (", paths, "):" if len(paths) > 1 else ",):"),
            f'    T[f"{{path}}.grad"] = {rounded}',
        ]
    shares = [node for node in plan.steps if node.role.name == "share"]
    if shares:
        body += ["", "# what comes back from each use, where there are several", "with torch.no_grad():"]
        body += [line for node in shares for step in writer.step(node) for line in lines(_plain(step), 1)]
    return [*body, *_update(writer, renamed)]


def _update(writer: Writer, renamed: bool) -> list[str]:
    plan = writer.trace.plan
    update = [node for node in plan.nodes if node.op is not None and node.phase == "update"]
    if not update:
        return []
    remembered = [
        node
        for node in plan.nodes
        if node.op is None
        and node.kind == "constant"
        and plan.consumers[node.slot]
        and all(plan.nodes[s].phase == "update" for s in plan.consumers[node.slot])
    ]
    every = [node.path for node in plan.nodes if node.kind == "parameter"]
    loops = _Loops(writer, every, not renamed)
    call = "" if renamed else _optimizer(writer, update, remembered, every)
    if not call:
        return ["", "# update", "with torch.no_grad():", *loops.lines([*remembered, *update])]
    optimizer = OPTIMIZERS[plan.origin.train.optimizer]
    given = {"new": "p.detach()"}
    given |= {
        name: f'optimizer.state[p]["{key}"]' for name, key in zip(optimizer.memory, optimizer.in_torch, strict=True)
    }
    made = {node.path.rpartition(".")[2] for node in update}
    taken = {f"{path}.{name}" for path in every for name in given}
    return [
        "",
        "# update",
        "T = {path: tensor.detach().clone() for path, tensor in T.items()}  # step() writes over them",
        *folded("optimizer = ", call, ""),
        "optimizer.step()",
        EACH,
        *(f'    T[f"{{path}}.{name}"] = {how}' for name, how in given.items() if name in made),
        *_inner(loops.lines([*remembered, *(node for node in update if node.path not in taken)])),
    ]


def _inner(made: list[str]) -> list[str]:
    """The rest of what the optimizer makes on its way."""
    return ["", "# what it makes on its way", "with torch.no_grad():", *made] if made else []


def _optimizer(writer: Writer, update: list[Node], remembered: list[Node], every: list[str]) -> str:
    """The optimizer of PyTorch that makes the same update, as a call; empty where none does.

    That is: from its beginning, of all parameters, with gradients as they are.
    """
    plan = writer.trace.plan
    train = getattr(plan.origin, "train", None)
    if train is None or any(writer.trace.value(node.slot).any() for node in remembered):
        return ""
    optimizer = OPTIMIZERS[train.optimizer]
    learned = [node.path.removesuffix(".new") for node in update if node.path.endswith(".new")]
    steps = {"new", "t", "ahead", "with_decay", "decayed", "m_hat", "v_hat", *optimizer.memory}
    if learned != every or not {node.path.rpartition(".")[2] for node in update} <= steps:
        return ""
    if any(node.rounds for node in plan.nodes):
        return ""
    call = optimizer.torch(train)
    return f"torch.optim.{call}" if call else ""


class _Chunk(Struct, frozen=True):
    """What is made of one parameter, or of none: its lines, with ``path`` for the parameter."""

    owner: str
    steps: tuple[Step, ...]


class _Loops:
    """The lines of steps, those that are the same for several parameters as a loop over them."""

    def __init__(self, writer: Writer, every: list[str], named: bool) -> None:
        self.writer, self.every, self.named = writer, every, named

    def lines(self, nodes: Iterable[Node]) -> list[str]:
        """Lines for a block, indented once."""
        found: list[str] = []
        for steps, chunks in groupby(self._chunks(nodes), key=lambda chunk: (bool(chunk.owner), chunk.steps)):
            owners = [chunk.owner for chunk in chunks]
            if len(owners) == 1:
                found += [line for step in steps[1] for line in lines(_for(owners[0], step), 1)]
                continue
            if owners == self.every and self.named:
                found.append(f"{INDENT}for path, _ in model.named_parameters():")
            else:
                found += filled("for path in (", [quoted(owner) for owner in owners], "):", 1)
            found += [line for step in steps[1] for line in lines(step, 2)]
        return found

    def _chunks(self, nodes: Iterable[Node]) -> Iterator[_Chunk]:
        for owner, group in groupby(nodes, key=self._owner):
            made = (
                self.writer.step(node) if node.op is not None else [self.writer.leaf_as_step(node)] for node in group
            )
            steps = [step for each in made for step in each]
            yield _Chunk(owner, tuple(_of_any(owner, _plain(step)) for step in steps))

    def _owner(self, node: Node) -> str:
        above = node.path
        while above and above not in self.parameters:
            above = above.rpartition(".")[0]
        return above

    @property
    def parameters(self) -> set[str]:
        """The paths of all parameters."""
        return {*self.every}


def _plain(step: Step) -> Step:
    """Without the axes, which the tensor's own line has told."""
    return Step(step.gives, step.how)


def _of_any(owner: str, step: Step) -> Step:
    """A line of one parameter for whichever ``path`` is."""
    if not owner:
        return step
    path = re.escape(owner)
    whole, more = re.compile(rf'T\["{path}"\]'), re.compile(rf'T\["{path}\.([^"]*)"\]')
    return Step(*(more.sub(r'T[f"{path}.\1"]', whole.sub("T[path]", text)) for text in (step.gives, step.how)))


def _for(owner: str, step: Step) -> Step:
    """The line of one parameter again."""
    if not owner:
        return step
    return Step(
        *(
            text.replace('T[f"{path}.', f'T["{owner}.').replace("T[path]", f"T[{quoted(owner)}]")
            for text in (step.gives, step.how)
        )
    )
