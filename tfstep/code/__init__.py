"""Every step as code: a run as a program that needs NumPy, or PyTorch, alone."""
