"""What each step is for, in a sentence: by the role that its name gives it, else by its op.

The sentences of roles stand in ``purposes.en.txt`` and ``purposes.zh.txt``; an op brings its own.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tfstep.engine.naming import short
from tfstep.engine.trace import Tensor
from tfstep.session.study.finite import not_of_the_loss
from tfstep.text import Bilingual

NOTHING = Bilingual("", "")
HERE = Path(__file__).parent


@cache
def roles() -> dict[tuple[str, str], Bilingual]:
    """The sentences of both files by section and name. Raises KeyError where one language lacks a name."""
    en, zh = (_read((HERE / f"purposes.{language}.txt").read_text("utf-8")) for language in ("en", "zh"))
    return {key: Bilingual.of({"en": en[key], "zh": zh[key]}) for key in en | zh}


def _read(text: str) -> dict[tuple[str, str], str]:
    found, section = {}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
        elif section and line:
            names, _, said = line.partition(": ")
            found.update({(section, name): said for name in names.split(", ")})
    return found


def purpose(tensor: Tensor) -> Bilingual:
    """What the step that makes a tensor is for; of a leaf, what it is."""
    path, node = tensor.path, tensor.node
    if tensor.trace.prefix:
        return _inner(tensor)
    role, nodes = node.role, tensor.trace.plan.nodes
    if node.phase == "backward" and (why := not_of_the_loss(tensor.trace, node)) is not None:
        return why
    if role.of is not None and role.consumer is not None:
        return Bilingual(
            "How {name} moves the loss, through {use} alone.",
            "只经由 {use}，{name} 变动时损失变动多少。",
            name=short(nodes[role.of].path),
            use=nodes[role.consumer].path,
        )
    if node.op is not None and node.phase == "backward" and node.op.purpose.en:
        return node.op.purpose
    if role.of is not None and role.name == "gradient":
        return Bilingual(
            "How much the loss moves when {name} moves, cell by cell.",
            "{name} 的每个单元格变动时，损失变动多少。",
            name=short(nodes[role.of].path),
        )
    if node.phase == "update":
        return roles()["update", "new"]
    name = path.rpartition(".")[2]
    if node.op is None:
        return _first(("leaf", name), ("leaf", node.kind))
    return _first(*_roles(path), own=node.op.purpose)


def _roles(path: str) -> tuple[tuple[str, str], ...]:
    """What a tensor's name may be called among the roles: with its place in a model, and without."""
    scope, _, name = re.sub(r"\d+", "#", path).rpartition(".")
    place = "attn" if scope.endswith("cross") else scope.rpartition(".")[2]
    return ("step", f"{place}.{name}"), ("step", name)


def _inner(tensor: Tensor) -> Bilingual:
    """What an inner step is for, by its own name; without one, by its op."""
    assert tensor.node.op is not None or tensor.node.kind != "step"
    op, own = tensor.op or "", NOTHING if tensor.node.op is None else tensor.node.op.purpose
    name, _, _ = tensor.node.path.partition("#")
    softmax = {"exp", "sum"} <= set(tensor.trace.plan.paths)
    if name in ("max", "sum", "exp") and not softmax:
        return NOTHING
    if name == op and name not in ("matmul", "mean", "sum", "max", "exp"):
        return own
    if name == op and tensor.phase == "backward" and own.en:
        return own
    return _first(("inner", name))


def _first(*names: tuple[str, str], own: Bilingual = NOTHING) -> Bilingual:
    """The first sentence that there is, else the op's own."""
    return next((roles()[name] for name in names if name in roles()), own)
