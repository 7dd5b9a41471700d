"""Kind `formula`: the names an author may give, and the values behind them."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Collection

import numpy as np
from msgspec import Struct, field

from tfstep.engine.axis import Axis, Shape
from tfstep.errors import ExpressionError, PathError, did_you_mean
from tfstep.scenario.file.mistakes import Place, Report
from tfstep.scenario.file.nodes import Items, Node, Scalar, Section, excerpt, found_text
from tfstep.scenario.keys.numbers import MAX_AXES, read_array
from tfstep.scenario.keys.typed import Source
from tfstep.scenario.weights.fills import Fill, read_fill
from tfstep.text import Bilingual

# names that mean something in expressions and paths already
RESERVED = frozenset({"loss", "it", "grad", "new", "T", "inf", "nan", "pi"})
PARTS = RESERVED | {"shape", "ndim", "size", "update"}  # likewise, where a name has dots


class Equations(Struct, frozen=True, eq=False):
    """What a formula says, each by name in the file's order: the numbers that are given, the shapes of the parameters,
    their start values or how they are drawn, the steps, and the axes that have names."""

    given: dict[str, np.ndarray] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    parameters: dict[str, np.ndarray] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    axes: dict[str, tuple[Axis, ...]] = field(default_factory=dict)


def read_formula(source: Source, x: np.ndarray | None) -> Equations:
    """The equations of a file; what is wrong is noted."""
    report = source.report
    taken: dict[str, Place] = {}
    own = Equations()
    _values(source, "given", taken, own.given, own)
    if x is not None:
        _name("x", source.place("input", "x", key=True), taken, report)
        own.given["x"] = x
    learned = source.node("model", "parameters")
    _values(source, "parameters", taken, own.parameters, own)
    own.steps.update(_steps(source, taken, own.given, learned.entries if isinstance(learned, Section) else ()))
    _axes(source, taken, own.axes)
    return own


def _values(source: Source, key: str, taken: dict[str, Place], values: dict[str, np.ndarray], own: Equations) -> None:
    """The numbers of a section; an expression may read what stands before it, and what is given."""
    node, report = source.node("model", key), source.report
    if not isinstance(node, Section):
        return
    for name, value in node:
        _name(name, node.keys[name], taken, report, node.entries if key == "parameters" else ())
        if not source.given("model", key, name):
            continue
        if key == "parameters" and isinstance(value, Section):
            _drawn(name, value, own, report)
            continue
        if isinstance(value, Scalar) and isinstance(value.value, str):
            array = _made(value, own.given | values, report)
        else:
            array = read_array(value, report)
        if array is not None:
            values[name] = array
            if key == "parameters":
                own.shapes[name] = array.shape


def _drawn(name: str, node: Section, own: Equations, report: Report) -> None:
    """A parameter of which its shape is said, and perhaps how it is drawn."""
    for key in node.entries:
        if key not in ("shape", "init"):
            message = Bilingual(
                "unknown key {key}{hint}; allowed: shape, init",
                "未知的键 {key}{hint}；可用：shape、init",
                key=excerpt(key),
                hint=did_you_mean(key, ("shape", "init")),
            )
            report.add(node.keys[key], message)
    listed = node.get("shape")
    items = listed.items if isinstance(listed, Items) and len(listed.items) <= MAX_AXES else None
    sizes = [_size(item) for item in items or ()]
    if items is None or 0 in sizes:
        wrong = items[sizes.index(0)] if items else listed
        message = Bilingual(
            "{what} in the shape of {name}; allowed: a list of at most {most} whole numbers from 1, as in shape: [3, 2]",
            "{name} 的 shape 中有 {what}；可用：不超过 {most} 个正整数的列表，如 shape: [3, 2]",
            name=name,
            what=Bilingual("nothing", "空") if wrong is None else found_text(wrong),
            most=MAX_AXES,
        )
        report.add(node.place if wrong is None else wrong.place, message)
        return
    own.shapes[name] = tuple(sizes)
    init = node.get("init")
    if init is not None and (fill := read_fill(init, report)) is not None:
        own.fills[name] = fill


def _size(node: Node) -> int:
    """The size of an axis; 0 where it is none."""
    size = node.value if isinstance(node, Scalar) else 0
    return size if isinstance(size, int) and not isinstance(size, bool) and 0 < size < 2**31 else 0


def _axes(source: Source, taken: Collection[str], found: dict[str, tuple[Axis, ...]]) -> None:
    """The names of axes, and the words along them."""
    node, report = source.node("model", "axes"), source.report
    if not isinstance(node, Section):
        return
    for name, value in node:
        if name not in taken:
            message = Bilingual(
                "there is no tensor {name!r}{near}",
                "没有张量 {name!r}{near}",
                name=name,
                near=did_you_mean(name, taken),
            )
            report.add(node.keys[name], message)
        elif isinstance(value, Items) and None not in (axes := [_axis(item) for item in value.items]):
            if len({axis.name for axis in axes if axis}) < len(axes):
                message = Bilingual(
                    "two axes of {name} have one name; query and key, for example, tell them apart",
                    "{name} 有两个同名的轴；请区分开，例如 query 和 key",
                    name=name,
                )
                report.add(value.place, message)
            found[name] = tuple(axis for axis in axes if axis)
        elif source.given("model", "axes", name):
            message = Bilingual(
                "the axes of {name} are {what}; allowed: a list with a name for each axis: [word, feature], or "
                "[{{word: [I, love, you]}}, feature]",
                "{name} 的 axes 为 {what}；可用：每个轴一个名称的列表：[word, feature]，或 [{{word: [我, 爱, 你]}}, feature]",
                name=name,
                what=found_text(value),
            )
            report.add(value.place, message)


def _axis(node: Node) -> Axis | None:
    """An axis by its name, or with the words along it; None where it is neither."""
    if isinstance(node, Scalar):
        return Axis(node.text) if node.text.isidentifier() else None
    if not isinstance(node, Section) or len(node.entries) != 1:
        return None
    ((name, listed),) = node.entries.items()
    items = listed.items if isinstance(listed, Items) else ()
    words = [item.text for item in items if isinstance(item, Scalar)]
    if not name.isidentifier() or not words or not all(words) or len(words) < len(items):
        return None
    return Axis(name, (tuple(words),))


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


def _steps(
    source: Source, taken: dict[str, Place], given: dict[str, np.ndarray], learned: Collection[str]
) -> dict[str, str]:
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
        _name(name, node.keys[name], taken, report, learned)
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


def _name(name: str, place: Place, taken: dict[str, Place], report: Report, learned: Collection[str] = ()) -> None:
    """A name is letters, digits and _, in the form Python reads it in, free, and given once; with dots it says of which
    part of the model it is. Below a parameter stands what training makes of it, and nothing else."""
    normal = unicodedata.normalize("NFKC", name)
    parts = name.split(".")
    if normal != name or not all(
        part.isidentifier() and not keyword.iskeyword(part) and not part.startswith("__") for part in parts
    ):
        hint = (
            Bilingual("; write {normal}", "；请写成 {normal}", normal=normal)
            if normal != name and normal.isidentifier()
            else Bilingual("; {{i}} needs `repeat: {{i: 3}}`", "；{{i}} 需要 `repeat: {{i: 3}}`")
            if "{" in name
            else Bilingual("", "")
        )
        message = Bilingual(
            "'{name}' is no name{hint}; letters, digits and _, no digit first",
            "“{name}”不是合法的名称{hint}；只能用字母、数字和 _，不能以数字开头",
            name=excerpt(name),
            hint=hint,
        )
    elif name in RESERVED or (len(parts) > 1 and PARTS.intersection(parts)):
        message = Bilingual(
            "'{name}' has a meaning in expressions; take another name",
            "“{name}”在表达式中另有含义；请换一个名称",
            name=name,
        )
    elif above := next((each for each in learned if name.startswith(f"{each}.")), None):
        message = Bilingual(
            "'{name}' stands below the parameter {above}, where training puts what it makes of it; take another name",
            "“{name}”位于参数 {above} 之下，那里是训练写结果的地方；请换一个名称",
            name=name,
            above=above,
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
