"""The Frame, an immutable picture of the session ready to draw, and its ways to text, SVG and JSON."""
