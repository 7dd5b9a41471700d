"""Tensors, ops, the plan, the trace and the question why: the timeline, which knows no particular op."""
