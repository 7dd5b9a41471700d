"""The colours of heatmaps: from white to orange for positive numbers, to blue for negative ones, to green for
probabilities. The sign can always be read in the number too."""

from __future__ import annotations

from tfstep.view.export.slices import Slice

POSITIVE, NEGATIVE, PROBABLE = (217, 95, 14), (33, 102, 172), (35, 139, 69)


def shade(part: Slice, x: float) -> str:
    """The colour behind one number, as ``#rrggbb``."""
    share = part.share(x)
    end = PROBABLE if part.probability else POSITIVE if share > 0 else NEGATIVE
    return "#" + "".join(f"{round(255 + (c - 255) * abs(share)):02x}" for c in end)


def ink(part: Slice, x: float) -> str:
    """The colour of the number on it: black, or white where that is easier to read."""
    return "#ffffff" if abs(part.share(x)) > 0.65 else "#1a1a1a"
