"""Studies of a run: checks, comparisons, reasons, curves, decoding."""
