"""The table of functions that an expression may call: nothing else can be called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from msgspec import Struct

from tfstep.engine.tape import Traced
from tfstep.errors import did_you_mean
from tfstep.expr.builder import Builder, Value
from tfstep.text import Bilingual

Real = Traced  # a parameter that is made floating-point
Counted = Traced  # a parameter whose booleans count as 0 and 1
Axes = int | tuple[int, ...] | None


class Function(Struct, frozen=True):
    """One function: what it makes out of its arguments, and a line of help."""

    name: str
    build: Callable[..., Value]
    help: Bilingual

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """Its parameters; the first of `build`, the builder, is not one."""
        return list(inspect.signature(self.build).parameters.values())[1:]

    @property
    def signature(self) -> str:
        """``softmax(x, axis=-1)``."""
        return f"{self.name}({', '.join(_written(p) for p in self.parameters)})"

    def call(self, at: Builder, args: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        """Its result. Raises ExpressionError where the arguments do not fit."""
        parameters, left = self.parameters, dict(keywords)
        given: list[Value] = []
        named: dict[str, Value] = {}
        rest = list(args)
        for p in parameters:
            if p.kind is p.VAR_POSITIONAL:
                given.extend(_converted(at, p, v) for v in rest)
                rest = []
            elif rest and p.kind is p.POSITIONAL_OR_KEYWORD:
                given.append(_converted(at, p, rest.pop(0)))
            elif p.name in left:
                named[p.name] = _converted(at, p, left.pop(p.name))
            elif p.default is p.empty:
                raise self._misfit(at, Bilingual("{name} is missing", "缺少 {name}", name=p.name))
        if rest:
            raise self._misfit(at, Bilingual("{n} arguments too many", "多了 {n} 个参数", n=len(rest)))
        if left:
            raise self._misfit(at, Bilingual("it takes no {name} here", "这里不能有 {name}", name=next(iter(left))))
        return self.build(at, *given, **named)

    def _misfit(self, at: Builder, what: Bilingual) -> Exception:
        return at.error(Bilingual("{how}: {what}", "{how}：{what}", how=self.signature, what=what))


def _written(p: inspect.Parameter) -> str:
    if p.kind is p.VAR_POSITIONAL:
        return "…" if p.name == "more" else f"{p.name}…"
    return p.name if p.default is p.empty else f"{p.name}={p.default}"


def _converted(at: Builder, p: inspect.Parameter, value: Value) -> Any:
    match p.annotation:
        case "Traced":
            return at.tensor(value)
        case "Real":
            return at.real(value)
        case "Counted":
            return at.tensor(at.number(value))
        case "Axes" if isinstance(value, tuple):
            return tuple(at.whole(v, p.name) for v in value)
        case "int" | "Axes":
            return at.whole(value, p.name)
        case "bool":
            return _flag(at, p.name, value)
        case "float":
            return _number(at, p.name, value)
    return value


def _flag(at: Builder, name: str, value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise at.error(Bilingual("{name} is True or False", "{name} 须为 True 或 False", name=name))


def _number(at: Builder, name: str, value: Value) -> float:
    if isinstance(value, int | float):
        return value
    raise at.error(Bilingual("{name} is a single number", "{name} 须为单个数", name=name))


FUNCTIONS: dict[str, Function] = {}


Build = TypeVar("Build", bound=Callable[..., Value])


def add(help: Bilingual, name: str = "") -> Callable[[Build], Build]:
    """Enter a function in the table, under its own name where no other is given."""

    def enter(build: Build) -> Build:
        called = name or build.__name__.strip("_")
        FUNCTIONS[called] = Function(called, build, help)
        return build

    return enter


@cache
def functions() -> Mapping[str, Function]:
    """All functions by name."""
    for room in ("cells", "reductions", "shapes", "checks"):
        import_module(f"tfstep.expr.functions.{room}")
    return FUNCTIONS


def function(at: Builder, name: str) -> Function:
    """The function of this name. Raises ExpressionError where there is none."""
    table = functions()
    if name in table:
        return table[name]
    head, _, last = name.rpartition(".")
    if head and last in table:
        hint = Bilingual("; write {last}({head})", "；请写 {last}({head})", last=last, head=head)
    else:
        hint = did_you_mean(name, table)
    raise at.error(Bilingual("there is no function {name}{hint}", "没有函数 {name}{hint}", name=name[:80], hint=hint))
