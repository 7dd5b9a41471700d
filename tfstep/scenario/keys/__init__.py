"""The keys of scenario files: each declared once, with its type, its limits and what it is for."""
