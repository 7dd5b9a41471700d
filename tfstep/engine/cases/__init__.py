"""Many cases of one computation at once: how they run, and the rules of primitives for it."""
