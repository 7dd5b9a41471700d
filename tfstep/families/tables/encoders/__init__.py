"""Tables of encoders."""
