"""What is written as a program stands beside the tests; the recorded models of tests/families are programs, too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "families"))
sys.path.insert(0, str(Path(__file__).parent))
