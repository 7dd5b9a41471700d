"""What users of Python see of a trace and its tensors."""
