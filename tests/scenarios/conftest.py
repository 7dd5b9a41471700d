"""Runs of the scenarios that ship, each made once; what several tests here share stands beside them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
