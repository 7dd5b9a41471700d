"""Lets the tests of the faces share `terminal`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
