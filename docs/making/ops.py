"""The reference of the ops: what each does, its formula, shapes and VJPs, read from the op itself."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator

from making.markdown import code, head, table
from tfstep import ops
from tfstep.engine.op import CATALOGUE, Op
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Ops", "运算")
INTRO = Bilingual(
    "What the steps are made of. `g` is the gradient that arrives, `y` the op's own result; ∂x is the gradient that "
    "goes on to the operand x: the VJP (vector-Jacobian product). Behind it stands the line of the program that "
    "computes it, where it is one line. A ● marks a primitive, which computes with NumPy and says by itself why a "
    "cell is what it is; every other op is written over others, and stepping into it runs the same lines with "
    "recording on.",
    "每一步都由这些运算构成。`g` 是传来的梯度，`y` 是运算自己的结果；∂x 是继续传给操作数 x 的梯度，即 "
    "VJP（向量与雅可比矩阵之积）。"
    "若程序里只用一行算出它，就把那一行附在后面。● 表示基本运算：直接用 NumPy 计算，并能自己说明每个单元格的由来；"
    "其余运算都由别的运算写成，走进去就是打开记录、把同样的几行再跑一遍。",
)
BROADCAST = Bilingual("any, broadcast", "任意，可广播")


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    columns = [
        Bilingual("op", "运算").in_(language),
        Bilingual("what it does", "作用").in_(language),
        Bilingual("formula", "公式").in_(language),
        Bilingual("shapes", "形状").in_(language),
        "VJP",
    ]
    for room in ops.rooms():
        yield f"\n## {room.TITLE.in_(language)}\n"
        here = [op for op in CATALOGUE.ops.values() if type(op).__module__ == room.__name__]
        yield from table(columns, [_cells(op, language) for op in here])


def _cells(op: Op, language: str) -> tuple[str, ...]:
    said = " ".join((op.__doc__ or "").replace("``", "`").split())
    found = re.search(r"Shapes( broadcast)?[^:]*?: (.*?)\.(?= |$)|Shapes broadcast", said)
    shapes = "" if found is None else found[2] if found[2] and not found[1] else BROADCAST.in_(language)
    about = re.split(r"(?<=\.) (?=Shapes|Source|[A-Z])", said)[0] if language == "en" else op.about_zh
    return (
        code(op.name) + " ●" * op.primitive,
        about,
        code(_plain(op.formula, language)),
        op.shapes_zh or shapes if language == "zh" else shapes,
        "<br>".join(_vjps(op, language)),
    )


def _vjps(op: Op, language: str) -> Iterator[str]:
    for argument in op.arguments:
        vjp = getattr(op, f"vjp_{argument}", None)
        if vjp is None:
            continue
        algebra = _plain(op.vjp_notation(argument, {}), language)
        line = _one_line(vjp)
        yield f"∂{argument} = {code(algebra)}" + (f" · {code(line)}" if line else "")


class _Unnamed(ast.NodeTransformer):
    """Algebra without the names that it gives its inner steps."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node = ast.Call(node.func, [self.visit(each) for each in node.args], node.keywords)
        return node.args[1] if isinstance(node.func, ast.Name) and node.func.id == "named" else node


def _one_line(vjp: object) -> str:
    """The body of a VJP that is a single return, as it is written."""
    assert inspect.ismethod(vjp)
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(vjp))).body
    assert isinstance(function, ast.FunctionDef)
    match function.body:
        case [ast.Return(value=ast.expr() as value)]:
            return ast.unparse(_Unnamed().visit(value)).replace("sum_(", "sum(")
    return ""


def _plain(formula: str | Template, language: str) -> str:
    """A formula with its operands by their own names; flags that are off leave nothing."""
    formula = formula.in_(language) if isinstance(formula, Template) else formula
    return re.sub(r"\{(\w+)\}", lambda found: "" if found[1] in ("at", "bt") else found[1], formula)
