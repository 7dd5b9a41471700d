"""Files in the shape of texts, and what is wrong with them."""

from collections.abc import Callable

import pytest

from tfstep.scenario.file.mistakes import Mistake, Mistakes
from tfstep.scenario.scenario import Scenario, load_text

HEAD = "tfstep: 1\nmodel: {kind: encoder}\nvocab: [<pad>, 我, 爱, 你]\ninput: {source: 我 爱 你}\n"


@pytest.fixture
def wrong() -> Callable[[str], list[Mistake]]:
    """All mistakes of a text, by position; the text must have some."""

    def found(text: str) -> list[Mistake]:
        with pytest.raises(Mistakes) as caught:
            load_text(text, "f.yaml")
        for mistake in caught.value.mistakes:
            assert mistake.place.file == "f.yaml"
            assert mistake.message.in_("zh") != ""
        return list(caught.value.mistakes)

    return found


@pytest.fixture
def head() -> str:
    """The first four lines of a small scenario; a test adds what it is about."""
    return HEAD


@pytest.fixture
def scenario() -> Callable[[str], Scenario]:
    """A scenario of the small model with these lines added."""
    return lambda lines="": load_text(HEAD + lines, "f.yaml")
