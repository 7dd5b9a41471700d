"""Lets the tests of the screen share `screens`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
