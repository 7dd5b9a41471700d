"""How a tensor is called: by its path, and inside formulas by the short name that a paper would give it."""

from __future__ import annotations

from tfstep.address.roles import GRAD, INNER, KEPT, path_parts
from tfstep.engine.computation import Computation
from tfstep.engine.node import Literal, Node
from tfstep.engine.op import Vjp
from tfstep.text import Template


def short(path: str) -> str:
    """The name of a tensor inside its formula: ``scores`` for ``enc0.attn.scores``, ``∂scores`` for its gradient."""
    found = path_parts(path)
    if INNER in path and not found.consumer:
        found = path_parts(path.rpartition(INNER)[2])
    path = found.of + found.mark
    if found.mark == GRAD:
        use = found.consumer.rpartition(".")[2]
        return "∂" + found.of.rpartition(".")[2] + (f"/{use}" if use else "")
    head, _, last = path.rpartition(".")
    return f"{head.rsplit('.', 1)[-1]}.{last}" if head and last in KEPT else last


def formula(trace: Computation, node: Node) -> str | None:
    """The formula of a step with the names of its operands filled in, in the chosen language. None for a leaf."""
    found = notation(trace, node)
    return None if found is None else str(found)


def notation(trace: Computation, node: Node) -> Template | None:
    """The same in both languages, for a formula may hold words."""
    if node.op is None:
        return None
    names = _names(trace, node)
    written = node.op.formula or f"{node.op.name}({', '.join('{' + a + '}' for a in node.op.arguments)})"
    template = written if isinstance(written, Template) else Template.of(written)
    return template.around(f"{short(node.path)} = ", names)


def _names(trace: Computation, node: Node) -> _Blank:
    """What stands in the places of a step's formula."""
    assert node.op is not None
    names = {}
    for argument, s in zip(node.op.arguments, node.inputs, strict=False):
        names[argument] = (s.name or f"{s.value:g}") if isinstance(s, Literal) else short(_outer(trace, s))
    if isinstance(node.op, Vjp) and node.vjp_of is not None:
        of = trace.plan.nodes[node.vjp_of]
        names.setdefault("g", "∂" + short(of.path))
        names.setdefault("y", short(of.path))
        for argument, s in zip(node.op.op.arguments, of.inputs, strict=False):
            names.setdefault(
                argument, (s.name or f"{s.value:g}") if isinstance(s, Literal) else short(_outer(trace, s))
            )
    if not node.op.arguments and node.slots:
        names["xs"] = ", ".join(short(_outer(trace, s)) for s in node.slots)
        names["sum"] = " + ".join(short(_outer(trace, s)) for s in node.slots)
    names.update({key: _attribute(value) for key, value in node.attrs.items() if key not in names})
    return _Blank(names)


class _Blank(dict[str, str]):
    """Places that nothing fills stay empty: an attribute left at its default."""

    def __missing__(self, key: str) -> str:
        return ""


def _attribute(value: object) -> str:
    if isinstance(value, bool):  # a matrix read as its transpose
        return "ᵀ" if value else ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def path_of(trace: Computation, slot: int) -> str:
    """The full path of a node; for the input of an inside that of the tensor it stands for."""
    trace, slot = _source(trace, slot)
    return trace.prefix + trace.plan.nodes[slot].path


def _outer(trace: Computation, slot: int) -> str:
    """The same path as its own trace calls it."""
    trace, slot = _source(trace, slot)
    return trace.plan.nodes[slot].path


def _source(trace: Computation, slot: int) -> tuple[Computation, int]:
    while trace.plan.nodes[slot].kind == "input" and slot < len(trace.sources):
        source = trace.sources[slot]
        trace, slot = source.trace, source.slot
    return trace, slot
