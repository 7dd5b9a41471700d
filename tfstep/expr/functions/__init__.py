"""The functions that an expression may call, and nothing else."""
