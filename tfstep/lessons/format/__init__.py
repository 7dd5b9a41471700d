"""The format of lesson files: reading them, and what is wrong with one."""
