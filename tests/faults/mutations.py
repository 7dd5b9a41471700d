"""Faults in a function, made by rule: a sign, a missing term, a wrong argument, an axis or a flag, a condition.

Every place of the function that a rule fits gives a fault; none is chosen by hand.
"""

from __future__ import annotations
import __future__

import ast
import copy
import inspect
import textwrap
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

OTHER_SIDE = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMMUTE = ("add", "multiply", "maximum", "max")
OPPOSITE = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Gt: ast.LtE,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True, eq=False)
class Fault:
    """One changed function: ``kind`` of fault, and what was changed into what, as source."""

    kind: str
    line: int
    was: str
    became: str
    function: Callable[..., Any]

    def __str__(self) -> str:
        return f"{self.kind} (line {self.line}): {self.was} → {self.became}"


def replacements(node: ast.AST, names: list[str]) -> Iterator[tuple[str, ast.AST]]:
    """The faults that fit one place of the source, each the kind and what stands there instead."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in OTHER_SIDE:
            yield (
                "sign" if isinstance(node.op, ast.Add | ast.Sub) else "inverse",
                ast.BinOp(node.left, OTHER_SIDE[type(node.op)](), node.right),
            )
        yield "missing term", node.left
        yield "missing term", node.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "sign" if isinstance(node.op, ast.USub) else "flag", node.operand
    elif isinstance(node, ast.Call):
        if node.args and not isinstance(node.args[0], ast.Starred | ast.Constant | ast.GeneratorExp):
            yield "missing step", node.args[0]
        commutes = getattr(node.func, "attr", getattr(node.func, "id", "")) in COMMUTE
        if len(node.args) >= 2 and not commutes and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
            swapped = [node.args[1], node.args[0], *node.args[2:]]
            if ast.dump(node.args[0]) != ast.dump(node.args[1]):
                yield "wrong argument", ast.Call(node.func, swapped, node.keywords)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        for other in names:
            if other != node.id:
                yield "wrong argument", ast.Name(other, ast.Load())
    elif isinstance(node, ast.Constant):
        for value in changed(node.value):
            yield "number", ast.Constant(value)
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield "order", ast.Tuple(node.elts[::-1], node.ctx)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPPOSITE:
        yield "condition", ast.Compare(node.left, [OPPOSITE[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.IfExp):
        yield "condition", node.body
        yield "condition", node.orelse
    elif isinstance(node, ast.keyword) and isinstance(node.value, ast.Name) and node.arg in ("at", "bt", "keepdims"):
        yield "flag", ast.keyword(node.arg, ast.UnaryOp(ast.Not(), node.value))
    elif isinstance(node, ast.keyword) and node.arg in ("axis", "keepdims", "at", "bt", "step"):
        yield "default", ast.keyword(None, ast.Dict([], []))
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Tuple):
        yield "sign", ast.Return(ast.UnaryOp(ast.USub(), node.value))
    elif isinstance(node, ast.If):
        yield "condition", ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)


def changed(value: object) -> list[object]:
    """Other numbers in a number's place; strings (names of inner steps) are left."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [2 * value + 1]
    return [0] if value is None else []


def faults(function: Callable[..., Any]) -> Iterator[Fault]:
    """Every fault of a function, each as a function of its own that stands in the same module."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(source)
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    for part in ast.walk(definition):
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        elif isinstance(part, ast.arg):
            part.annotation = None
    inner = [n for n in ast.walk(definition) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    names = [a.arg for f in inner for a in f.args.args if a.arg != "self"]
    places = [n for statement in definition.body for n in ast.walk(statement)]
    for place, node in enumerate(places):
        for kind, instead in replacements(node, names):
            altered = copy.deepcopy(tree)
            body = altered.body[0]
            assert isinstance(body, ast.FunctionDef)
            target = [n for statement in body.body for n in ast.walk(statement)][place]
            around = surroundings(altered, target)
            was = written(around)
            if around is target:
                around = instead
            Put(target, instead).visit(altered)
            line = getattr(node, "lineno", 0) + function.__code__.co_firstlineno - 1
            yield Fault(kind, line, was, written(around), compiled(altered, function))


def surroundings(tree: ast.AST, node: ast.AST) -> ast.AST:
    """For a bare name or number, the expression around it, which says more."""
    above = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    if not isinstance(node, ast.Name | ast.Constant):
        return node
    around = above[node]
    while isinstance(around, ast.Attribute | ast.keyword | ast.Starred):
        around = above[around]
    return around


class Put(ast.NodeTransformer):
    """One node of a tree replaced."""

    def __init__(self, target: ast.AST, instead: ast.AST) -> None:
        self.target, self.instead = target, copy.deepcopy(instead)

    def visit(self, node: ast.AST) -> Any:
        return self.instead if node is self.target else super().visit(node)


def written(node: ast.AST) -> str:
    """A piece of source, on one line."""
    text = ast.unparse(ast.fix_missing_locations(node))
    return text.split("\n", maxsplit=1)[0] if isinstance(node, ast.If) else " ".join(text.split())


def compiled(tree: ast.Module, function: Callable[..., Any]) -> Callable[..., Any]:
    """The changed function, reading the globals that the true one reads."""
    name = function.__name__
    made: dict[str, Any] = {}
    flags = __future__.annotations.compiler_flag
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # a fault may well be odd
        code = compile(ast.fix_missing_locations(tree), f"<a fault in {function.__qualname__}>", "exec", flags)
    exec(code, function.__globals__, made)
    result: Callable[..., Any] = made[name]
    return result
