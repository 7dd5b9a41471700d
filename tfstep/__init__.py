"""Step through the math of a Transformer, forward and backward, and ask any number why.

>>> import tfstep
>>> trace = tfstep.trace(tfstep.load("wo-ai-ni"))
>>> trace["enc0.attn.weights"].axes
('batch', 'head', 'query', 'key')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.engine.surface import above as _above

__version__ = "0.1.0"
__all__ = [
    "Diagnosis",
    "Recording",
    "Scenario",
    "Session",
    "TfstepError",
    "Trace",
    "__version__",
    "diagnose",
    "from_torch",
    "load",
    "recording",
    "trace",
]

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session
    from tfstep.compare.diagnose import diagnose
    from tfstep.compare.diagnosis import Diagnosis
    from tfstep.compare.recorded.recorder import recording
    from tfstep.compare.recorded.recording import Recording
    from tfstep.engine.trace import Trace
    from tfstep.errors import TfstepError
    from tfstep.scenario.opening.modules import from_torch
    from tfstep.scenario.scenario import Scenario, load

_HOMES = {  # what is loaded from where when it is first asked for, so that `import tfstep` stays light
    "Diagnosis": "tfstep.compare.diagnosis",
    "Recording": "tfstep.compare.recorded.recording",
    "Scenario": "tfstep.scenario.scenario",
    "Session": "tfstep.commands.language.session",
    "TfstepError": "tfstep.errors",
    "Trace": "tfstep.engine.trace",
    "diagnose": "tfstep.compare.diagnose",
    "from_torch": "tfstep.scenario.opening.modules",
    "load": "tfstep.scenario.scenario",
    "recording": "tfstep.compare.recorded.recorder",
    "load_ipython_extension": "tfstep.faces.notebook.magic",  # `%load_ext tfstep`
}

_ROOMS = ("testing", "torch")  # `tfstep.torch.record(…)` after `import tfstep` alone


_above.HOMES.update(  # what a trace can be asked that is made in rooms above the engine
    check="tfstep.session.study.runs:check",
    diff="tfstep.session.study.runs:diff",
    html="tfstep.faces.notebook.html:html",
    line="tfstep.view.python.line:one_line",
    part="tfstep.session.address.indexing:part",
    paths="tfstep.view.export.select:paths",
    restored="tfstep.scenario.program:restore_trace",
    text="tfstep.view.python.words:words",
    train="tfstep.session.study.runs:train",
    xarray="tfstep.view.python.labelled:data_array",
)


def trace(scenario: Scenario, keep: str | None = None) -> Trace:
    """Run a scenario: forward, backward and update, every tensor recorded. Raises ScenarioError.

    The steps are recorded once per scenario; running them again only computes. With ``keep="less"`` only what one part
    of the model hands to the next stays, and the rest is computed again when it is read, with the same bits.
    """
    from tfstep.scenario.scenario import as_scenario

    chosen = as_scenario(scenario)
    return (chosen if keep is None else chosen.keeping(keep)).program.trace()


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _ROOMS:
        return import_module(f"tfstep.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'tfstep' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
