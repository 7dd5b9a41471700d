"""Tensors as text, pictures and files."""
