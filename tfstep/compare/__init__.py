"""Another's run beside ours: recordings, which of our tensors each array is, and which step is computed otherwise."""
