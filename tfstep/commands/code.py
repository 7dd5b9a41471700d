"""code: the lines of a step in NumPy, forward and backward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.commands.language.registry import command
from tfstep.session.address.names import tensor_of
from tfstep.session.results import Message, Result
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session


@command(
    "look",
    "code [PATH]",
    completes=("path",),
    about=Bilingual(
        "The lines of a step as plain NumPy, and those of its gradient; `tfstep code SCENARIO` writes the whole run.",
        "用普通 `NumPy` 写出一步的代码行，连同它的梯度；`tfstep code 场景` 写出整个运行。",
    ),
)
def _code(session: Session, rest: str) -> Result:
    from tfstep.code.program import with_gradient

    text = with_gradient(session.trace, tensor_of(session, rest) if rest else session.current)
    return Message(tuple(Bilingual("{line}", "{line}", line=line) for line in text.rstrip("\n").split("\n")))
