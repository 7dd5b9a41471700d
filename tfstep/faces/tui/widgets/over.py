"""What is opened over the screen, and leaves once."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen


class Over(ModalScreen[str]):
    """A page over the screen. A second key that was typed before it was gone finds it left, and takes nothing else away."""

    left = False

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Leave, once."""
        if self.left or not self.is_current or len(self.app.screen_stack) < 2:
            return AwaitComplete()
        self.left = True
        return super().dismiss(result)
