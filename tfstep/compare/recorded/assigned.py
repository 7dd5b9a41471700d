"""Where in its source an array was computed that is recorded further down: the one assignment that reaches that line.

``scores = q @ k.T`` stands on line 5 and ``r.scores = scores`` on line 20; the first is the line to mend. It is read out
of the source, never guessed: where two assignments may have given the array, or none is in sight, there is none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

MOST = 3  # statements, one after the other, that are quoted of one array
HANDED_ON = ("copy", "clone", "detach", "cpu", "numpy", "contiguous", "tolist")
"""Calls that give the same numbers again."""
IN_PLACE = ("fill", "sort", "partition", "put", "itemset", "fill_diagonal", "copyto", "place", "putmask", "put_along_axis",
            "at")  # fmt: skip
"""Calls that write into the array that they are called on, or that is their first argument, beside those named so_."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LINES = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)

_Frame = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
Settings = frozenset[ast.AST | None]  # the statements that may have set a variable; None: from before the first line


@lru_cache(maxsize=4096)
def computed(source: str, function: str, first: int, line: int, name: str) -> tuple[tuple[int, int], ...]:
    """The first and last line of the statement that computed what line ``line`` records as ``name``, behind those of what
    the same variable was before, where it is made of that: ``s = q @ k.T`` and ``s = s / 2``.

    ``function`` is what the frame is called, and ``first`` where it begins. Empty where that is the recording line itself,
    or the source does not tell.
    """
    tree = _tree(source)
    frame = None if tree is None else _frame(tree, function, first)
    if frame is None:
        return ()
    there = [each for each in _statements(frame.body) if each.lineno <= line <= (each.end_lineno or each.lineno)]
    records = [(each, value) for each in there for value in _recorded(each, name)]
    if len(records) != 1:
        return ()
    at: ast.stmt
    value: ast.expr | None
    (at, value), found = records[0], list[ast.stmt]()
    while (variable := _handed_on(value)) is not None:
        settings = _settings(frame, at, variable)
        if not settings or settings[0] in found:
            return ()
        found.append(at := settings[0])
        value = next((value for place, value in _pairs(at) if _dotted(place) == variable), None)
        if len(settings) > 1 or _handed_on(value) is None:
            found = _made_of(frame, settings, variable)
            break
    return tuple(dict.fromkeys((each.lineno, each.end_lineno or each.lineno) for each in found))


def _settings(frame: _Frame, at: ast.stmt, variable: str) -> list[ast.stmt]:
    """The one statement, of its own line, that has set a variable when another runs; or those that one after the other
    may have, where each makes it of what it was, ``if causal: s = where(mask, s, -1e9)``. Empty where there are none, or
    one may stand for another."""
    reaching = _reaching(frame, at, variable)
    found: list[ast.stmt] = sorted(
        (each for each in reaching if isinstance(each, _LINES)), key=lambda each: each.lineno
    )
    if not found or len(found) < len(reaching) or len(found) > MOST:
        return []
    chain = all(each.lineno < at.lineno for each in found) and all(_reads(each, variable) for each in found[1:])
    return found if len(found) == 1 or chain else []


def _made_of(frame: _Frame, settings: list[ast.stmt], variable: str) -> list[ast.stmt]:
    """Settings, behind the earlier ones of the same variable that the first of them reads."""
    found = settings
    while len(found) < MOST and _reads(found[0], variable):
        before = _settings(frame, found[0], variable)
        if not before or any(each in found for each in before):
            break
        found = [*before, *found][-MOST:]
    return found


def _reads(statement: ast.stmt, variable: str) -> bool:
    """Whether what a statement sets a variable to is made of what it was."""
    if isinstance(statement, ast.AugAssign) and _dotted(statement.target) == variable:
        return True
    return any(
        _dotted(each) == variable and isinstance(getattr(each, "ctx", None), ast.Load) for each in ast.walk(statement)
    )


@lru_cache(maxsize=16)
def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # a cell with %magic
        return None


def _frame(tree: ast.Module, function: str, first: int) -> _Frame | None:
    """A frame's own function, or the module."""
    if function == "<module>":
        return tree
    for node in ast.walk(tree):
        if not isinstance(node, _FUNCTIONS) or node.name != function:
            continue
        if first == min([node.lineno, *(each.lineno for each in node.decorator_list)]):
            return node
    return None


