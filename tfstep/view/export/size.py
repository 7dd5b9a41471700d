"""How much a format writes, told before it begins."""

from __future__ import annotations

from tfstep import work

A_NUMBER = {
    "table": 12,
    "json": 22,
    "npz": 8,
    "csv": 60,
    "txt": 12,
    "markdown": 12,
    "latex": 14,
    "svg": 150,
    "html": 170,
}
"""Bytes that a number takes, about."""
A_BYTE = 1e-7  # seconds to write one, about


def expect_numbers(format: str, n: int) -> None:
    """So many numbers are about to be written. Raises CommandError where that is more than whoever watches agrees to."""
    size = n * A_NUMBER[format]
    work.expect(size * A_BYTE, size)
