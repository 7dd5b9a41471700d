"""The table of known mistakes is the same whichever of its modules is loaded first."""

import subprocess
import sys

import pytest

from tfstep.compare.causes.table import ROOMS, cause, kinds

SAID = "from tfstep.compare.causes.table import _table; print([(each[0], each[3].__qualname__) for each in _table()])"


def said(before: str) -> str:
    return subprocess.run([sys.executable, "-c", before + SAID], capture_output=True, text=True, check=True).stdout


def test_a_room_that_is_loaded_by_itself_hides_no_other() -> None:
    whole = said("")
    assert {kind for kind in kinds() if kind in whole} == kinds()
    assert said(f"import tfstep.compare.causes.{ROOMS[-1]}; import tfstep.compare.causes.{ROOMS[3]}; ") == whole


def test_a_cause_elsewhere_than_in_a_room_is_refused() -> None:
    with pytest.raises(KeyError):
        cause("scale", "scaled")(lambda step: iter(()))
