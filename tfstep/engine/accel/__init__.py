"""Speed, and nothing else: kernels beside bodies, blocks on threads, memory used again.

With the environment variable ``TFSTEP_ACCEL=off`` none of it is used, every step is computed by the body of its op,
and the bits are the same.
"""

from __future__ import annotations

import os


def switched_on() -> bool:
    """Whether kernels, blocks and kept memory are used: unless ``TFSTEP_ACCEL`` is ``off``."""
    return os.environ.get("TFSTEP_ACCEL", "").strip().lower() != "off"
