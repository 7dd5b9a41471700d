"""For the tests of your own code: its steps against the exact ones.

>>> from tfstep.testing import assert_same_steps
>>> def test_my_attention():
...     assert_same_steps({"q": q, "k": k, "scores": scores, "out": out}, "attention")
>>> def test_my_module():
...     assert_same_steps((MyAttention(8, heads=2), torch.randn(2, 5, 8)))
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfstep.compare.diagnose import diagnose
from tfstep.compare.diagnosis import Diagnosis
from tfstep.compare.recorded.note import RecordingError
from tfstep.engine.trace import Trace
from tfstep.scenario.opening.modules import from_torch
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

__all__ = ["assert_same_steps"]


def assert_same_steps(
    theirs: object,
    scenario: Scenario | Trace | str | Path | None = None,
    loss: Callable[[Any], Any] | None = None,
) -> Diagnosis:
    """Hold your own run against a scenario, a trace of one, or the scenario of a name or file.

    ``theirs`` is a mapping of arrays by name in the order of the run, a recording or the file of one; or a module of
    PyTorch, which is then run with what the scenario reads; or a module and what it reads, ``(module, x)``. ``loss``, a
    function of the module's output, brings its gradients in. Without a scenario one is proposed from what is recorded.

    Raises AssertionError with the verdict where a step differs, TfstepError where there is nothing to compare.
    """
    __tracebackhide__ = True
    if _is_module(theirs) or (isinstance(theirs, tuple) and theirs and _is_module(theirs[0])):
        theirs, scenario = _recorded(theirs, scenario, loss)
    found = diagnose(scenario, theirs)
    if not found.agrees:
        raise AssertionError(f"\n{found}")
    return found


def _is_module(given: object) -> bool:
    return hasattr(given, "named_modules") and hasattr(given, "named_parameters")


def _recorded(theirs: Any, scenario: Any, loss: Callable[[Any], Any] | None) -> tuple[object, Any]:
    """The run of a module, and the scenario to hold it against.

    Raises RecordingError where neither inputs nor a scenario are given.
    """
    from tfstep.torch import record, record_with

    if isinstance(theirs, tuple):
        module, *args = theirs
        flat = args[0] if len(args) == 1 and isinstance(args[0], tuple | list) else args
        return record(module, *flat, loss=loss), scenario or _known(module, flat)
    if scenario is None:
        raise RecordingError(
            Bilingual(
                "a module alone, and no scenario that says what it reads; give (module, x), or a scenario",
                "只有模块，没有说明它读什么的场景；请给出 (module, x)，或给出场景",
            )
        )
    from tfstep.compare.diagnose import ours

    return record_with(theirs, ours(scenario)[0], loss), scenario


def _known(module: Any, inputs: Any) -> Scenario | None:
    """The scenario of a module of PyTorch or transformers that no recording tells as much of as itself."""
    if type(module).__name__ in ("TransformerDecoderLayer", "TransformerDecoder", "Transformer") or hasattr(
        module, "save_pretrained"
    ):
        return from_torch(module, *inputs)
    return None