def _blocks(statement: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks inside a compound statement; functions and classes have a scope of their own."""
    if isinstance(statement, _SCOPES):
        return
    for part in ("body", "orelse", "finalbody"):
        yield getattr(statement, part, [])
    for each in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield each.body


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement of a block, those inside others too."""
    for each in body:
        yield each
        for block in _blocks(each):
            yield from _statements(block)


def _pairs(statement: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each target of an assignment with what it is set to, where both are written out side by side."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _side_by_side(target, statement.value)


def _side_by_side(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if not isinstance(target, ast.Tuple | ast.List):
        yield target, value
        return
    theirs = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    if len(theirs) == len(target.elts) and not any(isinstance(x, ast.Starred) for x in (*theirs, *target.elts)):
        for pair in zip(target.elts, theirs, strict=True):
            yield from _side_by_side(*pair)


def _recorded(statement: ast.stmt, name: str) -> Iterator[ast.expr]:
    """What a statement records under a name: ``r.NAME = …``, ``r["NAME"] = …`` or ``r[variable] = …``."""
    for place, value in _pairs(statement):
        called: object = place.attr if isinstance(place, ast.Attribute) else None
        if isinstance(place, ast.Subscript):
            called = place.slice.value if isinstance(place.slice, ast.Constant) else name
        if called == name:
            yield value


def _handed_on(value: ast.expr | None) -> str | None:
    """The variable, ``scores`` or ``self.scores``, that an expression hands on as it is."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in HANDED_ON:
        if value.args or value.keywords:
            return None
        value = value.func.value
    return _dotted(value)


def _dotted(value: ast.AST | None) -> str | None:
    if isinstance(value, ast.Name):
        return value.id
    owner = _dotted(value.value) if isinstance(value, ast.Attribute) else None
    return f"{owner}.{value.attr}" if isinstance(value, ast.Attribute) and owner is not None else None


class _Flow:
    """Which settings of one variable reach one statement, followed through branches and loops."""

    def __init__(self, at: ast.AST, variable: str) -> None:
        self.at, self.variable = at, variable
        self.seen: Settings = frozenset()
        self.breaks: list[Settings] = []  # of each loop around: what leaves it,
        self.rounds: list[Settings] = []  # and what goes round again before its end

    def block(self, body: Sequence[ast.stmt], state: Settings) -> Settings:
        """What holds behind a block; nothing where its end is not reached."""
        for each in body:
            state = self.statement(each, state)
        return state

    def statement(self, each: ast.stmt, state: Settings) -> Settings:
        """What holds behind one statement."""
        if each is self.at:
            self.seen |= state
        if _sets(each, self.variable):
            state = frozenset([each])
        if isinstance(each, ast.Return | ast.Raise):
            return frozenset()
        if isinstance(each, ast.Break | ast.Continue):
            (self.breaks if isinstance(each, ast.Break) else self.rounds)[-1] |= state
            return frozenset()
        if isinstance(each, ast.If):
            return self.block(each.body, state) | self.block(each.orelse, state)
        if isinstance(each, ast.For | ast.AsyncFor | ast.While):
            return self.loop(each, state)
        if isinstance(each, ast.With | ast.AsyncWith):
            return self.block(each.body, state)
        if isinstance(each, ast.Try | ast.TryStar):
            inside = frozenset(s for s in _statements(each.body) if _sets(s, self.variable))
            ends = [self.block(handler.body, state | inside) for handler in each.handlers]
            whole = self.block(each.orelse, self.block(each.body, state)).union(*ends)
            return self.block(each.finalbody, whole)
        if isinstance(each, ast.Match):
            return state.union(*(self.block(case.body, state) for case in each.cases))
        return state

    def loop(self, each: ast.For | ast.AsyncFor | ast.While, state: Settings) -> Settings:
        """What holds behind a loop, whose body may run never, once, or again with what it left."""
        endless = isinstance(each, ast.While) and isinstance(each.test, ast.Constant) and bool(each.test.value)
        while True:
            self.breaks.append(frozenset())
            self.rounds.append(frozenset())
            after = state | self.block(each.body, state) | self.rounds.pop()
            broken = self.breaks.pop()
            if after == state:
                return broken if endless else self.block(each.orelse, state) | broken
            state = after


def _reaching(frame: _Frame, at: ast.AST, variable: str) -> Settings:
    """What may have set a variable when a statement runs."""
    flow = _Flow(at, variable)
    flow.block(frame.body, frozenset([None]))
    if isinstance(frame, ast.Module) or "." in variable or variable in _from_outside(frame):
        return flow.seen
    return flow.seen - {None}  # a variable of the function's own, which is set before it is read


def _from_outside(frame: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The parameters of a function, and what it shares with others."""
    a = frame.args
    given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *([a.vararg] if a.vararg else []), *([a.kwarg] if a.kwarg else [])]
    shared = [each.names for each in _statements(frame.body) if isinstance(each, ast.Global | ast.Nonlocal)]
    return {each.arg for each in given} | {name for names in shared for name in names}


def _sets(statement: ast.AST, variable: str) -> bool:
    """Whether a statement itself, not one inside it, sets a variable or writes into its array."""
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        return statement.name == variable
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return any((each.asname or each.name.partition(".")[0]) == variable for each in statement.names)
    inner = {id(each) for block in _blocks(statement) for each in block}
    waiting = [each for each in ast.iter_child_nodes(statement) if id(each) not in inner]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.stmt, *_SCOPES)):
            continue
        if isinstance(getattr(node, "ctx", None), ast.Store) and _written(node) == variable:
            return True
        if isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name == variable:
            return True
        if isinstance(node, ast.Call) and _in_place(node, variable):
            return True
        waiting += ast.iter_child_nodes(node)
    return False


def _written(place: ast.AST) -> str | None:
    """The variable that a target is, or whose array it is a part of."""
    while isinstance(place, ast.Subscript):
        place = place.value
    return _dotted(place)


def _in_place(call: ast.Call, variable: str) -> bool:
    """Whether a call writes into a variable's array."""
    if any(each.arg == "out" and _dotted(each.value) == variable for each in call.keywords):
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    name, on = call.func.attr, [call.func.value, *call.args[:1]]
    if name in IN_PLACE:
        return variable in [_written(each) for each in on]
    return name.endswith("_") and name != "requires_grad_" and _written(call.func.value) == variable
