"""Tables of pairs."""
