"""The small models that the engine is tried on, and the ops' check of explanations, are modules beside the tests."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "ops")]
