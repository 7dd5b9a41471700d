"""The tests of this folder share modules with the scripts that stand beside them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
