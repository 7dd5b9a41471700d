"""What every test starts from: English texts, and the same examples on every run of hypothesis."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tfstep.text import set_language

settings.register_profile("tfstep", deadline=None, derandomize=True)
settings.load_profile("tfstep")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts are English, whatever the locale says and whatever the test before chose."""
    set_language("en")
    yield
    set_language("en")
