"""NumPy's reductions, called by position (x, axis, dtype, out, keepdims): on small arrays keywords cost a tenth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Reduce = Callable[..., np.ndarray]
total: Reduce = np.add.reduce
largest: Reduce = np.maximum.reduce
