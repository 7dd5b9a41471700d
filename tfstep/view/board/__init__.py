"""The matrices of a step beside each other."""
