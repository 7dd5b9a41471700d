"""What is opened over the screen, and leaves once."""

from __future__ import annotations

from typing import ClassVar

from textual.await_complete import AwaitComplete
from textual.events import Event, InputEvent
from textual.screen import ModalScreen


class Over(ModalScreen[str]):
    """A page over the screen. A second key that was typed before it was gone finds it left, and takes nothing else away;
    one that comes before its parts are there, or after they are gone, finds nothing to do."""

    left = False
    part: ClassVar[str] = "*"  # what keys are for: they mean nothing without it

    @property
    def there(self) -> bool:
        """Whether its parts are there, and it is not on its way out."""
        return self.is_mounted and not self.left and bool(self.query(self.part))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """None of its actions while it is not there."""
        return super().check_action(action, parameters) if self.there else False

    async def on_event(self, event: Event) -> None:
        """Keys and the mouse likewise."""
        if self.there or not isinstance(event, InputEvent):
            await super().on_event(event)

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Leave, once."""
        if self.left or not self.is_current or len(self.app.screen_stack) < 2:
            return AwaitComplete()
        self.left = True
        return super().dismiss(result)
