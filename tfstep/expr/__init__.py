"""The closed language of expressions: arithmetic over tensors, and nothing else.

    >>> from tfstep.expr import Operand, parse
    >>> weights = Operand.of(np.array([[0.25, 0.75]]))
    >>> parse("sum(weights, axis=-1) + 1").evaluate(lambda path, variant: weights)
    array([2.])

Parsing
    ``parse(text, names=())`` → `Expression`, or ExpressionError with ``.column``; ``caret(text, column)``
    shows the place. ``names`` are paths that come before a constant of the same name (``e``).

What can be written
    numbers, ``pi e inf nan True False``, lists of numbers; ``+ - * / @ **`` and unary ``-``, comparisons
    (chained), ``and or not``, all cell by cell, binding as in Python; ``x[0, 1:, '我', ..., -1]`` with words
    as indices where the axis has them, ``'他#2'`` for the second occurrence; ``.T .shape .ndim .size`` of any
    value; the functions of `functions`.

Names
    A dotted path, with ``.grad`` or ``.new`` at its end (``enc0.attn.W_Q.grad.T``); ``it``, ``$_``, ``$1``,
    ``$name``, which mean what the caller says; in backquotes an inner path (`enc0.attn.weights/exp`) or a
    tensor of another variant (`swapped:enc0.attn.weights`). `Expression.names` lists them.

Evaluating
    ``expression.evaluate(lookup)`` with ``lookup(path, variant) → Operand``: ``path`` is as written, ``it.grad``
    and ``$1`` included, ``variant`` None where none was written. `Operand` has the spec, so that shapes and
    costs are checked before any number is pulled. ``lookup`` raises PathError where there is no such tensor.
    ``expression.evaluate_labelled(lookup)`` gives the axes beside the value.

Recording
    `tfstep.expr.formula.formula` records an expression as one step of a model.
"""

from tfstep.address.caret import caret
from tfstep.expr.expression import Expression, Operand, UnknownNameError, parse
from tfstep.expr.functions.table import Function, functions
from tfstep.expr.names import ATTRIBUTES, CONSTANTS

__all__ = [
    "ATTRIBUTES",
    "CONSTANTS",
    "Expression",
    "Function",
    "Operand",
    "UnknownNameError",
    "caret",
    "functions",
    "parse",
]
