"""The Frame: one immutable picture of the session."""
