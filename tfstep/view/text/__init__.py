"""Text in a terminal: spans, widths, numbers, charts."""
