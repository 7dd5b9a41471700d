"""Training with a progress bar, for the commands that train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfstep.faces.cli.progress import Progress
from tfstep.view.text.number import brief

if TYPE_CHECKING:
    from tfstep.scenario.scenario import Scenario
    from tfstep.session.change.training import Training


def train_scenario(scenario: Scenario, steps: int) -> Training:
    """A scenario after so many updates. Raises CommandError where it has no loss."""
    from tfstep.session.change.training import Training

    training, progress = Training(scenario), Progress(steps)

    def watch(update: int, loss: float) -> bool:
        progress(update, f"loss {brief(loss)}")
        return False

    try:
        training.run(steps, watch)
    finally:
        progress.close()
    return training
