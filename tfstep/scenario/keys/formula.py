"""Kind `formula`: the names an author may give, and the values behind them."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Collection

import numpy as np

from tfstep.errors import ExpressionError, PathError
from tfstep.scenario.file.mistakes import Place, Report
from tfstep.scenario.file.nodes import Scalar, Section, excerpt, found_text
from tfstep.scenario.keys.numbers import read_array
from tfstep.scenario.keys.typed import Source
from tfstep.text import Bilingual

# names that mean something in expressions and paths already
RESERVED = frozenset({"loss", "it", "grad", "new", "T", "inf", "nan", "pi"})


def read_formula(
    source: Source, x: np.ndarray | None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, str]]:
    """The values that are given, the parameters' start values, and the steps, each by name in the file's order."""
    report = source.report
    taken: dict[str, Place] = {}
    given = _values(source, "given", taken, {})
    if x is not None:
        _name("x", source.place("input", "x", key=True), taken, report)
        given["x"] = x
    parameters = _values(source, "parameters", taken, given)
    return given, parameters, _steps(source, taken, given)


def _values(source: Source, key: str, taken: dict[str, Place], before: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The numbers of a section; an expression may read what stands before it, and ``before``."""
    node, report = source.node("model", key), source.report
    values: dict[str, np.ndarray] = {}
    if isinstance(node, Section):
        for name, value in node:
            _name(name, node.keys[name], taken, report)
            if not source.given("model", key, name):
                continue
            if isinstance(value, Scalar) and isinstance(value.value, str):
                array = _made(value, before | values, report)
            else:
                array = read_array(value, report)
            if array is not None:
                values[name] = array
    return values


def _made(node: Scalar, known: dict[str, np.ndarray], report: Report) -> np.ndarray | None:
    """The numbers that an expression comes to, over those that are known; None where it is wrong, which is noted."""
    from tfstep.expr import parse  # here: only some files have expressions
    from tfstep.expr.expression import Operand
    from tfstep.models.formula import not_before

    def lookup(path: str, variant: str | None) -> Operand:
        if variant is None and path in known:
            return Operand.of(known[path])
        raise PathError(not_before(path, known))

    try:
        found = np.array(parse(node.text, known).evaluate(lookup), np.float64)
    except ExpressionError as error:
        report.add(node.place_at(error.column) if error.column else node.place, error.message)
        return None
    if not np.isfinite(found).all():
        report.add(
            node.place,
            Bilingual(
                "{what} comes to numbers that are not finite; finite ones are needed",
                "{what} 算出的数不是有限的；须为有限的数",
                what=found_text(node),
            ),
        )
        return None
    found.setflags(write=False)
    return found


def _steps(source: Source, taken: dict[str, Place], given: dict[str, np.ndarray]) -> dict[str, str]:
    """The steps; one that reads no tensor is a number that is given."""
    node, report = source.node("model", "steps"), source.report
    steps: dict[str, str] = {}
    if not isinstance(node, Section) or not node.entries:
        if source.sound("model", "steps"):
            what = found_text(node) if node is not None else Bilingual("nothing", "空")
            message = Bilingual(
                "steps is {what}; kind formula needs `name: expression`, one or more",
                "steps 为 {what}；formula 模型需要一个或多个 `名称: 表达式`",
                what=what,
            )
            source.add(("model", "steps") if node else ("model",), message, key=node is None)
        return steps
    for name, value in node:
        before = list(taken)
        _name(name, node.keys[name], taken, report)
        if isinstance(value, Scalar) and not isinstance(value.value, bool) and value.text.strip():
            if _alone(value) and len(node.entries) > 1:
                if (array := _made(value, {}, report)) is not None:
                    given[name] = array
                continue
            steps[name] = value.text
            check_expression(value, before, report)
        elif source.given("model", "steps", name):
            report.add(
                value.place,
                Bilingual(
                    "{name} is {what}; an expression is needed",
                    "{name} 为 {what}；此处须为表达式",
                    name=excerpt(name),
                    what=found_text(value),
                ),
            )
    return steps


def _alone(node: Scalar) -> bool:
    """Whether an expression can be read, and names no tensor."""
    from tfstep.expr import parse

    try:
        return not parse(node.text).names
    except ExpressionError:
        return False


def check_expression(node: Scalar, names: Collection[str] | None, report: Report) -> None:
    """Note what is wrong with the text of an expression, and names that are not among those it may read, if given."""
    from tfstep.expr import parse  # here: only some files have expressions
    from tfstep.models.formula import not_before

    try:
        expression = parse(node.text, names or ())
    except ExpressionError as error:
        report.add(node.place_at(error.column) if error.column else node.place, error.message)
        return
    for each in expression.names:
        if names is not None and each.path not in names:
            report.add(node.place_at(each.column) if each.column else node.place, not_before(each.path, names))


def _name(name: str, place: Place, taken: dict[str, Place], report: Report) -> None:
    """A name is letters, digits and _, in the form Python reads it in, free, and given once."""
    normal = unicodedata.normalize("NFKC", name)
    if not name.isidentifier() or keyword.iskeyword(name) or normal != name or name.startswith("__"):
        hint = (
            Bilingual("; write {normal}", "；请写成 {normal}", normal=normal)
            if normal != name and normal.isidentifier()
            else Bilingual("", "")
        )
        message = Bilingual(
            "'{name}' is no name{hint}; letters, digits and _, no digit first",
            "“{name}”不是合法的名称{hint}；只能用字母、数字和 _，不能以数字开头",
            name=excerpt(name),
            hint=hint,
        )
    elif name in RESERVED:
        message = Bilingual(
            "'{name}' has a meaning in expressions; take another name",
            "“{name}”在表达式中另有含义；请换一个名称",
            name=name,
        )
    elif name in taken:
        message = Bilingual(
            "the name {name} is given twice, first on line {line}; each name once",
            "名称 {name} 重复，首次出现在第 {line} 行；每个名称只用一次",
            name=name,
            line=taken[name].line,
        )
    else:
        taken[name] = place
        return
    report.add(place, message)
