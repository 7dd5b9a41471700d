"""What is added to the loss, or to a probability within it: each only where it shows in the digits of the run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from tfstep.address.roles import GRAD
from tfstep.compare.causes.table import Made, Step, cause, equation
from tfstep.compare.names import affinity
from tfstep.compare.plant import Site
from tfstep.compare.tolerance import allowed
from tfstep.engine.op import Array
from tfstep.ops.attention import log_softmax, softmax
from tfstep.ops.loss import kept_rows
from tfstep.ops.primitive.functions import log
from tfstep.ops.primitive.index import take_per_row
from tfstep.ops.primitive.reduce import mean
from tfstep.text import Bilingual

CLEARLY = 8.0  # times what rounding may do
BITS = (1e-6, 1e-8, 1e-10, 1e-12, 1e-9, 1e-7, 1e-5, 1e-15)
WEIGHTS = (1e-4, 1e-3, 1e-2, 1e-5)  # of a z-loss
MOST = 10.0  # that is added to a loss, in tenths
SURE = 1e-3  # how near to a tenth a difference has to be told: in a coarser type every one is near enough


def _shows(step: Step, change: float) -> bool:
    """Whether so much more or less in the loss is far beyond its rounding."""
    size = abs(float(step.walk.ours(step.node.slot))) + float(np.abs(step.arg(0)).max())
    return abs(change) > CLEARLY * allowed(step.book.level) * size


@cause("loss-input", ops=("cross_entropy",))
def bit_more(step: Step) -> Iterator[Made]:
    """A small number added to the probability before its logarithm."""
    keep = tuple(step.node.attrs["keep"])
    p = np.exp(-float(step.walk.ours(step.node.slot)))  # about that of a label
    for bit in BITS:

        def made(at: Site, bit: float = bit) -> Array:
            rows, ids = kept_rows(at.args[0], at.args[1], keep)
            return mean(log(take_per_row(softmax(rows), ids) + bit), axis=None, keepdims=False) * -1.0

        if _shows(step, bit / p):
            yield equation(f"−log(p + {bit:g})"), made


@cause("loss-reduction", ops=("cross_entropy",))
def z_loss(step: Step) -> Iterator[Made]:
    """The square of log Σ exp of the rows that count, or of all rows."""
    labels = tuple(step.node.attrs["keep"])
    every = tuple(range(np.asarray(step.arg(1)).size))
    squares = np.square(np.logaddexp.reduce(step.arg(0), -1))
    for keep, times in product(dict.fromkeys((labels, every)), WEIGHTS):

        def more(at: Site, keep: tuple[int, ...] = keep, times: float = times) -> Array:
            rows, _ = kept_rows(at.args[0], at.args[1], keep)
            z = rows - log_softmax(rows)
            return at.usual() + mean(z * z, axis=None, keepdims=False) * times

        if _shows(step, times * float(squares.mean())):
            text = Bilingual("a z-loss is added: {w:g} · mean (log Σ exp)²",
                             "多加了 z-loss：{w:g} · mean (log Σ exp)²", w=times)  # fmt: skip
            yield text, more


@cause("loss-reduction", ops=("cross_entropy",))
def a_number(step: Step) -> Iterator[Made]:
    """A round number added, of which no gradient tells."""
    y = float(step.walk.ours(step.node.slot))
    alone = [
        e
        for e in step.book.entries
        if e.array.size == 1
        and e.number
        and e.of is None
        and (affinity(e.name, "loss") or e.name + GRAD in step.book.by_name)
    ]
    for x in dict.fromkeys(float(e.array.reshape(())) for e in alone):
        c, near = round(x - y, 1) if abs(x - y) <= MOST else 0.0, allowed(step.book.level) * max(1.0, abs(x))
        if c and abs(x - y - c) <= near <= SURE:
            yield Bilingual("{c:+g} is added to the loss", "损失多加了 {c:+g}", c=c), lambda at, c=c: at.usual() + c
