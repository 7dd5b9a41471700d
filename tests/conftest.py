"""What every test starts from: English texts, the same examples on every run of hypothesis; and which tests are slow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tfstep.text import set_language

settings.register_profile("tfstep", deadline=None, derandomize=True)
settings.load_profile("tfstep")


SLOW = (
    "code",
    "faces",
    "faults",
    "property",
    "scenarios",
    "docs",
    "lessons/test_exam.py",
    "lessons/test_lessons_ship.py",
    "commands/test_fuzz_lines.py",
)
ALONE = (
    "docs/test_masks.py",
    "lessons/test_exam.py",
    "lessons/test_places.py",
)  # what they share is dear: made in one process
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is left out of the quick selection, and what one process runs whole, by where it stands."""
    for item in items:
        place = item.path.relative_to(HERE).as_posix() if item.path.is_relative_to(HERE) else ""
        if place.startswith(SLOW):
            item.add_marker("slow")
        if place.startswith(ALONE):
            item.add_marker(pytest.mark.xdist_group(place))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts are English, whatever the locale says and whatever the test before chose."""
    set_language("en")
    yield
    set_language("en")
