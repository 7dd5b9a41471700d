"""Tables of decoders."""
