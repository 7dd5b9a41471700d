"""Tensors to name in expressions, and how they are looked up."""

from collections.abc import Mapping

import numpy as np

from tfstep.engine.axis import Axis
from tfstep.errors import ExpressionError, PathError, did_you_mean
from tfstep.expr import Operand, parse
from tfstep.expr.expression import Lookup, Result
from tfstep.text import Bilingual

RNG = np.random.default_rng(7)
SAID = ("他", "告诉", "我", "他", "要", "走")
WEIGHTS = RNG.dirichlet(np.ones(6), (1, 2, 6))
ARRAYS: dict[str, np.ndarray] = {
    "A": RNG.normal(size=(3, 4)),
    "B": RNG.normal(size=(4, 3)),
    "v": RNG.normal(size=4),
    "u": RNG.normal(size=3),
    "s": np.array(1.5),
    "C": RNG.normal(size=(2, 3, 4)),
    "ids": np.array([[2, 0, 1]]),
    "enc0.norm1": RNG.normal(size=(1, 3, 4)),
    "enc0.norm1.gamma": RNG.normal(size=4),
    "enc0.norm1.gamma.grad": RNG.normal(size=4),
    "it": WEIGHTS[0],
    "$1": np.array(3.0),
    "$_": np.array([1.0, 2.0]),
    "$name": np.array(True),
}
TABLE: dict[tuple[str, str | None], Operand] = {(path, None): Operand.of(value) for path, value in ARRAYS.items()}
TABLE |= {
    ("w", None): Operand.of(WEIGHTS, (Axis("batch"), Axis("head"), Axis("query", (SAID,)), Axis("key", (SAID,)))),
    ("two", None): Operand.of(
        np.arange(12.0).reshape(2, 3, 2),
        (Axis("batch"), Axis("position", (("我", "爱", "你"), ("你", "爱", "我"))), Axis("model")),
    ),
    ("enc0.attn.weights/exp", None): Operand.of(np.array(4.0)),
    ("enc0.attn.weights", "swapped"): Operand.of(np.array([5.0, 6.0])),
}


def finder(table: Mapping[tuple[str, str | None], Operand] = TABLE) -> Lookup:
    """A lookup over a table; PathError beyond it."""

    def find(path: str, variant: str | None) -> Operand:
        if (path, variant) in table:
            return table[path, variant]
        raise PathError(
            Bilingual(
                "no tensor {p}{near}", "没有张量 {p}{near}", p=path, near=did_you_mean(path, [p for p, _ in table])
            )
        )

    return find


def value(text: str) -> Result:
    """What an expression over the table comes to."""
    return parse(text).evaluate(finder())


def outcome(text: str) -> Result | ExpressionError:
    """What it comes to, or the error that it is refused with."""
    try:
        return value(text)
    except ExpressionError as error:
        return error
