"""Where a run stops: breakpoints, watchpoints, conditions on training."""
