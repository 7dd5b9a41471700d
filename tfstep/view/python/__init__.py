"""What Python shows of a run: in one line, as text, as an array with names."""
