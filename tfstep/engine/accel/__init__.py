"""Speed, and nothing else: kernels beside bodies, blocks on threads, memory used again. The bits are the same without it."""
