"""What an expression may cost. It is counted from shapes alone, before any number is computed."""

from __future__ import annotations

from collections.abc import Iterable

from tfstep.engine.axis import Shape, Spec
from tfstep.engine.plan import Literal
from tfstep.errors import ExpressionError
from tfstep.text import Bilingual

RESULT = 64_000_000  # bytes of one result, or as much as the largest tensor that is read
TOTAL = 8  # times as much for all results together
WORK = 1_000_000_000  # simple operations on one number, each about a nanosecond
AXES = 8
_WEIGHT = dict.fromkeys(("add", "sub", "mul", "neg", "reshape", "transpose", "take", "broadcast_to", "identity"), 1)
_WEIGHT |= dict.fromkeys(("softmax", "log_softmax", "gelu", "gelu_tanh", "pow", "erf"), 40)
_WEIGHT |= dict.fromkeys(("sort", "argsort", "topk"), 50)
_OTHER = 8


class Budget:
    """What is left to spend; ``specs`` are the tensors that the expression reads."""

    def __init__(self, specs: Iterable[Spec]) -> None:
        self.result = max([RESULT, *(s.size * s.dtype.itemsize for s in specs)])
        self.total, self.work = TOTAL * self.result, WORK

    def room(self, shape: Shape, itemsize: int, column: int) -> None:
        """Take the memory of one result. Raises ExpressionError where there is none left."""
        size = itemsize
        for n in shape:
            size *= max(n, 1)
        self.total -= size
        if len(shape) > AXES:
            raise ExpressionError(
                Bilingual(
                    "{n} axes; at most {most} are allowed", "{n} 个轴；最多允许 {most} 个", n=len(shape), most=AXES
                ),
                column,
            )
        if size > self.result or self.total < 0:
            raise ExpressionError(
                Bilingual(
                    "this makes {shape} numbers, {size:.3g} MB; one result may have {most:.3g} MB, all {total:.3g} MB",
                    "这会产生 {shape} 个数，共 {size:.3g} MB；单个结果至多 {most:.3g} MB，全部至多 {total:.3g} MB",
                    shape="×".join(map(str, shape)) or "1",
                    size=size / 1e6,
                    most=self.result / 1e6,
                    total=TOTAL * self.result / 1e6,
                ),
                column,
            )

    def charge(self, name: str, inputs: Iterable[Spec | Literal], out: Spec, column: int) -> None:
        """Pay for one op before it runs. Raises ExpressionError where it costs too much."""
        self.room(out.shape, out.dtype.itemsize, column)
        specs = [s for s in inputs if isinstance(s, Spec)]
        if name == "matmul":
            self.work -= out.size * (specs[0].shape[-1] + 64) // 4
        else:
            self.work -= _WEIGHT.get(name, _OTHER) * (out.size + sum(s.size for s in specs))
        if self.work < 0:
            raise ExpressionError(
                Bilingual(
                    "this takes more than {most:.0e} operations; take a part of the tensors, such as x[0]",
                    "运算量超过 {most:.0e} 次；请只取张量的一部分，例如 x[0]",
                    most=WORK,
                ),
                column,
            )
