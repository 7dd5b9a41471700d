"""Names in an expression: paths, constants, and the few things that stand after a dot."""

from __future__ import annotations

import math
from collections.abc import Collection

from tfstep.errors import ExpressionError
from tfstep.expr.syntax.nodes import Attribute, Name, Node, Number
from tfstep.expr.syntax.tokens import Token
from tfstep.text import Bilingual

ATTRIBUTES = ("T", "shape", "ndim", "size")
CONSTANTS: dict[str, int | float | bool] = {
    "True": True,
    "False": False,
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
}
_MOST = 8  # attributes after one value


def named(token: Token, names: Collection[str]) -> Node:
    """A path with what it has, such as ``enc0.attn.W_Q.grad.T``; a constant where it is called so."""
    if token.text in CONSTANTS and token.text not in names:
        return Number(token.column, CONSTANTS[token.text])
    return _split(token.text, token.column, None, names)


def quoted(token: Token, names: Collection[str]) -> Node:
    """What stands in backquotes: `enc0.attn.weights/exp`, or `swapped:loss` of another variant."""
    variant, colon, path = token.text.partition(":")
    if not colon:
        variant, path = "", token.text
    path = path.strip()
    if not path or any(c in "[](){}'\"$:" or not c.isprintable() for c in path):
        raise ExpressionError(
            Bilingual(
                "in backquotes stands PATH or VARIANT:PATH, and indices after them: `base:enc0.add1`[0]",
                "反引号里写 路径 或 变体:路径，下标写在外面：`base:enc0.add1`[0]",
            ),
            token.column,
        )
    return _split(path, token.column, variant.strip() or None, names)


def _split(path: str, column: int, variant: str | None, names: Collection[str]) -> Node:
    """A path, and the attributes written at its end."""
    parts, attributes = path.split("."), 0
    if path not in names:
        while attributes < len(parts) - 1 and parts[-1 - attributes] in ATTRIBUTES:
            attributes += 1
    kept = parts[: len(parts) - attributes]
    node: Node = Name(column, ".".join(kept), variant)
    for k, part in enumerate(kept[1:-1], 1):
        if part in ATTRIBUTES and path not in names:  # x.T.grad
            raise _no_attribute(kept[k + 1], column)
    for attribute in parts[len(kept) :]:
        node = Attribute(column, node, attribute)
    if attributes > _MOST:
        raise _no_attribute(parts[-1], column)
    return node


def attributes_of(node: Node, token: Token) -> Node:
    """``.T.shape`` after a value; ``.grad`` and ``.new`` go into the path of a name."""
    parts = token.text.split(".")
    for k, part in enumerate(parts):
        if isinstance(node, Name) and part in ("grad", "new"):
            node = Name(node.column, f"{node.path}.{part}", node.variant)
        elif part in ATTRIBUTES and k < _MOST:
            node = Attribute(token.column, node, part)
        else:
            raise _no_attribute(part, token.column)
    return node


def _no_attribute(name: str, column: int) -> ExpressionError:
    return ExpressionError(
        Bilingual(
            ".{name}: a value has .T .shape .ndim .size and nothing else; .grad and .new stand right after a path",
            ".{name}：值只有 .T .shape .ndim .size；.grad 与 .new 须紧跟在路径后面",
            name=name[:40],
        ),
        column,
    )
